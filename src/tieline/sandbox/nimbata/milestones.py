"""How far each contact has come: what was reached, when, and by which rules. Source: nimbata.md, AS-15 and B7."""

from __future__ import annotations

from datetime import datetime

from tieline.sandbox.nimbata.records import Call, Contact, Form
from tieline.sandbox.nimbata.records_milestones import Milestone, MilestoneName

#: Tags that say so, whatever their case.
QUALIFIED_TAGS = frozenset({"qualified lead", "qualified"})
BOOKED_TAGS = frozenset({"appt. booked"})
WON_TAGS = frozenset({"won", "customer won"})
#: Words of `lead_status` that say so.
_STATUSES: dict[str, MilestoneName] = {
    "qualified": "qualified",
    "won": "customer_won",
    "customer": "customer_won",
}


class Milestones:
    """Each is reached once, but the last touch again and again."""

    def __init__(self) -> None:
        self._reached: dict[str, dict[MilestoneName, datetime]] = {}

    def of(self, contact_id: str) -> tuple[Milestone, ...]:
        """In the order of their time."""
        reached = self._reached.get(contact_id, {})
        return tuple(
            Milestone(name=name, at=at) for name, at in sorted(reached.items(), key=lambda one: one[1])
        )

    def reach(self, contact_id: str, name: MilestoneName, at: datetime) -> bool:
        """Note it down; False where that is nothing new."""
        reached = self._reached.setdefault(contact_id, {})
        if name in reached and (name != "last_touch" or reached[name] > at):
            return False
        # The last touch stands last among those of its second.
        reached.pop(name, None)
        reached[name] = at
        return True


def by_record(record: Call | Form) -> list[MilestoneName]:
    """What the tags and the value of an activity say of whoever called or filled in."""
    return _by_tags(record.tags, record.value)


def by_contact(contact: Contact, *, tags_count: bool) -> list[MilestoneName]:
    """What the contact's own fields say; its tags only with `tags_count`."""
    found = _by_tags(contact.tags, contact.value) if tags_count else []
    status = _STATUSES.get((contact.lead_status or "").casefold())
    return found if status is None or status in found else [*found, status]


def _by_tags(tags: tuple[str, ...], value: float | None) -> list[MilestoneName]:
    held = {tag.casefold() for tag in tags}
    found: list[MilestoneName] = []
    if held & QUALIFIED_TAGS:
        found.append("qualified")
    if held & BOOKED_TAGS:
        found.append("appointment_set")
    if held & WON_TAGS and (value or 0) > 0:
        found.append("customer_won")
    return found
