"""A call-tracking account without people of its own as the place that effects are written to.

It has the latest call of a person (`targets.call_writer`) to write on. Tasks, notes and appointments we keep ourselves
(`targets.item_keeper`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from msgspec import UNSET, UnsetType

from tieline.connectors.kit.budget import Priority
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.connector import settle_s
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.operations.activities import (
    COMMENT_CALL,
    GET_CALL,
    LIST_CALLS,
    TAG_CALL,
    UPDATE_CALL,
)
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
from tieline.domain.contact import Contact, field_of
from tieline.domain.derived import DerivedPerson
from tieline.domain.items import Item, ItemKind
from tieline.domain.side import Side
from tieline.effects.target import Done
from tieline.errors import MappingError, NotFoundError, RejectedError
from tieline.mapping.values import plain_number
from tieline.server.targets.answers import done
from tieline.server.targets.call_writer import CallWriter
from tieline.server.targets.item_keeper import ItemKeeper, done_here
from tieline.store.pool import Store

#: What such an account can hold of a person.
DERIVED_FIELDS = frozenset({"first_name", "last_name", "value"})


class DerivedTarget:
    """Carries commands out at one account. A command about an item is up to two calls beside its row; one that finds
    no call to write on keeps the row alone."""

    side: Side = "nimbata"
    #: A phone or e-mail is the person there.
    forbids_duplicates = True
    custom_fields: frozenset[str] = frozenset()

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        connection: Connection,
        config: NimbataConfig,
        *,
        project: str | None,
        country: str,
    ) -> None:
        """`project` is the sync's; None = it has several, and people come with theirs alone."""
        self._connection = connection
        self._project = project or config.only_project
        self._calls = CallWriter(gateway, connection, config, country=country)
        self._keeper = ItemKeeper(store, connection, self._calls)
        self.country = country

    def holds(self, field: str) -> bool:
        """A name and a value; the phone is who the person is, and cannot be changed."""
        return field in DERIVED_FIELDS

    def operation_id(self, command: Command) -> str:
        """The catalogue operation that carries this command; what is a row of ours is `own_item.…`."""
        match command:
            case CreateItem():
                return "own_item.create"
            case UpdateItem():
                return "own_item.update"
            case DeleteItem():
                return "own_item.delete"
            case CreateContact() | UpsertContact():
                return LIST_CALLS.id
            case UpdateContact():
                return UPDATE_CALL.id
            case AddNote():
                return COMMENT_CALL.id
            case AddTags() | RemoveTags():
                return TAG_CALL.id
            case DeleteContact():
                return "nimbata.contact.delete"

    def cannot(self, command: Command) -> str | None:
        """Why this account has nothing to carry the command with; None where it has."""
        match command:
            case CreateContact() | UpsertContact():
                return None if self._project else "a person is known within a project: let the sync name one"
            case UpdateContact(fields=fields):
                if DERIVED_FIELDS & fields.keys():
                    return self._calls.lacks(UPDATE_CALL)
                return (
                    f"{', '.join(sorted(fields))}: not available on this Nimbata account, which knows callers"
                )
            case AddTags():
                return self._calls.lacks(TAG_CALL)
            case AddNote():
                return self._calls.lacks(COMMENT_CALL)
            case RemoveTags():
                return "taking tags off is not available on this Nimbata account"
            case DeleteContact():
                return "deleting a person is not available on this Nimbata account"
            case CreateItem() | UpdateItem() | DeleteItem():
                return None

    def repeatable(self, command: Command) -> bool:
        """All but a comment: sent twice, it stands twice."""
        return not self._comments(command)

    def can_look_up(self, command: Command) -> bool:
        """A row is ours; a comment shows on its call."""
        return not self._comments(command) or self._calls.lacks(GET_CALL) is None

    def settle_s(self, command: Command) -> float:
        """That of a comment."""
        return settle_s(self._connection, COMMENT_CALL) if self._comments(command) else 0.0

    def _comments(self, command: Command) -> bool:
        wanted = isinstance(command, AddNote | CreateItem | UpdateItem | DeleteItem)
        return wanted and self._calls.lacks(COMMENT_CALL) is None

    async def send(self, command: Command, record_id: str | None, *, repeat: bool = False) -> Done:
        """Raises RejectedError for what the account lacks."""
        if (why := self.cannot(command)) is not None:
            raise RejectedError(why, connection=self._connection.name, operation=self.operation_id(command))
        priority: Priority = "retry" if repeat else "live"
        match command:
            case CreateContact(fields=fields) | UpsertContact(fields=fields):
                return await self._adopt(fields.get("phone"), fields.get("email"), priority)
            case UpdateContact(fields=fields):
                return await self._update(_person(record_id), fields, priority)
            case AddTags(tags=tags):
                person = _person(record_id)
                tagged = await self._calls.tag(person, tags, priority)
                contact = await self._calls.contact(person, priority, again=False)
                return done(tagged, person.id, tags=contact.tags)
            case AddNote(body=body):
                commented = await self._calls.comment(_person(record_id), body, priority)
                return done(commented, commented.value.record.id)
            case CreateItem() | UpdateItem() | DeleteItem():
                return await self._keeper.carry(command, _person(record_id), priority)
            case RemoveTags() | DeleteContact():
                raise AssertionError("refused above")

    async def look_up(self, command: Command, record_id: str | None) -> Done | None:
        """By the row and the reference line of its comment. Any else is repeatable, and found by its person."""
        started = datetime.now(UTC)
        match command:
            case CreateContact(fields=fields) | UpsertContact(fields=fields):
                return await self._adopt(fields.get("phone"), fields.get("email"), "retry")
            case AddNote(reference=reference):
                found = await self._calls.commented(_person(record_id), reference, "retry")
                return None if found is None else done_here(started, found.id)
            case CreateItem() | UpdateItem() | DeleteItem():
                return await self._keeper.look_up(command, _person(record_id))
            case _:
                # Repeating them is harmless, so nobody asks.
                return None

    async def find(self, *, phone: str | None, email: str | None) -> Contact | None:
        """Whoever called lately from that phone, or has an item here."""
        for named in ({"phone": phone}, {"email": email}):
            if not self._project or not any(named.values()):
                continue
            person = DerivedPerson(project=self._project, **named)
            if await self._calls.calls_of(person) or await self._keeper.items(person.id):
                return await self._calls.contact(person)
        return None

    async def candidates(self, *, phone: str | None, email: str | None) -> list[Contact]:
        """A phone is the person, else an e-mail: there are no two."""
        found = await self.find(phone=phone, email=email)
        return [found] if found is not None else []

    async def fetch(self, record_id: str) -> Contact:
        """The person, be there a call or not. Raises NotFoundError for an id that names nobody."""
        return await self._calls.contact(_person(record_id))

    def identify(self, contact: Contact) -> str | None:
        """By the phone, else the e-mail, within the sync's project."""
        if not self._project or not (contact.phone or contact.email):
            return None
        return self._named(contact.phone, contact.email).id

    async def fetch_item(self, kind: ItemKind, item_id: str, record_id: str) -> Item:
        """By id. Raises NotFoundError."""
        return await self._keeper.fetch(kind, item_id)

    async def items(self, kind: ItemKind, record_id: str) -> list[Item]:
        """All of a person that are there."""
        return await self._keeper.items(record_id, kind)

    async def _adopt(self, phone: str | None, email: str | None, priority: Priority) -> Done:
        """A person is there by calling, or not at all: nothing is made."""
        started = datetime.now(UTC)
        if not phone and not email:
            raise RejectedError("a person is known here by phone or e-mail", connection=self._connection.name)
        person = self._named(phone, email)
        contact = await self._calls.contact(person, priority)
        return done_here(started, person.id, contact=contact, adopted=True)

    def _named(self, phone: str | None, email: str | None) -> DerivedPerson:
        assert self._project is not None, "refused by `cannot`"
        return DerivedPerson(project=self._project, phone=phone or None, email=None if phone else email)

    async def _update(self, person: DerivedPerson, fields: dict[str, str | None], priority: Priority) -> Done:
        """Name and value; the rest is told as not taken."""
        name: str | UnsetType | None = UNSET
        if {"first_name", "last_name"} & fields.keys():
            # One field over there: the half that does not change is read.
            whole = {"first_name", "last_name"} <= fields.keys()
            before = Contact(id="") if whole else await self._calls.contact(person, priority)
            halves = [fields.get(half, field_of(before, half)) for half in ("first_name", "last_name")]
            name = " ".join(half for half in halves if half) or None
        value = _money(fields["value"]) if "value" in fields else UNSET
        answer = await self._calls.change(person, priority, caller_name=name, value=value)
        contact = await self._calls.contact(person, priority, again=False)
        sent = {**fields, "value": plain_number(value)} if isinstance(value, Decimal) else fields
        altered = tuple(one for one in fields if field_of(contact, one) != sent[one])
        return done(answer, person.id, contact=contact, altered=altered)


def _person(record_id: str | None) -> DerivedPerson:
    person = DerivedPerson.parse(record_id or "")
    if person is None:
        raise NotFoundError(f"{record_id or 'no id'} names no person of this account")
    return person


def _money(value: str | None) -> Decimal | None:
    try:
        return None if value is None else Decimal(value)
    except InvalidOperation as error:
        raise MappingError("is no amount of money", path="value") from error
