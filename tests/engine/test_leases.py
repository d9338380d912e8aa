"""A lane has one owner: claims, take-overs, and a fence that lets no late writer through."""

from __future__ import annotations

import asyncio

import pytest

from tieline.domain.ids import LaneId, SyncId
from tieline.effects.decide import HoldLane
from tieline.effects.writes import AssignmentRow, Ledger, Writes
from tieline.engine.lane import Leases, OwnedLane
from tieline.errors import LeaseLost
from tieline.store.pool import Store


async def due_lanes(store: Store, count: int) -> list[LaneId]:
    """Lanes with one assignment each."""
    lanes = []
    async with store.transaction() as db:
        for number in range(1, count + 1):
            row = await (
                await db.execute(
                    "INSERT INTO lane (name, ready_at) VALUES (%s, now()) RETURNING id", (f"lane{number}",)
                )
            ).fetchone()
            assert row is not None
            lanes.append(LaneId(row[0]))
            await db.execute(
                "INSERT INTO assignment (event_id, consumer_id, lane_id) VALUES (%s, 1, %s)", (row[0], row[0])
            )
    return lanes


async def states(store: Store) -> dict[int, str]:
    """Of the assignments, by lane."""
    async with store.transaction() as db:
        rows = await (await db.execute("SELECT lane_id, state FROM assignment")).fetchall()
    return {row[0]: row[1] for row in rows}


def ended(lane: OwnedLane) -> Writes:
    """The lane's assignment, done."""
    return Writes(
        lane_id=lane.id,
        epoch=lane.epoch,
        assignments=[AssignmentRow(event_id=lane.id, consumer_id=SyncId(1), state="done")],
    )


async def expire(store: Store, lane: LaneId) -> None:
    """As if its owner had been frozen for longer than the lease."""
    async with store.transaction() as db:
        await db.execute("UPDATE lane SET lease_until = now() - interval '1 s' WHERE id = %s", (lane,))


async def test_two_workers_never_claim_the_same_lane(store: Store) -> None:
    """Also when both ask at one time."""
    await due_lanes(store, 20)
    claims = await asyncio.gather(*(Leases(store, f"worker{n}").claim(5) for n in range(6)))
    ids = [lane.id for claim in claims for lane in claim]
    assert sorted(ids) == sorted(set(ids))
    # Whoever is locked by a neighbour's claim is left out of this one, not waited for.
    ids += [lane.id for lane in await Leases(store, "late").claim(50)]
    assert len(ids) == len(set(ids)) == 20


async def test_a_lease_that_ran_out_goes_to_whoever_asks_next(store: Store) -> None:
    """With a higher epoch; the first owner learns of it at its next renewal."""
    (lane,) = await due_lanes(store, 1)
    first, second = Leases(store, "first"), Leases(store, "second")
    (mine,) = await first.claim(1)
    assert await second.claim(1) == []
    await expire(store, lane)
    (theirs,) = await second.claim(1)
    assert theirs.epoch == mine.epoch + 1
    await first.renew([mine])
    assert mine.lost
    assert not theirs.lost
    with pytest.raises(LeaseLost):
        await first.rest(mine)


async def test_a_frozen_worker_can_commit_nothing_and_its_neighbours_can(store: Store) -> None:
    """Of two lanes in one transaction one was taken over: its writes are left out, the other's are written."""
    lost, kept = await due_lanes(store, 2)
    first, second = Leases(store, "first"), Leases(store, "second")
    mine = {lane.id: lane for lane in await first.claim(2)}
    await expire(store, lost)
    await second.claim(1)
    ledger = Ledger(store)
    running = asyncio.create_task(ledger.run())
    try:
        late, fine = await asyncio.gather(
            ledger.commit(ended(mine[lost])), ledger.commit(ended(mine[kept])), return_exceptions=True
        )
    finally:
        running.cancel()
    assert isinstance(late, LeaseLost)
    assert fine == {}
    assert await states(store) == {lost: "ready", kept: "done"}


async def test_a_take_over_waits_for_a_commit_that_has_begun(store: Store) -> None:
    """The fence is a lock: between the check and the commit nobody else can become the owner."""
    (lane,) = await due_lanes(store, 1)
    (mine,) = await Leases(store, "first").claim(1)
    await expire(store, lane)
    async with store.connection() as db, db.transaction():
        await db.execute("SELECT FROM lane WHERE id = %s AND epoch = %s FOR KEY SHARE", (lane, mine.epoch))
        assert await Leases(store, "second").claim(1) == []
    assert len(await Leases(store, "second").claim(1)) == 1


async def test_a_held_lane_is_not_claimed_before_its_time(store: Store) -> None:
    """A far side that asked us to wait is left alone, by every worker."""
    (lane,) = await due_lanes(store, 1)
    leases = Leases(store, "first")
    (mine,) = await leases.claim(1)
    async with store.transaction() as db:
        row = await (await db.execute("SELECT now()")).fetchone()
    assert row is not None
    await leases.hold(mine, HoldLane(3600.0, "asked_to_wait"), "429")
    await leases.rest(mine, release=True)
    assert await Leases(store, "second").claim(1) == []
    async with store.transaction() as db:
        await db.execute("UPDATE lane SET held_until = now() WHERE id = %s", (lane,))
    assert len(await Leases(store, "second").claim(1)) == 1
