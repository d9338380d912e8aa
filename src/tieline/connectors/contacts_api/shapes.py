"""Records as the Contacts API writes them: only what is used is named, and read with tolerance.

What an answer calls a text may in life be a number or missing; only an id must be there. Unknown properties pass.
Source: the vendor's contacts.json and locations.json, and answers that differ from them (issues 314, 177 there).
"""

from __future__ import annotations

from typing import Any

import msgspec

#: A value that the vendor calls a text.
Loose = str | int | float | bool | None


class CustomValue(msgspec.Struct, frozen=True):
    """A custom field of a contact on the way out: an id, and no key."""

    id: str
    value: Any = None


class ContactRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A contact, of any answer. Search rows write `address` where all others write `address1`."""

    id: str
    location_id: Loose = None
    first_name: Loose = None
    last_name: Loose = None
    name: Loose = None
    contact_name: Loose = None
    email: Loose = None
    phone: Loose = None
    company_name: Loose = None
    address1: Loose = None
    address: Any = None
    city: Loose = None
    state: Loose = None
    postal_code: Loose = None
    country: Loose = None
    website: Loose = None
    timezone: Loose = None
    source: Loose = None
    type: Loose = None
    assigned_to: Loose = None
    dnd: Loose = None
    tags: list[Any] | None = None
    custom_fields: list[CustomValue] | None = None
    #: ISO 8601, or milliseconds since 1970 in search rows.
    date_added: Loose = None
    date_updated: Loose = None
    #: Only in search rows: where the page after this row starts.
    search_after: list[Any] | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A note of a contact."""

    id: str
    body: Loose = None
    user_id: Loose = None
    date_added: Loose = None
    contact_id: Loose = None
    title: Loose = None
    color: Loose = None
    pinned: Loose = None


class Task(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A task of a contact. `date_added` and `location_id` stand in search rows alone."""

    id: str
    title: Loose = None
    body: Loose = None
    assigned_to: Loose = None
    due_date: Loose = None
    completed: Loose = None
    contact_id: Loose = None
    date_added: Loose = None
    location_id: Loose = None


class CustomField(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A custom field's definition. `field_key` reads "contact.nimbata_source"."""

    id: str
    name: Loose = None
    field_key: Loose = None
    data_type: Loose = None
    model: Loose = None
    picklist_options: list[Any] | None = None


class LocationTag(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A tag that the location knows."""

    id: str
    name: Loose = None
    location_id: Loose = None


class LocationSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The switches of a location that matter to a sync."""

    allow_duplicate_contact: bool | None = None
    allow_duplicate_opportunity: bool | None = None


class Location(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A location (a sub-account)."""

    id: str
    name: Loose = None
    company_id: Loose = None
    country: Loose = None
    timezone: Loose = None
    settings: LocationSettings | None = None
