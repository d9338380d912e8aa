"""Notes of appointments; as far as is known, no event tells of them. Source: contacts-api.md, section 6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.records_calendars import Appointment, AppointmentNote

_LONGEST = 5000


class AppointmentNoteBook:
    """They hang on the appointment, and are gone with it."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def note(self, appointment: Appointment, note_id: str) -> AppointmentNote:
        """One note. Raises Problem 404."""
        note = appointment.notes.get(note_id)
        if note is None:
            raise Problem(404, f"Note with id {note_id} not found")
        return note

    def add(self, location: Location, appointment: Appointment, given: Mapping[str, Any]) -> AppointmentNote:
        """One more note; the same words twice are two notes."""
        note = AppointmentNote(
            id=self._office.new_id(location), body="", contact_id=appointment.contact_id,
            date_added=self._office.stamp(),
        )  # fmt: skip
        self.update(location, note, given)
        appointment.notes[note.id] = note
        return note

    def update(self, location: Location, note: AppointmentNote, given: Mapping[str, Any]) -> None:
        """Write text and author. Raises Problem."""
        if len(given["body"]) > _LONGEST:
            raise Problem(422, [f"body must be shorter than or equal to {_LONGEST} characters"])
        if user_id := given.get("userId"):
            if self._office.quirks.note_user_is_checked:
                self._office.user(location, user_id)
            user = self._office.users.get(user_id)
            note.user_id = user_id
            note.user_name = f"{user.first_name} {user.last_name}" if user else None
        note.body = given["body"]

    def delete(self, appointment: Appointment, note: AppointmentNote) -> None:
        """Gone."""
        del appointment.notes[note.id]
