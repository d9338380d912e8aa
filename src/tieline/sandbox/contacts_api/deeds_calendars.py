"""What somebody in the CRM does with appointments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tieline.sandbox.contacts_api.appointments import AppointmentBook, read_moment
from tieline.sandbox.contacts_api.availability import Availability
from tieline.sandbox.contacts_api.calendars import CalendarBook
from tieline.sandbox.contacts_api.driver import Deed, Done, Emission, Hand
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.records_calendars import Appointment, Calendar, local

#: How far ahead a person looks for a free slot.
_AHEAD = timedelta(days=31)
#: Who works on the screen may book any time, for anybody, without being asked back.
_AT_WILL = {"ignoreFreeSlotValidation": True}


class CalendarDeeds:
    """All of them, by name. `id` is the appointment; of a create it is the contact."""

    def __init__(
        self, office: Office, hand: Hand, calendars: CalendarBook, availability: Availability, book: AppointmentBook
    ) -> None:  # fmt: skip
        self._office = office
        self._hand = hand
        self._calendars = calendars
        self._availability = availability
        self._book = book

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return {
            "appointment.create": self._create,
            "appointment.update": self._update,
            "appointment.cancel": self._cancel,
            "appointment.delete": self._delete,
        }

    def _create(self, location: Location, wanted: Emission) -> Done:
        """On the next free slot of the first calendar, unless the fields say otherwise."""
        contact = self._hand.contact(location, wanted.id)
        held = self._calendars.shelf(location).calendars.values()
        named = wanted.fields.get("calendarId")
        calendar = self._hand.pick([one for one in held if named in (None, one.id)][:1], "calendar")
        given: dict[str, Any] = {"calendarId": calendar.id, "contactId": contact.id, **wanted.fields}
        if "startTime" not in given:
            given["startTime"] = self._next_slot(location, calendar, None)
        if calendar.members and "assignedUserId" not in given:
            start = read_moment(given["startTime"], "startTime")
            free = self._availability.whoever_is_free(location, calendar, start, start + calendar.length)
            given["assignedUserId"] = free or calendar.members[0]
        made = self._book.create(location, {**_AT_WILL, **given}, source="calendar_page")
        return Done(made.id, contact.id)

    def _update(self, location: Location, wanted: Emission) -> Done:
        """Moved to the next free slot, unless the fields say otherwise; its state stays."""
        found = self._found(location, wanted)
        fields = wanted.fields
        if not fields:
            calendar = self._calendars.shelf(location).calendars.get(found.calendar_id)
            fields = {
                "startTime": self._next_slot(
                    location, self._hand.pick([calendar] if calendar else [], "calendar"), found
                )
            }
        return self._change(location, found, fields)

    def _cancel(self, location: Location, wanted: Emission) -> Done:
        return self._change(location, self._found(location, wanted), {"appointmentStatus": "cancelled"})

    def _delete(self, location: Location, wanted: Emission) -> Done:
        found = self._found(location, wanted)
        self._book.delete(location, found)
        return Done(found.id, found.contact_id)

    def _change(self, location: Location, found: Appointment, fields: Mapping[str, Any]) -> Done:
        self._book.update(location, found, {**_AT_WILL, "appointmentStatus": found.status, **fields})
        return Done(found.id, found.contact_id)

    def _next_slot(self, location: Location, calendar: Calendar, after: Appointment | None) -> str:
        """Raises ValueError where nothing is free for a month."""
        now = self._office.now()
        since = max(now, after.starts_at + timedelta(seconds=1)) if after else now
        free = self._availability.free(location, calendar, since, since + _AHEAD, but=after)
        start = self._hand.pick(free[:1], "free slot")
        return local(start, ZoneInfo(location.timezone))

    def _found(self, location: Location, wanted: Emission) -> Appointment:
        """The one named, else any that is not cancelled. Raises ValueError."""
        held = self._calendars.shelf(location).appointments
        if wanted.id is not None:
            return self._hand.pick([held[wanted.id]] if wanted.id in held else [], f"appointment {wanted.id}")
        return self._hand.pick([one for one in held.values() if one.live], "appointment")
