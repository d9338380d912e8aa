"""One call-tracking account that stores people as the place that effects are written to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.answer import Answer
from tieline.connectors.kit.budget import Priority
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.connector import settle_s
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.paging import each_page
from tieline.connectors.nimbata.config import NimbataConfig, build
from tieline.connectors.nimbata.items import ItemRecord, changed_item, item_of, new_item
from tieline.connectors.nimbata.operations import appointments, contacts, notes, tasks
from tieline.connectors.nimbata.operations.inputs import OfContact
from tieline.connectors.nimbata.people import changed_contact, contact_of, new_contact
from tieline.connectors.nimbata.shapes import AppointmentRecord, ContactRecord
from tieline.domain.command import (
    AddNote,
    AddTags,
    Command,
    CreateContact,
    CreateItem,
    DeleteContact,
    DeleteItem,
    RemoveTags,
    UpdateContact,
    UpdateItem,
    UpsertContact,
)
from tieline.domain.contact import CUSTOM_PREFIX, NIMBATA_FIELDS, Contact
from tieline.domain.items import Item, ItemKind, kind_of
from tieline.domain.side import Side
from tieline.effects.target import Done
from tieline.errors import NotFoundError, RejectedError
from tieline.mapping.reference import carries
from tieline.server.targets.answers import altered_fields, altered_item, done, known

_LISTS: Mapping[ItemKind, AnyOperation] = {
    "task": tasks.LIST_TASKS, "note": notes.LIST_NOTES, "appointment": appointments.LIST_APPOINTMENTS,
}  # fmt: skip
_CREATES: Mapping[ItemKind, AnyOperation] = {
    "task": tasks.CREATE_TASK, "note": notes.CREATE_NOTE, "appointment": appointments.CREATE_APPOINTMENT,
}  # fmt: skip
_UPDATES: Mapping[ItemKind, AnyOperation] = {
    "task": tasks.UPDATE_TASK, "note": notes.UPDATE_NOTE, "appointment": appointments.UPDATE_APPOINTMENT,
}  # fmt: skip
_DELETES: Mapping[ItemKind, AnyOperation] = {
    "task": tasks.DELETE_TASK, "note": notes.DELETE_NOTE, "appointment": appointments.DELETE_APPOINTMENT,
}  # fmt: skip


class NimbataTarget:
    """Carries commands out at one account in `native` mode. What it lacks by its settings, `cannot` says."""

    side: Side = "nimbata"
    #: The account refuses a second contact of a project with the same phone or e-mail, and names the first.
    forbids_duplicates = True

    def __init__(
        self,
        gateway: Gateway,
        connection: Connection,
        *,
        country: str,
        project: str | None = None,
        custom_fields: frozenset[str] = frozenset(),
    ) -> None:
        """`country` reads phones without a country code; `project` is where new people go, and the only one whose
        people are found. An account takes any custom field: `custom_fields` are those that the sync carries."""
        self._gateway = gateway
        self._connection = connection
        self._config: NimbataConfig = build(connection.own_settings())
        self._project = project or self._config.only_project
        self.country = country
        self.custom_fields = custom_fields

    def holds(self, field: str) -> bool:
        """A field of every contact, or any of the account's own."""
        return field.startswith(CUSTOM_PREFIX) or field in NIMBATA_FIELDS

    def operation_id(self, command: Command) -> str:
        """The catalogue operation that carries this command."""
        return _operation(command).id

    def cannot(self, command: Command) -> str | None:
        """The operation that this account does not have, by its settings or its mode."""
        operation = _operation(command)
        if self._config.offers(operation.id):
            return None
        return f"{operation.id} is not available on this Nimbata account"

    def repeatable(self, command: Command) -> bool:
        """Absolute values and sets. No create, since nothing is documented of how an account refuses a second one."""
        return _operation(command).idempotent

    def can_look_up(self, command: Command) -> bool:
        """All creates can be found again, where the account lets us list."""
        look_up = _operation(command).look_up
        return look_up is not None and self._config.offers(look_up.operation)

    def settle_s(self, command: Command) -> float:
        """The operation's settling time, or the connection's own."""
        return settle_s(self._connection, _operation(command))

    async def send(self, command: Command, record_id: str | None, *, repeat: bool = False) -> Done:
        """One call."""
        priority: Priority = "retry" if repeat else "live"
        operation = _operation(command)
        match command:
            case CreateContact(fields=fields, tags=tags, external_id=external_id):
                made = new_contact(fields, tags, project_id=self._project, external_id=external_id)
                return self._saw(await self._call(operation, made, priority), fields)
            case UpsertContact(fields=fields):
                # As a create: whoever is there already is named by the refusal.
                made = new_contact(fields, (), project_id=self._project)
                return self._saw(await self._call(operation, made, priority), fields)
            case UpdateContact(fields=fields, version=version):
                changes = changed_contact(known(record_id), fields, version)
                return self._saw(await self._call(operation, changes, priority), fields)
            case DeleteContact():
                gone = contacts.ContactId(id=known(record_id))
                return done(await self._call(operation, gone, priority), record_id)
            case AddTags(tags=tags) | RemoveTags(tags=tags):
                given = contacts.ContactTags(id=known(record_id), tags=sorted(tags))
                return self._saw(await self._call(operation, given, priority), {})
            case AddNote(body=body):
                note = notes.CreateNote(contact_id=known(record_id), body=body)
                noted = await self._call(operation, note, priority)
                return done(noted, noted.value.record.id)
            case CreateItem(item=item, reference=reference):
                written = new_item(known(record_id), item, reference)
                return _saw_item(await self._call(operation, written, priority), item)
            case UpdateItem(item=item, changed=changed, reference=reference):
                rewritten = changed_item(known(record_id), item, changed, reference)
                return _saw_item(await self._call(operation, rewritten, priority), item, changed)
            case DeleteItem(kind=kind, item_id=item_id):
                named = _named(kind, known(record_id), item_id)
                return done(await self._call(operation, named, priority), item_id)

    async def look_up(self, command: Command, record_id: str | None) -> Done | None:
        """A contact by the CRM's id, then by identity; a note, task or appointment by its reference line."""
        started = datetime.now(UTC)
        match command:
            case CreateContact(fields=fields) | UpsertContact(fields=fields):
                external_id = command.external_id if isinstance(command, CreateContact) else None
                found = await self._find_by(external_id=external_id) if external_id else None
                found = found or await self.find(phone=fields.get("phone"), email=fields.get("email"))
                return None if found is None else _looked_up(started, found.id, contact=found)
            case CreateItem(item=item, reference=reference):
                row = await self._marked(kind_of(item), known(record_id), reference)
                if row is None or (seen := item_of(row)) is None:
                    return None
                return _looked_up(started, row.id, item=seen, altered=altered_item(seen, item))
            case AddNote(reference=reference):
                row = await self._marked("note", known(record_id), reference)
                return None if row is None else _looked_up(started, row.id)
            case _:
                # Repeating them is harmless, so nobody asks.
                return None

    async def find(self, *, phone: str | None, email: str | None) -> Contact | None:
        """By phone, then by e-mail; in the project, where there is one."""
        found = await self._find_by(phone=phone) if phone else None
        if found is None and email:
            found = await self._find_by(email=email)
        return found

    async def fetch(self, record_id: str) -> Contact:
        """The record by id. Raises NotFoundError."""
        asked = contacts.ContactId(id=record_id)
        record = (await self._call(contacts.GET_CONTACT, asked, "live")).value.record
        if record.deleted_at is not None:
            raise self._missing(f"contact {record_id}", contacts.GET_CONTACT)
        return self._read(record)

    def identify(self, contact: Contact) -> str | None:
        """The account alone knows its ids."""
        return None

    async def fetch_item(self, kind: ItemKind, item_id: str, record_id: str) -> Item:
        """By id, out of the contact's list: an account shows no single one. Raises NotFoundError."""
        async for row in self._rows(_LISTS[kind], OfContact(contact_id=record_id), "live"):
            if row.id == item_id and row.deleted_at is None:
                return _item(row)
        raise self._missing(f"{kind} {item_id}", _LISTS[kind])

    async def items(self, kind: ItemKind, record_id: str) -> list[Item]:
        """All of a contact."""
        rows = self._rows(_LISTS[kind], OfContact(contact_id=record_id), "live")
        return [_item(row) async for row in rows if row.deleted_at is None]

    async def candidates(self, *, phone: str | None, email: str | None) -> list[Contact]:
        """All of the project."""
        found = {one.id: one async for one in self._all_by(phone=phone)} if phone else {}
        if email:
            found |= {one.id: one async for one in self._all_by(email=email)}
        return list(found.values())

    async def _find_by(self, **wanted: Any) -> Contact | None:
        async for found in self._all_by(**wanted):
            return found
        return None

    async def _all_by(self, **wanted: Any) -> AsyncIterator[Contact]:
        asked = contacts.FindContacts(**wanted)
        async for row in self._rows(contacts.FIND_CONTACTS, asked, "live"):
            if row.deleted_at is None and self._project in (None, row.project_id or self._project):
                yield self._read(row)

    async def _marked(self, kind: ItemKind, record_id: str, reference: str) -> Any | None:
        async for row in self._rows(_LISTS[kind], OfContact(contact_id=record_id), "retry"):
            if carries(row.notes if isinstance(row, AppointmentRecord) else row.body, reference):
                return row
        return None

    async def _rows(
        self, operation: AnyOperation, given: msgspec.Struct, priority: Priority
    ) -> AsyncIterator[Any]:
        async def ask(at: Any) -> Any:
            return (await self._call(operation, at, priority)).value

        assert operation.paging is not None
        async for page in each_page(ask, operation.paging, given):
            for row in page.rows:
                yield row

    async def _call(self, operation: AnyOperation, given: Any, priority: Priority) -> Answer[Any]:
        return await self._gateway.call(self._connection, operation, given, priority)

    def _missing(self, what: str, operation: AnyOperation) -> NotFoundError:
        return NotFoundError(
            f"{what} not found", connection=self._connection.name, operation=operation.id, status=404
        )

    def _read(self, record: ContactRecord) -> Contact:
        return contact_of(record, self.country)

    def _saw(self, answer: Answer[Any], sent: Mapping[str, str | None]) -> Done:
        contact = self._read(answer.value.record)
        altered = altered_fields(contact, sent)
        return done(answer, contact.id, contact=contact, tags=contact.tags, altered=altered)


def _operation(command: Command) -> AnyOperation:
    match command:
        case CreateContact() | UpsertContact():
            return contacts.CREATE_CONTACT
        case UpdateContact():
            return contacts.UPDATE_CONTACT
        case DeleteContact():
            return contacts.DELETE_CONTACT
        case AddTags():
            return contacts.ADD_CONTACT_TAGS
        case RemoveTags():
            return contacts.REMOVE_CONTACT_TAGS
        case AddNote():
            return notes.CREATE_NOTE
        case CreateItem(item=item):
            return _CREATES[kind_of(item)]
        case UpdateItem(item=item):
            return _UPDATES[kind_of(item)]
        case DeleteItem(kind=kind):
            return _DELETES[kind]


def _named(kind: ItemKind, contact_id: str, item_id: str) -> Any:
    match kind:
        case "task":
            return tasks.TaskId(contact_id=contact_id, task_id=item_id)
        case "note":
            return notes.NoteId(contact_id=contact_id, note_id=item_id)
        case "appointment":
            return appointments.AppointmentId(contact_id=contact_id, appointment_id=item_id)


def _item(record: ItemRecord) -> Item:
    found = item_of(record)
    if found is None:
        raise RejectedError(f"appointment {record.id} shows no time at which it begins")
    return found


def _saw_item(answer: Answer[Any], sent: Item, changed: tuple[str, ...] | None = None) -> Done:
    seen = _item(answer.value.record)
    return done(answer, seen.id, item=seen, altered=altered_item(seen, sent, changed))


def _looked_up(started: datetime, result_id: str, **more: Any) -> Done:
    spent_s = (datetime.now(UTC) - started).total_seconds()
    return Done(result_id=result_id, started_at=started, duration_s=spent_s, **more)
