"""People, tags, tasks, notes and appointments: whatever changes on one side stands on the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.server.two_way import DEFINITION, TwoWayWorld, both_ways
from tieline.sandbox.faults import Rule
from tieline.store.pool import Store

ADA = "+12015550123"
BOB = "+12015550144"


def calls(both: TwoWayWorld) -> dict[str, int]:
    """Writes to either side so far, by operation."""
    running = (both.world.sandbox.nimbata, both.world.sandbox.contacts)
    found: dict[str, int] = {}
    for side in running:
        for name, count in side.audit.operations.items():
            found[name] = found.get(name, 0) + count
    return found


async def test_a_person_of_either_side_stands_on_the_other(store: Store) -> None:
    """With name, phone, e-mail and tags; and neither creation comes back as an echo."""
    async with both_ways(store) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace", tags=["VIP"])
        both.work(
            kind="contact.create", fields={"firstName": "Bob", "phone": BOB, "email": "Bob@Example.com"}, tags=["hot"]
        )  # fmt: skip
        await both.settled()
        here, there = both.people()
        assert here == there
        assert {one["first"] for one in here} == {"Ada", "Bob"}
        before = calls(both)
        await both.settled()
        assert calls(both) == before


async def test_a_change_on_one_side_costs_one_call_on_the_other(store: Store) -> None:
    """A field, then a tag that comes, then a tag that goes; each way."""
    async with both_ways(store) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace", tags=["VIP"])
        await both.settled()
        contact = both.crm["contacts"][0]["id"]
        person = both.account["contacts"][0]["id"]
        changes: list[tuple[Callable[..., object], dict[str, Any]]] = [
            (both.work, {"kind": "contact.update", "id": contact, "fields": {"companyName": "Acme"}}),
            (both.work, {"kind": "tag.add", "id": contact, "tags": ["hot"]}),
            (both.work, {"kind": "tag.remove", "id": contact, "tags": ["vip"]}),
            (both.emit, {"kind": "contact.update", "id": person, "changes": {"first_name": "Augusta"}}),
            (both.emit, {"kind": "contact.update", "id": person, "changes": {"tags": ["hot", "Buyer"]}}),
        ]
        for do, wanted in changes:
            before = sum(calls(both).values())
            do(**wanted)
            await both.settled()
            assert both.unequal() == []
            assert sum(calls(both).values()) - before <= 2, calls(both)
        (ada,), _ = both.people()
        assert (ada["first"], ada["company"], ada["tags"]) == ("Augusta", "Acme", ["buyer", "hot"])


async def test_tasks_notes_and_appointments_are_made_changed_and_removed_both_ways(store: Store) -> None:
    """Each once on either side, whoever made it."""
    async with both_ways(store) as both:
        # Where it names nobody, a new task waits for the sweep: see test_sweeps.
        both.world.sandbox.contacts.side.set_quirks({"thin_task_events": False})
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        contact = both.crm["contacts"][0]["id"]
        person = both.account["contacts"][0]["id"]
        task = both.emit(kind="task.create", contact=person, changes={"title": "Ring back", "assignee": None})
        note = both.emit(kind="note.create", contact=person, changes={"body": "Prefers mornings"})
        meeting = both.emit(kind="appointment.create", contact=person, changes={"title": "Visit"})
        made = [both.work(kind=f"{kind}.create", id=contact) for kind in ("task", "note", "appointment")]
        await both.settled()
        (here,), (there,) = both.people()
        assert here == there
        assert [len(here[kind]) for kind in ("tasks", "notes", "appointments")] == [2, 2, 2]

        both.emit(kind="task.complete", id=task["activity_id"])
        both.emit(kind="note.update", id=note["activity_id"], changes={"body": "Prefers evenings"})
        both.emit(kind="appointment.update", id=meeting["activity_id"], changes={"status": "cancelled"})
        both.work(kind="task.complete", id=made[0]["record"])
        both.work(kind="note.update", id=made[1]["record"], body="Wants two offers.")
        both.work(kind="appointment.cancel", id=made[2]["record"])
        await both.settled()
        assert both.unequal() == []
        (here,), _ = both.people()
        assert all(done for _, _, done in here["tasks"])
        assert here["notes"] == ["Prefers evenings", "Wants two offers."]
        assert {status for _, _, status in here["appointments"]} == {"cancelled"}

        both.emit(kind="task.delete", id=task["activity_id"])
        both.emit(kind="note.delete", id=note["activity_id"])
        both.emit(kind="appointment.delete", id=meeting["activity_id"])
        for one, kind in zip(made, ("task", "note", "appointment"), strict=True):
            both.work(kind=f"{kind}.delete", id=one["record"])
        await both.settled()
        (here,), (there,) = both.people()
        assert here == there
        assert here["tasks"] == here["notes"] == here["appointments"] == []


async def test_our_note_about_a_call_does_not_come_back_as_a_note(store: Store) -> None:
    """The account has the call itself."""
    async with both_ways(store) as both:
        both.emit(kind="call", caller=ADA, caller_name="Ada Lovelace", outcome="ANSWERED")
        await both.settled()
        assert both.account["notes"] == []
        assert both.unequal() == []


async def test_both_edited_at_once_the_later_one_stands(store: Store) -> None:
    """Field by field: what only one side changed is kept as well."""
    async with both_ways(store) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        contact = both.crm["contacts"][0]["id"]
        person = both.account["contacts"][0]["id"]
        both.work(kind="contact.update", id=contact, fields={"firstName": "Older", "companyName": "Acme"})
        both.world.sandbox.nimbata.clock.advance(5)
        both.emit(kind="contact.update", id=person, changes={"first_name": "Newer"})
        await both.settled()
        assert both.unequal() == []
        (ada,), _ = both.people()
        assert (ada["first"], ada["company"]) == ("Newer", "Acme")


async def test_a_deleted_person_goes_on_the_other_side_and_is_not_made_anew(store: Store) -> None:
    """A late update of the record that is left brings nobody back."""
    async with both_ways(store) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        both.emit(kind="contact.create", caller=BOB, caller_name="Bob Hope")
        await both.settled()
        by_phone = {one["phone"]: one["id"] for one in both.crm["contacts"]}
        people = {one["phone"]: one["id"] for one in both.account["contacts"]}
        both.work(kind="contact.delete", id=by_phone[ADA])
        both.emit(kind="contact.delete", id=people[BOB])
        await both.settled()
        assert both.people() == ([], [])


async def test_a_merged_contact_lives_on_under_its_heir(store: Store) -> None:
    """The heir has the phone: the person is linked to it, and nobody is deleted."""
    async with both_ways(store, sandbox={"allow_duplicates": True}) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        linked = both.crm["contacts"][0]["id"]
        heir = both.work(kind="contact.create", fields={"firstName": "Ada", "phone": ADA})["contact"]
        await both.settled()
        both.work(kind="contact.merge", id=heir, other=linked)
        await both.settled()
        both.emit(kind="contact.update", id=both.account["contacts"][0]["id"], changes={"company": "Acme"})
        await both.settled()
        assert [one["id"] for one in both.crm["contacts"]] == [heir]
        assert both.crm["contacts"][0]["companyName"] == "Acme"
        assert both.account["contacts"][0]["deleted_at"] is None


async def test_cuts_after_the_effect_double_nothing(store: Store) -> None:
    """Every creation is cut once after it took place, on both sides."""
    faults = (
        Rule(kind="cut_after", operation="tasks.create", count=2),
        Rule(kind="cut_after", operation="notes.create", count=2),
        Rule(kind="cut_after", operation="contacts.create", count=1),
    )
    async with both_ways(store, sandbox={"faults": faults}) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        both.emit(kind="task.create", changes={"assignee": None})
        both.emit(kind="note.create")
        await both.settled()
        assert both.unequal() == []
        (ada,), _ = both.people()
        assert (len(ada["tasks"]), len(ada["notes"])) == (1, 1)


async def test_a_new_record_of_somebody_who_was_deleted_is_linked_again(store: Store) -> None:
    """Deletions are left alone here: the account's record stays, and meets the CRM's next one."""
    definition = DEFINITION.replace("deletes: delete\ntasks", "deletes: ignore\ntasks")
    async with both_ways(store, definition=definition) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        both.work(kind="contact.delete", id=both.crm["contacts"][0]["id"])
        await both.settled()
        both.emit(kind="contact.update", changes={"company": "Acme"})
        await both.settled()
        assert both.crm["contacts"] == []
        both.work(kind="contact.create", fields={"firstName": "Ada", "phone": ADA, "city": "Austin"})
        await both.settled()
        assert both.unequal() == []
        assert both.account["contacts"][0]["address"]["city"] == "Austin"
