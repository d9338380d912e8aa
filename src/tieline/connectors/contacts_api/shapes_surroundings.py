"""What surrounds contacts, as answers show it, tolerant. Source: the vendor's specs of each module."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.connectors.contacts_api.shapes import Loose


class LocationValue(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A custom value of a location. `field_key` reads "{{ custom_values.opening_hours }}"."""

    id: str
    name: Loose = None
    field_key: Loose = None
    value: Any = None
    location_id: Loose = None


class Business(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A business that contacts can belong to."""

    id: str
    name: Loose = None
    phone: Loose = None
    email: Loose = None
    website: Loose = None
    address: Loose = None
    city: Loose = None
    state: Loose = None
    postal_code: Loose = None
    country: Loose = None
    description: Loose = None
    location_id: Loose = None
    created_at: Loose = None
    updated_at: Loose = None


class Roles(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a user is, and where."""

    type: Loose = None
    role: Loose = None
    location_ids: list[Any] | None = None


class User(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody who works in the CRM."""

    id: str
    name: Loose = None
    first_name: Loose = None
    last_name: Loose = None
    email: Loose = None
    phone: Loose = None
    extension: Loose = None
    deleted: Loose = None
    roles: Roles | None = None


class Campaign(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A campaign; `status` is published or draft."""

    id: str
    name: Loose = None
    status: Loose = None
    location_id: Loose = None


class Workflow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A workflow of the CRM's own; `status` is published or draft."""

    id: str
    name: Loose = None
    status: Loose = None
    version: Loose = None
    created_at: Loose = None
    updated_at: Loose = None
    location_id: Loose = None


class FormSubmission(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What somebody sent through a form. `others` has everything that was filled in."""

    id: str
    form_id: Loose = None
    contact_id: Loose = None
    name: Loose = None
    email: Loose = None
    created_at: Loose = None
    others: dict[str, Any] = {}
