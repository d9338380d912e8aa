"""A person's record in the CRM, in our own words."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Contact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One CRM contact as last seen. Phone is E.164, e-mail lower-case, custom fields by key ("nimbata_source")."""

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
    #: Lower-case, trimmed: the CRM compares and returns them so.
    tags: frozenset[str] = frozenset()
    custom: dict[str, str] = {}
    #: The far side's own clock; None in a payload that lacks it.
    updated_at: datetime | None = None


#: Names that a mapping may write to, beside `custom.<key>`.
CONTACT_FIELDS: tuple[str, ...] = (
    "first_name", "last_name", "email", "phone", "company", "address", "city", "state", "postal_code",
    "country", "website", "timezone", "source",
)  # fmt: skip
