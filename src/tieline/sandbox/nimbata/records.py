"""What a Nimbata account holds, in the exact shape that its API shows. Source: nimbata.md, parts B1 and B2."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from tieline.sandbox.nimbata.records_items import Item
from tieline.sandbox.nimbata.records_milestones import CampaignResponse, Milestone, MilestoneReached

Outcome = Literal["ANSWERED", "NOT_ANSWERED", "VOICEMAIL", "BLOCKED"]
Direction = Literal["inbound", "outbound"]


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """One business of the account; the CRM keeps a location for it."""

    id: str
    name: str
    timezone: str
    currency: str = "USD"


class TrackingNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number that customers see; it carries the attribution and forwards to a destination."""

    id: str
    project_id: str
    #: E.164, as is the destination.
    number: str
    name: str
    destination: str
    destination_name: str
    source_type: str | None = None
    source: str | None = None
    medium: str | None = None
    active: bool = True


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """What a user wrote on a call."""

    id: str
    body: str
    created_at: datetime


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call. The first nine keys are the ones seen in a real account's rows; the rest is assumed."""

    #: Day of the start, UTC: "2026-09-01".
    date: str
    #: None while it rings or is talked.
    outcome: Outcome | None
    #: E.164, or "anonymous". Of an outbound call it is the account's own number: who was called is `destination`.
    caller: str
    caller_name: str | None
    #: "HH:MM:SS", ring to end; then the part that was talk.
    call_duration: str
    talk_duration: str
    source_type: str | None
    source: str | None
    medium: str | None
    id: str
    project_id: str
    contact_id: str | None = None
    direction: Direction = "inbound"
    start_time: datetime
    call_type: str = "Regular"
    hangup_cause: str | None
    who_hungup: str | None
    tracking_number: str
    tracking_name: str
    destination: str
    destination_name: str
    #: Calls of this number so far, this one included.
    times_called: int
    campaign: str | None = None
    keyword: str | None = None
    gclid: str | None = None
    fbclid: str | None = None
    msclkid: str | None = None
    landing_page: str | None = None
    #: D desktop, M mobile; None where no web session led to the call.
    device: str | None = None
    tags: tuple[str, ...] = ()
    value: float | None = None
    rating: float = 0.0
    comments: tuple[Comment, ...] = ()
    recording_url: str | None = None
    transcription: str | None = None
    summary: str | None = None
    updated_at: datetime


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One submitted web form, with whatever fields its page has."""

    id: str
    project_id: str
    contact_id: str | None = None
    form_id: str
    form_name: str
    submitted_at: datetime
    page_url: str
    fields: dict[str, str]
    source_type: str | None = None
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    keyword: str | None = None
    gclid: str | None = None
    fbclid: str | None = None
    msclkid: str | None = None
    landing_page: str | None = None
    tags: tuple[str, ...] = ()
    value: float | None = None
    updated_at: datetime


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One text message."""

    id: str
    project_id: str
    contact_id: str | None = None
    direction: Direction = "inbound"
    sender: str = msgspec.field(name="from")
    recipient: str = msgspec.field(name="to")
    tracking_name: str
    body: str
    media_urls: tuple[str, ...] = ()
    received_at: datetime
    campaign_id: str | None = None
    updated_at: datetime


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a contact lives."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A person, in an account that stores people (`native` mode)."""

    id: str
    project_id: str
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    additional_phones: tuple[str, ...] = ()
    company: str | None = None
    address: Address = Address()
    tags: tuple[str, ...] = ()
    lead_status: str | None = None
    lead_score: int | None = None
    value: float | None = None
    dnd: bool = False
    #: "first" and "last" touch, each with the attribution keys of a call.
    attribution: dict[str, dict[str, str | None]] = {}
    milestones: tuple[Milestone, ...] = ()
    custom_fields: dict[str, str | int | float | bool | None] = {}
    external_ids: dict[str, str] = {}
    times_called: int = 0
    last_activity_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    version: int = 1


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that a project knows."""

    id: str
    project_id: str
    name: str
    #: "#149a9a"
    color: str


Resource = Call | Form | Text | Contact | Item | MilestoneReached | CampaignResponse


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened in the account; every webhook target is told of it in its own profile."""

    id: str
    #: "call.completed", "contact.updated".
    event: str
    occurred_at: datetime
    project_id: str
    resource: Resource
    #: Names of the changed keys; empty where the event is no update.
    changes: tuple[str, ...] = ()
    #: Of tasks, notes and appointments: created, updated, completed, deleted.
    change: str | None = None
    #: Sample data of the account's Test button.
    test: bool = False

    @property
    def subject_id(self) -> str:
        """Id of the record that it tells of."""
        resource = self.resource
        return (
            resource.contact_id if isinstance(resource, MilestoneReached | CampaignResponse) else resource.id
        )


def clock_text(seconds: int) -> str:
    """A duration as the account writes it: 280 → "00:04:40"."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def seconds_of(duration: str) -> int:
    """The inverse of `clock_text`."""
    hours, minutes, seconds = duration.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)
