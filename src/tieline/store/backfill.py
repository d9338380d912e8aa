"""Work on all of a sync's people: where it stands, and the pages of history that it stores."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

import msgspec
from psycopg import AsyncConnection, Rollback

from tieline.domain.ids import ConnectionId, LaneId, SyncId
from tieline.domain.side import Side
from tieline.store.audit import note
from tieline.store.event_bodies import event_place
from tieline.store.event_ids import number_events
from tieline.store.keyring import Sealing
from tieline.store.pool import Connection, Store
from tieline.store.queries import query

#: backfill: history of people who are not linked yet; reconcile: of everybody; preview: what a backfill would write;
#: drift: how far both sides are apart.
RunKind = Literal["backfill", "reconcile", "preview", "drift"]
RUN_KINDS: tuple[RunKind, ...] = get_args(RunKind)
RunState = Literal["running", "paused", "done", "failed", "cancelled"]
#: In the tally: the last event that was stored.
LAST = "last"
#: Verb → the state after it, and those before it.
MOVES: Mapping[str, tuple[RunState, tuple[RunState, ...]]] = {
    "pause": ("paused", ("running",)),
    "resume": ("running", ("paused", "failed")),
    "cancel": ("cancelled", ("running", "paused", "failed")),
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One row of history, on its way to becoming an event."""

    connection_id: ConnectionId
    kind: str
    body: bytes
    project: str | None = None
    #: Why it cannot be read; None = it can.
    unreadable: str | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the reading of one list has come."""

    read: int = 0
    #: As the first page told; None = it did not.
    total: int | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The last one of its kind in a sync."""

    sync_id: SyncId
    sync: str
    kind: RunKind
    lane_id: LaneId
    state: RunState
    since: datetime | None
    sample: int | None
    phase: str
    cursor: dict[str, Any]
    progress: dict[str, Progress]
    #: "end:done", "write:contacts_api:contacts.create" → how many, of events up to `counted`.
    tally: dict[str, int]
    counted: int
    calls: int
    report: Any
    version: int
    reason: str | None
    started_at: datetime
    ended_at: datetime | None
    #: Seconds of work so far, pauses left out.
    spent_s: float


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """Assignments of history that have not ended."""

    count: int
    due: int
    first_event: int | None


async def start_run(
    store: Store, name: str, kind: RunKind, *, since: datetime | None = None, sample: int | None = None
) -> SyncId | None:
    """Begin; None where there is no such sync, or its last one of that kind has not ended."""
    async with store.transaction() as db:
        given = {"name": name, "kind": kind, "since": since, "sample": sample}
        row = await (await db.execute(query("start_backfill"), given)).fetchone()
        if row is None:
            return None
        if kind == "preview":
            await db.execute("DELETE FROM preview_write WHERE sync_id = %s", row)
        lane = await (await db.execute("SELECT lane_id FROM consumer WHERE id = %s", row)).fetchone()
        await note(db, "syncs.runs.start", name, after={"kind": kind, "since": since, "sample": sample})
        await _wake(db, lane[0] if lane else None)
    return SyncId(row[0])


async def move_run(store: Store, name: str, kind: RunKind, verb: str) -> bool:
    """Pause, resume or cancel (`MOVES`); False where it does not stand so that this can be done."""
    to, when = MOVES[verb]
    async with store.transaction() as db:
        given = {"name": name, "kind": kind, "to": to, "when": list(when)}
        row = await (await db.execute(query("control_backfill"), given)).fetchone()
        if row is not None:
            await note(db, f"syncs.runs.{verb}", name, after={"kind": kind})
        await _wake(db, row[0] if row else None)
    return row is not None


async def load_run(
    store: Store, kind: RunKind, *, name: str | None = None, sync: SyncId | None = None
) -> Run | None:
    """The last one of a kind; None where there was none."""
    async with store.transaction() as db:
        given = {"name": name, "sync": sync, "kind": kind}
        row = await (await db.execute(query("load_backfill"), given)).fetchone()
    if row is None:
        return None
    report = await _open_report(store, row)
    return Run(
        sync_id=row[0], kind=row[1], lane_id=row[2], state=row[3], since=row[4], sample=row[5], phase=row[6],
        cursor=row[7], progress=msgspec.convert(row[8], dict[str, Progress]), tally=row[9], counted=row[10],
        calls=row[11], report=report, version=row[13], reason=row[14], started_at=row[15], ended_at=row[16],
        spent_s=max(0.0, float(row[17])), sync=row[18],
    )  # fmt: skip


async def advance(
    store: Store,
    run: Run,
    *,
    calls: int = 0,
    page: Sequence[Found] = (),
    again_s: float = 0.0,
) -> Run | None:
    """Store a page with where the reading goes on, in one transaction; `run` is how it stands afterwards. None, and
    nothing is stored, where it was paused, cancelled or begun anew meanwhile, or another worker was faster. For
    `again_s` nobody else takes it up."""
    stored = False
    # Before the transaction, which then needs one connection alone.
    key = await store.keys.today()
    report = None if run.report is None else _sealed_report(key, run)
    async with store.transaction() as db:
        if page:
            ids = await number_events(db, [run.lane_id], len(page))
            run = msgspec.structs.replace(run, tally={**run.tally, LAST: ids[-1]})
            await insert_history(db, run.sync_id, run.lane_id, ids, page)
        moved = await db.execute(
            query("advance_backfill"),
            {
                "phase": run.phase, "cursor": _json(run.cursor), "progress": _json(run.progress),
                "tally": _json(run.tally), "counted": run.counted, "calls": calls,
                "report": report, "state": run.state,
                "sync": run.sync_id, "kind": run.kind, "version": run.version, "again_s": again_s,
            },
        )  # fmt: skip
        stored = moved.rowcount > 0
        if not stored:
            raise Rollback
    return msgspec.structs.replace(run, version=run.version + 1) if stored else None


async def insert_history(
    db: Connection, sync: SyncId, lane: LaneId, ids: Sequence[int], page: Sequence[Found]
) -> None:
    """Events of one sync alone, and their assignments."""
    key = await db.keys.today()
    await db.execute(
        query("receive_history"),
        {
            "ids": list(ids), "connections": [one.connection_id for one in page], "kinds": [one.kind for one in page],
            "projects": [one.project for one in page], "reasons": [one.unreadable for one in page],
            "bodies": [key.seal(event_place(event_id), one.body) for event_id, one in zip(ids, page, strict=True)],
            "seals": [key.number] * len(page), "consumer": sync, "lane": lane,
        },
    )  # fmt: skip


async def count_open(store: Store, run: Run, *, limit: int) -> Open:
    """What of a backfill has not ended, up to a limit."""
    async with store.transaction() as db:
        given = {"lane": run.lane_id, "consumer": run.sync_id, "limit": limit}
        row = await (await db.execute(query("count_open_history"), given)).fetchone()
    return (
        Open(count=row[0], due=row[1], first_event=row[2]) if row else Open(count=0, due=0, first_event=None)
    )


async def count_ended(store: Store, run: Run, *, upto: int | None) -> dict[str, int]:
    """The tally with the events behind `counted` up to one of them; None = all there are."""
    async with store.transaction() as db:
        rows = await db.execute(
            query("count_history"),
            {"after": run.counted, "upto": upto if upto is not None else 2**62, "consumer": run.sync_id},
        )
        tally = dict(run.tally)
        for what, name, count in await rows.fetchall():
            tally[f"{what}:{name}"] = tally.get(f"{what}:{name}", 0) + count
    return tally


async def linked_among(store: Store, sync: SyncId, side: Side, ids: Sequence[str]) -> set[str]:
    """Who of these is linked on both sides."""
    if not ids:
        return set()
    async with store.transaction() as db:
        rows = await db.execute(query("load_linked"), {"consumer": sync, "side": side, "ids": list(ids)})
        return {row[0] for row in await rows.fetchall()}


async def fail_run(store: Store, run: Run, reason: str) -> None:
    """It cannot go on before somebody changes something."""
    async with store.transaction() as db:
        await db.execute(
            "UPDATE backfill SET state = 'failed', reason = %s, ended_at = now(), version = version + 1"
            " WHERE sync_id = %s AND kind = %s AND state = 'running'",
            (reason, run.sync_id, run.kind),
        )


async def _wake(db: AsyncConnection[Any], lane: LaneId | None) -> None:
    if lane is not None:
        await db.execute(query("lock_lanes"), {"lanes": [lane]})
        await db.execute(query("wake_lanes"), {"lanes": [lane]})


def _report_place(sync: SyncId, kind: str) -> str:
    return f"backfill.report:{sync}:{kind}"


def _sealed_report(key: Sealing, run: Run) -> str:
    """As JSON. Of a drift it shows values of people's records."""
    sealed = key.seal(_report_place(run.sync_id, run.kind), msgspec.json.encode(run.report))
    return _json({"sealed": sealed, "seal": key.number})


async def _open_report(store: Store, row: tuple[Any, ...]) -> Any:
    """As it was given, in JSON's types. Raises BrokenSeal where its day's key was dropped."""
    report = row[12]
    if not isinstance(report, dict) or "sealed" not in report:
        return report
    await store.keys.learn([report["seal"]])
    sealed = base64.b64decode(report["sealed"])
    return msgspec.json.decode(store.keys.of_day(report["seal"]).open(_report_place(row[0], row[1]), sealed))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
