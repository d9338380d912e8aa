"""Runs as they are begun, moved and shown: for the command line and for programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tieline.errors import ConfigurationError
from tieline.store.backfill import MOVES, Run, RunKind, count_ended, load_run, move_run, start_run
from tieline.store.pool import Store

#: Those that write, and so exclude each other.
_WRITING: tuple[RunKind, ...] = ("backfill", "reconcile")
#: A forecast from less than this much work would be a guess.
_SURE_S = 3.0


class RunStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run has come."""

    sync: str
    kind: RunKind
    #: running, paused, done, failed, cancelled.
    state: str
    #: The list that is read; "ending" = all is read, and the last writes are made.
    phase: str
    #: Records read, and there in all as far as the lists read so far told.
    read: int
    total: int | None
    #: Events ended, by how they did.
    ended: dict[str, int]
    #: Writes, by side and operation.
    writes: dict[str, int]
    #: Creations that were answered with the record that was there.
    found: dict[str, int]
    #: All calls to both sides, reads among them.
    calls: int
    records_per_s: float
    #: When it will have ended, should nothing change; None = that cannot be said.
    ends_at: datetime | None
    #: What stops it, or why the last try failed.
    reason: str | None
    started_at: datetime
    ended_at: datetime | None
    #: Of a preview or drift.
    report: Any = None


async def begin(
    store: Store, name: str, kind: RunKind, *, since: datetime | None = None, sample: int | None = None
) -> RunStatus:
    """Begin a run. Raises ConfigurationError where one is under way."""
    for other in _WRITING if kind in _WRITING else (kind,):
        known = await load_run(store, other, name=name)
        if known is not None and known.state in ("running", "paused"):
            raise ConfigurationError(
                f"the {other} of {name} is {known.state}; cancel it, or wait for its end"
            )
    if await start_run(store, name, kind, since=since, sample=sample) is None:
        raise ConfigurationError(f"there is no sync named {name}, or its {kind} was begun this very moment")
    status = await show(store, name, kind)
    assert status is not None, "it was begun"
    return status


async def move(store: Store, name: str, kind: RunKind, verb: str) -> RunStatus:
    """Pause, resume or cancel. Raises ConfigurationError where that cannot be done now."""
    moved = await move_run(store, name, kind, verb)
    status = await show(store, name, kind)
    if not moved:
        stands = f"is {status.state}" if status is not None else "was never begun"
        raise ConfigurationError(
            f"the {kind} of {name} {stands}; to {verb} it, it must be {' or '.join(MOVES[verb][1])}"
        )
    assert status is not None, "it was moved"
    return status


async def show(store: Store, name: str, kind: RunKind) -> RunStatus | None:
    """The last run of that kind; None where there was none."""
    run = await load_run(store, kind, name=name)
    if run is None:
        return None
    tally = await count_ended(store, run, upto=None) if kind in _WRITING else run.tally
    read = sum(one.read for one in run.progress.values())
    totals = [one.total for one in run.progress.values() if one.total is not None]
    rate = read / run.spent_s if run.spent_s > 0 else 0.0
    return RunStatus(
        sync=run.sync, kind=run.kind, state=run.state, phase=run.phase, read=read,
        total=max(sum(totals), read) if totals else None, ended=_named(tally, "end:"), writes=_named(tally, "write:"),
        found=_named(tally, "found:"),
        calls=run.calls, records_per_s=round(rate, 1), ends_at=_forecast(run, read, totals, rate), reason=run.reason,
        started_at=run.started_at, ended_at=run.ended_at, report=run.report,
    )  # fmt: skip


def _named(tally: dict[str, int], beginning: str) -> dict[str, int]:
    return {
        name.removeprefix(beginning): count
        for name, count in sorted(tally.items())
        if name.startswith(beginning)
    }


def _forecast(run: Run, read: int, totals: list[int], rate: float) -> datetime | None:
    if run.state != "running" or not totals or run.spent_s < _SURE_S or not rate:
        return None
    left = max(0, sum(totals) - read)
    return datetime.now(UTC) + timedelta(seconds=left / rate)
