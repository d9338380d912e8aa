"""Every template, let loose on both far sides: what it is meant to leave there is there, once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.conformance.examples import calendars
from tests.workflows.far_sides import MAIL, PHONE, World, changed, run, world
from tieline.connectors.contacts_api.operations import appointments, contacts, tasks
from tieline.workflows.definition import Definition, SetValues
from tieline.workflows.moves import End
from tieline.workflows.read import read_definition
from tieline.workflows.templates import template, templates

#: Trigger, payload, and events of waits.
Begun = tuple[str, dict[str, Any], dict[str, Any]]
Prepare = Callable[[World], Awaitable[Begun]]


async def form(_: World) -> Begun:
    data = {
        "id": "f1", "form_name": "Contact", "name": "Ada Lovelace", "phone": PHONE, "fields": [["Services", "roof"]],
        "attribution": {"source": "google"},
    }  # fmt: skip
    return "sent", {"event": "form.submitted", "data": data}, {}


async def own_form(_: World) -> Begun:
    payload = {
        "form": "contact", "name": "Ada", "phone": "", "email": MAIL, "fields": {"Services": ["roof", "gutter"]},
        "submitted_at": "2027-03-15T15:00:00Z",
    }  # fmt: skip
    return "sent", payload, {}


async def milestone(at: World) -> Begun:
    data = {"contact_id": await at.caller(), "milestone": "qualified", "cause_type": "call"}
    return "reached", {"event": "contact.milestone_reached", "data": data}, {}


async def response(at: World) -> Begun:
    data = {
        "contact_id": await at.caller(email=None),
        "campaign": "Spring",
        "channel": "sms",
        "response": "Yes",
    }
    return "answered", {"event": "contact.campaign_responded", "data": data}, {}


async def missed(_: World) -> Begun:
    data = {"id": "k1", "caller": PHONE, "outcome": "missed", "tracking_name": "Google Ads"}
    return "missed", {"event": "call.completed", "data": data}, {}


async def tagged_call(at: World) -> Begun:
    (shelf, *_) = at.crm.state()["pipelines"]
    at.settings["pipeline"] = shelf.name
    data = {"id": "k1", "caller": PHONE, "caller_name": "Ada", "value": "350.50", "tags": ["Qualified Lead"]}
    return "changed", {"event": "call.updated", "data": data}, {}


async def appointment(at: World) -> Begun:
    start = (await calendars.slots(at.crm))[-1]
    assert start > datetime.now(UTC) + timedelta(days=3)
    made = await at.crm.api.call(
        appointments.CREATE,
        appointments.CreateAppointment(
            calendar_id=calendars.calendar(at.crm, "round_robin")["id"], contact_id=await at.contact(),
            assigned_user_id=at.crm.user, start_time=start,
        ),
    )  # fmt: skip
    return "booked", {"appointment": {"id": made.id, "startTime": start.isoformat()}}, {}


async def changed_in_the_crm(at: World) -> Begun:
    await at.caller()
    return "in_the_crm", {"id": await at.contact(), "firstName": "Ada", "phone": PHONE}, {}


async def no_show(at: World) -> Begun:
    return "not_come", {"appointment": {"contactId": await at.contact(), "appointmentStatus": "noshow"}}, {}


async def new_contact(at: World) -> Begun:
    return "new", {"id": await at.contact(), "firstName": "Ada", "phone": PHONE}, {}


async def vip(at: World) -> Begun:
    return "tagged", {"id": await at.contact(), "firstName": "Ada", "tags": ["vip"]}, {}


async def monday(at: World) -> Begun:
    await at.caller()
    await at.caller(name="Grace", phone="+12015550124", email="grace@example.com")
    await at.contact(email="other@example.com")
    return "monday", {"due_at": datetime.now(UTC).isoformat()}, {}


async def birthday(at: World) -> Begun:
    for phone, born in ((PHONE, "1980-03-15"), ("+12015550124", "1980-03-16")):
        # As somebody in the CRM makes them: the vendor's spec of the API has a slip where dates of birth are given.
        fields = {"firstName": "Ada", "phone": phone, "dateOfBirth": born}
        at.crm.sandbox.contacts.side.emit(
            {"kind": "contact.create", "location": at.crm.location, "fields": fields}
        )
    return "morning", {"due_at": "2027-03-15T14:00:00Z"}, {}


async def won(at: World) -> Begun:
    return "won", {"contactId": await at.contact(), "status": "won"}, {}


async def text(_: World) -> Begun:
    return "came", {"event": "sms.received", "data": {"id": "s1", "phone": PHONE, "body": " STOP"}}, {}


async def call(_: World) -> Begun:
    data = {"id": "k1", "caller": PHONE, "outcome": "answered", "talk_duration_s": 90, "summary": "A roof."}
    return "ended", {"event": "call.completed", "data": data}, {}


async def order(_: World) -> Begun:
    return "ordered", {"body": {"order": 4711, "email": MAIL, "phone": "(201) 555-0123"}, "query": {}}, {}


async def overdue(at: World) -> Begun:
    whose, now = await at.contact(), datetime.now(UTC)
    for title, days in (("Ring back", -2), ("Offer", 2)):
        due = now + timedelta(days=days)
        await at.crm.api.call(tasks.CREATE, tasks.CreateTask(contact_id=whose, title=title, due_date=due))
    return "morning", {"due_at": now.isoformat()}, {}


PERSON = {"contacts.upsert": 1}
MAILED = {**PERSON, "messages.send": 1}
AT_WORK: dict[str, tuple[Prepare, dict[str, int], str]] = {
    "appointment_reminder": (appointment, {"messages.send": 1}, "stopped"),
    "birthday_greeting": (birthday, {"messages.send": 1}, "done"),
    "call_summary_to_note": (call, {**PERSON, "notes.create": 1}, "done"),
    "call_tag_to_opportunity": (tagged_call, {**PERSON, "opportunities.create": 1}, "done"),
    "campaign_response_to_task": (response, {**PERSON, "contacts.add_tags": 1, "tasks.create": 1}, "done"),
    "contact_update_to_note": (changed_in_the_crm, {"nimbata.note.create": 1}, "done"),
    "form_to_contact": (form, {**PERSON, "contacts.add_tags": 1, "notes.create": 1}, "done"),
    "milestone_to_task": (milestone, {**PERSON, "contacts.add_tags": 1, "tasks.create": 1}, "done"),
    "missed_call_text_back": (missed, {**PERSON, "tasks.create": 1, "messages.send": 1}, "done"),
    "no_show_follow_up": (no_show, {"messages.send": 1, "tasks.create": 1}, "done"),
    "order_to_customer": (order, {**PERSON, "contacts.add_tags": 1, "notes.create": 1}, "done"),
    "overdue_tasks_mail": (overdue, MAILED, "done"),
    "own_form_to_contact": (own_form, {**PERSON, "contacts.add_tags": 1, "notes.create": 1, "tasks.create": 1}, "done"),
    "text_received_to_task": (text, {**PERSON, "contacts.update": 1}, "done"),
    "unanswered_contact": (new_contact, {"contacts.add_tags": 1, "tasks.create": 1}, "done"),
    "vip_by_mail": (vip, {**MAILED, "contacts.add_tags": 1}, "done"),
    "weekly_drift_mail": (monday, MAILED, "done"),
    "won_to_review_request": (won, {"messages.send": 1}, "done"),
}  # fmt: skip


def test_every_template_is_let_loose() -> None:
    """So that a new one cannot be forgotten."""
    assert set(AT_WORK) == {one.name for one in templates()}


@pytest.mark.parametrize("name", sorted(AT_WORK))
async def test_a_template_leaves_at_the_far_sides_what_it_is_meant_to(name: str) -> None:
    """Every call is taken as it is, and nothing else is changed."""
    prepare, effects, ends = AT_WORK[name]
    async with world() as at:
        definition = await prepared(at, name, prepare)
        before = at.left()
        end = await run(at, *definition)
        assert (end.state, end.reason if ends == "done" else None) == (ends, None)
        assert {
            one: n - before.get(one, 0) for one, n in at.left().items() if n != before.get(one, 0)
        } == effects


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("won_to_review_request", {}),
        ("no_show_follow_up", {"tasks.create": 1}),
        ("appointment_reminder", {}),
        ("birthday_greeting", {}),
        ("missed_call_text_back", {**PERSON, "tasks.create": 1}),
    ],
)
async def test_no_text_goes_to_whoever_wants_none(name: str, left: dict[str, int]) -> None:
    """As the CRM shows it at that moment."""
    async with world() as at:
        given = await prepared(at, name, AT_WORK[name][0])
        if not at.crm.state()["contacts"]:
            await at.contact()
        for one in at.crm.state()["contacts"]:
            wanted = contacts.UpdateContact(contact_id=one["id"], dnd=True)
            await at.crm.api.call(contacts.UPDATE, wanted)
        before = at.left()
        await run(at, *given)
        assert changed(before, at.left()) == left


async def test_the_report_names_who_is_missing_and_who_differs() -> None:
    """As both sides have them, in the mail that goes to the team."""
    async with world() as at:
        await run(at, *await prepared(at, "weekly_drift_mail", monday))
        mail = at.crm.sandbox.contacts.audit.calls[-1]
        assert mail.operation == "messages.send"
        assert mail.body["subject"] == "Drift: 1 missing, 1 different"
        assert "<li>Grace: missing in the CRM</li>" in mail.body["html"]
        assert "<li>Ada Lovelace: another e-mail in the CRM</li>" in mail.body["html"]


async def test_a_change_at_the_account_is_noted_in_the_crm() -> None:
    """The other way round than a change in the CRM."""
    async with world() as at:
        definition, *_ = await prepared(at, "contact_update_to_note", changed_in_the_crm)
        data = {"id": "n1", "name": "Ada", "phone": PHONE, "lead_status": "qualified"}
        before = at.left()
        payload = {"event": "contact.updated", "changes": ["lead_status"], "data": data}
        assert await run(at, definition, "at_the_account", payload, {}) == End(state="done")
        assert changed(before, at.left()) == {"notes.create": 1}


async def test_a_reminder_is_not_sent_once_the_appointment_is_gone() -> None:
    """Cancelled, or deleted."""
    async with world() as at:
        definition, trigger, payload, events = await prepared(at, "appointment_reminder", appointment)
        event = payload["appointment"]["id"]
        await at.crm.api.call(
            appointments.UPDATE,
            appointments.UpdateAppointment(event_id=event, appointment_status="cancelled"),
        )
        end = await run(at, definition, trigger, payload, events)
        assert end == End(state="stopped", reason="it is cancelled")
        await at.crm.api.call(appointments.DELETE, appointments.EventId(event_id=event))
        end = await run(at, definition, trigger, payload, events)
        assert end == End(state="stopped", reason="it was deleted")
        assert at.crm.sandbox.contacts.audit.effects["messages.send"] == 0


async def prepared(
    at: World, name: str, prepare: Prepare
) -> tuple[Definition, str, dict[str, Any], dict[str, Any]]:
    """What `run` wants: the template's workflow with the settings of that world, and what begins it."""
    trigger, payload, events = await prepare(at)
    found = template(name)
    assert found is not None
    definition = read_definition(found.text)
    own = definition.steps.get("settings")
    if isinstance(own, SetValues) and at.settings:
        filled_in = msgspec.structs.replace(own, values={**own.values, **at.settings})
        definition = msgspec.structs.replace(definition, steps={**definition.steps, "settings": filled_in})
    return definition, trigger, payload, events
