"""Calendars, free slots and appointments as the Contacts API writes them; read with tolerance, as `shapes` says.

Source: the vendor's calendars.json and contacts.json, and traps 22 and 27 of what integrators report.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tieline.connectors.contacts_api.shapes import Loose

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class TeamMember(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody whom appointments of a calendar can be assigned to."""

    user_id: str
    priority: Loose = None
    is_primary: Loose = None


class Calendar(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A calendar: whom it belongs to, when it is open, how long its slots are."""

    id: str
    location_id: Loose = None
    group_id: Loose = None
    name: Loose = None
    description: Loose = None
    #: round_robin, event, class_booking, collective, service_booking, personal.
    calendar_type: Loose = None
    is_active: Loose = None
    team_members: list[TeamMember] | None = None
    slot_duration: Loose = None
    #: mins or hours.
    slot_duration_unit: Loose = None
    slot_interval: Loose = None
    slot_interval_unit: Loose = None
    #: [{"daysOfTheWeek": [1], "hours": [{"openHour", "openMinute", "closeHour", "closeMinute"}]}]
    open_hours: list[Any] | None = None
    auto_confirm: Loose = None


class FreeDay(msgspec.Struct, frozen=True, kw_only=True):
    """The free slots of one date: ISO 8601 with an offset."""

    slots: list[str] = []


#: Free slots by date, "2027-03-01". Other keys may stand among the dates (`traceId`): read it with `free_slots`.
FreeSlots = dict[str, FreeDay | str | int | float | bool | list[Any] | None]


def free_slots(answer: FreeSlots) -> list[datetime]:
    """Starts of the free slots, in order, each with the offset that it was written with: an appointment is refused
    under another one. What is no date, or no time, is passed over."""
    found: list[datetime] = []
    for key, day in answer.items():
        if isinstance(day, FreeDay) and _DATE.fullmatch(key):
            found += [moment for text in day.slots if (moment := read_moment(text)) is not None]
    return sorted(found)


def read_moment(given: Any, zone: ZoneInfo | None = None) -> datetime | None:
    """A time of an answer, aware. The appointments of a contact have no offset: they are in the location's `zone`, and
    of an hour that the clock shows twice it is the first. None where it is no time, or nobody knows in which zone."""
    try:
        moment = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        return None
    # By way of UTC, which a time that the clock jumped over comes back from as one that there was.
    return moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)


class Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An appointment, or blocked time, of any answer. Times have an offset, except in the list of a contact."""

    id: str
    title: Loose = None
    calendar_id: Loose = None
    location_id: Loose = None
    contact_id: Loose = None
    group_id: Loose = None
    #: new, confirmed, cancelled, showed, noshow, invalid; active and completed are read as well.
    appointment_status: Loose = None
    #: Only in the list of a contact: booked.
    status: Loose = None
    assigned_user_id: Loose = None
    users: list[Any] | None = None
    address: Loose = None
    notes: Loose = None
    description: Loose = None
    meeting_location_type: Loose = None
    is_recurring: Loose = None
    rrule: Loose = None
    start_time: Loose = None
    end_time: Loose = None
    #: Answers to create and update lack both.
    date_added: Loose = None
    date_updated: Loose = None
    created_by: Any = None

    def starts(self, zone: ZoneInfo | None = None) -> datetime | None:
        """When it begins; `zone` as in `read_moment`."""
        return read_moment(self.start_time, zone)

    def ends(self, zone: ZoneInfo | None = None) -> datetime | None:
        """When it ends; `zone` as in `read_moment`."""
        return read_moment(self.end_time, zone)


class NoteAuthor(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote a note."""

    id: Loose = None
    name: Loose = None


class AppointmentNote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A note of an appointment."""

    id: str
    body: Loose = None
    user_id: Loose = None
    date_added: Loose = None
    contact_id: Loose = None
    created_by: NoteAuthor | None = None
