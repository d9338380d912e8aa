"""The shape of examples about tasks, notes and appointments."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Text = str | None
Time = Annotated[
    str | None,
    Meta(
        description="2026-09-03T15:00-05:00; without an offset by the item's timezone, else by the example's"
    ),
]
Zone = Annotated[str | None, Meta(description="IANA name in which people see it")]
Status = Annotated[
    str, Meta(description="new, confirmed, showed, noshow, cancelled, invalid, or a side's own word")
]
Email = Annotated[str | None, Meta(description="e-mail of the user whose it is")]


class TaskValues(msgspec.Struct, frozen=True, kw_only=True):
    """A task as it stands on one side."""

    title: str = ""
    body: Text = None
    due_at: Time = None
    completed: bool = False
    assignee: Email = None


class NoteValues(msgspec.Struct, frozen=True, kw_only=True):
    """A note as it stands on one side."""

    body: str = ""


class AppointmentValues(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment as it stands on one side."""

    title: Text = None
    starts_at: Time = None
    ends_at: Time = None
    timezone: Zone = None
    status: Status = ""
    location: Text = None
    notes: Text = None
    assignee: Email = None


class TaskExample(msgspec.Struct, frozen=True, kw_only=True):
    """A task on one side, where somebody makes it, or its copies on both."""

    nimbata: TaskValues = TaskValues()
    contacts_api: TaskValues = TaskValues()


class NoteExample(msgspec.Struct, frozen=True, kw_only=True):
    """A note on one side, where somebody makes it, or its copies on both."""

    nimbata: NoteValues = NoteValues()
    contacts_api: NoteValues = NoteValues()


class AppointmentExample(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment on one side, where somebody makes it, or its copies on both."""

    nimbata: AppointmentValues = AppointmentValues()
    contacts_api: AppointmentValues = AppointmentValues()


class BookingSection(msgspec.Struct, frozen=True, kw_only=True):
    """How the CRM is told of an appointment."""

    calendar: Annotated[Text, Meta(description="of a new one; null: the location's only one")] = None
    any_time: bool = True
    notify: bool = True


class WrittenValues(BookingSection, frozen=True, kw_only=True):
    """Values that are written; null: not written. Those that are not named may be anything."""

    title: Text = None
    body: Text = None
    due_at: Time = None
    completed: bool | None = None
    assignee: Email = None
    starts_at: Time = None
    ends_at: Time = None
    timezone: Zone = None
    status: Status | None = None
    location: Text = None
    notes: Text = None


class ItemWrittenSection(msgspec.Struct, frozen=True, kw_only=True):
    """A task, note or appointment is made, or changed."""

    create: WrittenValues = WrittenValues()
    update: WrittenValues = WrittenValues()
    cleared: Annotated[list[str], Meta(description="beside update: fields whose value is taken away")] = []
