"""Order is by arrival, whichever process took it in: webhooks come to one, what polls find to another."""

from __future__ import annotations

import asyncio

from tests.inbox.test_receive import delivery, lane, running
from tieline.domain.ids import LaneId
from tieline.store.pool import Store

__all__ = ["lane"]


async def test_what_another_process_takes_in_later_has_a_higher_number(store: Store, lane: LaneId) -> None:
    """Found by chaos, seed 4: by stocks of numbers, the note of a call came after that of a later text."""
    async with running(store) as one, running(store) as another:
        for number in range(12):
            inbox = (one, another)[number % 2]
            assert await inbox.receive([delivery(lane, f"{number}".encode(), delivery_id=f"d{number}")]) == 1
    async with store.transaction() as db:
        rows = await (await db.execute("SELECT id FROM event ORDER BY received_at, id")).fetchall()
    ids = [row[0] for row in rows]
    assert len(ids) == 12
    assert ids == sorted(ids)


async def test_no_higher_number_is_to_be_seen_before_a_lower_one(store: Store, lane: LaneId) -> None:
    """Whoever loads a lane looks behind the highest number seen: one that came below it would be passed over."""
    done = asyncio.Event()

    async def send(name: str) -> None:
        async with running(store) as inbox:
            for number in range(60):
                mark = f"{name}{number}"
                await inbox.receive([delivery(lane, mark.encode(), delivery_id=mark)])

    async def watch() -> None:
        seen: set[int] = set()
        while not done.is_set():
            async with store.transaction() as db:
                rows = await (await db.execute("SELECT event_id FROM assignment")).fetchall()
            new = {row[0] for row in rows} - seen
            assert not seen or not new or min(new) > max(seen)
            seen |= new

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(send(name) for name in "abc"))
    done.set()
    await watching
