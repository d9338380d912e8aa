"""Polls beside the webhooks: what no webhook told is found, and what both told happens once."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.opened import link_records
from tests.world import World, world
from tieline.sandbox.app import Options
from tieline.sandbox.faults import Rule
from tieline.store.pool import Store


async def until_found(world_: World, within_s: float = 20) -> None:
    """Wait until everything expected is there, then until nothing moves."""
    for _ in range(int(within_s / 0.2)):
        if world_.found().lost == 0:
            break
        await asyncio.sleep(0.2)
    await world_.settled()
    found = world_.found()
    assert (found.lost, found.doubled) == (0, 0), found


async def test_calls_forms_and_texts_whose_webhooks_were_dropped_are_found(store: Store) -> None:
    """Nothing was delivered at all; over 100 calls, so the list has pages."""
    options = Options(locations=1, limits="off", faults=(Rule(kind="drop", side="nimbata"),))
    async with world(store, sandbox=options, polls=True) as world_:
        world_.emit(kind="call", count=130, known_share=0.4)
        world_.emit(kind="form", count=2)
        world_.emit(kind="sms", count=2)
        await until_found(world_)
        rows = await world_.rows(
            "SELECT source, kind FROM event JOIN connection ON connection.id = connection_id WHERE name = 'calls'"
        )
        assert {source for source, _ in rows} == {"poll"}
        kinds = Counter(kind for _, kind in rows)
        assert (kinds["call.completed"], kinds["form.submitted"], kinds["sms.received"]) == (130, 2, 2)


async def test_a_call_told_by_webhook_and_poll_is_one_occurrence(store: Store) -> None:
    """Both tell all of them, over and over; the notes stay as many as the calls."""
    async with world(store, polls=True) as world_:
        for _ in range(4):
            world_.emit(kind="call", count=10, known_share=0.5)
            await asyncio.sleep(0.6)
        await until_found(world_)
        rows = await world_.rows("SELECT count(*) FROM event WHERE source = 'poll' AND kind LIKE 'call%'")
        assert rows[0][0] > 0


async def test_a_tag_given_to_a_call_afterwards_reaches_the_contact(store: Store) -> None:
    """The sparse webhook names no caller, the row of the list does."""
    async with world(store, polls=True) as world_:
        (call,) = world_.emit(kind="call", caller="+12015550123", outcome="ANSWERED", tags=["first"])
        await until_found(world_)
        world_.emit(kind="call.update", id=call.activity_id, changes={"tags": ["first", "Appt. Booked"]})
        for _ in range(50):
            (contact,) = next(iter(world_.state()["locations"].values()))["contacts"]
            if "appt. booked" in contact["tags"]:
                break
            await asyncio.sleep(0.2)
        assert {"nimbata", "first", "appt. booked"} <= set(contact["tags"])
        assert world_.found().doubled == 0


async def test_a_change_in_the_crm_that_no_webhook_told_is_met_by_the_poll(store: Store) -> None:
    """Somebody renames a contact; the next call does not undo it, for the snapshot was brought up."""
    async with world(store, polls=True, echoes=False) as world_:
        world_.emit(kind="call", caller="+12015550123", caller_name="Ada Lovelace", outcome="ANSWERED")
        await until_found(world_)
        (contact,) = next(iter(world_.state()["locations"].values()))["contacts"]
        world_.work(
            kind="contact.update", id=contact["id"], fields={"firstName": "Augusta", "city": "London"}
        )
        # The CRM's index shows it five seconds later; the sandbox's time can be moved.
        world_.sandbox.contacts.clock.advance(6)
        for _ in range(60):
            ((seen, _),) = await link_records(store)
            if b'"Augusta"' in seen:
                break
            await asyncio.sleep(0.2)
        assert b'"Augusta"' in seen
        assert b'"London"' in seen


async def test_a_poll_that_fails_says_why_and_goes_on(store: Store) -> None:
    """Two failures in a row, then the list is read as if nothing had been."""
    rules = (Rule(kind="drop", side="nimbata"), Rule(kind="500", operation="nimbata.call.list", count=2))
    async with world(store, sandbox=Options(locations=1, limits="off", faults=rules), polls=True) as world_:
        world_.emit(kind="call", count=3)
        seen = False
        for _ in range(100):
            rows = await world_.rows("SELECT failures, reason FROM poll WHERE stream = 'call'")
            seen = seen or (rows[0][0] > 0 and bool(rows[0][1]))
            if seen:
                break
            await asyncio.sleep(0.05)
        assert seen
        await until_found(world_, within_s=40)
        rows = await world_.rows("SELECT failures, reason FROM poll WHERE stream = 'call'")
        assert rows == [(0, None)]
