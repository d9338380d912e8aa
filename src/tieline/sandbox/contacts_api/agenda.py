"""Calendars with all that stands in them: the subject. Left out, as far from what a sync or a workflow of contacts
needs: schedules, resources, notifications of calendars, and the services of v3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from tieline.sandbox.contacts_api.api_appointments import AppointmentNotes, Appointments
from tieline.sandbox.contacts_api.api_calendar_groups import CalendarGroups
from tieline.sandbox.contacts_api.api_calendars import Calendars
from tieline.sandbox.contacts_api.api_events import Events
from tieline.sandbox.contacts_api.appointment_notes import AppointmentNoteBook
from tieline.sandbox.contacts_api.appointments import AppointmentBook
from tieline.sandbox.contacts_api.availability import Availability
from tieline.sandbox.contacts_api.block_slots import BlockSlotBook
from tieline.sandbox.contacts_api.calendars import CalendarBook
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.deeds_calendars import CalendarDeeds
from tieline.sandbox.contacts_api.driver import Deed, Hand
from tieline.sandbox.contacts_api.offer import Offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Location


class Agenda:
    """Calendars, appointments, blocked time."""

    def __init__(self, office: Office, hand: Hand, contacts: ContactBook) -> None:
        self.calendars = CalendarBook(office)
        availability = Availability(office, self.calendars)
        self.appointments = AppointmentBook(office, contacts, self.calendars, availability)
        blocks = BlockSlotBook(office, self.calendars)
        self._parts = (
            CalendarGroups(self.calendars), Events(office, self.calendars, blocks),
            Appointments(office, contacts, self.calendars, self.appointments, blocks),
            AppointmentNotes(self.appointments, AppointmentNoteBook(office)),
            Calendars(office, self.calendars, availability),
        )  # fmt: skip
        self._deeds = CalendarDeeds(office, hand, self.calendars, availability, self.appointments)

    def offers(self) -> list[Offer]:
        """Everything under /calendars, and the appointments of a contact."""
        return [one for part in self._parts for one in part.offers()]

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return self._deeds.deeds()

    def state(self, location: Location) -> dict[str, Any]:
        """All of it; of an appointment also how often automations ran for it."""
        shelf, zone = self.calendars.shelf(location), ZoneInfo(location.timezone)
        appointments = list(shelf.appointments.values())
        return {
            "calendar_groups": list(shelf.groups.values()),
            "calendars": [one.out() for one in shelf.calendars.values()],
            "appointments": [
                {**one.event(zone, shelf.group_of(one)), "automations": one.automations}
                for one in appointments
            ],
            "appointment_notes": [note.out() for one in appointments for note in one.notes.values()],
            "block_slots": [one.event(zone) for one in shelf.blocks.values()],
        }

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """Appointments of one contact at the same time in the same calendar."""
        held = self.calendars.shelf(location).appointments.values()
        booked = Counter((one.contact_id, one.calendar_id, one.starts_at) for one in held if one.live)
        zone = ZoneInfo(location.timezone)
        return [
            {
                "kind": "appointment", "location": location.id, "contact": contact,
                "body": f"{calendar} {start.astimezone(zone).isoformat()}",
            }
            for (contact, calendar, start), times in booked.items()
            if times > 1
        ]  # fmt: skip
