"""The CRM's webhooks: is it genuine, what is it, and which contact does it tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tieline.connectors.contacts_api.records import as_text, contact_of_fields, moment
from tieline.connectors.kit.signatures import (
    Refused,
    Verdict,
    Verified,
    verify_age,
    verify_ed25519,
)
from tieline.domain.contact import Contact
from tieline.errors import UnreadableError

SIGNATURE_HEADER = "x-ghl-signature"
DELIVERY_HEADER = "deliveryid"
#: Honest retries are spread over hours and it is not documented that they are stamped anew.
MAX_AGE_S = 86_400.0

#: Events that carry a whole contact. Source: webhook-events/Contact*.json of the vendor's docs.
CONTACT_EVENTS = frozenset({
    "ContactCreate", "ContactUpdate", "ContactDelete", "ContactDndUpdate", "ContactTagUpdate",
})  # fmt: skip
#: Events of things that change more than once, and whose every state is an occurrence of its own.
_CHANGES = frozenset({
    "NoteUpdate", "TaskComplete", "AppointmentCreate", "AppointmentUpdate", "AppointmentDelete",
})  # fmt: skip


class Peek(msgspec.Struct, frozen=True, kw_only=True):
    """What routing needs to know of a delivery."""

    #: The event's `type`; empty where the body has none.
    kind: str
    #: The same over all attempts of one delivery.
    delivery_id: str | None
    location_id: str | None
    company_id: str | None
    occurred_at: datetime | None


class CrmChange(msgspec.Struct, frozen=True, kw_only=True):
    """The CRM says that something changed."""

    kind: str
    #: Unique name of what happened: "contact.created:<id>"; an update by its source time and the state it shows.
    occurrence: str
    #: None for events about anything but a contact.
    contact_id: str | None = None
    #: The whole record as the event shows it; None where the event has none, or left it out for its size.
    contact: Contact | None = None
    removed: bool = False
    occurred_at: datetime | None = None


class _Head(msgspec.Struct, rename="camel", frozen=True):
    """Of a body, what concerns the delivery."""

    type: str | None = None
    location_id: str | None = None
    company_id: str | None = None
    timestamp: str | int | float | None = None
    webhook_id: str | None = None
    delivery_id: str | None = None
    #: The vendor's guide shows a wrapper that real deliveries lack: both are read.
    data: msgspec.Raw = msgspec.Raw(b"null")


_head = msgspec.json.Decoder(_Head)


def verify(
    keys: Sequence[Ed25519PublicKey],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    max_age_s: float = MAX_AGE_S,
) -> Verdict:
    """Whether one of `keys` signed this raw body and its `timestamp` is within `max_age_s` of `now`.

    A body without a timestamp is taken: repeats are told by its delivery id. Header names are in lower case.
    """
    verdict = verify_ed25519(headers.get(SIGNATURE_HEADER), body, keys)
    if isinstance(verdict, Refused):
        return verdict
    try:
        written = _read_head(body).timestamp
    except UnreadableError:
        # Genuine but unreadable: for a person to look at, not for the door to turn away.
        return Verified()
    return verdict if written is None else verify_age(written, now, max_age_s)


def peek(body: bytes, headers: Mapping[str, str]) -> Peek:
    """What a delivery is, without reading it whole. Raises UnreadableError."""
    head = _read_head(body)
    return Peek(
        kind=as_text(head.type) or "",
        delivery_id=head.webhook_id or headers.get(DELIVERY_HEADER) or head.delivery_id,
        location_id=as_text(head.location_id),
        company_id=as_text(head.company_id),
        occurred_at=moment(head.timestamp),
    )


def parse(body: bytes, custom_keys: Mapping[str, str], *, event: str = "") -> CrmChange:
    """A delivery whole; `event` is its name where the body has none.

    `custom_keys` gives the key of each custom field's id, ids outside it are left out.

    Events about anything but a contact are kept with the contact that they name, if any. Raises UnreadableError for
    what is no JSON object, and for a contact event without an id.
    """
    fields = fields_of(body)
    kind = as_text(fields.get("type")) or event
    sent_at = moment(fields.get("timestamp"))
    if kind not in CONTACT_EVENTS:
        contact_id = named_contact(fields)
        told = as_text(fields.get("webhookId")) or as_text(fields.get("timestamp")) or _content(kind, body)
        named = as_text(fields.get("id")) or _in_appointment(fields, "id") or contact_id
        return CrmChange(
            kind=kind,
            occurrence=":".join(filter(None, (kind, named, told))),
            contact_id=contact_id,
            occurred_at=sent_at,
        )
    contact_id = as_text(fields.get("id")) or as_text(fields.get("contactId"))
    if contact_id is None:
        raise UnreadableError(f"this {kind} names no contact")
    updated_at = moment(fields.get("dateUpdated"))
    contact = None if _left_out(fields) else contact_of_fields(contact_id, fields, custom_keys, updated_at)
    return CrmChange(
        kind=kind,
        occurrence=_occurrence(kind, contact_id, contact, updated_at, fields),
        contact_id=contact_id,
        contact=contact,
        removed=kind == "ContactDelete",
        occurred_at=sent_at or updated_at,
    )


def fields_of(body: bytes) -> dict[str, Any]:
    """The event's fields, out of its wrapper if it has one. Raises UnreadableError."""
    try:
        outer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError("the body is not JSON") from error
    if not isinstance(outer, dict):
        raise UnreadableError("the body is not a JSON object")
    inner = outer.get("data")
    return {**inner, **outer} if isinstance(inner, dict) else outer


def _occurrence(
    kind: str,
    contact_id: str,
    contact: Contact | None,
    updated_at: datetime | None,
    fields: Mapping[str, Any],
) -> str:
    if kind == "ContactCreate":
        return f"contact.created:{contact_id}"
    told = as_text(fields.get("webhookId")) or as_text(fields.get("timestamp"))
    if kind == "ContactDelete":
        # A deleted contact can be restored, and deleted again.
        return ":".join(filter(None, ("contact.deleted", contact_id, told)))
    content = blake2b(msgspec.json.encode(contact, order="deterministic"), digest_size=8).hexdigest()
    when = updated_at.isoformat() if updated_at else told
    return ":".join(filter(None, ("contact.updated", contact_id, when, content)))


def _read_head(body: bytes) -> _Head:
    try:
        head = _head.decode(body)
    except msgspec.ValidationError:
        # A value of another type than the vendor documents must not hide the rest.
        return _head_of(fields_of(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError("the body is not JSON") from error
    return head if head.type or bytes(memoryview(head.data)[:1]) != b"{" else _head_of(fields_of(body))


def _head_of(fields: Mapping[str, Any]) -> _Head:
    stamp = fields.get("timestamp")
    return _Head(
        type=as_text(fields.get("type")),
        location_id=as_text(fields.get("locationId")),
        timestamp=stamp if isinstance(stamp, float) else as_text(stamp),
        webhook_id=as_text(fields.get("webhookId")),
        delivery_id=as_text(fields.get("deliveryId")),
    )


def named_contact(fields: Mapping[str, Any]) -> str | None:
    """The contact that an event about something else is about."""
    return as_text(fields.get("contactId")) or _in_appointment(fields, "contactId")


def _in_appointment(fields: Mapping[str, Any], name: str) -> str | None:
    appointment = fields.get("appointment")
    return as_text(appointment.get(name)) if isinstance(appointment, dict) else None


def _content(kind: str, body: bytes) -> str | None:
    """What tells one change from the next where the delivery has neither id nor time: what it shows."""
    return blake2b(body, digest_size=8).hexdigest() if kind in _CHANGES else None


def _left_out(fields: Mapping[str, Any]) -> bool:
    """Whether the record was dropped for its size, or never was in the body: ids alone are no record."""
    return bool(fields.get("payloadTooLarge")) or not any(
        name in fields
        for name in ("phone", "email", "firstName", "lastName", "name", "tags", "dateAdded", "customFields")
    )
