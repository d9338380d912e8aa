"""Tasks, notes and appointments of one CRM location, written and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.contacts_api import item_inputs, shapes
from tieline.connectors.contacts_api.items import appointment_of, is_whole, note_of, task_of, zone_of
from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.operations import appointments, notes, tasks
from tieline.connectors.contacts_api.shapes_calendars import Event
from tieline.connectors.kit.answer import Answer
from tieline.connectors.kit.budget import Priority
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.command import CreateItem, DeleteItem, UpdateItem
from tieline.domain.items import Appointment, Item, ItemKind, Note, Task, kind_of
from tieline.effects.target import Done
from tieline.errors import ConnectorError, NotFoundError, OutcomeUnknown, RejectedError
from tieline.mapping.reference import carries
from tieline.mapping.two_way import ItemRules
from tieline.server.targets.answers import altered_item, done
from tieline.server.targets.contacts_surroundings import Surroundings, team

ItemCommand = CreateItem | UpdateItem | DeleteItem
#: What the CRM does not have of an appointment.
_UNKNOWN = frozenset({"timezone"})
_NO_RULES = ItemRules()
CREATES: Mapping[ItemKind, AnyOperation] = {
    "task": tasks.CREATE, "note": notes.CREATE, "appointment": appointments.CREATE,
}  # fmt: skip
_UPDATES: Mapping[ItemKind, AnyOperation] = {
    "task": tasks.UPDATE, "note": notes.UPDATE, "appointment": appointments.UPDATE,
}  # fmt: skip
_DELETES: Mapping[ItemKind, AnyOperation] = {
    "task": tasks.DELETE, "note": notes.DELETE, "appointment": appointments.DELETE,
}  # fmt: skip


def operation_of(command: ItemCommand) -> AnyOperation:
    """The operation that carries a command about an item."""
    match command:
        case CreateItem(item=item):
            return CREATES[kind_of(item)]
        case UpdateItem(item=item):
            return _UPDATES[kind_of(item)]
        case DeleteItem(kind=kind):
            return _DELETES[kind]


class ContactsItems:
    """What hangs on the contacts of one location."""

    def __init__(
        self,
        gateway: Gateway,
        connection: Connection,
        facts: LocationFacts,
        rules: Mapping[ItemKind, ItemRules],
    ) -> None:
        self._gateway = gateway
        self._connection = connection
        self._facts = facts
        self._rules = rules.get("appointment", _NO_RULES)
        assignees = {email: user for one in rules.values() for email, user in one.assignees.items()}
        self.surroundings = Surroundings(gateway, connection, assignees)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return zone_of(self._facts.timezone)

    async def send(self, command: ItemCommand, contact_id: str, priority: Priority) -> Done:
        """One call; before the first that names a user or a calendar, those are read."""
        match command:
            case CreateItem(item=item, reference=reference):
                return await self._create(item, reference, contact_id, priority)
            case UpdateItem(item=item, changed=changed, reference=reference):
                return await self._update(item, changed, reference, contact_id, priority)
            case DeleteItem(kind=kind, item_id=item_id):
                return done(await self._delete(kind, item_id, contact_id, priority), item_id)

    async def look_up(self, command: CreateItem, contact_id: str) -> Done | None:
        """Notes and tasks by their reference line. An appointment, which has none since the person may read it, by its
        start and title, of several the one that was added last: whoever asks knows which of them it has already."""
        item = command.item
        if isinstance(item, Appointment):
            return await self._look_up_appointment(item, contact_id)
        answer, rows = await self._list(kind_of(item), contact_id, "retry")
        for row in rows:
            if carries(str(row.body or ""), command.reference):
                seen = await self._read(row)
                return done(answer, row.id, item=seen, altered=altered_item(seen, item))
        return None

    async def fetch(self, kind: ItemKind, item_id: str, contact_id: str) -> Item:
        """By id. Raises NotFoundError."""
        match kind:
            case "task":
                asked: Any = tasks.TaskId(contact_id=contact_id, task_id=item_id)
                return await self._read((await self._call(tasks.GET, asked, "live")).value.task)
            case "note":
                asked = notes.NoteId(contact_id=contact_id, id=item_id)
                return await self._read((await self._call(notes.GET, asked, "live")).value.note)
            case "appointment":
                return await self._fetch_appointment(item_id)

    async def all(self, kind: ItemKind, contact_id: str) -> list[Item]:
        """All of a contact. The list of appointments leaves out their notes: those are read one by one."""
        _, rows = await self._list(kind, contact_id, "live")
        found: list[Item] = []
        for row in rows:
            whole = not isinstance(row, Event) or is_whole(row)
            found.append(await self._read(row) if whole else await self._fetch_appointment(row.id))
        return found

    async def _create(self, item: Item, reference: str, contact_id: str, priority: Priority) -> Done:
        given: Any
        match item:
            case Task():
                given = item_inputs.new_task(
                    contact_id, item, due_at=self._due_when_unsaid(),
                    user_id=await self.surroundings.user_id(item.assignee), reference=reference,
                )  # fmt: skip
            case Note():
                given = item_inputs.new_note(contact_id, item, reference=reference)
            case Appointment():
                calendar = await self.surroundings.calendar(self._rules.calendar)
                user_id, members = await self.surroundings.user_id(item.assignee), team(calendar)
                if members and user_id not in members:
                    # A calendar with a team refuses an appointment of nobody, and of anybody else.
                    user_id = members[0]
                given = item_inputs.new_appointment(
                    contact_id, item, calendar_id=calendar.id, zone=self._zone, user_id=user_id,
                    any_time=self._rules.any_time, notify=self._rules.notify,
                )  # fmt: skip
        operation = CREATES[kind_of(item)]
        answer = await self._call(operation, given, priority)
        try:
            seen = await self._shown(answer, item)
        except ConnectorError as error:
            # It is made: what fails is to read a user whom its answer names. It is found again, not made again.
            raise OutcomeUnknown(
                f"made, but not understood: {error}", connection=self._connection.name, operation=operation.id,
                status=answer.status, trace_id=answer.trace_id,
            ) from error  # fmt: skip
        return done(answer, seen.id, item=seen, altered=altered_item(seen, item, unknown=_UNKNOWN))

    async def _update(
        self, item: Item, changed: Sequence[str], reference: str | None, contact_id: str, priority: Priority
    ) -> Done:
        given: Any
        match item:
            case Task():
                given = item_inputs.changed_task(
                    contact_id, item, changed, user_id=await self._changed_user(item.assignee, changed),
                    reference=reference,
                )  # fmt: skip
            case Note():
                given = item_inputs.changed_note(contact_id, item, reference=reference)
            case Appointment() if not item_inputs.APPOINTMENT_FIELDS.isdisjoint(changed):
                given = item_inputs.changed_appointment(
                    item, changed, zone=self._zone, user_id=await self._changed_user(item.assignee, changed),
                    any_time=self._rules.any_time, notify=self._rules.notify,
                )  # fmt: skip
            case Appointment():
                # Nothing that the CRM has: a write would only tell the person of a change that is none.
                asked = appointments.EventId(event_id=item.id)
                answer = await self._call(appointments.GET, asked, priority)
                return done(answer, item.id, item=await self._appointment(answer.value.found, item.id))
        answer = await self._call(_UPDATES[kind_of(item)], given, priority)
        seen = await self._shown(answer, item)
        altered = altered_item(seen, item, changed, unknown=_UNKNOWN)
        return done(answer, item.id, item=seen, altered=altered)

    async def _delete(self, kind: ItemKind, item_id: str, contact_id: str, priority: Priority) -> Answer[Any]:
        given: Any
        match kind:
            case "task":
                given = tasks.TaskId(contact_id=contact_id, task_id=item_id)
            case "note":
                given = notes.NoteId(contact_id=contact_id, id=item_id)
            case "appointment":
                given = appointments.EventId(event_id=item_id)
        return await self._call(_DELETES[kind], given, priority)

    async def _changed_user(self, assignee: str | None, changed: Sequence[str]) -> str | None:
        return await self.surroundings.user_id(assignee) if "assignee" in changed else None

    async def _shown(self, answer: Answer[Any], sent: Item) -> Item:
        """What an answer to a write shows. Of an appointment it leaves the notes out: they stand as they were sent."""
        match sent:
            case Task():
                return await self._read(answer.value.task)
            case Note():
                return await self._read(answer.value.note)
            case Appointment():
                seen = await self._appointment(answer.value, answer.value.id)
                return msgspec.structs.replace(seen, notes=(sent.notes or "").strip() or None)

    async def _list(
        self, kind: ItemKind, contact_id: str, priority: Priority
    ) -> tuple[Answer[Any], list[Any]]:
        match kind:
            case "task":
                answer = await self._call(tasks.LIST, tasks.TasksOf(contact_id=contact_id), priority)
                return answer, answer.value.tasks
            case "note":
                answer = await self._call(notes.LIST, notes.NotesOf(contact_id=contact_id), priority)
                return answer, answer.value.notes
            case "appointment":
                asked = appointments.AppointmentsOf(contact_id=contact_id)
                answer = await self._call(appointments.LIST_OF_CONTACT, asked, priority)
                return answer, answer.value.events

    async def _read(self, record: shapes.Task | shapes.Note | Event) -> Item:
        match record:
            case Event():
                return await self._appointment(record, record.id)
            case shapes.Task():
                await self.surroundings.learn(record.assigned_to)
                return task_of(record, self.surroundings.emails)
            case shapes.Note():
                return note_of(record)

    async def _appointment(self, record: Any, item_id: str) -> Appointment:
        if record is None:
            raise NotFoundError(f"appointment {item_id} is not in the answer")
        await self.surroundings.learn(record.assigned_user_id)
        found = appointment_of(record, self._zone, self.surroundings.emails)
        if found is None:
            raise RejectedError(f"appointment {item_id} shows no time at which it begins")
        return found

    async def _fetch_appointment(self, item_id: str) -> Appointment:
        answer = await self._call(appointments.GET, appointments.EventId(event_id=item_id), "live")
        return await self._appointment(answer.value.found, item_id)

    async def _look_up_appointment(self, item: Appointment, contact_id: str) -> Done | None:
        answer, rows = await self._list("appointment", contact_id, "retry")
        found = [
            row for row in rows if self._begins(row, item.starts_at) and self._is_called(row, item.title)
        ]
        if not found:
            return None
        row = max(found, key=lambda one: str(one.date_added or ""))
        seen = await self._fetch_appointment(row.id)
        return done(answer, row.id, item=seen, altered=altered_item(seen, item, unknown=_UNKNOWN))

    def _begins(self, row: Event, at: datetime) -> bool:
        """A row shows the clock of the location, which in autumn shows an hour twice: either will do."""
        shown = row.starts(self._zone)
        if shown is None:
            return False
        wanted = at.replace(second=0, microsecond=0)
        begins = shown.replace(second=0, microsecond=0)
        local = begins.replace(tzinfo=None) == wanted.astimezone(self._zone).replace(tzinfo=None)
        return local or begins.astimezone(UTC) == wanted.astimezone(UTC)

    @staticmethod
    def _is_called(row: Event, title: str | None) -> bool:
        return title is None or str(row.title or "").strip() == title.strip()

    def _due_when_unsaid(self) -> datetime:
        return item_inputs.due_when_unsaid(datetime.now(UTC), self._zone)

    async def _call(self, operation: Any, given: Any, priority: Priority) -> Answer[Any]:
        return await self._gateway.call(self._connection, operation, given, priority)
