"""Sweeps: what the CRM never tells, or lost, is found; once, at a bounded price."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.deliveries import deliveries
from tests.server.sweeping import ONE_WAY, Bench, bench, looking
from tests.server.two_way import both_ways
from tieline.connectors.nimbata.activity import parse
from tieline.connectors.nimbata.config import build
from tieline.errors import ConfigurationError, Unavailable
from tieline.sandbox.audit import CallRecord
from tieline.sandbox.faults import Params, Rule
from tieline.store.pool import Store
from tieline.store.swept import SweptBook
from tieline.vault.seal import Vault


async def test_an_edited_task_is_told_once_and_again_when_it_is_edited_back(store: Store) -> None:
    """There is no webhook for it; what stood there before the first look is history."""
    async with bench(store) as one:
        one.work("contact.create")
        task = one.work("task.create")
        assert await one.look("task") == []
        one.wait(5)
        assert await one.look("task") == []
        for title in ("Call today", "Call back", "Call today"):
            one.work("task.update", id=task, fields={"title": title})
            one.wait(5)
            ((kind, body),) = await one.look("task")
            assert (kind, body["id"], body["title"]) == ("task.swept", task, title)
            assert body["contactId"]
            one.wait(5)
            assert await one.look("task") == []


async def test_a_task_whose_webhook_was_lost_and_one_that_is_reopened_are_told(store: Store) -> None:
    """A row that nobody ever saw, made since the sweeps began."""
    async with bench(store) as one:
        one.work("contact.create")
        await one.look("task")
        one.wait(5)
        task = one.work("task.create")
        ((kind, body),) = await one.look("task")
        assert (kind, body["id"], body["completed"]) == ("task.swept", task, False)
        for kind, completed in (("task.complete", True), ("task.reopen", False)):
            one.work(kind, id=task)
            one.wait(5)
            ((told, body),) = await one.look("task")
            assert (told, body["completed"]) == ("task.swept", completed)


async def test_a_task_is_told_as_gone_after_two_looks_ten_minutes_apart(store: Store) -> None:
    """One missing row proves nothing."""
    async with bench(store) as one:
        contact = one.work("contact.create")
        task = one.work("task.create")
        await one.look("task")
        one.work("task.delete", id=task)
        for _ in range(2):
            one.wait(5)
            assert await one.look("task") == []
        one.wait(5)
        assert await one.look("task") == [("task.vanished", {"id": task, "contactId": contact})]
        one.wait(15)
        assert await one.look("task") == []


async def test_a_task_that_went_before_any_look_goes_in_the_account_after_two(store: Store) -> None:
    """A webhook of the account told of it; the CRM's, of the copy's deletion, was lost. One that stays is not told."""
    async with both_ways(store) as both:
        hub = both.world.hub
        both.emit(kind="contact.create", caller="+12015550123", caller_name="Ada Lovelace")
        await both.settled()
        for _ in range(2):
            both.emit(kind="task.create", contact=both.account["contacts"][0]["id"])
        await both.settled()
        contact = both.crm["contacts"][0]["id"]
        _, goes = (task["id"] for task in both.crm["tasks"])
        async with looking(store, hub.vault, both.world.sandbox, hub.directory) as one:
            with both.unheard("contacts_api"):
                both.work(kind="task.delete", id=goes)
            await one.events()
            assert await one.look_for_gone("task", connection="crm0") == []
            one.wait(5)
            assert await one.look_for_gone("task", connection="crm0") == []
            assert len(both.account["tasks"]) == 2
            one.wait(6)
            assert await one.look("task", connection="crm0") == [
                ("task.vanished", {"id": goes, "contactId": contact})
            ]
            await both.settled()
            assert both.unequal() == []
            assert len(both.account["tasks"]) == 1
            await one.events()
            one.wait(15)
            assert await one.look("task", connection="crm0") == []


async def test_a_task_that_we_completed_and_somebody_reopened_between_two_looks_is_told(store: Store) -> None:
    """It looks as it did at the first look; meanwhile it was done on both sides, and there is no webhook for that."""
    async with both_ways(store) as both:
        hub, calls = both.world.hub, both.world.sandbox.contacts.audit.operations
        both.emit(kind="contact.create", caller="+12015550123", caller_name="Ada Lovelace")
        await both.settled()
        task = both.emit(kind="task.create", contact=both.account["contacts"][0]["id"])["activity_id"]
        await both.settled()
        (copy,) = both.crm["tasks"]
        async with looking(store, hub.vault, both.world.sandbox, hub.directory) as one:
            await one.look("task", connection="crm0")
            await both.settled()
            both.emit(kind="task.complete", id=task)
            await both.settled()
            assert both.crm["tasks"][0]["completed"] is True
            both.work(kind="task.reopen", id=copy["id"])
            one.wait(20)
            asked = calls["tasks.get"]
            await one.events()
            assert [kind for kind, _ in await one.look("task", connection="crm0")] == ["task.swept"]
            await both.settled()
            assert both.unequal() == []
            assert both.account["tasks"][0]["completed_at"] is None
            assert calls["tasks.get"] == asked + 1
            await one.events()
            one.wait(20)
            assert await one.look("task", connection="crm0") == []


async def test_what_we_wrote_ourselves_is_told_once_more_at_most_and_costs_no_call(store: Store) -> None:
    """It may have been put back to what an earlier look saw; where it was not, the row itself shows that."""
    async with both_ways(store) as both:
        hub, calls = both.world.hub, both.world.sandbox.contacts.audit.operations
        both.emit(kind="contact.create", caller="+12015550123", caller_name="Ada Lovelace")
        await both.settled()
        task = both.emit(kind="task.create", contact=both.account["contacts"][0]["id"])["activity_id"]
        await both.settled()
        async with looking(store, hub.vault, both.world.sandbox, hub.directory) as one:
            await one.look("task", connection="crm0")
            await both.settled()
            both.emit(kind="task.complete", id=task)
            await both.settled()
            await one.events()
            asked = calls.copy()
            one.wait(20)
            await one.look("task", connection="crm0")
            await both.settled()
            assert calls - asked == {"tasks.search": 1}


async def test_what_is_linked_while_a_look_is_under_way_is_not_missed_by_it(store: Store) -> None:
    """The page may have been written before; the next look misses it, if it is not there by then."""
    async with bench(store) as one:
        contact = one.work("contact.create")
        await one.link([contact])
        faults = one.sandbox.contacts.faults
        slow = Params(latency_s=0.5)
        faults.add([Rule(kind="latency", operation="tasks.search", count=1, params=slow)])
        look = asyncio.create_task(one.look("task"))
        for _ in range(500):
            if faults.fired["latency"]:
                break
            await asyncio.sleep(0.01)
        async with store.transaction() as db:
            await db.execute(
                "INSERT INTO item (id, consumer_id, person_id, kind, contacts_api_id)"
                " SELECT nextval('item_id'), consumer_id, person_id, 'task', 'meanwhile' FROM link"
            )
        assert faults.fired["latency"] == 1
        assert not look.done()
        assert await look == []
        missed = "SELECT record_id, contact_id FROM swept WHERE missed_at IS NOT NULL"
        assert await one.rows(missed) == []
        one.wait(5)
        assert await one.look("task") == []
        assert await one.rows(missed) == [("meanwhile", contact)]


async def test_a_sweep_takes_a_call_a_page_and_waits_when_that_is_much(store: Store) -> None:
    """A hundred rows a page; what it took is spread over the day's share."""
    async with bench(store) as one:
        one.work("contact.create")
        one.work("task.create", count=230)
        await one.look("task")
        assert one.calls("tasks.search") == 4
        one.work("task.update", fields={"title": "Another"})
        # 4 calls of 20,000 a day: 17 s.
        one.wait(0.2)
        assert await one.look("task") == []
        assert one.calls("tasks.search") == 4
        one.wait(0.2)
        assert [kind for kind, _ in await one.look("task")] == ["task.swept"]
        assert one.calls("tasks.search") == 8


async def test_a_page_that_fails_keeps_the_cursor_and_nothing_is_told_twice(store: Store) -> None:
    """What came before it is told and stays told; the look that failed proves nothing absent."""
    vault = Vault(bytes(32))
    failing = False

    def digest(kind: str, value: str) -> bytes:
        nonlocal failing
        if failing and kind == "swept":
            # The first page has come: the next one fails.
            failing = False
            one.sandbox.contacts.faults.add([Rule(kind="500", operation="tasks.search", count=1)])
        return vault.digest(kind, value)

    async with bench(store, digest=digest) as one:
        one.work("contact.create")
        one.work("task.create", count=130)
        await one.look("task")
        one.wait(15)
        newest = one.work("task.create")
        before, failing = one.cursors["crm", "task"], True
        with pytest.raises(Unavailable):
            await one.look("task")
        assert one.cursors["crm", "task"] == before
        assert [(kind, body["id"]) for kind, body in await one.events()] == [("task.swept", newest)]
        assert await one.rows("SELECT count(*) FROM swept WHERE missed_at IS NOT NULL") == [(0,)]
        assert await one.look("task") == []


async def test_a_token_without_the_scope_stops_the_sweep_alone(store: Store) -> None:
    """No CredentialError, which would hold the whole lane."""
    async with bench(store) as one:
        one.work("private_token.scopes", fields={"scopes": ["contacts.readonly"]})
        with pytest.raises(ConfigurationError, match=r"locations/tasks\.readonly"):
            await one.look("task")


async def test_a_form_submission_is_found_once(store: Store) -> None:
    """Those from before are history; the overlap meets others again."""
    async with bench(store) as one:
        one.work("form.submit", fields={"firstName": "Old", "phone": "+17375550111"})
        one.wait(1)
        assert await one.look("form_submission") == []
        one.wait(5)
        sent = one.work("form.submit", fields={"firstName": "Noor", "phone": "+17375550123"})
        one.sandbox.contacts.faults.add([Rule(kind="502", operation="forms.list_submissions", count=1)])
        before = one.cursors["crm", "form_submission"]
        with pytest.raises(Unavailable):
            await one.look("form_submission")
        assert one.cursors["crm", "form_submission"] == before
        ((kind, body),) = await one.look("form_submission")
        assert (kind, body["id"], body["others"]["firstName"]) == ("FormSubmitted", sent, "Noor")
        assert body["contactId"]
        one.wait(5)
        assert await one.look("form_submission") == []
        assert one.calls("forms.list_submissions") == 4


async def test_many_submissions_are_read_page_by_page(store: Store) -> None:
    """More than a page between two looks; all are told, none twice."""
    async with bench(store) as one:
        await one.look("form_submission")
        one.wait(1)
        one.work("form.submit", count=230)
        found = await one.look("form_submission")
        assert len({body["id"] for _, body in found}) == len(found) == 230
        one.wait(1)
        assert await one.look("form_submission") == []


async def test_an_unlinked_contact_is_told_where_people_are_carried_over(store: Store) -> None:
    """The whole page at a time."""
    async with bench(store) as one:
        await one.look("contact")
        contact = one.work("contact.create")
        one.wait(1)
        assert [(kind, body["id"]) for kind, body in await one.look("contact")] == [
            ("contact.polled", contact)
        ]
        assert {call.body["pageLimit"] for call in _searches(one)} == {500}


async def test_an_unlinked_contact_is_nobodys_news_in_a_one_way_sync(store: Store) -> None:
    """As it always was."""
    async with bench(store, definition=ONE_WAY) as one:
        await one.look("contact")
        one.work("contact.create")
        one.wait(1)
        assert await one.look("contact") == []


async def test_what_a_sweep_found_is_counted_where_it_was_news(store: Store) -> None:
    """By kind and day; an echo, a duplicate and what is still open are none. Counting again adds nothing."""
    async with bench(store) as one:
        one.work("contact.create")
        one.work("task.create", count=4)
        await one.look("task")
        one.wait(5)
        one.work("task.create", count=4)
        assert len(await one.look("task")) == 4
        ends = (("done", None), ("done", "echo"), ("duplicate", None), ("done", "taken over"))
        events = await one.rows("SELECT event_id FROM assignment ORDER BY event_id")
        async with store.transaction() as db:
            for (event,), (state, reason) in zip(events, ends, strict=True):
                await db.execute(
                    "UPDATE assignment SET state = %s, reason = %s WHERE event_id = %s",
                    (state, reason, event),
                )
        connection = one.directory.connection("crm")
        assert connection is not None
        for _ in range(2):
            await SweptBook(store, connection.id).count_found()
            assert await one.rows("SELECT kind, count FROM sweep_found") == [("task.swept", 2)]
        async with store.transaction() as db:
            await db.execute("DELETE FROM event")
        await SweptBook(store, connection.id).count_found()
        assert await one.rows("SELECT kind, count FROM sweep_found") == [("task.swept", 2)]


async def test_what_changed_at_a_native_account_is_found_with_the_occurrence_of_its_webhook(
    store: Store,
) -> None:
    """Tasks, notes and appointments of the contacts that the poll of contacts meets; asked for once."""
    config = build({"mode": "native"})
    async with bench(store) as one, deliveries() as arrived:
        await one.look("contact", connection="calls")
        side, audit = one.sandbox.nimbata.side, one.sandbox.nimbata.audit
        side.set_targets({"url": arrived.url})
        side.emit({"kind": "contact.create"})
        for kind in ("task.create", "note.create", "note.update", "appointment.create", "task.complete"):
            side.emit({"kind": kind})
        found = [
            parse(msgspec.json.encode(body), kind, config).occurrence
            for kind, body in await one.look("contact", connection="calls")
        ]
        assert {one.split(":")[0] for one in found} == {
            "contact.created", "task.changed", "note.changed", "appointment.changed",
        }  # fmt: skip
        # Of a task that was made and done between two looks, the last change shows.
        assert len(found) == 4
        told = set[str]()
        while not told.issuperset(found):
            _, _, body = await arrived.next()
            told.add(parse(body, None, config).occurrence)
        assert audit.operations["nimbata.task.list"] == 1
        assert await one.look("contact", connection="calls") == []
        assert audit.operations["nimbata.task.list"] == 1


def _searches(one: Bench) -> list[CallRecord]:
    return [call for call in one.sandbox.contacts.audit.calls if call.operation == "contacts.search"]
