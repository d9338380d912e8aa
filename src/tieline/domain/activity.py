"""What a call-tracking account reports: calls, forms and texts, in our own words.

Values are as the account gave them, only parsed: phones are still raw text (the location's country decides how
they read, see `mapping.phone`), "no value" of any spelling is None, times are aware and UTC.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

Outcome = Literal["answered", "missed", "voicemail", "blocked", "other"]
Direction = Literal["inbound", "outbound"]


class Attribution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a person came from. None = not told."""

    source_type: str | None = None
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    keyword: str | None = None
    gclid: str | None = None
    fbclid: str | None = None
    msclkid: str | None = None
    landing_page: str | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One telephone call."""

    id: str
    project_id: str | None = None
    #: The other party: who called (inbound) or was called (outbound); raw text, None when withheld.
    caller: str | None = None
    caller_name: str | None = None
    direction: Direction = "inbound"
    outcome: Outcome = "other"
    #: UTC; None when the account sent no time.
    started_at: datetime | None = None
    #: Whole seconds from ring to end, and of talk.
    duration_s: int | None = None
    talk_duration_s: int | None = None
    tracking_number: str | None = None
    tracking_name: str | None = None
    destination: str | None = None
    attribution: Attribution = Attribution()
    tags: tuple[str, ...] = ()
    #: Money in the account's currency.
    value: Decimal | None = None
    recording_url: str | None = None
    summary: str | None = None


class Form(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One submitted web form."""

    id: str
    project_id: str | None = None
    form_id: str | None = None
    form_name: str | None = None
    submitted_at: datetime | None = None
    page_url: str | None = None
    #: Every field as sent, in order; repeated names stay repeated.
    fields: tuple[tuple[str, str], ...] = ()
    #: Picked out of `fields` by the account's configured names.
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    attribution: Attribution = Attribution()
    tags: tuple[str, ...] = ()
    value: Decimal | None = None


class Text(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One text message."""

    id: str
    project_id: str | None = None
    direction: Direction = "inbound"
    #: The other party's number, raw.
    phone: str | None = None
    tracking_number: str | None = None
    tracking_name: str | None = None
    body: str = ""
    received_at: datetime | None = None
    attribution: Attribution = Attribution()


class NimbataContact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person as a `native` account stores one. What a sparse event left out is None, and not in `present`."""

    id: str
    project_id: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    tags: tuple[str, ...] = ()
    attribution: Attribution = Attribution()
    value: Decimal | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    #: Names of the fields that the body carried; a field outside it was not told.
    present: frozenset[str] = frozenset()


Activity = Call | Form | Text | NimbataContact
