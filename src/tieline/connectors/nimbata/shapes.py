"""Records as answers and events show them, in our words and tolerant: only what is known is read, the rest is `raw`.

Calls, forms, texts and contacts extend what a sync knows of them. None = not told. Source: nimbata.md, A8 and B2.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from tieline.domain.activity import Attribution, Call, Form, NimbataContact, Text

Raw = dict[str, Any]


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wrote on a call."""

    #: Empty where the account shows none.
    id: str = ""
    body: str = ""
    created_at: datetime | None = None
    raw: Raw = {}


class CallRecord(Call, frozen=True, kw_only=True, omit_defaults=True):
    """A call with all that an account may show of it. Its `id` is empty where the account's label is not known."""

    contact_id: str | None = None
    call_type: str | None = None
    hangup_cause: str | None = None
    who_hungup: str | None = None
    destination_name: str | None = None
    #: Calls of this number so far, this one included.
    times_called: int | None = None
    #: Whether the number called before.
    repeat_caller: bool | None = None
    device: str | None = None
    #: 0 = unrated.
    rating: Decimal | None = None
    comments: tuple[Comment, ...] = ()
    #: The one note that some accounts have in place of comments.
    note: str | None = None
    transcription: str | None = None
    updated_at: datetime | None = None
    raw: Raw = msgspec.field(default_factory=dict)


class FormRecord(Form, frozen=True, kw_only=True, omit_defaults=True):
    """A submitted form."""

    contact_id: str | None = None
    updated_at: datetime | None = None
    raw: Raw = msgspec.field(default_factory=dict)


class TextRecord(Text, frozen=True, kw_only=True, omit_defaults=True):
    """A text message."""

    contact_id: str | None = None
    media_urls: tuple[str, ...] = ()
    campaign_id: str | None = None
    updated_at: datetime | None = None
    raw: Raw = msgspec.field(default_factory=dict)


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a contact lives."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a person's way that was reached."""

    name: str
    at: datetime | None = None


class ContactRecord(NimbataContact, frozen=True, kw_only=True, omit_defaults=True):
    """A person of a `native` account; `attribution` is the first touch."""

    additional_phones: tuple[str, ...] = ()
    address: Address = Address()
    lead_status: str | None = None
    lead_score: int | None = None
    dnd: bool | None = None
    last_touch: Attribution = Attribution()
    milestones: tuple[Milestone, ...] = ()
    custom_fields: dict[str, Any] = msgspec.field(default_factory=dict)
    #: By the other system's name: {"highlevel": "ocQHyuzHvysMo5N5VsXc"}.
    external_ids: dict[str, str] = msgspec.field(default_factory=dict)
    times_called: int | None = None
    last_activity_at: datetime | None = None
    created_at: datetime | None = None
    version: int | None = None
    raw: Raw = msgspec.field(default_factory=dict)


class TaskRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to do about a contact."""

    id: str
    contact_id: str | None = None
    title: str = ""
    body: str = ""
    due_at: datetime | None = None
    completed: bool | None = None
    completed_at: datetime | None = None
    assignee: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    version: int | None = None
    raw: Raw = {}


class NoteRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that was written about a contact."""

    id: str
    contact_id: str | None = None
    body: str = ""
    author: str | None = None
    call_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    version: int | None = None
    raw: Raw = {}


class AppointmentRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A time at which somebody meets a contact."""

    id: str
    contact_id: str | None = None
    title: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    #: IANA name.
    timezone: str | None = None
    #: new, confirmed, showed, noshow, cancelled, invalid; or what the account says.
    status: str | None = None
    location: str | None = None
    notes: str = ""
    assignee: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    version: int | None = None
    raw: Raw = {}


class MilestoneReached(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A contact reached a milestone."""

    contact_id: str | None = None
    #: first_touch, lead_created, qualified, appointment_set, customer_won, last_touch.
    milestone: str = ""
    at: datetime | None = None
    #: call, form, sms, contact or appointment, and its id.
    cause_type: str | None = None
    cause_id: str | None = None
    raw: Raw = {}


class CampaignResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A contact answered a campaign."""

    contact_id: str | None = None
    campaign_id: str | None = None
    campaign: str | None = None
    #: call, form or sms.
    channel: str | None = None
    response: str = ""
    at: datetime | None = None
    activity_id: str | None = None
    raw: Raw = {}


class Project(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One business of the account."""

    id: str
    name: str | None = None
    timezone: str | None = None
    currency: str | None = None
    raw: Raw = {}


class TrackingNumber(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A number that customers see; it forwards to a destination."""

    id: str
    project_id: str | None = None
    number: str | None = None
    name: str | None = None
    destination: str | None = None
    destination_name: str | None = None
    source_type: str | None = None
    source: str | None = None
    medium: str | None = None
    active: bool | None = None
    raw: Raw = {}


class TagRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tag that a project knows."""

    id: str = ""
    project_id: str | None = None
    name: str = ""
    color: str | None = None
    raw: Raw = {}


class Campaign(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named source with tracking numbers of its own."""

    id: str
    project_id: str | None = None
    name: str | None = None
    source: str | None = None
    medium: str | None = None
    tracking_numbers: tuple[str, ...] = ()
    active: bool | None = None
    raw: Raw = {}


class Webhook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An address that the account delivers to."""

    id: str
    url: str | None = None
    events: tuple[str, ...] = ()
    profile: str | None = None
    project: str | None = None
    #: Shown once, to whoever registers the address.
    secret: str | None = None
    raw: Raw = {}

    def __repr__(self) -> str:
        # The address may hold a secret as well.
        return f"Webhook(id={self.id!r}, events={self.events!r}, profile={self.profile!r})"
