"""Calendars and what stands in them. Source: contacts-api.md, section 6, and calendars.json in both versions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tieline.sandbox.contacts_api.open_times import Hours, Week
from tieline.sandbox.contacts_api.records import shown, stamp

#: Appointments of these states take no time from anybody.
FREED = frozenset({"cancelled", "invalid"})
_UNITS = {
    "mins": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1),
    "months": timedelta(days=30),
}  # fmt: skip


class Group(msgspec.Struct, kw_only=True, rename="camel"):
    """Calendars that are shown together."""

    id: str
    location_id: str
    name: str
    description: str
    slug: str
    is_active: bool = True


class Calendar(msgspec.Struct, kw_only=True):
    """One calendar; `fields` holds what was given, by the names of the API, with the defaults."""

    id: str
    location_id: str
    fields: dict[str, Any]

    @property
    def kind(self) -> str:
        """round_robin, event, class_booking, collective, service_booking or personal."""
        return str(self.fields["calendarType"])

    @property
    def active(self) -> bool:
        """Whether it can be booked; else it is a draft."""
        return bool(self.fields.get("isActive", True))

    @property
    def members(self) -> list[str]:
        """Ids of the users of its team, in order."""
        return [one["userId"] for one in self.fields.get("teamMembers") or ()]

    @property
    def group_id(self) -> str | None:
        """Where it belongs."""
        return self.fields.get("groupId")

    @property
    def length(self) -> timedelta:
        """How long an appointment lasts."""
        return self.span("slotDuration", 30)

    @property
    def step(self) -> timedelta:
        """From one slot's start to the next one's."""
        return self.span("slotInterval", 30)

    @property
    def before(self) -> timedelta:
        """Kept free before an appointment."""
        return self.span("preBuffer", 0)

    @property
    def after(self) -> timedelta:
        """Kept free after an appointment."""
        return self.span("slotBuffer", 0)

    def span(self, name: str, default: float, unit: str = "mins") -> timedelta:
        """A length of time as its fields say it."""
        amount = self.fields.get(name)
        return (default if amount is None else amount) * _UNITS[self.fields.get(f"{name}Unit") or unit]

    def week(self) -> Week:
        """When it is open: by weekday, unless `availabilityType` is 1, and by date, unless it is 0."""
        kind = self.fields.get("availabilityType")
        by_day: dict[int, tuple[Hours, ...]] = {}
        by_date: dict[date, tuple[Hours, ...]] = {}
        if kind != 1:
            for one in self.fields.get("openHours") or ():
                for day in one["daysOfTheWeek"]:
                    by_day[int(day)] = by_day.get(int(day), ()) + _hours(one)
        if kind != 0:
            for one in self.fields.get("availabilities") or ():
                day = date.fromisoformat(one["date"][:10])
                by_date[day] = by_date.get(day, ()) + _hours(one)
        return Week(by_day=by_day, by_date=by_date)

    def out(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"id": self.id, "locationId": self.location_id, **self.fields}


class AppointmentNote(msgspec.Struct, kw_only=True):
    """One note of an appointment."""

    id: str
    body: str
    contact_id: str
    user_id: str | None = None
    #: Of the user.
    user_name: str | None = None
    date_added: str

    def out(self) -> dict[str, Any]:
        """As the API shows it."""
        by = shown(id=self.user_id, name=self.user_name) or None
        return shown(
            id=self.id, body=self.body, userId=self.user_id, dateAdded=self.date_added, contactId=self.contact_id,
            createdBy=by,
        )  # fmt: skip


class Appointment(msgspec.Struct, kw_only=True):
    """One appointment of one contact. Moments are UTC."""

    id: str
    location_id: str
    calendar_id: str
    contact_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    #: new, confirmed, cancelled, showed, noshow or invalid.
    status: str
    #: Ids of users: whose it is, and whoever else takes part.
    assigned_user_id: str | None = None
    users: list[str] = []
    address: str | None = None
    description: str | None = None
    meeting_location_type: str | None = None
    #: Kept as given; its repetitions are not made.
    rrule: str | None = None
    #: Who booked it: "api", "calendar_page".
    source: str
    date_added: datetime
    date_updated: datetime
    notes: dict[str, AppointmentNote] = {}
    #: How often the location's automations (confirmations, reminders) ran; `toNotify: false` spares one.
    automations: int = 0

    @property
    def live(self) -> bool:
        """Whether it takes anybody's time."""
        return self.status not in FREED

    def of(self, user_id: str) -> bool:
        """Whether the user takes part."""
        return user_id == self.assigned_user_id or user_id in self.users

    def flat(self, zone: ZoneInfo, *, dates: bool) -> dict[str, Any]:
        """As create and update answer it."""
        return shown(
            id=self.id, calendarId=self.calendar_id, locationId=self.location_id, contactId=self.contact_id,
            startTime=local(self.starts_at, zone), endTime=local(self.ends_at, zone), title=self.title,
            meetingLocationType=self.meeting_location_type, appointmentStatus=self.status,
            assignedUserId=self.assigned_user_id, address=self.address, isRecurring=self.rrule is not None,
            rrule=self.rrule, dateAdded=stamp(self.date_added) if dates else None,
            dateUpdated=stamp(self.date_updated) if dates else None,
        )  # fmt: skip

    def event(self, zone: ZoneInfo, group_id: str | None) -> dict[str, Any]:
        """As get and the list of a calendar show it."""
        return shown(
            id=self.id, title=self.title, calendarId=self.calendar_id, locationId=self.location_id,
            contactId=self.contact_id, groupId=group_id, appointmentStatus=self.status,
            assignedUserId=self.assigned_user_id, users=list(self.users), address=self.address,
            description=self.description, isRecurring=self.rrule is not None, rrule=self.rrule,
            startTime=local(self.starts_at, zone), endTime=local(self.ends_at, zone),
            dateAdded=stamp(self.date_added), dateUpdated=stamp(self.date_updated), assignedResources=[],
            createdBy={"source": self.source},
        )  # fmt: skip

    def told(self, zone: ZoneInfo, group_id: str | None) -> dict[str, Any]:
        """As an event has it."""
        return shown(
            id=self.id, address=self.address, title=self.title, calendarId=self.calendar_id,
            contactId=self.contact_id, groupId=group_id, appointmentStatus=self.status,
            assignedUserId=self.assigned_user_id, users=list(self.users), notes=self.description,
            source=self.source, startTime=local(self.starts_at, zone), endTime=local(self.ends_at, zone),
            dateAdded=stamp(self.date_added), dateUpdated=stamp(self.date_updated),
        )  # fmt: skip

    def row(self, zone: ZoneInfo, group_id: str | None, *, offsets: bool) -> dict[str, Any]:
        """As the list of a contact shows it: without an offset, unless `offsets`."""

        def written(moment: datetime) -> str:
            if offsets:
                return local(moment, zone)
            return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

        return shown(
            id=self.id, calendarId=self.calendar_id, status="booked" if self.live else "cancelled",
            title=self.title, assignedUserId=self.assigned_user_id, startTime=written(self.starts_at),
            endTime=written(self.ends_at), address=self.address, locationId=self.location_id,
            contactId=self.contact_id, groupId=group_id, appointmentStatus=self.status, users=list(self.users),
            dateAdded=written(self.date_added), dateUpdated=written(self.date_updated), assignedResources=[],
        )  # fmt: skip


class BlockSlot(msgspec.Struct, kw_only=True):
    """Time in which a calendar, or a user in every calendar, cannot be booked. Moments are UTC."""

    id: str
    location_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    #: One of the two.
    calendar_id: str | None = None
    assigned_user_id: str | None = None
    date_added: datetime
    date_updated: datetime

    def flat(self, zone: ZoneInfo) -> dict[str, Any]:
        """As create and update answer it."""
        return shown(
            id=self.id, locationId=self.location_id, title=self.title, startTime=local(self.starts_at, zone),
            endTime=local(self.ends_at, zone), calendarId=self.calendar_id, assignedUserId=self.assigned_user_id,
        )  # fmt: skip

    def event(self, zone: ZoneInfo) -> dict[str, Any]:
        """As the list shows it."""
        users = [self.assigned_user_id] if self.assigned_user_id else []
        return {
            **self.flat(zone), "users": users, "dateAdded": stamp(self.date_added),
            "dateUpdated": stamp(self.date_updated),
        }  # fmt: skip


class CalendarShelf(msgspec.Struct, kw_only=True):
    """What one location holds, by id."""

    groups: dict[str, Group] = {}
    calendars: dict[str, Calendar] = {}
    appointments: dict[str, Appointment] = {}
    blocks: dict[str, BlockSlot] = {}

    def group_of(self, appointment: Appointment) -> str | None:
        """The group of its calendar, while there is one."""
        calendar = self.calendars.get(appointment.calendar_id)
        return calendar.group_id if calendar else None


def local(moment: datetime, zone: ZoneInfo) -> str:
    """ISO 8601 with the offset that the zone has then."""
    return moment.astimezone(zone).isoformat(timespec="seconds")


def from_ms(milliseconds: int) -> datetime:
    """A moment out of milliseconds since 1970, UTC. Raises OverflowError, ValueError."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


def _hours(one: dict[str, Any]) -> tuple[Hours, ...]:
    return tuple(
        Hours(
            int(each["openHour"] * 60 + each["openMinute"]), int(each["closeHour"] * 60 + each["closeMinute"])
        )
        for each in one["hours"]
    )
