"""The CRM's tasks, notes and appointments in our own words, and what their events show of them.

An item names its user by e-mail where the CRM has an id: `emails` gives the e-mail of each id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tieline.connectors.contacts_api import shapes
from tieline.connectors.contacts_api.operations.appointments import WrittenAppointment
from tieline.connectors.contacts_api.records import as_text, moment
from tieline.connectors.contacts_api.shapes_calendars import Event
from tieline.connectors.contacts_api.webhooks import fields_of, named_contact
from tieline.domain.change import ItemChanged
from tieline.domain.items import Appointment, Item, ItemKind, Note, Task
from tieline.errors import ConfigurationError, UnreadableError
from tieline.mapping.appointment_status import read_status
from tieline.mapping.reference import split_reference

#: Event → what it is about, and whether that is gone.
ITEM_EVENTS: Mapping[str, tuple[ItemKind, bool]] = {
    "TaskCreate": ("task", False), "TaskComplete": ("task", False), "TaskDelete": ("task", True),
    "NoteCreate": ("note", False), "NoteUpdate": ("note", False), "NoteDelete": ("note", True),
    "AppointmentCreate": ("appointment", False), "AppointmentUpdate": ("appointment", False),
    "AppointmentDelete": ("appointment", True),
}  # fmt: skip
#: These say what they are.
_CREATIONS = frozenset({"TaskCreate", "NoteCreate"})
#: A new task may be done already, which its event does not say: what stands there is then read.
_UNSURE = frozenset({"TaskCreate"})
#: The vendor's examples of changed and deleted appointments call themselves AppointmentCreate: it is surely a new one
#: only where it was told this soon after it was made. Should one be deleted as soon, the walk finds out.
_NEW_WITHIN = timedelta(seconds=1)


def task_of(record: shapes.Task, emails: Mapping[str, str]) -> Task:
    """A task. The CRM tells of none when it was changed."""
    return Task(
        id=record.id,
        title=as_text(record.title) or "",
        body=split_reference(as_text(record.body))[0] or None,
        due_at=_utc(moment(record.due_date)),
        completed=record.completed is True,
        assignee=_email(record.assigned_to, emails),
    )


def note_of(record: shapes.Note) -> Note:
    """A note. The CRM tells of none when it was changed."""
    return Note(id=record.id, body=split_reference(as_text(record.body))[0])


def appointment_of(
    record: Event | WrittenAppointment, zone: ZoneInfo, emails: Mapping[str, str]
) -> Appointment | None:
    """An appointment; None where its start cannot be read. Lists of a contact have no offset: `zone` is the location's.

    Its own time zone is never shown, and answers to a write show no notes.
    """
    event = record if isinstance(record, Event) else msgspec.convert(msgspec.to_builtins(record), Event)
    starts_at = event.starts(zone)
    if starts_at is None:
        return None
    return Appointment(
        id=event.id,
        title=as_text(event.title),
        starts_at=starts_at.astimezone(UTC),
        ends_at=_utc(event.ends(zone)),
        status=read_status(as_text(event.appointment_status), as_text(event.status)),
        location=as_text(event.address),
        notes=split_reference(as_text(event.description) or as_text(event.notes))[0] or None,
        assignee=_email(event.assigned_user_id, emails),
        updated_at=_utc(_changed(event.date_updated, zone)),
    )


def is_whole(row: Event) -> bool:
    """Whether a row of a list shows an appointment's notes; those of a contact mostly leave them out."""
    return row.description is not None or row.notes is not None


def zone_of(name: str) -> ZoneInfo:
    """A location's time zone. Raises ConfigurationError for what is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ConfigurationError(
            f"{name!r}, which the location calls its time zone, is none; set it there, then run: tieline connect …"
        ) from error


def item_change(
    body: bytes, event: str, timezone: str, emails: Mapping[str, str] | None = None
) -> ItemChanged | None:
    """What an event tells of a task, note or appointment; None for any other event. Raises UnreadableError.

    `event` is its name, where it is known; `timezone` is the location's. The item is given only where the event shows
    all of it, and surely: else it is to be read by its id, where it may turn out to be gone.
    """
    fields = fields_of(body)
    name = event if event in ITEM_EVENTS else as_text(fields.get("type")) or ""
    if name not in ITEM_EVENTS:
        return None
    kind, removed = ITEM_EVENTS[name]
    nested = fields.get("appointment")
    record = nested if kind == "appointment" and isinstance(nested, dict) else fields
    item_id = as_text(record.get("id"))
    if item_id is None:
        raise UnreadableError(f"this {name} names no {kind}")
    written = as_text(record.get("notes" if kind == "appointment" else "body"))
    created = _is_new(record, fields) if name == "AppointmentCreate" else name in _CREATIONS
    sure = created if name == "AppointmentCreate" else name not in _UNSURE
    shown = sure and not removed and not fields.get("payloadTooLarge")
    return ItemChanged(
        side="contacts_api",
        kind=kind,
        item_id=item_id,
        record_id=named_contact(fields),
        item=_shown(kind, {**record, "id": item_id}, timezone, emails or {}) if shown else None,
        reference=split_reference(written)[1],
        removed=removed,
        created=created,
        at=_utc(moment(fields.get("timestamp")) or moment(record.get("dateUpdated"))),
    )


def listed_item(kind: ItemKind, body: bytes, timezone: str, emails: Mapping[str, str]) -> Item | None:
    """What a row of a list shows, as far as an event's item is shown; a list has no time that could be trusted.

    Raises UnreadableError.
    """
    record = fields_of(body)
    try:
        if kind == "appointment" and not is_whole(msgspec.convert(record, Event)):
            return None
        if kind == "task":
            done = record.get("completed")
            if not isinstance(done, bool):
                return None
            shown = _shown(kind, {"body": None, "dueDate": None, **record}, timezone, emails)
            return msgspec.structs.replace(shown, completed=done) if isinstance(shown, Task) else None
        shown = _shown(kind, record, timezone, emails)
    except msgspec.ValidationError:
        return None
    return msgspec.structs.replace(shown, updated_at=None) if isinstance(shown, Appointment) else shown


def _is_new(record: dict[str, Any], fields: dict[str, Any]) -> bool:
    """Whether an appointment that is said to be new was made just now, and not changed since."""
    told, added = moment(fields.get("timestamp")), moment(record.get("dateAdded"))
    if told is None or added is None or moment(record.get("dateUpdated")) != added:
        return False
    return timedelta() <= told - added < _NEW_WITHIN


def _shown(kind: ItemKind, record: dict[str, Any], timezone: str, emails: Mapping[str, str]) -> Item | None:
    """The item, where all of it is there and its user is known."""
    user = as_text(record.get("assignedTo" if kind == "task" else "assignedUserId"))
    if user is not None and user not in emails:
        return None
    try:
        match kind:
            case "task":
                if not {"title", "body", "dueDate"} <= record.keys():
                    return None
                told = msgspec.convert({**record, "completed": True}, shapes.Task)
                return task_of(told, emails)
            case "note":
                return note_of(msgspec.convert(record, shapes.Note)) if as_text(record.get("body")) else None
            case "appointment":
                return appointment_of(msgspec.convert(record, Event), zone_of(timezone), emails)
    except msgspec.ValidationError:
        # A value of another type than the vendor documents: the answer of a call is the better word.
        return None


def _email(user: Any, emails: Mapping[str, str]) -> str | None:
    return emails.get(as_text(user) or "")


def _changed(written: Any, zone: ZoneInfo) -> datetime | None:
    """A time of a record, which in the list of a contact is local as well."""
    if isinstance(written, str):
        try:
            local = datetime.fromisoformat(written)
        except ValueError:
            return moment(written)
        return local if local.tzinfo else local.replace(tzinfo=zone)
    return moment(written)


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at is not None else None
