"""Which event of the CRM a body is: by its name, by another's, or by what it holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tieline.connectors.contacts_api.triggers import TRIGGERS, Told, recognise
from tieline.connectors.contacts_api.triggers.appointments import AppointmentTold
from tieline.connectors.contacts_api.triggers.contacts import ContactTold
from tieline.connectors.contacts_api.triggers.conversations import MessageTold
from tieline.connectors.contacts_api.webhooks import peek
from tieline.errors import UnreadableError


def ids(body: dict[str, Any], **more: str) -> list[str]:
    """Which events the body may be."""
    return [one.id for one in recognise(json.dumps(body).encode(), **more).candidates]


def test_an_unknown_event_is_no_trigger_and_nothing_is_lost() -> None:
    """Newer events exist than the docs list; they are taken and ignored."""
    body = {"type": "VoiceAiCallEnd", "locationId": "l1", "callId": "c1"}
    found = recognise(json.dumps(body).encode())
    assert (found.trigger, found.sure, found.payload) == (None, False, body)
    assert ids({}) == []
    assert ids({"type": ["ContactCreate"]}) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"ContactCreate"', b"\xff{}", b"{}{}"])
def test_what_is_no_object_is_unreadable(body: bytes) -> None:
    """Half a body, another type, bytes of no encoding."""
    with pytest.raises(UnreadableError):
        recognise(body)


def test_a_wrapper_is_opened() -> None:
    """The vendor's guide shows one; real deliveries have none."""
    body = {"type": "NoteCreate", "webhookId": "w1", "data": {"id": "n1", "body": "hi", "contactId": "c1"}}
    found = recognise(json.dumps(body).encode())
    assert [one.id for one in found.candidates] == ["notes.created"]
    assert (found.payload.id, found.payload.body, found.payload.webhook_id) == ("n1", "hi", "w1")
    inner = {"webhookId": "w1", "data": {"type": "NoteCreate", "id": "n1"}}
    assert ids(inner) == ["notes.created"]
    assert peek(json.dumps(inner).encode(), {}).kind == "NoteCreate"


def test_the_name_that_is_known_otherwise_decides() -> None:
    """The far side sends each event to an address of its own, if it is told to; an unknown name decides nothing."""
    body = {"id": "r1", "owners": [], "followers": [], "properties": []}
    assert ids(body) == ["records.updated", "records.created", "records.deleted"]
    assert ids(body, event="RecordDelete") == ["records.deleted"]
    assert ids(body, event="Nonsense") == ids(body)


@pytest.mark.parametrize(
    ("added", "updated", "likeliest"),
    [
        ("2026-09-01T10:00:00+02:00", "2026-09-01T08:00:01Z", "appointments.created"),
        ("2026-09-01T10:00:00+02:00", "2026-09-01T10:00:00+00:00", "appointments.updated"),
        ("2026-09-01T10:00:00Z", None, "appointments.created"),
        ("nonsense", 7, "appointments.created"),
    ],
)
def test_an_appointment_says_created_whatever_happened_to_it(
    added: str, updated: Any, likeliest: str
) -> None:
    """When it changed tells what is likely; all three events stay possible."""
    body = {
        "type": "AppointmentCreate",
        "appointment": {"id": "a1", "dateAdded": added, "dateUpdated": updated},
    }
    found = ids(body)
    assert found[0] == likeliest
    assert set(found) == {"appointments.created", "appointments.updated", "appointments.deleted"}
    assert ids({**body, "type": "AppointmentDelete"}) == ["appointments.deleted"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "InboundMessage", "direction": "inbound"}, ["messages.inbound"]),
        ({"type": "OutboundMessage", "direction": "outbound"}, ["messages.outbound"]),
        ({"type": "OutboundMessage"}, ["messages.outbound"]),
        ({"type": "OutboundMessage", "direction": "inbound"}, ["messages.inbound", "messages.outbound"]),
        (
            {"type": "OutboundMessage", "direction": "inbound", "source": "app"},
            ["messages.outbound", "messages.inbound"],
        ),
        ({"type": "SMS", "messageId": "m1", "contactId": "c1"}, ["messages.provider_outbound"]),
        ({"type": "SMS", "messageId": "m1", "contactId": "c1", "direction": "inbound"}, []),
        ({"type": "Fax", "messageId": "m1", "contactId": "c1"}, []),
    ],
)
def test_a_message_goes_by_its_direction_where_its_name_is_not_to_be_trusted(
    fields: dict[str, Any], expected: list[str]
) -> None:
    """An answered call that came in calls itself outbound."""
    assert ids(fields) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("draft", ["invoices.created", "invoices.updated"]),
        ("sent", ["invoices.sent", "invoices.updated"]),
        ("partially_paid", ["invoices.partially_paid", "invoices.updated"]),
        ("paid", ["invoices.paid", "invoices.updated"]),
        ("void", ["invoices.voided", "invoices.updated"]),
        ("delete", ["invoices.deleted"]),
        (["paid"], ["invoices.created", "invoices.updated"]),
    ],
)
def test_an_invoice_goes_by_its_status(status: Any, expected: list[str]) -> None:
    """Unless it names its event."""
    body = {"_id": "i1", "invoiceNumber": "7", "amountDue": 1, "status": status}
    assert ids(body) == expected
    assert ids({**body, "type": "InvoiceUpdate"}) == ["invoices.updated"]


def test_a_draft_that_was_edited_is_not_told_of_as_new() -> None:
    """By its own times."""
    body = {
        "_id": "i1", "invoiceNumber": "7", "amountDue": 1, "status": "draft", "createdAt": "2026-09-01T10:00:00Z",
        "updatedAt": "2026-09-02T10:00:00Z",
    }  # fmt: skip
    assert ids(body) == ["invoices.updated", "invoices.created"]


def test_a_value_of_a_wrong_type_costs_that_value_alone() -> None:
    """At the top, and one level down."""
    contact = recognise(
        json.dumps(
            {"type": "ContactCreate", "id": "c1", "tags": "vip", "city": {"a": 1}, "email": "x@y.z"}
        ).encode()
    ).payload
    assert isinstance(contact, ContactTold)
    assert (contact.id, contact.email, contact.tags, contact.city) == ("c1", "x@y.z", None, None)
    body = {"type": "AppointmentCreate", "appointment": {"id": "a1", "users": "nobody", "contactId": "c1"}}
    told = recognise(json.dumps(body).encode()).payload
    assert isinstance(told, AppointmentTold)
    assert (told.appointment.contact_id, told.appointment.users) == ("c1", None)
    odd = recognise(b'{"type":"AppointmentCreate","appointment":7,"locationId":"l1"}').payload
    assert (odd.location_id, odd.appointment.id) == ("l1", None)


@pytest.mark.parametrize(
    ("fields", "call", "voicemail"),
    [
        ({"messageType": "CALL", "status": "completed", "callStatus": "completed"}, True, False),
        ({"messageType": "CALL", "status": "voicemail"}, True, True),
        ({"messageType": "CALL", "status": "completed", "callStatus": "voicemail"}, True, True),
        ({"messageType": "SMS", "status": "voicemail"}, False, False),
        ({}, False, False),
    ],
)
def test_a_call_tells_whether_it_ended_at_a_voicemail(
    fields: dict[str, str], call: bool, voicemail: bool
) -> None:
    """Inbound and outbound ones say so in different places."""
    told = recognise(json.dumps({"type": "InboundMessage", **fields}).encode()).payload
    assert isinstance(told, MessageTold)
    assert (told.is_call, told.reached_voicemail) == (call, voicemail)


def test_every_told_event_carries_what_a_delivery_adds() -> None:
    """So that one reading of place and time is enough."""
    for one in TRIGGERS:
        if one.instant:
            assert issubclass(one.output, Told)
            assert one.output() is not None
