"""Appointments: book, read, move, cancel, delete. There is no POST under the contact: booking goes to the calendar."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.look_up import at, plain, says
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.making import made_at
from tieline.connectors.contacts_api.operations.calendars import EVENTS_READ, EVENTS_WRITE, EventsAnswer
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.shapes_calendars import Event
from tieline.connectors.contacts_api.versions import CALENDARS, CONTACTS, SETTLE_S
from tieline.connectors.kit.answer import Deleted
from tieline.connectors.kit.route import Zoned

Text = str | UnsetType
Status = Literal["new", "confirmed", "cancelled", "showed", "noshow", "invalid"]
MeetingLocation = Literal["custom", "zoom", "gmeet", "phone", "address", "ms_teams", "google"]


class AppointmentFields(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What may be written of an appointment. UNSET stays as it is."""

    title: Text = UNSET
    description: Text = UNSET
    address: Text = UNSET
    meeting_location_type: MeetingLocation | UnsetType = UNSET
    meeting_location_id: Text = UNSET
    override_location_config: bool | UnsetType = UNSET
    #: Id of a member of the calendar's team.
    assigned_user_id: Text = UNSET
    #: False = neither confirmations nor reminders, and none of the account's other automations either.
    to_notify: bool = True
    #: Earlier or later than the calendar lets people book.
    ignore_date_range: bool | UnsetType = UNSET
    #: At any time, be it a free slot or not.
    ignore_free_slot_validation: bool | UnsetType = UNSET
    #: Counts only together with `ignore_free_slot_validation`.
    rrule: Text = UNSET


class CreateAppointment(AppointmentFields, frozen=True, kw_only=True, rename="camel"):
    """A new appointment. `location_id` UNSET = the connection's own."""

    location_id: Text = UNSET
    calendar_id: str
    contact_id: str
    #: A free slot with the offset that it was written with: under another one it is refused.
    start_time: Zoned
    #: UNSET = as long as the calendar's slots; any other length is refused, unless slots are not looked at.
    end_time: Zoned | UnsetType = UNSET
    #: UNSET = what the calendar does by itself.
    appointment_status: Status | UnsetType = UNSET


class UpdateAppointment(AppointmentFields, frozen=True, kw_only=True, rename="camel"):
    """Changes of an appointment."""

    event_id: str
    calendar_id: Text = UNSET
    start_time: Zoned | UnsetType = UNSET
    end_time: Zoned | UnsetType = UNSET
    #: Must be said, also where it stays: an update without it makes the appointment "confirmed".
    appointment_status: Status


class EventId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which appointment, or which blocked time."""

    event_id: str


class AppointmentsOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose appointments."""

    contact_id: str


class WrittenAppointment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The appointment after a write. When it was added and changed is not told: get it to know."""

    id: str
    calendar_id: Loose = None
    location_id: Loose = None
    contact_id: Loose = None
    title: Loose = None
    appointment_status: Loose = None
    assigned_user_id: Loose = None
    address: Loose = None
    meeting_location_type: Loose = None
    start_time: Loose = None
    end_time: Loose = None
    is_recurring: Loose = None
    rrule: Loose = None
    trace_id: str | None = None


class AppointmentAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One appointment. The specs call it `event`; integrators have met `appointment` too."""

    event: Event | None = None
    appointment: Event | None = None
    trace_id: str | None = None

    @property
    def found(self) -> Event | None:
        """Whichever of the two is there."""
        return self.event or self.appointment


_ALL = "/calendars/events/appointments"


def _is_booked(row: Event, given: CreateAppointment, zone: str) -> bool:
    cancelled = plain(row.appointment_status) == "cancelled"
    return (
        says(row.calendar_id, given.calendar_id)
        and _begins(row, given.start_time, zone)
        and says(row.title, given.title)
        and cancelled == (given.appointment_status == "cancelled")
    )


def _begins(row: Event, wanted: datetime, zone: str) -> bool:
    """A row shows the clock of the location, which in autumn shows an hour twice: either will do."""
    try:
        place = ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        return at(row.starts(), wanted)
    shown = row.starts(place)
    if shown is None or wanted.tzinfo is None:
        return False
    local, there = shown.replace(tzinfo=None), wanted.astimezone(place).replace(tzinfo=None, fold=0)
    return at(shown, wanted) or local.replace(fold=0, microsecond=0) == there.replace(microsecond=0)


_BOOKED = LookUp[CreateAppointment, AppointmentsOf, EventsAnswer, Event](
    kind="list", operation="contacts.list_appointments", settle_s=SETTLE_S,
    ask=lambda given: AppointmentsOf(contact_id=given.contact_id), rows=lambda answer: answer.events,
    same=_is_booked, made_at=lambda row: made_at(row.date_added),
)  # fmt: skip

CREATE = Operation[CreateAppointment, WrittenAppointment](
    id="appointments.create", app="contacts_api", title="Book an appointment for a contact",
    description="Books a free slot of a calendar. Of two who book the same one, the second is refused. Calendars with "
    "a team want one of its members as the assigned user.",
    method="POST", path=_ALL, input=CreateAppointment, output=WrittenAppointment, version=CALENDARS,
    scopes=EVENTS_WRITE, look_up=_BOOKED, source="calendars.json#create-appointment",
)  # fmt: skip

GET = Operation[EventId, AppointmentAnswer](
    id="appointments.get", app="contacts_api", title="Get an appointment",
    description="One appointment with its times and their offset.",
    method="GET", path=f"{_ALL}/{{eventId}}", input=EventId, output=AppointmentAnswer, version=CALENDARS,
    scopes=EVENTS_READ, idempotent=True, source="calendars.json#get-appointment",
)  # fmt: skip

UPDATE = Operation[UpdateAppointment, WrittenAppointment](
    id="appointments.update", app="contacts_api", title="Reschedule an appointment or change its status",
    description="Another time, user, calendar or status; cancelled is a status. The status must be given each time.",
    method="PUT", path=f"{_ALL}/{{eventId}}", input=UpdateAppointment, output=WrittenAppointment,
    version=CALENDARS, scopes=EVENTS_WRITE, idempotent=True, source="calendars.json#edit-appointment",
)  # fmt: skip

DELETE = Operation[EventId, Deleted](
    id="appointments.delete", app="contacts_api", title="Delete an appointment or other calendar event",
    description="Removes it with its notes, be it an appointment or blocked time. One that is not there counts as "
    "removed. To keep it on record, set the status to cancelled instead.",
    method="DELETE", path="/calendars/events/{eventId}", input=EventId, output=Deleted, version=CALENDARS,
    scopes=EVENTS_WRITE, idempotent=True, wants_body=True, source="calendars.json#delete-event",
)  # fmt: skip

LIST_OF_CONTACT = Operation[AppointmentsOf, EventsAnswer](
    id="contacts.list_appointments", app="contacts_api", title="List the appointments of a contact",
    description="All appointments of one contact. Their times come without an offset, in the location's time zone.",
    method="GET", path="/contacts/{contactId}/appointments", input=AppointmentsOf, output=EventsAnswer,
    version=CONTACTS, scopes=("contacts.readonly",), idempotent=True,
    source="contacts.json#get-appointments-for-contact",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (CREATE, GET, UPDATE, DELETE, LIST_OF_CONTACT)
