"""What the stories of both sides found, each as small as it could be made."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.server.two_way import TwoWayWorld, both_ways
from tieline.domain.contact import Contact
from tieline.sandbox.faults import Params, Rule, read_rules
from tieline.server.targets.native import NimbataTarget
from tieline.store.pool import Store

ADA = "+12015550123"


async def ada(both: TwoWayWorld) -> tuple[str, str]:
    """Her ids in the account and in the CRM, once she stands on both sides."""
    both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace", tags=[])
    await both.settled()
    return both.account["contacts"][0]["id"], both.crm["contacts"][0]["id"]


async def _made(calls: Counter[str], operation: str) -> None:
    """Wait until the far side was asked for it once."""
    for _ in range(400):
        if calls[operation]:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"{operation} was never called")


async def test_deleted_on_one_side_and_edited_on_the_other_at_once_goes_on_both(store: Store) -> None:
    """The write that meets the deletion tells of it before its webhook does."""
    async with both_ways(store) as both:
        person, contact = await ada(both)
        both.emit(kind="contact.update", id=person, changes={"company": "Acme"})
        both.work(kind="contact.delete", id=contact)
        await both.settled()
        assert both.people() == ([], [])


async def test_deleted_in_the_account_and_edited_in_the_crm_at_once_goes_on_both(store: Store) -> None:
    """The same the other way."""
    async with both_ways(store) as both:
        person, contact = await ada(both)
        both.work(kind="contact.update", id=contact, fields={"companyName": "Acme"})
        both.emit(kind="contact.delete", id=person)
        await both.settled()
        assert both.people() == ([], [])


async def test_deleted_on_one_side_while_an_item_is_made_on_the_other_goes_on_both(store: Store) -> None:
    """The new item has nowhere to go, and its person is deleted after all."""
    async with both_ways(store) as both:
        person, contact = await ada(both)
        both.emit(kind="note.create", contact=person, changes={"body": "Prefers mornings"})
        both.work(kind="contact.delete", id=contact)
        await both.settled()
        assert both.people() == ([], [])


@pytest.mark.parametrize("kind", ["task", "note", "appointment"])
@pytest.mark.parametrize("fault", ["cut_after", "500", "429"])
async def test_an_item_that_goes_before_its_copy_is_known_goes_on_both(
    store: Store, kind: str, fault: str
) -> None:
    """Its creation on the other side was cut off, and may have taken place."""
    async with both_ways(store) as both:
        person, _ = await ada(both)
        both.world.sandbox.contacts.faults.add(
            read_rules({"kind": fault, "operation": f"{kind}s.create", "count": 1})
        )
        made = both.emit(kind=f"{kind}.create", contact=person)
        for _ in range(100):
            if both.world.sandbox.contacts.audit.operations[f"{kind}s.create"]:
                break
            await asyncio.sleep(0.005)
        both.emit(kind=f"{kind}.delete", id=made["activity_id"])
        await both.settled()
        assert both.unequal() == []


@pytest.mark.parametrize("change", ["add", "remove"])
async def test_an_old_telling_that_comes_after_a_tag_was_written_takes_no_tag_back(
    store: Store, change: str
) -> None:
    """The answer to the writing of a tag is newer than what was told before it, and comes with the whole record."""
    async with both_ways(store) as both:
        person, contact = await ada(both)
        both.work(kind="tag.add", id=contact, tags=["hot"])
        await both.settled()
        # The telling of the written tag comes later still.
        late = [
            Rule(kind="late", operation="contact.updated", count=1, params=Params(delay_s=delay_s))
            for delay_s in (0.6, 1.8)
        ]
        both.world.sandbox.nimbata.faults.add(late)
        both.world.sandbox.nimbata.clock.advance(2)
        both.emit(kind="contact.update", id=person, changes={"first_name": "Augusta"})
        both.world.sandbox.nimbata.clock.advance(2)
        asked = both.world.sandbox.contacts.audit.operations
        before = asked["contacts.add_tags"] + asked["contacts.remove_tags"]
        both.work(kind=f"tag.{change}", id=contact, tags=["buyer" if change == "add" else "hot"])
        await asyncio.sleep(2.2)
        await both.settled()
        assert both.unequal() == []
        (her,), _ = both.people()
        assert her["first"] == "Augusta"
        assert her["tags"] == (["buyer", "hot"] if change == "add" else [])
        assert asked["contacts.add_tags"] + asked["contacts.remove_tags"] == before


async def test_somebody_whom_an_item_introduced_is_the_one_whom_their_own_events_are_about(
    store: Store,
) -> None:
    """The item's event names an id alone; the creation that follows from it comes back with a phone."""
    async with both_ways(store) as both:
        with both.unheard("nimbata"):
            both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        person = both.account["contacts"][0]["id"]
        for title in ("Ring back", "Send an offer"):
            both.emit(kind="task.create", contact=person, changes={"title": title})
        both.emit(kind="call", caller=ADA, caller_name="Ada Lovelace", outcome="ANSWERED")
        await both.settled()
        assert both.unequal() == []
        assert await both.world.rows("SELECT kind, details FROM conflict") == []
        assert await both.world.rows("SELECT count(*) FROM link") == [(1,)]


async def test_whoever_an_item_named_first_is_the_person_that_their_phone_names(store: Store) -> None:
    """Our record of somebody is made, and not known yet, when a note is put on it and the record is changed."""
    async with both_ways(store, source_settings={"settle_s": 0.5}) as both:
        running = both.world.sandbox.nimbata
        running.faults.add(
            read_rules({"kind": "cut_after", "operation": "nimbata.contact.create", "count": 1})
        )
        running.faults.add(read_rules({"kind": "drop", "operation": "contact.created", "count": 1}))
        both.work(kind="contact.create", fields={"firstName": "Ada", "phone": ADA})
        await _made(running.audit.operations, "nimbata.contact.create")
        person = both.account["contacts"][0]["id"]
        both.emit(kind="note.create", contact=person, changes={"body": "Prefers mornings"})
        both.emit(kind="contact.update", id=person, changes={"company": "Acme"})
        await both.settled()
        assert await both.world.rows("SELECT kind, details FROM conflict") == []
        assert both.unequal() == []
        (her,), _ = both.people()
        assert (her["company"], len(her["notes"])) == ("Acme", 1)


@pytest.mark.parametrize("fault", ["cut_after", "500"])
async def test_what_cannot_be_read_after_a_creation_does_not_repeat_it(store: Store, fault: str) -> None:
    """The answer names a user whom nobody knows yet: reading the users fails, and the appointment is made already."""
    async with both_ways(store) as both:
        person, _ = await ada(both)
        both.world.sandbox.contacts.faults.add(
            read_rules({"kind": fault, "operation": "locations.get", "count": 2})
        )
        both.emit(kind="appointment.create", contact=person, changes={"title": "Visit"})
        await both.settled()
        assert both.unequal() == []
        (her,), _ = both.people()
        assert len(her["appointments"]) == 1


async def test_somebody_deleted_in_the_account_before_our_record_is_known_is_not_made_anew(
    store: Store,
) -> None:
    """The creation took effect and was cut off; whoever saw the new record deleted it at once."""
    async with both_ways(store, source_settings={"settle_s": 0.5}) as both:
        running = both.world.sandbox.nimbata
        running.faults.add(
            read_rules({"kind": "cut_after", "operation": "nimbata.contact.create", "count": 1})
        )
        both.work(kind="contact.create", fields={"firstName": "Ada", "phone": ADA})
        await _made(running.audit.operations, "nimbata.contact.create")
        both.emit(kind="contact.delete", id=both.account["contacts"][0]["id"])
        await both.settled()
        assert both.people() == ([], [])


async def test_somebody_deleted_in_the_crm_before_our_record_is_known_is_not_made_anew(store: Store) -> None:
    """There a creation is asked for once more, since a second one is refused: not after this."""
    async with both_ways(store) as both:
        running = both.world.sandbox.contacts
        for kind, count in (("cut_after", 1), ("503", 4)):
            running.faults.add(read_rules({"kind": kind, "operation": "contacts.create", "count": count}))
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await _made(running.audit.operations, "contacts.create")
        both.work(kind="contact.delete", id=both.crm["contacts"][0]["id"])
        await both.settled()
        assert both.people() == ([], [])


@pytest.mark.parametrize("kind", ["task", "note"])
async def test_a_copy_deleted_before_we_know_of_it_is_not_made_anew(store: Store, kind: str) -> None:
    """Its creation was cut off; whoever saw it in the CRM deleted it at once. (The CRM's events show our mark in tasks
    and notes; an appointment is made once more.)"""
    async with both_ways(store) as both:
        person, _ = await ada(both)
        running = both.world.sandbox.contacts
        running.faults.add(read_rules({"kind": "cut_after", "operation": f"{kind}s.create", "count": 1}))
        both.emit(kind=f"{kind}.create", contact=person)
        await _made(running.audit.operations, f"{kind}s.create")
        (copy,) = both.crm[f"{kind}s"]
        both.work(kind=f"{kind}.delete", id=copy["id"])
        await both.settled()
        assert both.unequal() == []
        _, (her,) = both.people()
        assert her[f"{kind}s"] == []


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("task", {"title": "Ring back today"}),
        ("note", {"body": "Prefers evenings"}),
        ("appointment", {"appointmentStatus": "cancelled"}),
    ],
)
async def test_a_copy_changed_before_we_know_of_it_keeps_what_somebody_wrote(
    store: Store, kind: str, fields: dict[str, str]
) -> None:
    """Its creation was cut off, and looked up after the change: that is no alteration by the side itself."""
    async with both_ways(store) as both:
        person, _ = await ada(both)
        running = both.world.sandbox.contacts
        running.faults.add(read_rules({"kind": "cut_after", "operation": f"{kind}s.create", "count": 1}))
        listed = "contacts.list_appointments" if kind == "appointment" else f"{kind}s.list"
        running.faults.add(read_rules({"kind": "503", "operation": listed, "count": 3}))
        both.emit(kind=f"{kind}.create", contact=person)
        await _made(running.audit.operations, f"{kind}s.create")
        (copy,) = both.crm[f"{kind}s"]
        changed = dict(fields)
        if kind != "appointment":
            # Somebody who edits a text leaves our last line where it is.
            name = "body" if kind == "note" else "title"
            mark = copy["body"].splitlines()[-1] if kind == "note" else ""
            changed[name] = f"{fields[name]}\n{mark}".strip()
        both.work(kind=f"{kind}.update", id=copy["id"], fields=changed)
        await both.settled()
        assert both.unequal() == []
        (her,), _ = both.people()
        (one,) = her[f"{kind}s"]
        assert next(iter(fields.values())) in one


async def test_somebody_deleted_between_the_look_up_and_the_link_is_deleted_on_both(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The creation was cut off, looked up and found; then the record went, before anything was linked to it."""
    async with both_ways(store, source_settings={"settle_s": 0.5}) as both:
        real = NimbataTarget.candidates

        async def candidates(self: NimbataTarget, **given: Any) -> list[Contact]:
            for one in both.account["contacts"]:
                if one["deleted_at"] is None:
                    both.emit(kind="contact.delete", id=one["id"])
            return await real(self, **given)

        monkeypatch.setattr(NimbataTarget, "candidates", candidates)
        both.world.sandbox.nimbata.faults.add(
            read_rules({"kind": "cut_after", "operation": "nimbata.contact.create", "count": 1})
        )
        both.work(kind="contact.create", fields={"firstName": "Ada", "phone": ADA})
        await both.settled()
        assert both.people() == ([], [])
        assert await both.world.rows("SELECT count(*) FROM assignment WHERE state = 'dead'") == [(0,)]


async def test_an_appointment_that_is_deleted_as_soon_as_it_was_made_goes_on_both(store: Store) -> None:
    """The telling of its deletion calls itself a creation, within the same second."""
    async with both_ways(store) as both:
        _, contact = await ada(both)
        visit = both.work(kind="appointment.create", id=contact)["record"]
        both.work(kind="appointment.delete", id=visit)
        await both.settled()
        (here,), (there,) = both.people()
        assert here["appointments"] == there["appointments"] == []


async def test_a_copy_of_an_appointment_that_is_deleted_at_once_goes_on_both(store: Store) -> None:
    """So is the telling of our own creation, which says when it was made and costs no look."""
    async with both_ways(store) as both:
        person, _ = await ada(both)
        calls = both.world.sandbox.contacts.audit.operations
        both.emit(kind="appointment.create", contact=person, changes={"title": "Visit"})
        await both.settled()
        (copy,) = both.crm["appointments"]
        assert calls["appointments.get"] <= 1, "the first names a user whom nobody knew"
        both.work(kind="appointment.delete", id=copy["id"])
        await both.settled()
        (here,), (there,) = both.people()
        assert here["appointments"] == there["appointments"] == []
