"""A call-tracking account with something in it, and a client of ours: where the examples of operations are tried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tieline.connectors import Nimbata
from tieline.connectors.nimbata.operations import appointments, contacts, notes, tasks
from tieline.sandbox.app import Options, Sandbox
from tieline.sandbox.nimbata import NimbataSide


@dataclass
class NimbataReady:
    """What an example may use."""

    api: Nimbata
    sandbox: Sandbox
    told: dict[str, Any]

    @property
    def side(self) -> NimbataSide:
        """The far side itself."""
        side = self.sandbox.nimbata.side
        assert isinstance(side, NimbataSide)
        return side

    @property
    def project(self) -> str:
        """Id of the first project."""
        return str(self.told["projects"][0])

    def call(self, **wanted: Any) -> str:
        """Id of a call in the first project."""
        (made,) = self.side.emit({"kind": "call", "project": self.project, **wanted})
        return made.activity_id

    async def contact(self, **fields: Any) -> str:
        """Id of a new contact in the first project."""
        given = contacts.CreateContact(
            **{"project_id": self.project, "name": "Ada", "email": "ada@example.com", **fields}
        )
        return (await self.api.call(contacts.CREATE_CONTACT, given)).record.id

    async def task(self) -> tasks.TaskId:
        """A new task, and whose."""
        contact = await self.contact()
        made = await self.api.call(tasks.CREATE_TASK, tasks.CreateTask(contact_id=contact, title="Call back"))
        return tasks.TaskId(contact_id=contact, task_id=made.record.id)

    async def note(self) -> notes.NoteId:
        """A new note, and whose."""
        contact = await self.contact()
        made = await self.api.call(notes.CREATE_NOTE, notes.CreateNote(contact_id=contact, body="A quote"))
        return notes.NoteId(contact_id=contact, note_id=made.record.id)

    async def appointment(self, given: appointments.CreateAppointment) -> appointments.AppointmentId:
        """A new appointment, and whose."""
        made = await self.api.call(appointments.CREATE_APPOINTMENT, given)
        return appointments.AppointmentId(contact_id=given.contact_id, appointment_id=made.record.id)


#: Builds a valid input of an operation, with all that it needs in place.
Example = Callable[[NimbataReady], Awaitable[Any]]


@asynccontextmanager
async def ready(*, settings: dict[str, Any] | None = None, **options: Any) -> AsyncIterator[NimbataReady]:
    """A sandbox without limits and a client of its account; native unless the settings say otherwise."""
    async with Sandbox.start(Options(**{"locations": 2, "limits": "off", **options})) as running:
        told = running.describe()["nimbata"]
        async with Nimbata.open(
            token=told["token"], account=told["account"], base_url=told["base_url"], limits=False,
            settings={"mode": "native", **(settings or {})},
        ) as api:  # fmt: skip
            yield NimbataReady(api, running, told)
