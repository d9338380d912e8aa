"""A person's record on either side, in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec


class Contact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One contact as last seen on one side. Phone is E.164, e-mail lower-case, custom fields by key."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    website: str | None = None
    timezone: str | None = None
    source: str | None = None
    #: What only a call-tracking account has.
    lead_status: str | None = None
    lead_score: str | None = None
    value: str | None = None
    #: Lower-case, trimmed: the CRM compares and returns them so.
    tags: frozenset[str] = frozenset()
    custom: dict[str, str] = {}
    #: The far side's own clock; None in a payload that lacks it.
    updated_at: datetime | None = None
    #: The far side's own count of changes, where it has one: an update of an older one is refused.
    version: int | None = None
    #: By the far side's clock, when it stood so at the latest that we know of: what was told before is no news.
    as_of: datetime | None = None
    #: By the far side's clock; None where it does not say.
    made_at: datetime | None = None


#: What says when a record stood so, and nothing of the person.
ABOUT_THE_RECORD = ("updated_at", "version", "as_of", "made_at")

#: Names that the CRM has, beside `custom.<key>`.
CONTACT_FIELDS: tuple[str, ...] = (
    "first_name", "last_name", "email", "phone", "company", "address", "city", "state", "postal_code",
    "country", "website", "timezone", "source",
)  # fmt: skip

#: Names that a `native` call-tracking account has, beside `custom.<key>`.
NIMBATA_FIELDS: tuple[str, ...] = (
    "first_name", "last_name", "email", "phone", "company", "address", "city", "state", "postal_code",
    "country", "lead_status", "lead_score", "value",
)  # fmt: skip
CUSTOM_PREFIX = "custom."


def field_of(contact: Contact, name: str) -> str | None:
    """A field by its name, `custom.<key>` included."""
    if name.startswith(CUSTOM_PREFIX):
        return contact.custom.get(name[len(CUSTOM_PREFIX) :])
    value: str | None = getattr(contact, name)
    return value


def with_fields(contact: Contact, fields: Mapping[str, str | None]) -> Contact:
    """`contact` with these fields in the place of its own; None takes one away."""
    if not fields:
        return contact
    plain = {name: value for name, value in fields.items() if not name.startswith(CUSTOM_PREFIX)}
    custom = dict(contact.custom)
    for name, value in fields.items():
        if name in plain:
            continue
        if value is None:
            custom.pop(name[len(CUSTOM_PREFIX) :], None)
        else:
            custom[name[len(CUSTOM_PREFIX) :]] = value
    return msgspec.structs.replace(contact, custom=custom, **plain)
