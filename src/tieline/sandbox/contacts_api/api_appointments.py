"""Appointments and their notes over the API. Source: contacts-api.md, section 6.

There is no POST /contacts/{contactId}/appointments, in neither version: it is answered as any unknown path.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from tieline.sandbox.contacts_api.api_contacts import located, whole
from tieline.sandbox.contacts_api.api_events import READ, WRITE
from tieline.sandbox.contacts_api.appointment_notes import AppointmentNoteBook
from tieline.sandbox.contacts_api.appointments import AppointmentBook
from tieline.sandbox.contacts_api.block_slots import BlockSlotBook
from tieline.sandbox.contacts_api.calendars import CalendarBook
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.offer import CONTACTS_READ, NOTHING, Offer, offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.records_calendars import Appointment
from tieline.sandbox.contacts_api.versions import is_v3
from tieline.sandbox.contacts_api.white_list_calendars import (
    CREATE_APPOINTMENT,
    NOTE,
    NOTES,
    UPDATE_APPOINTMENT,
    V3_CREATE_APPOINTMENT,
    V3_UPDATE_APPOINTMENT,
)
from tieline.sandbox.side import Call, Reply

_MOST_NOTES = 20


class Appointments:
    """The handlers of appointments."""

    def __init__(
        self, office: Office, contacts: ContactBook, calendars: CalendarBook, book: AppointmentBook,
        blocks: BlockSlotBook,
    ) -> None:  # fmt: skip
        self._office = office
        self._contacts = contacts
        self._calendars = calendars
        self._book = book
        self._blocks = blocks

    def offers(self) -> list[Offer]:
        """Under /calendars/events, and the list of a contact."""
        all_ = "/calendars/events/appointments"
        one = f"{all_}/{{eventId}}"
        return [
            offer(
                "appointments.create", "POST", all_, self._create, WRITE, body=CREATE_APPOINTMENT,
                v3_body=V3_CREATE_APPOINTMENT,
            ),
            offer("appointments.get", "GET", one, self._get, READ),
            offer(
                "appointments.update", "PUT", one, self._update, WRITE, body=UPDATE_APPOINTMENT,
                v3_body=V3_UPDATE_APPOINTMENT,
            ),
            offer("appointments.delete", "DELETE", "/calendars/events/{eventId}", self._delete, WRITE, body=NOTHING),
            offer(
                "contacts.list_appointments", "GET", "/contacts/{contactId}/appointments", self._of_contact,
                CONTACTS_READ,
            ),
        ]  # fmt: skip

    def _create(self, call: Call) -> Reply:
        location = located(call)
        return self._flat(call, location, self._book.create(location, call.body))

    def _get(self, call: Call) -> Reply:
        location, found = self._at(call)
        group_id = self._calendars.shelf(location).group_of(found)
        return Reply(status=200, body={"event": found.event(ZoneInfo(location.timezone), group_id)})

    def _update(self, call: Call) -> Reply:
        location, found = self._at(call)
        self._book.update(location, found, call.body)
        return self._flat(call, location, found)

    def _delete(self, call: Call) -> Reply:
        """An appointment, or a block slot."""
        event_id = call.params["eventId"]
        try:
            place, block = self._blocks.block(call.caller, event_id)
        except Problem:
            location, found = self._at(call)
            self._book.delete(location, found)
        else:
            self._blocks.delete(place, block)
        return Reply(status=201, body={"succeeded": True}, effect=True, result_id=event_id)

    def _of_contact(self, call: Call) -> Reply:
        location, contact = self._contacts.contact(call.caller, call.params["contactId"])
        shelf, zone = self._calendars.shelf(location), ZoneInfo(location.timezone)
        offsets = not self._office.quirks.contact_appointments_are_local
        rows = [
            one.row(zone, shelf.group_of(one), offsets=offsets)
            for one in self._book.of_contact(contact, location)
        ]
        return Reply(status=200, body={"events": rows})

    def _flat(self, call: Call, location: Location, found: Appointment) -> Reply:
        dates = is_v3(call.headers) or not self._office.quirks.appointment_answers_lack_dates
        shown = found.flat(ZoneInfo(location.timezone), dates=dates)
        return Reply(status=200, body=shown, effect=True, result_id=found.id)

    def _at(self, call: Call) -> tuple[Location, Appointment]:
        return self._book.appointment(call.caller, call.params["eventId"])


class AppointmentNotes:
    """The handlers of their notes."""

    def __init__(self, book: AppointmentBook, notes: AppointmentNoteBook) -> None:
        self._book = book
        self._notes = notes

    def offers(self) -> list[Offer]:
        """Four of a kind."""
        all_ = "/calendars/appointments/{appointmentId}/notes"
        one = f"{all_}/{{noteId}}"
        return [
            offer("appointment_notes.list", "GET", all_, self._list, READ, query=NOTES),
            offer("appointment_notes.create", "POST", all_, self._create, WRITE, body=NOTE),
            offer("appointment_notes.update", "PUT", one, self._update, WRITE, body=NOTE),
            offer("appointment_notes.delete", "DELETE", one, self._delete, WRITE),
        ]

    def _list(self, call: Call) -> Reply:
        """Newest first."""
        _, found = self._at(call)
        limit, offset = whole(call, "limit", 0), whole(call, "offset", 0)
        problems = []
        if not 1 <= limit <= _MOST_NOTES:
            problems.append(f"limit must be between 1 and {_MOST_NOTES}")
        if offset < 0:
            problems.append("offset must not be less than 0")
        if problems:
            raise Problem(422, problems)
        rows = list(reversed(found.notes.values()))
        page = [note.out() for note in rows[offset : offset + limit]]
        return Reply(status=200, body={"notes": page, "hasMore": offset + limit < len(rows)})

    def _create(self, call: Call) -> Reply:
        location, found = self._at(call)
        note = self._notes.add(location, found, call.body)
        return Reply(status=201, body={"note": note.out()}, effect=True, result_id=note.id)

    def _update(self, call: Call) -> Reply:
        location, found = self._at(call)
        note = self._notes.note(found, call.params["noteId"])
        self._notes.update(location, note, call.body)
        return Reply(status=200, body={"note": note.out()}, effect=True, result_id=note.id)

    def _delete(self, call: Call) -> Reply:
        _, found = self._at(call)
        note = self._notes.note(found, call.params["noteId"])
        self._notes.delete(found, note)
        return Reply(status=200, body={"success": True}, effect=True, result_id=note.id)

    def _at(self, call: Call) -> tuple[Location, Appointment]:
        return self._book.appointment(call.caller, call.params["appointmentId"])
