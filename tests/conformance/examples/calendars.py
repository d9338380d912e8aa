"""Calendars, their free slots, appointments with their notes, blocked time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.conformance.ready import Example, Ready
from tieline.connectors.contacts_api.operations import appointment_notes, appointments, calendars
from tieline.connectors.contacts_api.shapes_calendars import free_slots

WEEK = timedelta(days=7)


def calendar(ready: Ready, kind: str) -> dict[str, Any]:
    """The location's calendar of that type."""
    held: list[dict[str, Any]] = ready.state()["calendars"]
    return next(one for one in held if one["calendarType"] == kind)


def now(ready: Ready) -> datetime:
    """By the sandbox's clock, to the second."""
    return ready.sandbox.contacts.clock.now().replace(microsecond=0)


async def slots(ready: Ready, kind: str = "round_robin") -> list[datetime]:
    """What is free in the next week."""
    given = calendars.GetFreeSlots(
        calendar_id=calendar(ready, kind)["id"], start_date=now(ready), end_date=now(ready) + WEEK
    )
    return free_slots(await ready.api.call(calendars.FREE_SLOTS, given))


async def list_(ready: Ready) -> Any:
    return calendars.ListCalendars(show_drafted=False)


async def get(ready: Ready) -> Any:
    return calendars.CalendarId(calendar_id=calendar(ready, "collective")["id"])


async def free(ready: Ready) -> Any:
    return calendars.GetFreeSlots(
        calendar_id=calendar(ready, "round_robin")["id"], start_date=now(ready), end_date=now(ready) + WEEK,
        timezone="Asia/Kolkata", user_ids=[ready.user],
    )  # fmt: skip


async def events(ready: Ready) -> Any:
    await appointment(ready)
    return calendars.ListEvents(user_id=ready.user, start_time=now(ready), end_time=now(ready) + WEEK)


async def blocked(ready: Ready) -> Any:
    await ready.api.call(calendars.CREATE_BLOCK_SLOT, await block(ready))
    await ready.api.call(calendars.CREATE_BLOCK_SLOT, await block_calendar(ready))
    group = calendar(ready, "event")["groupId"]
    return calendars.ListEvents(group_id=group, start_time=now(ready), end_time=now(ready) + WEEK)


async def block(ready: Ready) -> Any:
    return calendars.CreateBlockSlot(
        assigned_user_id=ready.user, title="Holiday", start_time=now(ready), end_time=now(ready) + WEEK
    )


async def block_calendar(ready: Ready) -> Any:
    return calendars.CreateBlockSlot(
        calendar_id=calendar(ready, "event")["id"], title="Painters", start_time=now(ready),
        end_time=now(ready) + WEEK,
    )  # fmt: skip


async def move_block(ready: Ready) -> Any:
    made = await ready.api.call(calendars.CREATE_BLOCK_SLOT, await block(ready))
    return calendars.UpdateBlockSlot(
        event_id=made.id, assigned_user_id=ready.user, end_time=now(ready) + 2 * WEEK
    )


async def book(ready: Ready) -> Any:
    return appointments.CreateAppointment(
        calendar_id=calendar(ready, "round_robin")["id"], contact_id=await ready.contact(),
        assigned_user_id=ready.user, start_time=(await slots(ready))[1], title="Consultation", address="Zoom",
        description="Wants an offer",
    )  # fmt: skip


async def appointment(ready: Ready) -> Any:
    made = await ready.api.call(appointments.CREATE, await book(ready))
    return appointments.EventId(event_id=made.id)


async def move(ready: Ready) -> Any:
    which = await appointment(ready)
    return appointments.UpdateAppointment(
        event_id=which.event_id, start_time=(await slots(ready))[4], appointment_status="confirmed"
    )


async def of_contact(ready: Ready) -> Any:
    given = await book(ready)
    await ready.api.call(appointments.CREATE, given)
    return appointments.AppointmentsOf(contact_id=given.contact_id)


async def list_notes(ready: Ready) -> Any:
    return appointment_notes.ListAppointmentNotes(appointment_id=(await note(ready)).appointment_id)


async def create_note(ready: Ready) -> Any:
    which = await appointment(ready)
    return appointment_notes.CreateAppointmentNote(
        appointment_id=which.event_id, body="Brings plans", user_id=ready.user
    )


async def note(ready: Ready) -> Any:
    given = await create_note(ready)
    made = await ready.api.call(appointment_notes.CREATE, given)
    return appointment_notes.AppointmentNoteId(appointment_id=given.appointment_id, note_id=made.note.id)


async def update_note(ready: Ready) -> Any:
    which = await note(ready)
    return appointment_notes.UpdateAppointmentNote(
        appointment_id=which.appointment_id, note_id=which.note_id, body="Brings no plans"
    )


EXAMPLES: dict[str, Example] = {
    "calendars.list": list_,
    "calendars.get": get,
    "calendars.free_slots": free,
    "calendars.list_events": events,
    "calendars.list_blocked_slots": blocked,
    "calendars.create_block_slot": block,
    "calendars.update_block_slot": move_block,
    "appointments.create": book,
    "appointments.get": appointment,
    "appointments.update": move,
    "appointments.delete": appointment,
    "contacts.list_appointments": of_contact,
    "appointment_notes.list": list_notes,
    "appointment_notes.create": create_note,
    "appointment_notes.update": update_note,
    "appointment_notes.delete": note,
}
