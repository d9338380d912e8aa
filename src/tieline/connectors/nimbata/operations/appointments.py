"""Appointments of a contact, in a `native` account: assumed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.kit.answer import Deleted
from tieline.connectors.nimbata.operations.inputs import (
    ACCOUNT,
    PAGE,
    SETTLE_S,
    Moment,
    OfContact,
    Text,
    TextOrNone,
)
from tieline.connectors.nimbata.rows import PAGED, One, Rows
from tieline.connectors.nimbata.shapes import AppointmentRecord

_ALL = f"{ACCOUNT}/contacts/{{id}}/appointments"
_ONE = f"{_ALL}/{{appointment}}"
#: The CRM's words, so that nothing is lost on the way.
Status = Literal["new", "confirmed", "showed", "noshow", "cancelled", "invalid"]


class CreateAppointment(msgspec.Struct, frozen=True, kw_only=True):
    """A new appointment."""

    account: Text = UNSET
    contact_id: str = msgspec.field(name="id")
    title: str
    start_time: datetime
    end_time: datetime
    #: IANA name; the project's where it is left out.
    timezone: Text = UNSET
    status: Status | UnsetType = UNSET
    location: TextOrNone = UNSET
    notes: TextOrNone = UNSET
    #: E-mail of a user of the account.
    assignee: TextOrNone = UNSET


class AppointmentId(msgspec.Struct, frozen=True, kw_only=True):
    """Which appointment of which contact."""

    account: Text = UNSET
    contact_id: str = msgspec.field(name="id")
    appointment_id: str = msgspec.field(name="appointment")


class UpdateAppointment(AppointmentId, frozen=True, kw_only=True):
    """Changes of an appointment; status "cancelled" calls it off. A stale `version` is a 409."""

    title: Text = UNSET
    start_time: Moment = UNSET
    end_time: Moment = UNSET
    timezone: Text = UNSET
    status: Status | UnsetType = UNSET
    location: TextOrNone = UNSET
    notes: TextOrNone = UNSET
    assignee: TextOrNone = UNSET
    version: int | UnsetType = UNSET


LIST_APPOINTMENTS = Operation[OfContact, Rows[AppointmentRecord]](
    id="nimbata.appointment.list", app="nimbata", title="List the appointments of a contact",
    description="Oldest change first.", method="GET", path=_ALL, query=PAGE | {"updated_since"},
    input=OfContact, output=Rows[AppointmentRecord], idempotent=True, paging=PAGED, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip

_CREATED = LookUp[CreateAppointment, OfContact, Rows[AppointmentRecord], AppointmentRecord](
    kind="list", operation="nimbata.appointment.list", settle_s=SETTLE_S,
    ask=lambda given: OfContact(account=given.account, contact_id=given.contact_id),
    rows=lambda answer: answer.rows, mark="notes",
)  # fmt: skip

CREATE_APPOINTMENT = Operation[CreateAppointment, One[AppointmentRecord]](
    id="nimbata.appointment.create", app="nimbata", title="Schedule an appointment",
    description="Sent twice, it stands twice.", method="POST", path=_ALL, input=CreateAppointment,
    output=One[AppointmentRecord],
    look_up=_CREATED, status="assumption",
    source="nimbata.md#B3",
)  # fmt: skip

UPDATE_APPOINTMENT = Operation[UpdateAppointment, One[AppointmentRecord]](
    id="nimbata.appointment.update", app="nimbata", title="Change or cancel an appointment",
    description="Writes only what is given.", method="PUT", path=_ONE, input=UpdateAppointment,
    output=One[AppointmentRecord], idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

DELETE_APPOINTMENT = Operation[AppointmentId, Deleted](
    id="nimbata.appointment.delete", app="nimbata", title="Delete an appointment",
    description="One that is not there counts as removed.", method="DELETE", path=_ONE, input=AppointmentId,
    output=Deleted, idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (
    LIST_APPOINTMENTS, CREATE_APPOINTMENT, UPDATE_APPOINTMENT, DELETE_APPOINTMENT,
)  # fmt: skip
