"""Tasks, notes and appointments of a `native` account in our own words, back into inputs, and what events tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import UNSET

from tieline.connectors.nimbata import envelope
from tieline.connectors.nimbata.activity import ITEM_FAMILIES
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.fields import Fields
from tieline.connectors.nimbata.operations import appointments, notes, tasks
from tieline.connectors.nimbata.shapes import AppointmentRecord, NoteRecord, TaskRecord
from tieline.connectors.nimbata.whole import read_whole, told
from tieline.domain.change import ItemChanged
from tieline.domain.items import ITEM_FIELDS, Appointment, Item, ItemKind, Note, Task
from tieline.errors import UnreadableError
from tieline.mapping.appointment_status import read_status
from tieline.mapping.reference import split_reference, with_reference

ItemRecord = TaskRecord | NoteRecord | AppointmentRecord
SHAPES: dict[ItemKind, type[ItemRecord]] = {
    "task": TaskRecord, "note": NoteRecord, "appointment": AppointmentRecord,
}  # fmt: skip
#: An appointment must have a title and an end there.
_UNTITLED = {"task": "Task", "appointment": "Appointment"}
_LENGTH = timedelta(minutes=30)
#: Ours → the account's, where they differ.
_NAMES = {"starts_at": "start_time", "ends_at": "end_time"}


def item_of(record: ItemRecord) -> Item | None:
    """The item without its reference line; None for an appointment without a start."""
    match record:
        case TaskRecord():
            return Task(
                id=record.id, title=record.title, body=split_reference(record.body)[0] or None,
                due_at=record.due_at, completed=record.completed is True, assignee=_email(record.assignee),
                updated_at=record.updated_at, version=record.version,
            )  # fmt: skip
        case NoteRecord():
            return Note(
                id=record.id, body=split_reference(record.body)[0], updated_at=record.updated_at,
                version=record.version,
            )  # fmt: skip
        case AppointmentRecord():
            if record.start_time is None:
                return None
            return Appointment(
                id=record.id, title=record.title or None, starts_at=record.start_time, ends_at=record.end_time,
                timezone=record.timezone, status=read_status(record.status), location=record.location,
                notes=split_reference(record.notes)[0] or None, assignee=_email(record.assignee),
                updated_at=record.updated_at, version=record.version,
            )  # fmt: skip


def reference_of(record: ItemRecord) -> str | None:
    """The reference line, which of an appointment stands in its notes."""
    return split_reference(record.notes if isinstance(record, AppointmentRecord) else record.body)[1]


def new_item(
    contact_id: str, item: Item, reference: str
) -> tasks.CreateTask | notes.CreateNote | appointments.CreateAppointment:
    """An item with its reference line. What an appointment must have, and has not, is chosen: half an hour."""
    match item:
        case Task():
            return tasks.CreateTask(
                contact_id=contact_id, title=item.title or _UNTITLED["task"],
                body=with_reference(item.body, reference), due_at=item.due_at or UNSET, completed=item.completed,
                assignee=item.assignee or UNSET,
            )  # fmt: skip
        case Note():
            return notes.CreateNote(contact_id=contact_id, body=with_reference(item.body, reference))
        case Appointment():
            return appointments.CreateAppointment(
                contact_id=contact_id, title=item.title or _UNTITLED["appointment"], start_time=item.starts_at,
                end_time=item.ends_at or item.starts_at + _LENGTH, timezone=item.timezone or UNSET,
                status=item.status, location=item.location or UNSET,
                notes=with_reference(item.notes, reference), assignee=item.assignee or UNSET,
            )  # fmt: skip


def changed_item(
    contact_id: str, item: Item, changed: Sequence[str], reference: str | None
) -> tasks.UpdateTask | notes.UpdateNote | appointments.UpdateAppointment:
    """Only `changed`; None clears. What must be there (a title, an end, a zone) stays where it would be cleared."""
    given: dict[str, Any] = {}
    for name in changed:
        value = getattr(item, name)
        match name:
            case "body" | "notes":
                value = with_reference(value, reference) or None
            case "title" | "ends_at" | "timezone" if not value:
                continue
        given[_NAMES.get(name, name)] = value
    if item.version is not None:
        given["version"] = item.version
    match item:
        case Task():
            return tasks.UpdateTask(contact_id=contact_id, task_id=item.id, **given)
        case Note():
            return notes.UpdateNote(contact_id=contact_id, note_id=item.id, **given)
        case Appointment():
            return appointments.UpdateAppointment(contact_id=contact_id, appointment_id=item.id, **given)


def item_change(body: bytes, kind: str | None, config: NimbataConfig) -> ItemChanged:
    """What one webhook (from `webhooks.split`) tells of a task, note or appointment; `kind` as its address names it.

    The item is given only where the body shows all of it. Raises UnreadableError, also for any other event.
    """
    opened = envelope.open_body(envelope.decode(body), kind, config.webhooks, config.only_project)
    family = ITEM_FAMILIES.get(opened.kind)
    if family is None:
        raise UnreadableError(f"{opened.kind} tells of no task, note or appointment")
    fields = Fields(opened.record, family, config.vocabulary)
    record = read_whole(SHAPES[family], body, config, opened)
    removed = fields.text("change") == "deleted" or record.deleted_at is not None
    names = told(SHAPES[family], opened, config)
    whole = names is None or names >= _shown_by(family)
    return ItemChanged(
        side="nimbata",
        kind=family,
        item_id=record.id,
        record_id=record.contact_id,
        item=item_of(record) if whole and not removed else None,
        reference=reference_of(record),
        removed=removed,
        created=fields.text("change") == "created",
        at=fields.moment_of(opened.occurred_at) or record.deleted_at or record.updated_at,
    )


def _shown_by(kind: ItemKind) -> frozenset[str]:
    return frozenset(_NAMES.get(name, name) for name in ITEM_FIELDS[kind])


def _email(raw: str | None) -> str | None:
    return raw.strip().lower() or None if raw else None
