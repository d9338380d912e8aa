"""Which opportunities a search finds, and in what order. Source: contacts-api.md, section 8, and opportunities.json.

Assumed, since nothing says it: the days of `date` and `endDate` are the location's, and both belong to the span.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.places import zone_of
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location, full_name
from tieline.sandbox.contacts_api.records_opportunities import Opportunity

Key = Callable[[Opportunity], Any]
_ORDERS: Mapping[str, tuple[Key, bool]] = {
    "added_asc": (lambda one: one.created_ms, False),
    "added_desc": (lambda one: one.created_ms, True),
    "name_asc": (lambda one: one.name.casefold(), False),
    "name_desc": (lambda one: one.name.casefold(), True),
}
NEWEST = "added_desc"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a search asks for; None and "" = whatever."""

    words: str | None = None
    id: str | None = None
    pipeline_id: str | None = None
    pipeline_stage_id: str | None = None
    contact_id: str | None = None
    #: "all" = every one.
    status: str | None = None
    assigned_to: str | None = None
    #: Those whose contact is in the campaign.
    campaign_id: str | None = None
    #: Those whose contact lives there, two letters.
    country: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, one: Opportunity, contact: Contact | None) -> bool:
        """Whether all of it holds."""
        same = (
            (self.id, one.id), (self.pipeline_id, one.pipeline_id), (self.pipeline_stage_id, one.stage_id),
            (self.contact_id, one.contact_id), (self.assigned_to, one.assigned_to),
            (self.status if self.status != "all" else None, one.status),
            (self.country, contact and contact.fields.get("country")),
        )  # fmt: skip
        return (
            all(not wanted or wanted == value for wanted, value in same)
            and (not self.campaign_id or (contact is not None and self.campaign_id in contact.campaigns))
            and (self.since is None or one.created_at >= self.since)
            and (self.until is None or one.created_at < self.until)
            and (not self.words or self.words.lower() in _words(one, contact))
        )


def day(given: str | None, location: Location, *, name: str, after: int = 0) -> datetime | None:
    """When the day MM-DD-YYYY begins at the location, or one that many days later. Raises Problem 422."""
    if not given:
        return None
    try:
        month, of_month, year = (int(part) for part in given.split("-"))
        found = date(year, month, of_month) + timedelta(days=after)
    except (ValueError, OverflowError) as error:
        raise Problem(422, [f"{name} must be a date in the format mm-dd-yyyy"]) from error
    return datetime.combine(found, time.min, zone_of(location))


def ordered(rows: list[Opportunity], order: str) -> list[Opportunity]:
    """In that order, then by id. Raises Problem 422 for one that nobody knows."""
    if order not in _ORDERS:
        raise Problem(422, [f"order must be one of the following values: {', '.join(_ORDERS)}"])
    key, descending = _ORDERS[order]
    return sorted(sorted(rows, key=lambda one: one.id), key=key, reverse=descending)


def behind(rows: list[Opportunity], order: str, after_id: str, after_ms: int | None) -> int:
    """Where the rows go on behind the one with that id; where it is gone, behind its moment. Raises Problem 400."""
    for place, row in enumerate(rows):
        if row.id == after_id:
            return place + 1
    if after_ms is None or not order.startswith("added"):
        raise Problem(400, f"Opportunity with id {after_id} not found")
    descending = order == NEWEST
    for place, row in enumerate(rows):
        if (row.created_ms < after_ms) if descending else (row.created_ms > after_ms):
            return place
    return len(rows)


def _words(one: Opportunity, contact: Contact | None) -> str:
    fields = contact.fields if contact else {}
    name = full_name(contact) if contact else None
    return "\n".join(filter(None, (one.name, name, fields.get("email"), fields.get("phone")))).lower()
