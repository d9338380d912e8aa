"""The CRM's records in our own words: one reading for answers, search rows and webhooks, so that echoes are equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from tieline.connectors.contacts_api.shapes import ContactRecord
from tieline.connectors.kit.signatures import read_moment
from tieline.domain.contact import Contact
from tieline.mapping import email, phone, text
from tieline.mapping.values import plain_number

#: A number of more bits than this is no id, time or value of theirs.
_MAX_BITS = 128
#: Our name → theirs, where the value is read as it stands.
_NAMES = {
    "first_name": "firstName", "last_name": "lastName", "company": "companyName", "address": "address1",
    "city": "city", "state": "state", "postal_code": "postalCode", "country": "country", "website": "website",
    "timezone": "timezone", "source": "source",
}  # fmt: skip
_ATTRIBUTES = {**{ours: ours for ours in _NAMES}, "company": "company_name", "address": "address1"}


def contact_of_fields(
    contact_id: str, fields: Mapping[str, Any], custom_keys: Mapping[str, str], updated_at: datetime | None
) -> Contact:
    """A contact from an event's fields; `custom_keys` gives the key of each custom field's id."""
    plain = {ours: as_text(fields.get(theirs)) for ours, theirs in _NAMES.items()}
    raw = fields.get("phone"), fields.get("email"), fields.get("tags"), _custom(fields.get("customFields"))
    return _contact(contact_id, plain, *raw, custom_keys, updated_at)


def contact_of_record(record: ContactRecord, custom_keys: Mapping[str, str]) -> Contact:
    """A contact from an answer, or from a search row."""
    plain = {ours: as_text(getattr(record, theirs)) for ours, theirs in _ATTRIBUTES.items()}
    if plain["address"] is None:
        plain["address"] = as_text(record.address)
    custom = [(one.id, one.value) for one in record.custom_fields or ()]
    contact = _contact(
        record.id, plain, record.phone, record.email, record.tags, custom, custom_keys,
        moment(record.date_updated),
    )  # fmt: skip
    return msgspec.structs.replace(contact, made_at=moment(record.date_added))


def as_text(value: Any) -> str | None:
    """A text or whole number as text; None for anything else, and for nothing."""
    if isinstance(value, str):
        # NUL is the one character that a text column refuses.
        return value.replace("\x00", "").strip() or None
    return str(value) if type(value) is int and value.bit_length() <= _MAX_BITS else None


def moment(value: Any) -> datetime | None:
    """A time in any way they write one, UTC."""
    if type(value) is int and value.bit_length() > _MAX_BITS:
        return None
    return read_moment(value) if isinstance(value, str | float) or type(value) is int else None


def _contact(
    contact_id: str,
    plain: dict[str, str | None],
    raw_phone: Any,
    raw_email: Any,
    raw_tags: Any,
    custom: Iterable[tuple[str, Any]],
    custom_keys: Mapping[str, str],
    updated_at: datetime | None,
) -> Contact:
    number, address = as_text(raw_phone), as_text(raw_email)
    return Contact(
        id=contact_id,
        phone=(phone.to_e164(number, plain["country"]) or number) if number else None,
        email=(email.normalise(address) or address.lower()) if address else None,
        tags=frozenset(_tags(raw_tags)),
        custom={
            key: content
            for field_id, value in custom
            if (key := custom_keys.get(field_id)) is not None and (content := _as_custom(value))
        },
        updated_at=updated_at,
        **plain,  # type: ignore[arg-type]  # none of these names is a count
    )


def _tags(value: Any) -> Iterable[str]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, str) and (tag := text.tag(item)):
            yield tag


def _custom(value: Any) -> Iterable[tuple[str, Any]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield str(item.get("id")), item.get("value", item.get("field_value", item.get("fieldValue")))


def _as_custom(value: Any) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value.strip() or None
        case int():
            return as_text(value)
        case float():
            return plain_number(Decimal(repr(value)))
        case list():
            return ", ".join(filter(None, map(_as_custom, value))) or None
        case _:
            return None
