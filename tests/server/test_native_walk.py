"""The walk over a native account: what changed without a webhook is found within a tenth of the day, told once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.server.sweeping import ONE_WAY, PEOPLE, Bench, bench, looking
from tests.server.two_way import DEFINITION, both_ways
from tieline.server.sweeps.report import sweep_findings, sweep_states
from tieline.server.sweeps.sweep import SHARE
from tieline.store.pool import Store
from tieline.testing.builders import add_sync

KINDS = ("task", "note", "appointment")
LISTS = tuple(f"nimbata.{kind}.list" for kind in KINDS)
ADA = "+12015550123"


@asynccontextmanager
async def linked(store: Store, count: int = 1, **options: Any) -> AsyncIterator[tuple[Bench, list[str]]]:
    """A bench with people of the account whom a sync links with contacts of the CRM, who need not be there."""
    async with bench(store, **options) as one:
        people = [
            one.happen("contact.create", caller=f"+1201555{number:04}") for number in range(1, count + 1)
        ]
        await one.link([f"c{number}" for number in range(count)], people)
        yield one, people


async def walk(one: Bench, every_s: float = 300.0) -> list[tuple[str, Any]]:
    """The next run's events."""
    return await one.look("walk", connection="calls", every_s=every_s)


def asked(one: Bench, *operations: str) -> int:
    """How often the account was asked so."""
    return sum(one.sandbox.nimbata.audit.operations[name] for name in operations)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_item_whose_webhook_was_never_sent_is_found_with_its_changes(
    store: Store, kind: str
) -> None:
    """The contact's own time of change does not move, so its poll finds nothing; what is older is history."""
    async with linked(store) as (one, (person,)):
        one.happen(f"{kind}.create", contact=person)
        one.wait(1)
        await one.look("contact", connection="calls")
        assert await walk(one) == []
        one.wait(6)
        item = one.happen(f"{kind}.create", contact=person)
        assert await one.look("contact", connection="calls") == []
        ((event, body),) = await walk(one)
        assert (event, body["id"], body["contact_id"], body["change"]) == (
            f"{kind}.changed", item, person, "created",
        )  # fmt: skip
        one.wait(6)
        assert await walk(one) == []
        one.happen(f"{kind}.update", id=item, changes={"notes" if kind == "appointment" else "body": "Other"})
        one.wait(6)
        assert [(event, body["change"], body["version"]) for event, body in await walk(one)] == [
            (f"{kind}.changed", "updated", 2)
        ]
        one.wait(6)
        assert await walk(one) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_deleted_item_is_told_once_after_two_looks_ten_minutes_apart(store: Store, kind: str) -> None:
    """One missing row proves nothing."""
    async with linked(store) as (one, (person,)):
        item = one.happen(f"{kind}.create", contact=person)
        await walk(one)
        one.happen(f"{kind}.delete", id=item)
        for minutes in (6, 6):
            one.wait(minutes)
            assert await walk(one) == []
        one.wait(5)
        assert await walk(one) == [(f"{kind}.vanished", {"id": item, "contactId": person})]
        for _ in range(2):
            one.wait(11)
            assert await walk(one) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_an_item_that_went_before_any_look_goes_in_the_crm_after_two(store: Store, kind: str) -> None:
    """A webhook told of it; that of its deletion was lost. One that stays is not told, nor one that was told gone."""
    async with both_ways(store, definition=DEFINITION) as both:
        hub = both.world.hub
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        person = both.account["contacts"][0]["id"]
        stays, goes, known = (
            both.emit(kind=f"{kind}.create", contact=person)["activity_id"] for _ in range(3)
        )
        await both.settled()
        both.emit(kind=f"{kind}.delete", id=known)
        await both.settled()
        assert len(_standing(both.crm, kind)) == 2
        async with looking(store, hub.vault, both.world.sandbox, hub.directory) as one:
            one.happen(f"{kind}.delete", id=goes)
            await one.events()
            assert await one.look_for_gone("walk", connection="calls") == []
            one.wait(6)
            assert await one.look_for_gone("walk", connection="calls") == []
            assert len(_standing(both.crm, kind)) == 2
            one.wait(11)
            assert await one.look_for_gone("walk", connection="calls") == [
                (f"{kind}.vanished", {"id": goes, "contactId": person})
            ]
            await both.settled()
            assert both.unequal() == []
            assert len(_standing(both.crm, kind)) == 1
            assert [item["id"] for item in _standing(both.account, kind)] == [stays]
            await one.events()
            one.wait(11)
            assert await walk(one) == []


async def test_how_far_apart_the_two_looks_are_is_a_setting_of_either_connection(store: Store) -> None:
    """For both walks and for the sweep of tasks; the round need not be over for the second look."""
    async with linked(store, settings={"vanish_s": 60}) as (one, (person,)):
        contact = one.work("contact.create")
        await one.link([contact])
        note = one.happen("note.create", contact=person)
        there = one.work("note.create", id=contact)
        task = one.work("task.create", id=contact)
        for connection, stream in (("calls", "walk"), ("crm", "walk"), ("crm", "task")):
            await one.look(stream, connection=connection)
        one.happen("note.delete", id=note)
        one.work("note.delete", id=there)
        one.work("task.delete", id=task)
        told = []
        for minutes in (6, 0.5, 0.6):
            one.wait(minutes)
            told.append([
                (kind, body["id"])
                for connection, stream in (("calls", "walk"), ("crm", "walk"), ("crm", "task"))
                for kind, body in await one.look(stream, connection=connection)
                # The CRM knows nobody of the first link.
                if kind != "contact.vanished"
            ])  # fmt: skip
        assert told == [[], [], [("note.vanished", note), ("note.vanished", there), ("task.vanished", task)]]


@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize("definition", ["people and items", "people alone"])
async def test_a_contact_that_is_gone_is_told_once(store: Store, shown: bool, definition: str) -> None:
    """By its id it is not there, or there with the time of its end; whoever stays is not told of."""
    options = {"definition": PEOPLE} if definition == "people alone" else {}
    async with linked(store, 2, **options) as (one, (stays, goes)):
        one.sandbox.nimbata.side.set_quirks({"deleted_shown": shown})
        one.happen("task.create", contact=goes)
        await walk(one)
        one.happen("contact.delete", id=goes)
        one.wait(6)
        assert await walk(one) == []
        one.wait(11)
        assert await walk(one) == [("contact.vanished", {"id": goes, "contactId": goes})]
        for _ in range(2):
            one.wait(11)
            assert await walk(one) == []
        assert await one.rows("SELECT record_id FROM swept WHERE digest <> '' AND missed_at IS NULL") == [
            (stays,)
        ]


async def test_what_the_poll_told_the_walk_does_not_tell_again(store: Store) -> None:
    """Nor the other way round: both give a change the same name."""
    async with linked(store) as (one, (person,)):
        await one.look("contact", connection="calls")
        await walk(one)
        one.wait(6)
        one.happen("contact.update", id=person, changes={"first_name": "Augusta"})
        one.happen("task.create", contact=person)
        assert [kind for kind, _ in await one.look("contact", connection="calls")] == [
            "contact.updated", "task.changed",
        ]  # fmt: skip
        assert await walk(one) == []
        one.wait(6)
        one.happen("note.create", contact=person)
        assert [kind for kind, _ in await walk(one)] == ["note.changed"]
        one.happen("contact.update", id=person, changes={"first_name": "Ada"})
        assert [kind for kind, _ in await one.look("contact", connection="calls")] == ["contact.updated"]


async def test_the_walk_keeps_to_a_tenth_of_the_accounts_quota(store: Store) -> None:
    """30 calls a minute are 3 for the walk: one person a minute, those first that changed last."""
    async with linked(store, 5, source_settings={"rate": {"per_minute": 30}}) as (one, people):
        audit = one.sandbox.nimbata.audit
        await walk(one, every_s=60)
        assert [call.path.split("/")[-2] for call in audit.calls] == [people[-1]] * 3
        for run in range(1, 5):
            one.wait(1)
            await walk(one, every_s=60)
            assert asked(one, *LISTS) == 3 * (run + 1) <= SHARE * 30 * (run + 1)
        walked = [call.path.split("/")[-2] for call in audit.calls][::3]
        assert walked == people[::-1]
        # Nobody again before the round's five minutes are over.
        one.wait(0.5)
        await walk(one)
        assert sum(audit.operations.values()) == asked(one, *LISTS) == 15


async def test_a_long_list_is_read_page_by_page_and_paid_for(store: Store) -> None:
    """Each page is a call of the day's."""
    own = {"pagination": {"size": 10}, "rate": {"per_minute": 30}}
    async with linked(store, definition=f"{PEOPLE}tasks: {{}}\n", source_settings=own) as (one, (person,)):
        tasks = [one.happen("task.create", contact=person) for _ in range(35)]
        await walk(one)
        assert asked(one, *LISTS) == 4
        assert one.cursors["calls", "walk"]["left"] == pytest.approx(SHARE * 30 * 5 - 4)
        one.happen("task.delete", id=tasks[20])
        for _ in range(2):
            one.wait(11)
            found = await walk(one)
        assert [body["id"] for _, body in found] == [tasks[20]]


@pytest.mark.parametrize(
    ("definition", "wanted"),
    [
        (ONE_WAY, {}),
        (PEOPLE, {"nimbata.contact.get": 2}),
        (f"{PEOPLE}notes: {{}}\ntasks: {{direction: to_nimbata}}\n", {"nimbata.note.list": 2}),
    ],
)
async def test_only_what_a_sync_carries_is_asked_for(
    store: Store, definition: str, wanted: dict[str, int]
) -> None:
    """Nothing, the people alone, or one kind of what belongs to them."""
    async with linked(store, 2, definition=definition) as (one, _):
        assert await walk(one) == []
        assert dict(one.sandbox.nimbata.audit.operations) == wanted


async def test_a_list_that_the_account_lacks_is_not_asked_for(store: Store) -> None:
    """As its settings say."""
    async with linked(store, source_settings={"capabilities": {"task.list": False}}) as (one, _):
        await walk(one)
        assert set(one.sandbox.nimbata.audit.operations) == {"nimbata.note.list", "nimbata.appointment.list"}


async def test_rows_that_cannot_be_read_are_kept_for_a_person_and_nothing_counts_as_gone(
    store: Store,
) -> None:
    """They may be the very rows that are missed."""
    async with linked(store, definition=f"{PEOPLE}notes: {{}}\n") as (one, (person,)):
        note = one.happen("note.create", contact=person)
        await walk(one)
        one.sandbox.nimbata.side.set_quirks({"renamed_fields": {"id": "key"}})
        told = []
        for _ in range(3):
            one.wait(11)
            told += await walk(one)
        assert [(kind, body["key"]) for kind, body in told] == [("note.changed", note)]
        assert await one.rows("SELECT state FROM event") == [("unreadable",)]
        one.sandbox.nimbata.side.set_quirks({"renamed_fields": {}})
        one.wait(11)
        assert await walk(one) == []


async def test_events_go_to_the_sync_whose_people_they_are_about(store: Store) -> None:
    """An item's row names no project, and the account is read for two."""
    async with linked(store) as (one, (person,)):
        await add_sync(
            store, name="other", source="calls", project="10000000009", target="crm",
            definition=f"{PEOPLE}notes: {{}}\n",
        )  # fmt: skip
        await one.directory.load()
        await walk(one)
        one.wait(6)
        note = one.happen("note.create", contact=person)
        await walk(one)
        one.happen("note.delete", id=note)
        for _ in range(2):
            one.wait(11)
            await walk(one)
        rows = await one.rows(
            "SELECT kind, sync.name FROM event JOIN assignment ON event_id = event.id"
            " JOIN sync ON sync.id = assignment.consumer_id ORDER BY event.id"
        )
        assert rows == [("note.changed", "sync"), ("note.vanished", "sync")]


async def test_the_bound_is_shown_as_that_of_a_location_is(store: Store) -> None:
    """People by calls of a day; and how soon what hangs on them is met."""
    async with bench(store) as one:
        numbers = range(3000)
        await one.link([f"c{number}" for number in numbers], [f"p{number}" for number in numbers])
        async with store.transaction() as db:
            await db.execute(
                "INSERT INTO poll (connection_id, lane_id, stream, every_s) SELECT id, lane_id, stream, 300"
                " FROM connection, unnest(ARRAY['contact', 'walk']) AS stream WHERE name = 'calls'"
            )
        states = {state.connection: state for state in await sweep_states(store, one.directory)}
        assert states["crm"].walk is None
        shown = states["calls"].walk
        assert shown is not None
        assert (shown.linked, shown.calls_per_contact) == (3000, 3)
        assert shown.calls_per_day == pytest.approx(SHARE * 60 * 1440)
        assert shown.bound_s == pytest.approx(3000 * 3 / shown.calls_per_day * 86_400)
        words = {one.id: one.arrival for one in states["calls"].triggers}
        assert words["nimbata.note.changed"] == "instant; also checked every 25 h"
        assert words["nimbata.contact.deleted"] == "instant; also checked every 5 min"
        (finding,) = await sweep_findings(store, one.directory)
        assert (finding.subject, finding.verdict) == ("walk of calls", "warning")


async def test_the_crm_follows_what_no_webhook_of_the_account_told(store: Store) -> None:
    """A task comes, changes and goes; then the person goes: each stands so on the other side."""
    async with both_ways(store, definition=DEFINITION) as both:
        hub = both.world.hub
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        person = both.account["contacts"][0]["id"]
        async with looking(store, hub.vault, both.world.sandbox, hub.directory) as one:
            await walk(one)
            one.wait(6)
            task = one.happen("task.create", contact=person, changes={"title": "Ring back", "assignee": None})
            note = one.happen("note.create", contact=person, changes={"body": "Prefers mornings"})
            await walk(one)
            await both.settled()
            assert both.unequal() == []
            assert [len(both.crm[kind]) for kind in ("tasks", "notes")] == [1, 1]
            one.happen("task.complete", id=task)
            one.happen("note.delete", id=note)
            for minutes in (6, 11):
                one.wait(minutes)
                await walk(one)
            await both.settled()
            assert both.unequal() == []
            _, (ada,) = both.people()
            assert ([done for *_, done in ada["tasks"]], ada["notes"]) == ([True], [])
            one.happen("contact.delete", id=person)
            for minutes in (6, 11):
                one.wait(minutes)
                await walk(one)
            await both.settled()
            assert both.people() == ([], [])


def _standing(side: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """What a side holds of a kind, without what was deleted there."""
    return [one for one in side[f"{kind}s"] if not one.get("deleted") and not one.get("deleted_at")]
