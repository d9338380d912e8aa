"""Backfills, previews and the like in a test: begun, waited for, and held against what the sandbox was asked."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.server.two_way import TwoWayWorld
from tieline.sandbox.audit import CallRecord
from tieline.store.backfill import Run, RunKind, load_run, start_run

SYNC = "sync0"


async def ran(both: TwoWayWorld, kind: RunKind, *, within_s: float = 40.0, **options: Any) -> Run:
    """One run, to its end."""
    store = both.world.hub.store
    assert await start_run(store, SYNC, kind, **options) is not None
    return await ended(both, kind, within_s=within_s)


async def ended(both: TwoWayWorld, kind: RunKind, *, within_s: float = 40.0) -> Run:
    """Wait for the end of a run."""
    store, deadline = both.world.hub.store, time.monotonic() + within_s
    while True:
        run = await load_run(store, kind, name=SYNC)
        assert run is not None
        if run.state not in ("running", "paused"):
            return run
        assert time.monotonic() < deadline, run
        await asyncio.sleep(0.03)


def writes(both: TwoWayWorld, since: tuple[int, int] = (0, 0)) -> list[CallRecord]:
    """Writes to either side, those that were refused among them, behind these numbers."""
    sides = (both.world.sandbox.nimbata, both.world.sandbox.contacts)
    return [
        one for side, number in zip(sides, since, strict=True) for one in side.audit.calls
        if one.write and one.n > number
    ]  # fmt: skip


def mark(both: TwoWayWorld) -> tuple[int, int]:
    """How many calls each side has had."""
    nimbata, contacts = (
        side.audit.calls[-1].n if side.audit.calls else 0
        for side in (both.world.sandbox.nimbata, both.world.sandbox.contacts)
    )
    return nimbata, contacts
