"""Opportunities and pipelines as answers show them, tolerant. Source: the vendor's opportunities.json.

Rows of a search carry in `sort` where the page after them starts: not in the specs, but seen in answers.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.connectors.contacts_api.shapes import Loose


class OpportunityCustomField(msgspec.Struct, frozen=True, kw_only=True):
    """A custom field of an opportunity on the way out. The value has had three names."""

    id: str
    field_value: Any = msgspec.field(default=None, name="fieldValue")
    field_value_string: Any = msgspec.field(default=None, name="fieldValueString")
    value: Any = None


class ContactCard(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose opportunity it is, in short."""

    id: Loose = None
    name: Loose = None
    company_name: Loose = None
    email: Loose = None
    phone: Loose = None
    tags: list[Any] | None = None


class Opportunity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One opportunity, of any answer."""

    id: str
    name: Loose = None
    monetary_value: Loose = None
    pipeline_id: Loose = None
    pipeline_stage_id: Loose = None
    #: open, won, lost or abandoned.
    status: Loose = None
    assigned_to: Loose = None
    source: Loose = None
    contact_id: Loose = None
    location_id: Loose = None
    lost_reason_id: Loose = None
    last_status_change_at: Loose = None
    last_stage_change_at: Loose = None
    created_at: Loose = None
    updated_at: Loose = None
    contact: ContactCard | None = None
    custom_fields: list[OpportunityCustomField] | None = None
    followers: list[Any] | None = None
    #: Only in search rows.
    sort: list[Any] | None = None

    @property
    def search_after(self) -> list[str] | None:
        """What asks for the rows behind this one; None = the row does not tell."""
        return [str(one) for one in self.sort] if self.sort else None


class Stage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A stage of a pipeline."""

    id: str
    name: Loose = None
    position: Loose = None


class Pipeline(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pipeline with its stages, in their order."""

    id: str
    name: Loose = None
    stages: list[Stage] = []
    location_id: Loose = None
