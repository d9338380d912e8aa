"""How a task, note or appointment reads as a comment on a call. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tieline.domain.items import Appointment, Item, Note, Task
from tieline.mapping.reference import with_reference

What = Literal["created", "changed", "removed"]
#: Of a note that is gone so much is shown.
_BEGINNING = 80


def comment_of(item: Item, what: What, mark: str) -> str:
    """The comment, its last line the reference line by which it is found again."""
    match item:
        case Task():
            lines = _task(item, what)
        case Appointment():
            lines = _appointment(item, what)
        case Note():
            lines = _note(item, what)
    return with_reference("\n".join(lines), mark)


def _task(task: Task, what: What) -> list[str]:
    if what == "removed":
        return [f"[task] removed: {task.title}"]
    lines = [f"[task] {'done: ' if task.completed else ''}{task.title}"]
    if task.due_at is not None:
        lines.append(f"due {_moment(task.due_at, None)}")
    if task.assignee:
        lines.append(f"for {task.assignee}")
    return [*lines, task.body] if task.body else lines


def _appointment(appointment: Appointment, what: What) -> list[str]:
    title = appointment.title or "no title"
    if what == "removed":
        return [f"[appointment] removed: {title}"]
    lines = [f"[appointment] {title}", _moment(appointment.starts_at, appointment.timezone)]
    if appointment.ends_at is not None:
        lines[-1] += f" until {_moment(appointment.ends_at, appointment.timezone)}"
    lines.append(f"status: {appointment.status}")
    if appointment.location:
        lines.append(f"at {appointment.location}")
    if appointment.assignee:
        lines.append(f"with {appointment.assignee}")
    return [*lines, appointment.notes] if appointment.notes else lines


def _note(note: Note, what: What) -> list[str]:
    match what:
        case "created":
            return [note.body]
        case "changed":
            return [f"[note] changed: {note.body}"]
        case "removed":
            first = note.body.partition("\n")[0]
            return [f"[note] removed: {first[:_BEGINNING]}{'…' if first[:_BEGINNING] != note.body else ''}"]


def _moment(at: datetime, timezone: str | None) -> str:
    """In the zone in which people see it, with its name."""
    try:
        zone = ZoneInfo(timezone) if timezone else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A zone that only the far side knows: UTC is right anywhere.
        zone, timezone = UTC, None
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} {timezone or 'UTC'}"
