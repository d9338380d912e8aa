"""Tasks, notes and appointments as inputs of the operations that write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET

from tieline.connectors.contacts_api.operations import appointments, notes, tasks
from tieline.domain.items import Appointment, Note, Task
from tieline.mapping.reference import with_reference

#: A task must be due there. One that is due at no time is due by the end of tomorrow's work: it is seen, and it is not
#: late the moment it is made.
_DUE_HOUR = 17
#: A task must have a title.
_UNTITLED = "Task"
#: Of an appointment, what the CRM can hold.
APPOINTMENT_FIELDS = frozenset({
    "title", "starts_at", "ends_at", "status", "location", "notes", "assignee",
})  # fmt: skip


def due_when_unsaid(now: datetime, zone: ZoneInfo) -> datetime:
    """When a task is due that is due at no time: five in the afternoon of the next day, by the location's clock."""
    tomorrow = now.astimezone(zone) + timedelta(days=1)
    return tomorrow.replace(hour=_DUE_HOUR, minute=0, second=0, microsecond=0, fold=0)


def new_task(
    contact_id: str, task: Task, *, due_at: datetime, user_id: str | None, reference: str
) -> tasks.CreateTask:
    """A task with its reference line; `due_at` stands in where it has no due date."""
    return tasks.CreateTask(
        contact_id=contact_id, title=task.title or _UNTITLED, body=with_reference(task.body, reference),
        due_date=task.due_at or due_at, completed=task.completed, assigned_to=user_id or UNSET,
    )  # fmt: skip


def changed_task(
    contact_id: str, task: Task, changed: Sequence[str], *, user_id: str | None, reference: str | None
) -> tasks.UpdateTask:
    """Only `changed`. A due date cannot be taken away: it stays. An empty text takes away whose it is."""
    given: dict[str, Any] = {}
    for name in changed:
        match name:
            case "title":
                given["title"] = task.title or _UNTITLED
            case "body":
                given["body"] = with_reference(task.body, reference)
            case "due_at" if task.due_at is not None:
                given["due_date"] = task.due_at
            case "completed":
                given["completed"] = task.completed
            case "assignee" if task.assignee is None or user_id is not None:
                given["assigned_to"] = user_id or ""
    return tasks.UpdateTask(contact_id=contact_id, task_id=task.id, **given)


def new_note(contact_id: str, note: Note, *, reference: str) -> notes.CreateNote:
    """A note with its reference line."""
    return notes.CreateNote(contact_id=contact_id, body=with_reference(note.body, reference))


def changed_note(contact_id: str, note: Note, *, reference: str | None) -> notes.UpdateNote:
    """Its words, which are all that there is."""
    return notes.UpdateNote(contact_id=contact_id, id=note.id, body=with_reference(note.body, reference))


def new_appointment(
    contact_id: str, appointment: Appointment, *, calendar_id: str, zone: ZoneInfo, user_id: str | None,
    any_time: bool, notify: bool,
) -> appointments.CreateAppointment:  # fmt: skip
    """A booking. Times have the offset of the location: under another one a free slot is refused."""
    ends_at = appointment.ends_at
    return appointments.CreateAppointment(
        calendar_id=calendar_id, contact_id=contact_id, title=appointment.title or UNSET,
        start_time=appointment.starts_at.astimezone(zone),
        end_time=ends_at.astimezone(zone) if ends_at is not None else UNSET,
        appointment_status=appointment.status, address=appointment.location or UNSET,
        description=appointment.notes or UNSET, assigned_user_id=user_id or UNSET, to_notify=notify,
        ignore_free_slot_validation=any_time or UNSET,
    )  # fmt: skip


def changed_appointment(
    appointment: Appointment, changed: Sequence[str], *, zone: ZoneInfo, user_id: str | None, any_time: bool,
    notify: bool,
) -> appointments.UpdateAppointment:  # fmt: skip
    """Only `changed`, and the status, without which it would become confirmed. Both times go together: a start alone
    would move the end. Title and user cannot be taken away: they stay."""
    given: dict[str, Any] = {}
    for name in changed:
        match name:
            case "starts_at" | "ends_at":
                given["start_time"] = appointment.starts_at.astimezone(zone)
                if appointment.ends_at is not None:
                    given["end_time"] = appointment.ends_at.astimezone(zone)
            case "title" if appointment.title is not None:
                given["title"] = appointment.title
            case "location":
                given["address"] = appointment.location or ""
            case "notes":
                given["description"] = appointment.notes or ""
            case "assignee" if user_id is not None:
                given["assigned_user_id"] = user_id
    return appointments.UpdateAppointment(
        event_id=appointment.id, appointment_status=appointment.status, to_notify=notify,
        ignore_free_slot_validation=any_time or UNSET, **given,
    )  # fmt: skip
