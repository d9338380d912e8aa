"""One CRM location as the place that effects are written to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.operations import contacts, notes, tags
from tieline.connectors.contacts_api.records import contact_of_record
from tieline.connectors.contacts_api.shapes import ContactRecord
from tieline.connectors.kit.answer import Answer
from tieline.connectors.kit.budget import Priority
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.connector import settle_s
from tieline.connectors.kit.gateway import Gateway
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
from tieline.domain.contact import CONTACT_FIELDS, CUSTOM_PREFIX, Contact
from tieline.domain.items import Item, ItemKind
from tieline.domain.side import Side
from tieline.effects.target import Done
from tieline.errors import MappingError
from tieline.mapping import text
from tieline.mapping.reference import carries
from tieline.mapping.two_way import ItemRules
from tieline.server.targets.answers import altered_fields, as_of, done, known
from tieline.server.targets.contacts_items import ContactsItems, operation_of

Fields = TypeVar("Fields", bound=contacts.ContactFields)
_CUSTOM = "custom."
#: Ours → the input's, where they differ.
_NAMES = {"company": "company_name", "address": "address1"}


class ContactsTarget:
    """Carries commands out at one location of the Contacts API."""

    side: Side = "contacts_api"

    def __init__(
        self,
        gateway: Gateway,
        connection: Connection,
        facts: LocationFacts,
        rules: Mapping[ItemKind, ItemRules] | None = None,
    ) -> None:
        self._gateway = gateway
        self._connection = connection
        self._facts = facts
        self.forbids_duplicates = not facts.allow_duplicates
        self.country = facts.country
        self.custom_fields = frozenset(facts.custom_fields)
        self._items = ContactsItems(gateway, connection, facts, rules or {})

    @property
    def emails(self) -> Mapping[str, str]:
        """E-mail of each user of the location whom a read has met: by it an event's item names its user."""
        return self._items.surroundings.emails

    def holds(self, field: str) -> bool:
        """A field of every contact, or one of the location's own."""
        if field.startswith(CUSTOM_PREFIX):
            return field[len(CUSTOM_PREFIX) :] in self.custom_fields
        return field in CONTACT_FIELDS

    def operation_id(self, command: Command) -> str:
        """The catalogue operation that carries this command."""
        return self._operation(command).id

    def cannot(self, command: Command) -> str | None:
        """A location can do all that we ask for."""
        return None

    def _operation(self, command: Command) -> AnyOperation:
        match command:
            case CreateContact():
                return contacts.CREATE
            case UpsertContact():
                return contacts.UPSERT
            case UpdateContact():
                return contacts.UPDATE
            case DeleteContact():
                return contacts.DELETE
            case AddTags():
                return tags.ADD
            case RemoveTags():
                return tags.REMOVE
            case AddNote():
                return notes.CREATE
            case CreateItem() | UpdateItem() | DeleteItem():
                return operation_of(command)

    def repeatable(self, command: Command) -> bool:
        """Absolute values and sets; a create where a second one is answered with the first. An upsert is not: where
        duplicates are allowed it may match nobody twice."""
        if isinstance(command, CreateContact):
            return self.forbids_duplicates
        return self._operation(command).idempotent

    def can_look_up(self, command: Command) -> bool:
        """All that are written here can be found again."""
        look_up = self._operation(command).look_up
        return look_up is not None and look_up.kind != "none"

    def settle_s(self, command: Command) -> float:
        """The operation's settling time, or the connection's own."""
        return settle_s(self._connection, self._operation(command))

    async def send(self, command: Command, contact_id: str | None, *, repeat: bool = False) -> Done:
        """One call."""
        priority: Priority = "retry" if repeat else "live"
        match command:
            case CreateContact(fields=fields, tags=wanted):
                given = self._input(contacts.CreateContact, fields, tags=sorted(wanted) or UNSET)
                created = await self._call(contacts.CREATE, given, priority)
                return self._saw(created, created.value.contact, fields)
            case UpsertContact(fields=fields):
                given_upsert = self._input(contacts.UpsertContact, fields)
                upserted = await self._call(contacts.UPSERT, given_upsert, priority)
                adopted = upserted.value.new is False
                return self._saw(upserted, upserted.value.contact, fields, adopted=adopted)
            case UpdateContact(fields=fields):
                given_update = self._input(contacts.UpdateContact, fields, contact_id=known(contact_id))
                updated = await self._call(contacts.UPDATE, given_update, priority)
                return self._saw(updated, updated.value.contact, fields)
            case DeleteContact():
                gone = contacts.ContactId(contact_id=known(contact_id))
                return done(await self._call(contacts.DELETE, gone, priority), contact_id)
            case AddTags(tags=wanted) | RemoveTags(tags=wanted):
                given_tags = tags.ContactTags(contact_id=known(contact_id), tags=sorted(wanted))
                tagged = await self._call(self._operation(command), given_tags, priority)
                shown = tagged.value.tags
                after = (
                    None if shown is None else frozenset(filter(None, (text.tag(str(tag)) for tag in shown)))
                )
                return done(tagged, contact_id, tags=after)
            case AddNote(body=body):
                given_note = notes.CreateNote(contact_id=known(contact_id), body=body)
                noted = await self._call(notes.CREATE, given_note, priority)
                return done(noted, noted.value.note.id)
            case CreateItem() | UpdateItem() | DeleteItem():
                return await self._items.send(command, known(contact_id), priority)

    async def look_up(self, command: Command, contact_id: str | None) -> Done | None:
        """By identity for contacts, by reference line for notes."""
        match command:
            case CreateContact(fields=fields) | UpsertContact(fields=fields):
                started = datetime.now(UTC)
                contact = await self.find(phone=fields.get("phone"), email=fields.get("email"))
                if contact is None:
                    return None
                spent_s = (datetime.now(UTC) - started).total_seconds()
                return Done(result_id=contact.id, contact=contact, started_at=started, duration_s=spent_s)
            case AddNote(reference=reference):
                listed = await self._call(notes.LIST, notes.NotesOf(contact_id=known(contact_id)), "retry")
                found = next(
                    (note for note in listed.value.notes if carries(str(note.body or ""), reference)), None
                )
                return done(listed, found.id) if found is not None else None
            case CreateItem():
                return await self._items.look_up(command, known(contact_id))
            case _:
                # Repeating them is harmless, so nobody asks.
                return None

    async def find(self, *, phone: str | None, email: str | None) -> Contact | None:
        """By phone, then by e-mail."""
        async for found in self._found(phone, email):
            return found
        return None

    async def candidates(self, *, phone: str | None, email: str | None) -> list[Contact]:
        """One by phone and one by e-mail at most: the CRM names no more."""
        return list({one.id: one async for one in self._found(phone, email)}.values())

    async def _found(self, phone: str | None, email: str | None) -> AsyncIterator[Contact]:
        for asked in (
            contacts.FindDuplicate(number=phone) if phone else None,
            contacts.FindDuplicate(email=email) if email else None,
        ):
            if asked is not None:
                answer = await self._call(contacts.FIND_DUPLICATE, asked, "live")
                if answer.value.contact is not None:
                    yield self._read(answer.value.contact, answer)

    async def fetch(self, contact_id: str) -> Contact:
        """The record by id. Raises NotFoundError."""
        answer = await self._call(contacts.GET, contacts.ContactId(contact_id=contact_id), "live")
        return self._read(answer.value.contact, answer)

    def identify(self, contact: Contact) -> str | None:
        """The CRM alone knows its ids."""
        return None

    async def fetch_item(self, kind: ItemKind, item_id: str, record_id: str) -> Item:
        """By id. Raises NotFoundError."""
        return await self._items.fetch(kind, item_id, record_id)

    async def items(self, kind: ItemKind, record_id: str) -> list[Item]:
        """All of a contact."""
        return await self._items.all(kind, record_id)

    async def _call(self, operation: Any, given: Any, priority: Priority) -> Answer[Any]:
        return await self._gateway.call(self._connection, operation, given, priority)

    def _read(self, record: ContactRecord, answer: Answer[Any]) -> Contact:
        return msgspec.structs.replace(
            contact_of_record(record, self._facts.custom_keys), as_of=as_of(answer.served_at)
        )

    def _input(self, kind: type[Fields], fields: Mapping[str, str | None], **more: Any) -> Fields:
        """An operation's input out of our own names; null clears a field, and "" a custom one.

        Raises MappingError for a custom field that is not there.
        """
        custom = []
        for name, value in fields.items():
            if not name.startswith(_CUSTOM):
                more[_NAMES.get(name, name)] = value
                continue
            field_id = self._facts.custom_fields.get(name.removeprefix(_CUSTOM))
            if field_id is None:
                raise MappingError(f"location {self._facts.id} has no such custom field", path=name)
            custom.append(contacts.CustomFieldInput(id=field_id, field_value="" if value is None else value))
        return kind(**more, custom_fields=custom or UNSET)

    def _saw(
        self,
        answer: Answer[Any],
        record: ContactRecord | None,
        sent: Mapping[str, str | None],
        *,
        adopted: bool = False,
    ) -> Done:
        """The answer, compared with what was sent: an identifier may have been dropped without an error."""
        if record is None:
            return done(answer, None, adopted=adopted)
        contact = self._read(record, answer)
        altered = altered_fields(contact, sent)
        return done(answer, contact.id, contact=contact, altered=altered, adopted=adopted)
