"""What is heard of somebody new in one turn counts by its time, not by the order in which it came."""

from __future__ import annotations

import asyncio

from tests.server.two_way import both_ways
from tieline.sandbox.faults import read_rules
from tieline.store.pool import Store

ADA = "+12015550123"


async def take_lanes(store: Store) -> None:
    """Another worker has them, and does nothing."""
    async with store.transaction() as db:
        await db.execute("UPDATE lane SET owner = 'another', epoch = epoch + 1, lease_until = 'infinity'")


async def give_lanes_back(store: Store) -> None:
    """It is gone."""
    async with store.transaction() as db:
        await db.execute("UPDATE lane SET owner = NULL, lease_until = '-infinity', ready_at = now()")


async def test_a_creation_that_is_told_after_a_change_does_not_put_the_change_back(store: Store) -> None:
    """Found by chaos, seed 1: a worker was frozen until all three had come, and the oldest came last."""
    async with both_ways(store) as both:
        await take_lanes(store)
        account = both.world.sandbox.nimbata
        late = {"kind": "late", "operation": "contact.created", "count": 1, "params": {"delay_s": 2.0}}
        account.faults.add(read_rules(late))
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace", tags=[])
        person = both.account["contacts"][0]["id"]
        # Both sides tell their times to the second.
        await asyncio.sleep(1.1)
        both.emit(kind="contact.update", id=person, changes={"company": "Acme"})
        for _ in range(100):
            told = [one.kind for one in account.audit.deliveries if one.acknowledged_at is not None]
            if "contact.created" in told and "contact.updated" in told:
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError(f"the hub was told of {told}")
        await give_lanes_back(store)
        await both.settled()
        assert both.crm["contacts"][0]["companyName"] == "Acme"
        assert both.unequal() == []
