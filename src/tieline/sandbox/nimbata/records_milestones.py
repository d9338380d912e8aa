"""Milestones and campaigns, and the events that tell of them. Source: nimbata.md, B2, B4 and AS-15 (assumptions)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

MilestoneName = Literal[
    "first_touch", "lead_created", "qualified", "appointment_set", "customer_won", "last_touch"
]
Channel = Literal["call", "form", "sms"]
CauseKind = Literal["call", "form", "sms", "contact", "appointment"]


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a person's way that was reached."""

    name: MilestoneName
    at: datetime


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """What made a contact reach a milestone."""

    type: CauseKind
    id: str


class MilestoneReached(msgspec.Struct, frozen=True, kw_only=True):
    """A contact reached a milestone."""

    contact_id: str
    milestone: MilestoneName
    at: datetime
    cause: Cause


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A named source with tracking numbers of its own."""

    id: str
    project_id: str
    name: str
    source: str | None = None
    medium: str | None = None
    #: E.164.
    tracking_numbers: tuple[str, ...] = ()
    active: bool = True


class CampaignResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A contact answered a campaign by calling, writing or filling in a form."""

    contact_id: str
    campaign_id: str
    campaign: str
    channel: Channel
    #: Words of the text, outcome of the call, name of the form.
    response: str
    at: datetime
    activity_id: str
