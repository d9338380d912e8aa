"""A worker and many lanes: each gets its turn, and nobody's backlog holds up another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager
from typing import Any

from tieline.domain.ids import LaneId, SyncId
from tieline.engine.drain import IN_HAND, Loaded
from tieline.engine.errands import Errand, Errands
from tieline.engine.polls import DuePoll
from tieline.engine.read import Read
from tieline.engine.sync_turn import Consumer
from tieline.engine.worker import SLICE_ASSIGNMENTS, Worker
from tieline.store.pool import Store
from tieline.vault.seal import Vault


class Readers:
    """Understands every event as nothing to do, and notes the order in which they came."""

    def __init__(self) -> None:
        self.order: list[LaneId] = []
        self.taken: list[LaneId] = []

    def read(self, loaded: Loaded) -> Read:
        self.order.append(loaded.lane_id)
        return Read(occurrence=str(loaded.event_id), skip="nothing to do")

    def consumer(self, sync: SyncId) -> Consumer:
        raise AssertionError("nothing is to be done")

    async def learn(self, syncs: Set[SyncId]) -> None:
        pass

    def knows(self, sync: SyncId) -> bool:
        return True

    async def look_soon(self, sync: SyncId, stream: str) -> None:
        raise AssertionError("nothing here names nobody")

    def taken_over(self, lane: LaneId) -> None:
        self.taken.append(lane)


async def no_poll(poll: DuePoll) -> dict[str, Any]:
    raise AssertionError("nothing is polled")


async def no_errand(errand: Errand) -> dict[str, Any]:
    raise AssertionError("nobody is sent on an errand")


@asynccontextmanager
async def worker(store: Store, readers: Readers, *, lanes: int = 200) -> AsyncIterator[Worker]:
    """One that runs."""
    one = Worker(
        store,
        digest=lambda kind, value: f"{kind}{value}".encode(),
        handlers=readers,
        poller=no_poll,
        errands=lambda nudge: Errands(store, Vault(bytes(32)), no_errand, nudge=nudge),
        lanes=lanes,
    )
    running = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def backlog(store: Store, lanes: int, each: int) -> list[LaneId]:
    """Lanes with so many assignments, due in the order of their ids."""
    async with store.transaction() as db:
        await db.execute(
            "INSERT INTO lane (name, ready_at) SELECT 'lane' || n, now() - interval '1 h' + n * interval '1 s'"
            " FROM generate_series(1, %s) AS n",
            (lanes,),
        )
        await db.execute(
            "INSERT INTO event (id, connection_id, source, kind, state, body)"
            " SELECT n, 1, 'webhook', 'x', 'routed', '' FROM generate_series(1, %s) AS n",
            (lanes * each,),
        )
        await db.execute(
            "INSERT INTO assignment (event_id, consumer_id, lane_id)"
            " SELECT (number - 1) * %(each)s + n, 1, id"
            " FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM lane WHERE name <> 'default') AS one,"
            " generate_series(1, %(each)s) AS n",
            {"each": each},
        )
        rows = await (await db.execute("SELECT id FROM lane WHERE name <> 'default' ORDER BY id")).fetchall()
    return [row[0] for row in rows]


async def until_ready(store: Store, left: int) -> None:
    """Wait until no more than that many assignments are ready."""
    async with asyncio.timeout(30):
        while True:
            async with store.transaction() as db:
                row = await (
                    await db.execute("SELECT count(*) FROM assignment WHERE state = 'ready'")
                ).fetchone()
            assert row is not None
            if row[0] <= left:
                return
            await asyncio.sleep(0.02)


async def test_a_long_backlog_yields_to_lanes_that_wait(store: Store) -> None:
    """A worker with both hands full gives each of six lanes a slice before any gets a second one."""
    lanes = await backlog(store, 6, 3 * SLICE_ASSIGNMENTS)
    readers = Readers()
    async with worker(store, readers, lanes=2):
        await until_ready(store, 0)
    assert len(readers.order) == 6 * 3 * SLICE_ASSIGNMENTS
    before_last_began = readers.order[: readers.order.index(lanes[-1])]
    # A slice, and what was in hand when it was over.
    assert max(before_last_began.count(lane) for lane in lanes) <= SLICE_ASSIGNMENTS + 2 * IN_HAND


async def test_order_within_a_lane_is_that_of_arrival(store: Store) -> None:
    """Whatever is drained beside it."""
    await backlog(store, 3, 400)
    seen: dict[LaneId, list[int]] = {}

    class Ordered(Readers):
        def read(self, loaded: Loaded) -> Read:
            seen.setdefault(loaded.lane_id, []).append(loaded.event_id)
            return super().read(loaded)

    async with worker(store, Ordered()):
        await until_ready(store, 0)
    assert all(events == sorted(events) and len(events) == 400 for events in seen.values())


async def test_a_lane_that_another_worker_had_is_met_with_care(store: Store) -> None:
    """Its quota may have been used; a lane that came straight back to us is as we left it."""
    (lane,) = await backlog(store, 1, 1)
    readers = Readers()
    async with worker(store, readers):
        await until_ready(store, 0)
    assert readers.taken == [lane]
    first, second = Readers(), Readers()
    for number, (one, kept) in enumerate(((first, 0), (second, 0)), start=2):
        async with store.transaction() as db:
            await db.execute(
                "INSERT INTO event (id, connection_id, source, kind, state, body)"
                " VALUES (%s, 1, 'webhook', 'x', 'routed', '')",
                (number,),
            )
            await db.execute(
                "INSERT INTO assignment (event_id, consumer_id, lane_id) VALUES (%s, 1, %s)", (number, lane)
            )
            await db.execute("UPDATE lane SET ready_at = now() WHERE id = %s", (lane,))
        async with worker(store, one):
            await until_ready(store, kept)
        assert one.taken == [lane]
