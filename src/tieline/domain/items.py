"""What belongs to a person beside its record: tasks, notes, appointments; one shape for both sides.

`id` is the side's own. None = the side shows no value. `updated_at` is the side's own clock, `version` its count of
changes; None where a payload lacks them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import msgspec

ItemKind = Literal["task", "note", "appointment"]
ITEM_KINDS: tuple[ItemKind, ...] = get_args(ItemKind)
#: The CRM's words; both sides' own are mapped to them at the edge.
AppointmentStatus = Literal["new", "confirmed", "showed", "noshow", "cancelled", "invalid"]
APPOINTMENT_STATUSES: tuple[AppointmentStatus, ...] = get_args(AppointmentStatus)


class Task(msgspec.Struct, frozen=True, kw_only=True, tag="task", omit_defaults=True):
    """Something to do about a person."""

    id: str
    title: str
    #: Without our reference line.
    body: str | None = None
    #: UTC.
    due_at: datetime | None = None
    completed: bool = False
    #: E-mail of the user who is to do it.
    assignee: str | None = None
    updated_at: datetime | None = None
    version: int | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True, tag="note", omit_defaults=True):
    """Something that was written about a person."""

    id: str
    #: Without our reference line.
    body: str
    updated_at: datetime | None = None
    version: int | None = None


class Appointment(msgspec.Struct, frozen=True, kw_only=True, tag="appointment", omit_defaults=True):
    """A time at which somebody meets a person."""

    id: str
    title: str | None = None
    #: UTC.
    starts_at: datetime
    ends_at: datetime | None = None
    #: IANA name in which people see it.
    timezone: str | None = None
    status: AppointmentStatus = "new"
    location: str | None = None
    notes: str | None = None
    #: E-mail of the user who holds it.
    assignee: str | None = None
    updated_at: datetime | None = None
    version: int | None = None


Item = Task | Note | Appointment

#: Fields that are compared and carried over, by kind.
ITEM_FIELDS: dict[ItemKind, tuple[str, ...]] = {
    "task": ("title", "body", "due_at", "completed", "assignee"),
    "note": ("body",),
    "appointment": (
        "title", "starts_at", "ends_at", "timezone", "status", "location", "notes", "assignee",
    ),
}  # fmt: skip


def kind_of(item: Item) -> ItemKind:
    """Which kind an item is of."""
    match item:
        case Task():
            return "task"
        case Note():
            return "note"
        case Appointment():
            return "appointment"
