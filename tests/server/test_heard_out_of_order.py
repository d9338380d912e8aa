"""What is heard of somebody new in one turn counts by its time, not by the order in which it came."""

from __future__ import annotations

import asyncio

import pytest

from tests.server.two_way import DEFINITION, TwoWayWorld, both_ways
from tests.world import world
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


async def acknowledged(both: TwoWayWorld, *kinds: str) -> None:
    """Wait until the hub has taken a webhook of each of these kinds of the account, late ones too."""
    told: set[str] = set()
    for _ in range(200):
        deliveries = both.world.sandbox.nimbata.audit.deliveries
        told = {one.kind for one in deliveries if one.acknowledged_at is not None}
        if told.issuperset(kinds):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the hub was told of {told}")


async def told_of(both: TwoWayWorld, kind: str) -> None:
    """And until all is quiet after it."""
    await acknowledged(both, kind)
    await both.settled()


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
        await acknowledged(both, "contact.created", "contact.updated")
        await give_lanes_back(store)
        await both.settled()
        assert both.crm["contacts"][0]["companyName"] == "Acme"
        assert both.unequal() == []


@pytest.mark.parametrize("where", ["crm", "account"])
async def test_a_call_from_before_a_deletion_that_is_told_after_it_brings_nobody_back(
    store: Store, where: str
) -> None:
    """Found by chaos, seeds 17 and 20: a poll found the calls when their person was gone already."""
    async with both_ways(store) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        contact, person = both.crm["contacts"][0]["id"], both.account["contacts"][0]["id"]
        account = both.world.sandbox.nimbata
        late = {"kind": "late", "operation": "call.completed", "count": 1, "params": {"delay_s": 5.0}}
        account.faults.add(read_rules(late))
        both.emit(kind="call", caller=ADA, outcome="ANSWERED")
        # Both sides tell their times to the second.
        await asyncio.sleep(4.1)
        if where == "crm":
            both.work(kind="contact.delete", id=contact)
        else:
            both.emit(kind="contact.delete", id=person)
        await told_of(both, "call.completed")
        assert both.people() == ([], [])
        rows = await both.world.rows(
            "SELECT assignment.reason FROM assignment JOIN event ON id = event_id WHERE kind LIKE 'call%'"
        )
        assert rows == [("it took place before its person was deleted in the CRM",)]
        both.emit(kind="call", caller=ADA, outcome="ANSWERED")
        await both.settled()
        assert [one["phone"] for one in both.crm["contacts"]] == [ADA]


async def test_a_call_of_somebody_who_was_deleted_in_the_account_alone_is_written_to_the_record_that_stands(
    store: Store,
) -> None:
    """As the sync's policy leaves it there."""
    definition = DEFINITION.replace(
        "ignore: [nimbata]}\n  deletes: delete", "ignore: [nimbata]}\n  deletes: unlink"
    )
    async with both_ways(store, definition=definition) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        account = both.world.sandbox.nimbata
        late = {"kind": "late", "operation": "call.completed", "count": 1, "params": {"delay_s": 2.5}}
        account.faults.add(read_rules(late))
        both.emit(kind="call", caller=ADA, outcome="ANSWERED")
        await asyncio.sleep(1.1)
        both.emit(kind="contact.delete", id=both.account["contacts"][0]["id"])
        await told_of(both, "call.completed")
        rows = await both.world.rows(
            "SELECT assignment.state, assignment.reason FROM assignment JOIN event ON id = event_id"
            " WHERE kind LIKE 'call%'"
        )
        assert rows == [("done", None)]
        assert len(both.crm["contacts"]) == 1


async def test_what_waits_behind_an_older_event_does_not_overtake_it_when_it_falls_due(store: Store) -> None:
    """Found by chaos, seed 10: the older one had to wait once more, and what stood behind it was due before."""
    async with world(store) as it:
        it.emit(kind="call", caller=ADA, outcome="ANSWERED")
        await it.settled()
        await take_lanes(store)
        for _ in range(2):
            it.emit(kind="call", caller=ADA, outcome="ANSWERED")
        for _ in range(100):
            if len(await it.rows("SELECT 1 FROM assignment WHERE state = 'ready'")) >= 2:
                break
            await asyncio.sleep(0.05)
        async with store.transaction() as db:
            await db.execute(
                "UPDATE assignment SET state = 'waiting', tries = 1,"
                " person_id = (SELECT person_id FROM link LIMIT 1),"
                " due_at = now() + CASE WHEN event_id = (SELECT min(event_id) FROM assignment WHERE state = 'ready')"
                "  THEN interval '2 seconds' ELSE interval '0' END"
                " WHERE state = 'ready'"
            )
        await give_lanes_back(store)
        await it.settled()
        calls = [one.id for one in it.sandbox.nimbata.side.state()["calls"][-2:]]
        notes = [str(one.body) for one in it.sandbox.contacts.audit.calls if one.operation == "notes.create"]
        assert [call for note in notes for call in calls if call in note] == calls
