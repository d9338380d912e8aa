"""Appointments, told one level deeper than everything else."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.catalogue.spec import AnyTrigger, Trigger
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.triggers.told import Told

#: An assumption: neither the spec nor the docs name one.
_READ = ("calendars/events.readonly",)


class Appointment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An appointment; its times have an offset."""

    id: Loose = None
    calendar_id: Loose = None
    contact_id: Loose = None
    title: Loose = None
    address: Loose = None
    group_id: Loose = None
    #: new, confirmed, cancelled, showed, noshow, invalid.
    appointment_status: Loose = None
    assigned_user_id: Loose = None
    users: list[Any] | None = None
    notes: Loose = None
    source: Loose = None
    start_time: Loose = None
    end_time: Loose = None
    date_added: Loose = None
    date_updated: Loose = None


class AppointmentTold(Told, frozen=True, kw_only=True, rename="camel"):
    """An event of an appointment."""

    appointment: Appointment = Appointment()


CREATED = Trigger[AppointmentTold](
    id="appointments.created", app="contacts_api", title="Appointment booked", event="AppointmentCreate",
    types=("AppointmentCreate",), scopes=_READ, output=AppointmentTold,
    source="webhook-events/AppointmentCreate.json", stream="walk", description="An appointment was booked.",
)  # fmt: skip

UPDATED = Trigger[AppointmentTold](
    id="appointments.updated", app="contacts_api", title="Appointment changed", event="AppointmentUpdate",
    types=("AppointmentUpdate", "AppointmentCreate"), scopes=_READ, output=AppointmentTold,
    source="webhook-events/AppointmentUpdate.json", stream="walk",
    description="Time, status or user of an appointment changed; a cancelled one is told so by its status. The "
    "vendor's example calls itself AppointmentCreate.",
)  # fmt: skip

DELETED = Trigger[AppointmentTold](
    id="appointments.deleted", app="contacts_api", title="Appointment deleted", event="AppointmentDelete",
    types=("AppointmentDelete", "AppointmentCreate"), scopes=_READ, output=AppointmentTold,
    source="webhook-events/AppointmentDelete.json",
    stream="walk", description="An appointment was deleted. The vendor's example calls itself AppointmentCreate.",
)  # fmt: skip

TRIGGERS: tuple[AnyTrigger, ...] = (CREATED, UPDATED, DELETED)
