"""Notes of an appointment."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.operations.calendars import EVENTS_READ, EVENTS_WRITE
from tieline.connectors.contacts_api.shapes_calendars import AppointmentNote
from tieline.connectors.contacts_api.versions import CALENDARS, SETTLE_S
from tieline.connectors.kit.answer import Deleted

Text = str | UnsetType


class ListAppointmentNotes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the notes of an appointment; both numbers are required there."""

    appointment_id: str
    #: 1 to 20.
    limit: int = 20
    offset: int = 0


class AppointmentNoteId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which note of which appointment."""

    appointment_id: str
    note_id: str


class CreateAppointmentNote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new note, of 5000 characters at most."""

    appointment_id: str
    body: str
    #: A user of the location.
    user_id: Text = UNSET


class UpdateAppointmentNote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Another text of a note."""

    appointment_id: str
    note_id: str
    body: str
    user_id: Text = UNSET


class AppointmentNoteAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One note, as it stands now."""

    note: AppointmentNote
    trace_id: str | None = None


class AppointmentNotesAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Notes, and whether there are more."""

    notes: list[AppointmentNote] = []
    has_more: bool | None = None
    trace_id: str | None = None


_ALL = "/calendars/appointments/{appointmentId}/notes"
_ONE = f"{_ALL}/{{noteId}}"

LIST = Operation[ListAppointmentNotes, AppointmentNotesAnswer](
    id="appointment_notes.list", app="contacts_api", title="List the notes of an appointment",
    description="Notes of one appointment, page by page.",
    method="GET", path=_ALL, query=frozenset({"limit", "offset"}), input=ListAppointmentNotes,
    output=AppointmentNotesAnswer, version=CALENDARS, scopes=EVENTS_READ, idempotent=True,
    paging=paging.offset(lambda answer: answer.notes, lambda answer: answer.has_more),
    source="calendars.json#get-appointment-notes",
)  # fmt: skip

_CREATED = LookUp[CreateAppointmentNote, ListAppointmentNotes, AppointmentNotesAnswer, AppointmentNote](
    kind="list", operation="appointment_notes.list", settle_s=SETTLE_S,
    ask=lambda given: ListAppointmentNotes(appointment_id=given.appointment_id),
    rows=lambda answer: answer.notes, mark="body",
)  # fmt: skip

CREATE = Operation[CreateAppointmentNote, AppointmentNoteAnswer](
    id="appointment_notes.create", app="contacts_api", title="Add a note to an appointment",
    description="Makes one note. The vendor takes the same note twice as two notes.",
    method="POST", path=_ALL, input=CreateAppointmentNote, output=AppointmentNoteAnswer, version=CALENDARS,
    scopes=EVENTS_WRITE, look_up=_CREATED,
    source="calendars.json#create-appointment-note",
)  # fmt: skip

UPDATE = Operation[UpdateAppointmentNote, AppointmentNoteAnswer](
    id="appointment_notes.update", app="contacts_api", title="Update an appointment note",
    description="Writes the text anew.",
    method="PUT", path=_ONE, input=UpdateAppointmentNote, output=AppointmentNoteAnswer, version=CALENDARS,
    scopes=EVENTS_WRITE, idempotent=True, source="calendars.json#update-appointment-note",
)  # fmt: skip

DELETE = Operation[AppointmentNoteId, Deleted](
    id="appointment_notes.delete", app="contacts_api", title="Delete an appointment note",
    description="Removes a note. One that is not there counts as removed.",
    method="DELETE", path=_ONE, input=AppointmentNoteId, output=Deleted, version=CALENDARS, scopes=EVENTS_WRITE,
    idempotent=True, source="calendars.json#delete-appointment-note",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST, CREATE, UPDATE, DELETE)
