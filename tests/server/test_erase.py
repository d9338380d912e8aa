"""A person who is erased: nothing of theirs is left, nothing brings them back, and nobody else notices."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.dump import cells, opened, places
from tests.server.backfilling import ran
from tests.server.two_way import TwoWayWorld, both_ways
from tieline.sandbox.faults import Params, Rule
from tieline.server.keeping.erase import Eraser
from tieline.server.people.people import NoSuchPerson, People
from tieline.store.keyring import ERASED
from tieline.store.pool import Store

ADA, BOB = "+12015550123", "+12015550144"
#: What Ada's records hold.
PRIVATE = ("Lovelace", ADA, "ada@example.com", "Analytical Engines", "Difference", "Prefers mornings")


def eraser(both: TwoWayWorld) -> Eraser:
    """As the command line has it."""
    hub = both.world.hub
    return Eraser(People(hub.store, hub.directory, hub.vault.digest), hub.vault.digest)


async def meet(both: TwoWayWorld) -> tuple[str, str]:
    """Ada and Bob on both sides, with items and a history; Ada's ids there and here."""
    both.world.sandbox.contacts.side.set_quirks({"thin_task_events": False})
    both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
    both.work(kind="contact.create", fields={"firstName": "Bob", "lastName": "Babbage", "phone": BOB})
    await both.settled()
    (contact,) = (one["id"] for one in both.crm["contacts"] if one["phone"] == ADA)
    (person,) = (one["id"] for one in both.account["contacts"] if one["phone"] == ADA)
    both.work(
        kind="contact.update",
        id=contact,
        fields={"email": "ada@example.com", "companyName": "Analytical Engines"},
    )
    both.emit(kind="task.create", contact=person, changes={"title": "Difference", "assignee": None})
    both.emit(kind="note.create", contact=person, changes={"body": "Prefers mornings"})
    both.emit(kind="call", caller=ADA, caller_name="Ada Lovelace", outcome="ANSWERED")
    await both.settled()
    assert both.unequal() == []
    return contact, person


async def counts(store: Store) -> dict[str, int]:
    """Rows that must not become fewer."""
    async with store.transaction() as db:
        rows = await db.execute(
            "SELECT 'event', count(*) FROM event UNION ALL SELECT 'effect', count(*) FROM effect"
            " UNION ALL SELECT 'attempt', count(*) FROM attempt UNION ALL"
            " SELECT 'assignment', count(*) FROM assignment"
        )
        return dict(await rows.fetchall())


async def test_what_goes_is_shown_first_and_nothing_is_taken(store: Store) -> None:
    """How much there is, where, and whose records stay on the far sides."""
    async with both_ways(store) as both:
        contact, person = await meet(both)
        before = await cells(store)
        shown = await eraser(both).preview("ada@example.com")
        assert (shown.names, shown.done, shown.links, shown.own_items) == (("Ada Lovelace",), False, 1, 0)
        assert [(one.sync, one.contact_id, one.nimbata_id) for one in shown.linked] == [
            ("sync0", contact, person)
        ]
        # A task, her note, and our note about the call is no item.
        assert shown.items == 2
        assert min(shown.look_ups, shown.history, shown.effects, shown.events) > 3
        assert {cell for cell in before if not cell.place.startswith(("lane.", "poll."))} <= {
            *await cells(store)
        }
        with pytest.raises(NoSuchPerson):
            await eraser(both).preview("nobody@example.com")


async def test_nothing_of_an_erased_person_is_left_and_nobody_else_is_touched(store: Store) -> None:
    """Neither in the clear nor sealed; counts stay, and the audit log tells of it without telling of whom."""
    async with both_ways(store) as both:
        contact, person = await meet(both)
        assert places(await opened(store), PRIVATE)
        before, far = await counts(store), (both.crm, both.account)
        told = await eraser(both).erase(ADA)
        assert told.done
        assert not places(await opened(store), PRIVATE)
        assert not places(await cells(store), (*PRIVATE, contact, person))
        assert await counts(store) == before
        assert (both.crm, both.account) == far
        assert [one.name for one in await eraser(both)._people.find(BOB)] == ["Bob Babbage"]
        async with store.transaction() as db:
            entry = await (
                await db.execute("SELECT subject, after FROM audit_entry WHERE action = 'people.erase'")
            ).fetchone()
            kept = await (
                await db.execute("SELECT count(*) FROM person WHERE id = ANY(%s)", ([*told.people],))
            ).fetchone()
        assert entry is not None
        assert entry[0] == f"person:{told.people[0]}"
        assert entry[1]["history"] == told.history
        assert kept == (0,)
        # Bob's own changes still go over.
        bob = next(one["id"] for one in both.crm["contacts"] if one["phone"] == BOB)
        both.work(kind="contact.update", id=bob, fields={"companyName": "Engines"})
        await both.settled()
        assert "Engines" in {one["company"] for one in both.account["contacts"]}


async def test_nothing_brings_them_back(store: Store) -> None:
    """Calls, edits, new records, items, a reconcile and whatever polls find end as skipped, and are not kept."""
    async with both_ways(store, polls=True) as both:
        contact, person = await meet(both)
        await eraser(both).erase(ADA)
        far = both.people()
        both.emit(kind="call", caller=ADA, caller_name="Ada Lovelace", outcome="ANSWERED")
        both.emit(
            kind="contact.update", contact=person, id=person, changes={"company": "Analytical Engines II"}
        )
        both.work(kind="contact.update", id=contact, fields={"city": "Marylebone"})
        both.work(kind="task.create", id=contact)
        both.work(kind="note.create", id=contact)
        await both.settled()
        with both.unheard("contacts_api"):
            both.work(kind="contact.update", id=contact, fields={"state": "Middlesex"})
        both.world.sandbox.contacts.clock.advance(6)
        await asyncio.sleep(1.5)
        run = await ran(both, "reconcile")
        assert run.state == "done", run
        await both.settled()
        private = (*PRIVATE, "Marylebone", "Middlesex")
        assert not places(await opened(store), private)
        assert not places(
            [one for one in await cells(store) if not one.place.startswith("swept.")], (*private, person)
        )
        async with store.transaction() as db:
            links = await (await db.execute("SELECT count(*) FROM link")).fetchone()
            blanked = await db.execute(
                "SELECT DISTINCT assignment.state FROM event JOIN assignment ON event_id = event.id WHERE seal = %s"
                " AND assignment.reason LIKE 'about somebody who was erased%%'", (ERASED,),
            )  # fmt: skip
            assert await blanked.fetchall() != []
        assert links == (1,)
        # What stands on either side by its own hand stays as it is there: nothing went over.
        here, there = both.people()
        assert [one["company"] for one in here if one["phone"] == ADA] == ["Analytical Engines II"]
        assert [one["company"] for one in there if one["phone"] == ADA] == ["Analytical Engines"]
        assert far[0] != here


async def test_a_record_that_names_them_only_when_it_is_read_is_not_kept(store: Store) -> None:
    """A new record of theirs is told of by a note, which has nothing but its id; then the record itself is."""
    async with both_ways(store, sandbox={"allow_duplicates": True}) as both:
        await meet(both)
        await eraser(both).erase(ADA)
        with both.unheard("contacts_api"):
            done = both.work(kind="contact.create", fields={"firstName": "Countess", "phone": ADA})
        for _ in range(3):
            both.work(kind="note.create", id=done["record"], fields={"body": "Countess of the engine"})
        await both.settled()
        both.work(kind="contact.update", id=done["record"], fields={"lastName": "Countess"})
        await both.settled()
        assert not places(await opened(store), ("Countess",))
        async with store.transaction() as db:
            assert await (await db.execute("SELECT count(*) FROM link")).fetchone() == (1,)
            assert await (await db.execute("SELECT count(*) FROM person")).fetchone() == (1,)


async def test_what_waits_for_a_far_side_ends(store: Store) -> None:
    """It is not tried again, and its event's body is gone."""
    async with both_ways(store) as both:
        await meet(both)
        both.world.sandbox.contacts.faults.add([Rule(kind="503", operation="contacts.update")])
        person = next(one["id"] for one in both.account["contacts"] if one["phone"] == ADA)
        both.emit(kind="contact.update", id=person, changes={"company": "Late"})
        await until(store, "SELECT count(*) FROM assignment WHERE state = 'waiting'", 1)
        told = await eraser(both).erase(ADA)
        assert told.waiting == 1
        await both.settled()
        assert not places([*await opened(store), *await cells(store)], (*PRIVATE, "Late"))


async def test_what_is_in_flight_is_fenced_out(store: Store) -> None:
    """A call is under way while they are erased: its answer is not written any more, and nobody else is lost."""
    async with both_ways(store) as both:
        await meet(both)
        slow = Rule(kind="latency", operation="contacts.update", params=Params(latency_s=2.0))
        both.world.sandbox.contacts.faults.add([slow])
        person, bob = (
            next(one["id"] for one in both.account["contacts"] if one["phone"] == phone)
            for phone in (ADA, BOB)
        )
        both.emit(kind="contact.update", id=person, changes={"company": "Late"})
        both.emit(kind="contact.update", id=bob, changes={"company": "Late Works"})
        await asyncio.sleep(0.7)
        await eraser(both).erase(ADA)
        await both.settled()
        assert not places([*await opened(store), *await cells(store)], PRIVATE)
        async with store.transaction() as db:
            assert await (await db.execute("SELECT count(*) FROM link")).fetchone() == (1,)
            assert await (await db.execute("SELECT count(*) FROM person")).fetchone() == (1,)
        assert {one["company"] for one in both.people()[1] if one["phone"] == BOB} == {"Late Works"}


async def until(store: Store, sql: str, count: int) -> None:
    """Wait until so many are counted."""
    for _ in range(200):
        async with store.transaction() as db:
            if await (await db.execute(sql)).fetchone() == (count,):
                return
        await asyncio.sleep(0.05)
    raise AssertionError(sql)


async def test_programs_see_first_and_then_erase(store: Store) -> None:
    """`POST /api/erasures`; the name is in the body, since addresses are written into logs."""
    async with both_ways(store) as both:
        await meet(both)
        url = f"{both.world.url}/api/erasures"
        status, shown = await post(both.world.http, url, {"person": ADA})
        assert (status, shown["done"], shown["links"]) == (200, False, 1)
        assert (await post(both.world.http, f"{url}?preview=false", {"person": ADA}))[0] == 200
        status, refused = await post(both.world.http, url, {"person": ADA})
        assert status == 404
        assert "nobody is known" in refused["detail"]


async def post(http: aiohttp.ClientSession, url: str, body: Any) -> tuple[int, Any]:
    """Status and body."""
    async with http.post(url, json=body) as answer:
        return answer.status, await answer.json()
