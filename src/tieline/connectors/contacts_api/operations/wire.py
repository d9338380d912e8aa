"""Records as the Contacts API writes them; what we do not use is left out. Source: contacts-api.md, 5.1."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class CustomFieldIn(msgspec.Struct, frozen=True, kw_only=True):
    """One custom field value on the way in, by the field's id."""

    id: str
    field_value: Any


class CustomFieldOut(msgspec.Struct, frozen=True, kw_only=True):
    """One custom field value on the way out: no key."""

    id: str
    value: Any = None


class WireContact(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A contact as get, create, update and upsert answer it."""

    id: str
    location_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    company_name: str | None = None
    address1: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    website: str | None = None
    timezone: str | None = None
    source: str | None = None
    tags: list[str] | None = None
    custom_fields: list[CustomFieldOut] | None = None
    date_added: str | int | None = None
    date_updated: str | int | None = None


class SearchContact(WireContact, frozen=True, kw_only=True, rename="camel"):
    """A row of a search: `address` instead of `address1`, and where to go on."""

    address: str | None = None
    search_after: list[Any] | None = None


class ContactFields(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a contact may be given; UNSET is not sent. `tags` is left to the operations that may carry it."""

    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    company_name: str | UnsetType = UNSET
    address1: str | UnsetType = UNSET
    city: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    postal_code: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    website: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    custom_fields: list[CustomFieldIn] | UnsetType = UNSET


class ContactIdInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call about one contact."""

    contact_id: str


class Succeeded(msgspec.Struct, frozen=True, kw_only=True):
    """It was done. The misspelling is the vendor's."""

    succeded: bool = True
