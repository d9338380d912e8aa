"""One CRM location as the place that effects are written to."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.contacts_api import operations as ops
from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.records import contact_from_wire, contact_input
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Answer, Gateway
from tieline.domain.command import (
    AddNote,
    AddTags,
    Command,
    CreateContact,
    UpdateContact,
    UpsertContact,
)
from tieline.domain.contact import Contact
from tieline.effects.target import Done
from tieline.errors import NotFoundError


class ContactsTarget:
    """Carries commands out at one location of the Contacts API."""

    def __init__(self, gateway: Gateway, connection: Connection, facts: LocationFacts) -> None:
        self._gateway = gateway
        self._connection = connection
        self._facts = facts
        self._keys = {field_id: key for key, field_id in facts.custom_fields.items()}
        self.forbids_duplicates = not facts.allow_duplicates
        self.country = facts.country
        self.custom_fields = frozenset(facts.custom_fields)
        override = connection.settings.get("settle_s")
        self._settle_s = float(override) if override is not None else None

    def operation(self, command: Command) -> AnyOperation:
        """The catalogue operation that carries this command."""
        match command:
            case CreateContact():
                return ops.CREATE_CONTACT
            case UpsertContact():
                return ops.UPSERT_CONTACT
            case UpdateContact():
                return ops.UPDATE_CONTACT
            case AddTags():
                return ops.ADD_TAGS
            case AddNote():
                return ops.CREATE_NOTE

    def repeatable(self, command: Command) -> bool:
        """Absolute values and sets; a create where a second one is answered with the first; an upsert that matches."""
        if isinstance(command, CreateContact):
            return self.forbids_duplicates
        return isinstance(command, UpsertContact) or self.operation(command).idempotent

    def can_look_up(self, command: Command) -> bool:
        """All that are written here can be found again."""
        look_up = self.operation(command).look_up
        return look_up is not None and look_up.kind != "none"

    def settle_s(self, command: Command) -> float:
        """The operation's settling time, or the connection's own."""
        look_up = self.operation(command).look_up
        return self._settle_s if self._settle_s is not None else look_up.settle_s if look_up else 0.0

    async def send(self, command: Command, contact_id: str | None, *, repeat: bool = False) -> Done:
        """One call."""
        priority = "retry" if repeat else "live"
        match command:
            case CreateContact(fields=fields, tags=tags):
                created = await self._gateway.call(
                    self._connection,
                    ops.CREATE_CONTACT,
                    contact_input(
                        ops.CreateContactInput, fields, self._facts, tags=sorted(tags),
                        location_id=self._connection.account,
                    ),
                    priority=priority,
                )  # fmt: skip
                return self._saw(created, created.value.contact, fields)
            case UpsertContact(fields=fields):
                upserted = await self._gateway.call(
                    self._connection,
                    ops.UPSERT_CONTACT,
                    contact_input(
                        ops.UpsertContactInput, fields, self._facts, location_id=self._connection.account
                    ),
                    priority=priority,
                )
                done = self._saw(upserted, upserted.value.contact, fields)
                return msgspec.structs.replace(done, adopted=not upserted.value.new)
            case UpdateContact(fields=fields):
                updated = await self._gateway.call(
                    self._connection,
                    ops.UPDATE_CONTACT,
                    contact_input(ops.UpdateContactInput, fields, self._facts, contact_id=_known(contact_id)),
                    priority=priority,
                )
                return self._saw(updated, updated.value.contact, fields)
            case AddTags(tags=tags):
                tagged = await self._gateway.call(
                    self._connection,
                    ops.ADD_TAGS,
                    ops.TagsInput(contact_id=_known(contact_id), tags=sorted(tags)),
                    priority=priority,
                )
                return _done(
                    tagged, contact_id, tags=frozenset(tag.strip().lower() for tag in tagged.value.tags)
                )
            case AddNote(body=body):
                noted = await self._gateway.call(
                    self._connection,
                    ops.CREATE_NOTE,
                    ops.CreateNoteInput(contact_id=_known(contact_id), body=body),
                    priority=priority,
                )
                return _done(noted, noted.value.note.id)

    async def look_up(self, command: Command, contact_id: str | None) -> Done | None:
        """By identity for contacts, by reference line for notes."""
        match command:
            case CreateContact(fields=fields) | UpsertContact(fields=fields):
                started = datetime.now(UTC)
                contact = await self.find(phone=fields.get("phone"), email=fields.get("email"))
                if contact is None:
                    return None
                return Done(
                    result_id=contact.id, contact=contact, started_at=started,
                    duration_s=(datetime.now(UTC) - started).total_seconds(),
                )  # fmt: skip
            case AddNote(reference=reference):
                listed = await self._gateway.call(
                    self._connection,
                    ops.LIST_NOTES,
                    ops.ContactIdInput(contact_id=_known(contact_id)),
                    priority="retry",
                )
                mark = f"[tl:{reference}]"
                found = next((note for note in listed.value.notes if mark in (note.body or "")), None)
                return _done(listed, found.id) if found is not None else None
            case UpdateContact() | AddTags():
                # Repeating them is harmless, so nobody asks.
                return None

    async def find(self, *, phone: str | None, email: str | None) -> Contact | None:
        """By phone, then by e-mail."""
        for number, address in ((phone, None), (None, email)):
            if number is None and address is None:
                continue
            answer = await self._gateway.call(
                self._connection,
                ops.FIND_DUPLICATE,
                ops.FindDuplicateInput(
                    location_id=self._connection.account,
                    number=number if number is not None else msgspec.UNSET,
                    email=address if address is not None else msgspec.UNSET,
                ),
            )
            if answer.value.contact is not None:
                return contact_from_wire(answer.value.contact, self._keys)
        return None

    async def fetch(self, contact_id: str) -> Contact:
        """The record by id. Raises NotFoundError."""
        answer = await self._gateway.call(
            self._connection, ops.GET_CONTACT, ops.ContactIdInput(contact_id=contact_id)
        )
        if answer.value.contact is None:
            raise NotFoundError(
                f"contact {contact_id} is not there", connection=self._connection.name, operation="contacts.get"
            )
        return contact_from_wire(answer.value.contact, self._keys)
