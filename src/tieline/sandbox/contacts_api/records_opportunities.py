"""What a location sells: opportunities in the stages of pipelines. Source: contacts-api.md, section 8."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.records import Contact, Location, full_name, shown, stamp


class Stage(msgspec.Struct, kw_only=True, rename="camel"):
    """One stage of a pipeline."""

    id: str
    name: str
    #: From 0 on.
    position: int


class Pipeline(msgspec.Struct, kw_only=True, rename="camel"):
    """One pipeline; an opportunity begins in its first stage."""

    id: str
    name: str
    stages: list[Stage]
    location_id: str
    show_in_funnel: bool = True
    show_in_pie_chart: bool = True

    def has(self, stage_id: str) -> bool:
        """Whether that is a stage of it."""
        return any(stage.id == stage_id for stage in self.stages)


class LostReason(msgspec.Struct, kw_only=True, rename="camel"):
    """Why an opportunity can have been lost."""

    id: str
    name: str
    location_id: str
    created_at: str
    updated_at: str


class Opportunity(msgspec.Struct, kw_only=True):
    """One opportunity of one contact."""

    id: str
    location_id: str
    contact_id: str
    name: str
    pipeline_id: str
    stage_id: str
    #: open, won, lost or abandoned.
    status: str
    monetary_value: int | float | None = None
    #: Id of a user.
    assigned_to: str | None = None
    #: The API cannot write it.
    source: str | None = None
    lost_reason_id: str | None = None
    #: YYYY-MM-DD, and percent; v3 alone writes them.
    expected_close_date: str | None = None
    probability: int | float | None = None
    #: Custom field id → value.
    custom: dict[str, Any] = {}
    #: Ids of users.
    followers: list[str] = []
    created_at: datetime
    updated_at: datetime
    status_changed_at: datetime
    stage_changed_at: datetime
    #: How often it was written.
    version: int = 1

    @property
    def created_ms(self) -> int:
        """By which lists go on, milliseconds since 1970."""
        return int(self.created_at.timestamp() * 1000)

    def out(self, location: Location, **more: Any) -> dict[str, Any]:
        """As the API shows it; what hangs on a contact or a field that is gone is left out."""
        contact = location.contacts.get(self.contact_id)
        custom = {key: value for key, value in self.custom.items() if key in location.custom_fields}
        return shown(
            id=self.id, name=self.name, monetaryValue=self.monetary_value, pipelineId=self.pipeline_id,
            pipelineStageId=self.stage_id, assignedTo=self.assigned_to, status=self.status, source=self.source,
            lastStatusChangeAt=stamp(self.status_changed_at), lastStageChangeAt=stamp(self.stage_changed_at),
            lastActionDate=stamp(self.updated_at), indexVersion=str(self.version),
            createdAt=stamp(self.created_at), updatedAt=stamp(self.updated_at),
            forecastExpectedCloseDate=self.expected_close_date, forecastProbability=self.probability,
            contactId=self.contact_id, locationId=self.location_id, contact=contact and _card(contact),
            lostReasonId=self.lost_reason_id,
            customFields=[{"id": key, "fieldValue": value} for key, value in custom.items()],
            followers=list(self.followers), **more,
        )  # fmt: skip

    def told(self) -> dict[str, Any]:
        """As every event of it says it: the whole record, no diff."""
        return shown(
            id=self.id, assignedTo=self.assigned_to, contactId=self.contact_id, monetaryValue=self.monetary_value,
            name=self.name, pipelineId=self.pipeline_id, pipelineStageId=self.stage_id, source=self.source,
            status=self.status, dateAdded=stamp(self.created_at),
        )  # fmt: skip

    def copy(self) -> Opportunity:
        """As it is now, whatever becomes of it."""
        return msgspec.structs.replace(self, custom=dict(self.custom), followers=list(self.followers))


def _card(contact: Contact) -> dict[str, Any]:
    fields = contact.fields
    return shown(
        id=contact.id, name=full_name(contact), companyName=fields.get("companyName"), email=fields.get("email"),
        phone=fields.get("phone"), tags=list(contact.tags),
    )  # fmt: skip
