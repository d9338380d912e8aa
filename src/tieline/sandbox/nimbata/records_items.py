"""What hangs on a contact: tasks, notes and appointments, in the shape that the API shows. Source: nimbata.md, B2."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

AppointmentStatus = Literal["new", "confirmed", "showed", "noshow", "cancelled", "invalid"]
#: Statuses in which nobody is going to meet, or has met.
OFF: frozenset[AppointmentStatus] = frozenset({"cancelled", "invalid"})


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do about a contact."""

    id: str
    contact_id: str
    title: str
    body: str | None = None
    due_at: datetime | None = None
    completed: bool = False
    completed_at: datetime | None = None
    #: E-mail of whoever is to do it.
    assignee: str | None = None
    created_at: datetime
    updated_at: datetime
    version: int = 1


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was written about a contact."""

    id: str
    contact_id: str
    body: str
    author: str | None = None
    #: The call that it is about.
    call_id: str | None = None
    created_at: datetime
    updated_at: datetime
    version: int = 1


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which somebody meets a contact."""

    id: str
    contact_id: str
    title: str
    start_time: datetime
    end_time: datetime
    #: IANA name; the project's own where nobody says.
    timezone: str
    status: AppointmentStatus = "confirmed"
    location: str | None = None
    notes: str | None = None
    assignee: str | None = None
    created_at: datetime
    updated_at: datetime
    version: int = 1


Item = Task | Note | Appointment
