"""Tasks, notes and appointments that came apart are all found, and nothing else is; and what can be mended is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.backfilling import mark, ran, writes
from tests.server.sweeping import looking
from tests.server.two_way import DEFINITION, TwoWayWorld, both_ways
from tests.world import World, world
from tieline.connectors.contacts_api.scopes import PROBES
from tieline.sandbox.app import Options
from tieline.store.backfill import Run
from tieline.store.pool import Store

PEOPLE = 4
NOTED = "note: {call: {template: Inbound call}}\n"
KINDS = ("appointment", "note", "task")
ITEM_CALLS = {"tasks.list", "notes.list", "contacts.list_appointments", "tasks.search"}


async def linked_items(both: TwoWayWorld) -> None:
    """People with an item of each kind that are equal on both sides; from then on neither side tells of anything."""
    both.world.sandbox.contacts.side.set_quirks({"search_lag_s": 0})
    both.world.sandbox.nimbata.side.targets.clear()
    for number in range(PEOPLE):
        made = both.emit(
            kind="contact.create", caller=f"+1201555{2000 + number}", caller_name=f"Person {number}", email=None,
            tags=[], deliver=False,
        )  # fmt: skip
        for kind in KINDS:
            changes = {"assignee": None} if kind == "task" else {}
            both.emit(kind=f"{kind}.create", contact=made["activity_id"], changes=changes, deliver=False)
    await ran(both, "backfill")
    await both.settled()
    assert both.unequal() == []


def lines(run: Run) -> dict[tuple[str, str | None, str | None], dict[str, Any]]:
    """Each difference by its kind, field, and the side on which it stands alone."""
    return {
        (kind["kind"], one["field"], one["only_on"]): one
        for kind in run.report["items"]
        for one in kind["differences"]
    }


def counts(run: Run) -> dict[str, tuple[int, int]]:
    """Linked items of each kind, and the equal ones."""
    return {one["kind"]: (one["linked"], one["equal"]) for one in run.report["items"]}


async def test_what_was_changed_or_made_on_either_side_is_found_and_mended(store: Store) -> None:
    """Webhooks of all of it were lost. A first drift says nothing, and so does one after the reconcile."""
    async with both_ways(store, echoes=False) as both:
        await linked_items(both)
        clean = await ran(both, "drift")
        assert lines(clean) == {}
        assert counts(clean) == dict.fromkeys(KINDS, (PEOPLE, PEOPLE))
        assert clean.report["item_examples"] == []

        crm, account = both.crm, both.account
        both.work(kind="task.update", id=crm["tasks"][0]["id"], fields={"title": "Ring at noon"})
        both.work(kind="task.complete", id=crm["tasks"][1]["id"])
        both.work(kind="note.update", id=crm["notes"][0]["id"], body="Wants two offers.")
        moved = account["appointments"][0]["id"]
        both.emit(kind="appointment.update", id=moved, changes={"status": "cancelled"}, deliver=False)
        both.work(kind="note.create", id=crm["contacts"][0]["id"], body="New here")
        person = account["contacts"][1]["id"]
        both.emit(kind="task.create", contact=person, changes={"assignee": None}, deliver=False)

        start = mark(both)
        found = await ran(both, "drift")
        assert writes(both, start) == []
        told = lines(found)
        repairs = {key: (one["records"], one["why"], one["repair"]) for key, one in told.items()}
        assert repairs == {
            ("task", "title", None): (1, {"unheard": 1}, {"write nimbata": 1}),
            ("task", "completed", None): (1, {"unheard": 1}, {"write nimbata": 1}),
            ("task", None, "nimbata"): (1, {"unheard": 1}, {"create contacts_api": 1}),
            ("note", "body", None): (1, {"unheard": 1}, {"write nimbata": 1}),
            ("note", None, "contacts_api"): (1, {"unheard": 1}, {"create nimbata": 1}),
            ("appointment", "status", None): (1, {"unheard": 1}, {"write contacts_api": 1}),
        }
        assert all(one["since"] for one in told.values())
        assert counts(found) == {
            "task": (PEOPLE, PEOPLE - 2),
            "note": (PEOPLE, PEOPLE - 1),
            "appointment": (PEOPLE, PEOPLE - 1),
        }
        shown = [one for apart in found.report["item_examples"] for one in apart["differences"]]
        assert "Ring at noon" in [one["values"].get("contacts_api") for one in shown]

        assert (await ran(both, "reconcile")).state == "done"
        await both.settled()
        assert both.unequal() == []
        assert lines(await ran(both, "drift")) == {}


@pytest.mark.parametrize("side", ["nimbata", "contacts_api"])
async def test_what_was_deleted_on_one_side_is_gone_until_a_walk_finds_out(store: Store, side: str) -> None:
    """A reconcile deletes nothing; the walk's second look does, and then nothing drifts."""
    async with both_ways(store, echoes=False) as both:
        await linked_items(both)
        async with looking(store, both.world.hub.vault, both.world.sandbox, both.world.hub.directory) as one:
            connection = "crm0" if side == "contacts_api" else "calls"
            await one.look("walk", connection=connection)
            if side == "contacts_api":
                both.work(kind="note.delete", id=both.crm["notes"][0]["id"])
                stays = "nimbata"
            else:
                both.emit(kind="note.delete", id=both.account["notes"][0]["id"], deliver=False)
                stays = "contacts_api"
            for _ in range(2):
                found = lines(await ran(both, "drift"))
                assert list(found) == [("note", None, stays)]
                gone = found["note", None, stays]
                assert (gone["why"], gone["repair"]) == ({"gone": 1}, {"none": 1})
                await ran(both, "reconcile")
                await both.settled()
            for minutes in (6, 11, 11):
                one.wait(minutes)
                await one.look("walk", connection=connection)
            await both.settled()
            mended = await ran(both, "drift")
            assert lines(mended) == {}
            assert counts(mended)["note"] == (PEOPLE - 1, PEOPLE - 1)


async def test_items_of_a_record_that_is_gone_are_not_told_one_by_one(store: Store) -> None:
    """The record is; the walk finds out what became of it, and of them."""
    async with both_ways(store, echoes=False) as both:
        await linked_items(both)
        contact = both.crm["contacts"][0]
        # Both sides list people in an order of their own.
        other = next(one for one in both.account["contacts"] if one["phone"] != contact["phone"])
        both.work(kind="contact.delete", id=contact["id"])
        both.emit(kind="contact.delete", id=other["id"], deliver=False)
        found = await ran(both, "drift")
        assert lines(found) == {}
        assert found.report["gone"] == {"contacts_api": 1, "nimbata": 1}
        assert counts(found) == dict.fromkeys(KINDS, (PEOPLE - 2, PEOPLE - 2))


async def test_a_value_that_a_side_wrote_otherwise_is_no_drift(store: Store) -> None:
    """The CRM's tasks have a due time always, and its appointments no zone."""
    async with both_ways(store, echoes=False) as both:
        await linked_items(both)
        person = both.account["contacts"][0]["id"]
        both.emit(
            kind="task.create", contact=person, deliver=False,
            changes={"title": "  Ring   back ", "due_at": None, "assignee": "nobody@example.com"},
        )  # fmt: skip
        await ran(both, "reconcile")
        await both.settled()
        made = [one for one in both.crm["tasks"] if "Ring" in one["title"] and "back" in one["title"]]
        assert made
        assert made[0]["dueDate"]
        assert lines(await ran(both, "drift")) == {}


async def test_a_copy_that_could_not_be_made_is_refused(store: Store) -> None:
    """No calendar is called so; the appointment stands in the account alone."""
    rules = DEFINITION.replace("calendar: Consultation", "calendar: Nowhere")
    async with both_ways(store, echoes=False, definition=rules) as both:
        both.world.sandbox.contacts.side.set_quirks({"search_lag_s": 0})
        both.emit(kind="contact.create", caller="+12015552000", caller_name="Ada Lovelace", tags=[])
        await both.settled()
        both.emit(kind="appointment.create", contact=both.account["contacts"][0]["id"])
        await both.settled()
        found = lines(await ran(both, "drift"))
        assert list(found) == [("appointment", None, "nimbata")]
        assert found["appointment", None, "nimbata"]["why"] == {"refused": 1}


async def test_a_note_about_a_call_is_no_item(store: Store) -> None:
    """We wrote it, and the account has the call itself."""
    async with both_ways(store, definition=f"{DEFINITION}{NOTED}") as both:
        both.world.sandbox.contacts.side.set_quirks({"search_lag_s": 0})
        both.emit(kind="contact.create", caller="+12015552000", caller_name="Ada Lovelace", tags=[])
        await both.settled()
        both.emit(kind="call", caller="+12015552000", tags=[])
        await both.settled()
        assert both.crm["notes"]
        assert lines(await ran(both, "drift")) == {}


async def test_items_cost_a_list_or_two_a_person(store: Store) -> None:
    """One search gives all tasks; the list of appointments leaves out their notes, so each is read by its id."""
    async with both_ways(store, echoes=False) as both:
        await linked_items(both)
        await ran(both, "drift")
        sides = both.world.sandbox.contacts.audit, both.world.sandbox.nimbata.audit
        before = [dict(one.operations) for one in sides]
        await ran(both, "drift")
        crm, account = (
            {name: count - old.get(name, 0) for name, count in one.operations.items()}
            for one, old in zip(sides, before, strict=True)
        )
        asked = {name: crm.get(name, 0) for name in (*ITEM_CALLS, "tasks.get", "notes.get")}
        assert asked == {
            "tasks.search": 1, "tasks.list": 0, "tasks.get": 0, "notes.get": 0, "notes.list": PEOPLE,
            "contacts.list_appointments": PEOPLE,
        }  # fmt: skip
        assert crm["appointments.get"] == PEOPLE
        lists = {name: count for name, count in account.items() if count}
        per_person = {f"nimbata.{kind}.list": PEOPLE for kind in KINDS}
        assert lists == {"nimbata.contact.find": 1, **per_person}


async def test_a_derived_account_is_compared_by_what_we_keep_for_it(store: Store) -> None:
    """The account is not asked; a task that was edited or made in the CRM is found, and a reconcile mends it."""
    options = Options(locations=1, limits="off", nimbata_mode="derived")
    async with world(
        store, sandbox=options, source_settings={"mode": "derived"}, definition=DEFINITION, echoes=False
    ) as it:
        it.sandbox.contacts.side.set_quirks({"search_lag_s": 0})
        it.emit(kind="call", caller="+12015550123", caller_name="Jane Doe", tags=[])
        await it.settled()
        (project,) = it.location_of
        task = await kept(it, project, "Ring back")
        await it.settled()
        both = TwoWayWorld(it)
        clean = await ran(both, "drift")
        assert lines(clean) == {}
        assert counts(clean)["task"] == (1, 1)

        both.work(kind="task.update", id=both.crm["tasks"][0]["id"], fields={"title": "Ring at noon"})
        both.work(kind="note.create", id=both.crm["contacts"][0]["id"], body="New here")
        calls = mark(both)[0]
        found = lines(await ran(both, "drift"))
        assert {key: one["repair"] for key, one in found.items()} == {
            ("task", "title", None): {"write nimbata": 1},
            ("note", None, "contacts_api"): {"create nimbata": 1},
        }
        assert mark(both)[0] == calls

        await ran(both, "reconcile")
        await it.settled()
        assert lines(await ran(both, "drift")) == {}
        async with it.http.get(f"{it.url}/api/items/{task}") as answer:
            assert (await answer.json())["title"] == "Ring at noon"


async def kept(it: World, project: str, title: str) -> str:
    """A task that somebody makes here."""
    wanted = {
        "connection": "calls",
        "person": "+12015550123",
        "project": project,
        "kind": "task",
        "title": title,
    }
    async with it.http.post(f"{it.url}/api/items", json=wanted) as answer:
        assert answer.status < 300, await answer.text()
        made: str = (await answer.json())["id"]
        return made


async def test_a_token_that_may_not_search_tasks_lists_them(store: Store) -> None:
    """Contact by contact; all else is as before."""
    async with both_ways(store, echoes=False) as both:
        await linked_items(both)
        both.work(kind="task.complete", id=both.crm["tasks"][0]["id"])
        granted = {one.scope for one in PROBES}
        both.work(
            kind="private_token.scopes", fields={"scopes": sorted(granted - {"locations/tasks.readonly"})}
        )
        asked = both.world.sandbox.contacts.audit.operations
        before = asked["tasks.list"]
        assert list(lines(await ran(both, "drift"))) == [("task", "completed", None)]
        assert asked["tasks.list"] - before == PEOPLE


async def test_a_token_that_may_not_read_appointments_ends_the_run_with_what_is_lacking(store: Store) -> None:
    """It would fail the same way again, and keeps the lane from nothing else."""
    async with both_ways(store, echoes=False) as both:
        await linked_items(both)
        granted = {one.scope for one in PROBES} - {"calendars/events.readonly"}
        both.work(kind="private_token.scopes", fields={"scopes": sorted(granted)})
        run = await ran(both, "drift")
        assert run.state == "failed"
        assert "items cannot be read" in (run.reason or "")
