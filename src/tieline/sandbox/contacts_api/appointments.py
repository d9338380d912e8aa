"""Appointments, whoever books them: slots, statuses, events. Source: contacts-api.md, section 6 and traps 22 to 28.

An appointment outlives its contact: it can be read by its id, and stands in the lists of its calendar, until somebody
deletes it. No source says otherwise; only the contact's own list is gone with the contact.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tieline.sandbox.contacts_api.availability import Availability
from tieline.sandbox.contacts_api.calendars import CalendarBook
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location, full_name
from tieline.sandbox.contacts_api.records_calendars import FREED, Appointment, Calendar

NO_SUCH_SLOT = "The slot you have selected is no longer available."
#: Words that only v3 takes, and what they are kept as.
_SAME = {"completed": "showed", "active": "confirmed"}
_PLAIN = {
    "address": "address", "description": "description", "meetingLocationType": "meeting_location_type",
}  # fmt: skip


class AppointmentBook:
    """The appointments of all locations."""

    def __init__(
        self, office: Office, contacts: ContactBook, calendars: CalendarBook, availability: Availability
    ) -> None:
        self._office = office
        self._contacts = contacts
        self._calendars = calendars
        self._availability = availability
        office.on_merge.append(self._merged)

    def _merged(self, location: Location, kept: Contact, lost: Contact) -> None:
        for one in self._calendars.shelf(location).appointments.values():
            if one.contact_id == lost.id:
                one.contact_id = kept.id

    def appointment(self, location: Location | None, event_id: str) -> tuple[Location, Appointment]:
        """The appointment, at `location` where one is named. Raises Problem 404."""
        home = self._office.home_of(event_id)
        found = self._calendars.shelf(home).appointments.get(event_id) if home else None
        if home is None or found is None or location not in (None, home):
            raise Problem(404, f"Event with id {event_id} not found")
        return home, found

    def create(self, location: Location, given: Mapping[str, Any], *, source: str = "api") -> Appointment:
        """A new appointment. Raises Problem: 400 where the slot is taken or is none, 422 for a user off the team."""
        _, calendar = self._calendars.calendar(location, given["calendarId"], 400)
        _, contact = self._contacts.contact(location, given["contactId"])
        start = read_moment(given["startTime"], "startTime")
        end = read_moment(given["endTime"], "endTime") if given.get("endTime") else start + calendar.length
        _check_order(start, end)
        user = given.get("assignedUserId")
        self._check_user(location, calendar, user)
        checked = self._office.quirks.slots_are_checked and not given.get("ignoreFreeSlotValidation")
        if checked:
            self._check_slot(location, calendar, (start, end), user, given, None)
        user = user or self._availability.whoever_is_free(location, calendar, start, end)
        now = self._office.now()
        status = given.get("appointmentStatus") or (
            "confirmed" if calendar.fields.get("autoConfirm") else "new"
        )
        made = Appointment(
            id=self._office.new_id(location), location_id=location.id, calendar_id=calendar.id,
            contact_id=contact.id, title=given.get("title") or _title(calendar, contact),
            starts_at=start.astimezone(UTC), ends_at=end.astimezone(UTC), status=_SAME.get(status, status),
            assigned_user_id=user, users=_taking_part(calendar, user), source=source, date_added=now,
            date_updated=now,
        )  # fmt: skip
        self._write_plain(made, given)
        self._calendars.shelf(location).appointments[made.id] = made
        self._tell("AppointmentCreate", location, made, given)
        return made

    def update(self, location: Location, found: Appointment, given: Mapping[str, Any]) -> None:
        """Write what is given. Raises Problem as for a new one; a time that stays is not looked at again."""
        calendar = self._new_calendar(location, found, given)
        length = found.ends_at - found.starts_at
        start = read_moment(given["startTime"], "startTime") if given.get("startTime") else found.starts_at
        end = read_moment(given["endTime"], "endTime") if given.get("endTime") else start + length
        _check_order(start, end)
        user = given.get("assignedUserId") or found.assigned_user_id
        if calendar is not None and (given.get("assignedUserId") or given.get("calendarId")):
            self._check_user(location, calendar, user)
        status = self._new_status(found, given)
        moved = (start, end, user) != (found.starts_at, found.ends_at, found.assigned_user_id)
        moved = moved or (calendar is not None and calendar.id != found.calendar_id)
        looked_at = (moved or not found.live) and status not in FREED
        if looked_at and self._office.quirks.slots_are_checked and not given.get("ignoreFreeSlotValidation"):
            if calendar is None:
                raise Problem(400, NO_SUCH_SLOT)
            self._check_slot(location, calendar, (start, end), user, given, found)
        found.starts_at, found.ends_at = start.astimezone(UTC), end.astimezone(UTC)
        if calendar is not None and (user, calendar.id) != (found.assigned_user_id, found.calendar_id):
            found.assigned_user_id, found.users = user, _taking_part(calendar, user)
            found.calendar_id = calendar.id
        found.status = status
        self._write_plain(found, given)
        found.date_updated = self._office.now()
        self._tell("AppointmentUpdate", location, found, given)

    def delete(self, location: Location, found: Appointment) -> None:
        """Gone, with its notes."""
        del self._calendars.shelf(location).appointments[found.id]
        self._tell("AppointmentDelete", location, found, {"toNotify": False})

    def of_contact(self, contact: Contact, location: Location) -> list[Appointment]:
        """Those of one contact, cancelled ones too, latest first."""
        held = self._calendars.shelf(location).appointments.values()
        mine = [one for one in held if one.contact_id == contact.id]
        return sorted(mine, key=lambda one: (one.starts_at, one.id), reverse=True)

    def _new_calendar(
        self, location: Location, found: Appointment, given: Mapping[str, Any]
    ) -> Calendar | None:
        """Where it will be; None = its calendar is gone, and it stays there."""
        if given.get("calendarId"):
            return self._calendars.calendar(location, given["calendarId"], 400)[1]
        return self._calendars.shelf(location).calendars.get(found.calendar_id)

    def _new_status(self, found: Appointment, given: Mapping[str, Any]) -> str:
        if given.get("appointmentStatus"):
            status = str(given["appointmentStatus"])
            return _SAME.get(status, status)
        return "confirmed" if self._office.quirks.appointment_update_confirms else found.status

    def _check_user(self, location: Location, calendar: Calendar, user: str | None) -> None:
        if user is None:
            if calendar.members and self._office.quirks.appointments_want_a_user:
                raise Problem(422, ["assignedUserId should not be empty"])
            return
        self._office.user(location, user)
        if calendar.members and user not in calendar.members:
            raise Problem(422, ["The user id not part of calendar team."])

    def _check_slot(
        self, location: Location, calendar: Calendar, span: tuple[datetime, datetime], user: str | None,
        given: Mapping[str, Any], but: Appointment | None,
    ) -> None:  # fmt: skip
        """Raises Problem 400."""
        quirks, (start, end) = self._office.quirks, span
        zone = ZoneInfo(location.timezone)
        written = given.get("startTime")
        own = start.utcoffset() == start.astimezone(zone).utcoffset() and not (written or "").endswith("Z")
        if written and not own and quirks.slots_want_their_own_offset:
            raise Problem(400, NO_SUCH_SLOT)
        users = () if user is None else (user,)
        at = start.astimezone(UTC)
        free = self._availability.free(
            location, calendar, at, at, users=users, but=but, any_date=bool(given.get("ignoreDateRange"))
        )
        if not free:
            raise Problem(400, NO_SUCH_SLOT)
        if end - start != calendar.length:
            if quirks.durations_are_checked:
                raise Problem(400, "Selected slot duration is not a valid duration option for this calendar")
            if self._availability.collides(location, calendar, at, end.astimezone(UTC), users=users, but=but):
                raise Problem(400, NO_SUCH_SLOT)

    def _write_plain(self, found: Appointment, given: Mapping[str, Any]) -> None:
        for theirs, ours in _PLAIN.items():
            if theirs in given:
                setattr(found, ours, given[theirs])
        found.title = given.get("title") or found.title
        # A rule of repetition counts only where slots are not looked at.
        if given.get("ignoreFreeSlotValidation") and "rrule" in given:
            found.rrule = given["rrule"]
        if given.get("address") and not given.get("meetingLocationType"):
            found.meeting_location_type = "custom"

    def _tell(self, event: str, location: Location, found: Appointment, given: Mapping[str, Any]) -> None:
        """The app is told in any case; the location's own automations run unless `toNotify` is false."""
        if given.get("toNotify") is not False:
            found.automations += 1
        group_id = self._calendars.shelf(location).group_of(found)
        says_create = self._office.quirks.appointment_events_say_create
        self._office.announce.tell(
            event, location.id, found.id, {"appointment": found.told(ZoneInfo(location.timezone), group_id)},
            type_="AppointmentCreate" if says_create else None,
        )  # fmt: skip


def read_moment(given: str, name: str) -> datetime:
    """As given, with its own offset. Raises Problem 422 for one without an offset, which could be any time."""
    moment = datetime.fromisoformat(given)
    if moment.tzinfo is None:
        raise Problem(422, [f"{name} must be a valid ISO 8601 date string"])
    return moment


def _check_order(start: datetime, end: datetime) -> None:
    if end <= start:
        raise Problem(422, ["endTime must be after startTime"])


def _title(calendar: Calendar, contact: Contact) -> str:
    template = str(calendar.fields.get("eventTitle") or "{{contact.name}}")
    return template.replace("{{contact.name}}", full_name(contact) or "Guest")


def _taking_part(calendar: Calendar, user: str | None) -> list[str]:
    """Whom it keeps busy: the one it is assigned to, and of a collective calendar the whole team."""
    first = [user] if user else []
    rest = calendar.members if calendar.kind == "collective" else []
    return [*first, *(one for one in rest if one != user)]
