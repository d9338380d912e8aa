"""Which event a body is. Some say so, some say another's name, some say nothing: those are told by their fields.

Where bodies of several events look alike, all of them are given. Source: contacts-api.md, section 9.5, and the notes of
the vendor's webhook-events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from tieline.catalogue.spec import AnyTrigger
from tieline.connectors.contacts_api.records import moment
from tieline.connectors.contacts_api.triggers import (
    appointments,
    company,
    contacts,
    conversations,
    objects,
    opportunities,
    payments,
    polled,
)
from tieline.connectors.contacts_api.triggers.told import read
from tieline.connectors.contacts_api.webhooks import fields_of
from tieline.errors import UnreadableError

#: Those of the 58 events of the docs, and those that are looked for.
TRIGGERS: tuple[AnyTrigger, ...] = (
    *contacts.TRIGGERS, *appointments.TRIGGERS, *opportunities.TRIGGERS, *conversations.TRIGGERS, *company.TRIGGERS,
    *objects.TRIGGERS, *payments.TRIGGERS, *polled.TRIGGERS,
)  # fmt: skip
_BY_EVENT = {one.event: one for one in TRIGGERS if one.event}
#: What a body's `type` says beside the names of the docs, and means that event alone.
_OWN_NAMES: dict[str, AnyTrigger] = {
    "INSTALL": company.APP_INSTALLED, "UNINSTALL": company.APP_UNINSTALLED, "PLAN_CHANGE": company.PLAN_CHANGED,
    "ConversationUnreadUpdate": conversations.UNREAD_CHANGED,
}  # fmt: skip
_BY_NAME = {**_BY_EVENT, **_OWN_NAMES}
#: An appointment that was changed this soon after it was added was only being added.
_SOON = timedelta(seconds=2)


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """What a body is."""

    #: Every event that it may be, the likeliest first; none = it is no event that the docs know.
    candidates: tuple[AnyTrigger, ...]
    #: As the candidates' output, which is the same for all; the bare fields where there is none.
    payload: Any

    @property
    def trigger(self) -> AnyTrigger | None:
        """The likeliest event."""
        return self.candidates[0] if self.candidates else None

    @property
    def sure(self) -> bool:
        """Whether it can be no other event."""
        return len(self.candidates) == 1


def recognise(body: bytes, *, event: str = "") -> Recognised:
    """Which event this is, and what it tells. Raises UnreadableError for what is no JSON object, and nothing else.

    `event` is its name where that is known otherwise: the CRM sends each event to an address of its own, if an app's
    settings say so.
    """
    fields = fields_of(body)
    known = _BY_EVENT.get(event)
    candidates = (known,) if known is not None else _candidates(fields)
    if not candidates:
        return Recognised(candidates=(), payload=fields)
    try:
        payload = read(candidates[0].output, fields)
    except RecursionError as error:
        raise UnreadableError("the body is nested too deeply") from error
    return Recognised(candidates=tuple(candidates), payload=payload)


def _candidates(fields: Mapping[str, Any]) -> Sequence[AnyTrigger]:
    name = fields.get("type")
    named = _BY_NAME.get(name) if isinstance(name, str) else None
    if named is appointments.CREATED:
        return _appointment(fields)
    if named is conversations.OUTBOUND:
        return _message(fields)
    if named is not None:
        return (named,)
    for shape, which in _NAMELESS:
        if shape <= fields.keys():
            return which(fields)
    return ()


def _appointment(fields: Mapping[str, Any]) -> Sequence[AnyTrigger]:
    """The docs' examples of all three events say AppointmentCreate."""
    nested = fields.get("appointment")
    if isinstance(nested, dict) and _later(nested.get("dateAdded"), nested.get("dateUpdated")):
        return (appointments.UPDATED, appointments.DELETED, appointments.CREATED)
    return (appointments.CREATED, appointments.UPDATED, appointments.DELETED)


def _message(fields: Mapping[str, Any]) -> Sequence[AnyTrigger]:
    """An answered inbound call says OutboundMessage; and the docs' outbound text, which has a source, says inbound."""
    if fields.get("direction") != "inbound":
        return (conversations.OUTBOUND,)
    if "source" in fields:
        return (conversations.OUTBOUND, conversations.INBOUND)
    return (conversations.INBOUND, conversations.OUTBOUND)


_BY_STATUS: dict[str, AnyTrigger] = {
    "sent": payments.INVOICE_SENT, "paid": payments.INVOICE_PAID, "partially_paid": payments.INVOICE_PARTIALLY_PAID,
    "void": payments.INVOICE_VOIDED,
}  # fmt: skip


def _invoice(fields: Mapping[str, Any]) -> Sequence[AnyTrigger]:
    """Its status tells what happened, unless it was edited in that status."""
    status = fields.get("status")
    if status in ("delete", "deleted"):
        return (payments.INVOICE_DELETED,)
    told = _BY_STATUS.get(status) if isinstance(status, str) else None
    if told is not None:
        return (told, payments.INVOICE_UPDATED)
    return _by_age(fields, payments.INVOICE_CREATED, payments.INVOICE_UPDATED)


def _product(fields: Mapping[str, Any]) -> Sequence[AnyTrigger]:
    return _by_age(fields, payments.PRODUCT_CREATED, payments.PRODUCT_UPDATED, payments.PRODUCT_DELETED)


def _price(fields: Mapping[str, Any]) -> Sequence[AnyTrigger]:
    """Only a new one says its kind in `priceType`."""
    if "priceType" in fields:
        return (payments.PRICE_CREATED,)
    return (payments.PRICE_UPDATED, payments.PRICE_DELETED)


def _association(fields: Mapping[str, Any]) -> Sequence[AnyTrigger]:
    """Only a new one has no cardinalities."""
    if "firstObjectToSecondObjectCardinality" in fields:
        return (objects.ASSOCIATION_UPDATED, objects.ASSOCIATION_DELETED)
    return (objects.ASSOCIATION_CREATED,)


def _relation(fields: Mapping[str, Any]) -> Sequence[AnyTrigger]:
    return (objects.RELATION_CREATED, objects.RELATION_DELETED)


def _record(fields: Mapping[str, Any]) -> Sequence[AnyTrigger]:
    return (objects.RECORD_UPDATED, objects.RECORD_CREATED, objects.RECORD_DELETED)


def _object_schema(fields: Mapping[str, Any]) -> Sequence[AnyTrigger]:
    return _by_age(fields, objects.OBJECT_SCHEMA_CREATED, objects.OBJECT_SCHEMA_UPDATED)


def _provider_message(fields: Mapping[str, Any]) -> Sequence[AnyTrigger]:
    channel = fields.get("type") in conversations.PROVIDER_OUTBOUND.types
    return (conversations.PROVIDER_OUTBOUND,) if channel and "direction" not in fields else ()


#: Fields that a body must have to be one of those that name no event.
_NAMELESS: tuple[tuple[frozenset[str], Callable[[Mapping[str, Any]], Sequence[AnyTrigger]]], ...] = (
    (frozenset({"associationType", "firstObjectKey", "secondObjectKey"}), _association),
    (frozenset({"associationId", "firstRecordId", "secondRecordId"}), _relation),
    (frozenset({"objectType", "labels", "key"}), _object_schema),
    (frozenset({"id", "properties", "owners"}), _record),
    (frozenset({"_id", "invoiceNumber", "amountDue"}), _invoice),
    (frozenset({"_id", "productType"}), _product),
    (frozenset({"_id", "product", "amount", "currency"}), _price),
    (frozenset({"messageId", "contactId", "type"}), _provider_message),
)


def _by_age(
    fields: Mapping[str, Any], created: AnyTrigger, updated: AnyTrigger, *more: AnyTrigger
) -> Sequence[AnyTrigger]:
    """A record that changed after it was made is rather not told of as new."""
    if _later(fields.get("createdAt"), fields.get("updatedAt")):
        return (updated, created, *more)
    return (created, updated, *more)


def _later(first: Any, second: Any) -> bool:
    began, changed = moment(first), moment(second)
    return began is not None and changed is not None and changed - began > _SOON
