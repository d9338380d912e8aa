"""Tasks, notes and appointments that people make and change here, for an account that has none of its own.

Each change and the event that tells the syncs of it are one commit: what is kept here is carried to the CRM.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tieline.domain.derived import DerivedPerson
from tieline.domain.items import ITEM_FIELDS, AppointmentStatus, Item, ItemKind, Task
from tieline.errors import ConfigurationError, TielineError
from tieline.mapping.email import normalise
from tieline.mapping.phone import to_e164
from tieline.server.accounts.intakes import account_config
from tieline.server.people.item_input import ItemFields, read_item
from tieline.server.people.own_events import Change, store_own_event
from tieline.store import own_items
from tieline.store.audit import note
from tieline.store.directory import Directory, StoredConnection
from tieline.store.own_items import NewOwnItem, OwnItem
from tieline.store.pool import Store

#: Goes before references that people give, so that they are never a sync's.
_REFERENCE = "manual:"


class Stale(TielineError):
    """The item was changed since it was read."""


class ShownItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item; it shows the fields of its kind."""

    id: str
    kind: ItemKind
    connection: str
    project: str
    #: Id of the person: "drv:{project}:{phone, else e-mail}".
    person: str
    title: str | UnsetType | None = UNSET
    body: str | UnsetType | None = UNSET
    due_at: datetime | UnsetType | None = UNSET
    completed: bool | UnsetType = UNSET
    assignee: str | UnsetType | None = UNSET
    starts_at: datetime | UnsetType | None = UNSET
    ends_at: datetime | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    status: AppointmentStatus | UnsetType = UNSET
    location: str | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Whose items."""

    connection: StoredConnection
    person: DerivedPerson


class OwnItems:
    """The items of every `derived` account of this hub."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    def place(self, connection: str, person: str, project: str | None = None) -> Place:
        """Whom a phone, an e-mail or an id names. Raises ConfigurationError with the next step."""
        stored = self._connection(connection)
        known = DerivedPerson.parse(person)
        if known is not None:
            self._project(stored, known.project)
            return Place(connection=stored, person=known)
        named = self._project(stored, project)
        if "@" in person:
            email = normalise(person)
            if email is None:
                raise ConfigurationError(f"{person!r} is no e-mail address")
            return Place(connection=stored, person=DerivedPerson(project=named, email=email))
        phone = to_e164(person, self._country(stored, named))
        if phone is None:
            raise ConfigurationError(
                f"{person!r} is no phone number that can be read; write it with its country code, +1…"
            )
        return Place(connection=stored, person=DerivedPerson(project=named, phone=phone))

    async def add(
        self, place: Place, kind: ItemKind, given: ItemFields, *, reference: str | None = None
    ) -> tuple[ShownItem, bool]:
        """A new item; False beside the one that the same reference made before, which then stays as it is."""
        connection, person = place.connection, place.person
        new = NewOwnItem(
            connection_id=connection.id, project=person.project, person=person.id, item=read_item(kind, given),
            reference=None if reference is None else f"{_REFERENCE}{reference}",
        )  # fmt: skip
        async with self._store.transaction() as db:
            own, created = await own_items.create(db, new)
            if created:
                await store_own_event(db, self._directory, connection, own, "created")
                await note(db, "items.add", own.id, after=_noted(own))
        return self._shown(own), created

    async def change(
        self, item_id: str, given: ItemFields, *, version: int | None = None
    ) -> ShownItem | None:
        """The item after a change; one that changes nothing is told to nobody. None when there is no such item.

        Raises ConfigurationError, and Stale where `version` is not the present one.
        """
        async with self._store.transaction() as db:
            before = await self._locked(db, item_id, version)
            if before is None:
                return None
            after = read_item(before.kind, given, before.item)
            changes = [name for name in ITEM_FIELDS[before.kind] if _differs(name, before.item, after)]
            if not changes:
                return self._shown(before)
            own = await own_items.change(db, before, after)
            assert own is not None, "the row is locked"
            completed = "completed" in changes and isinstance(after, Task) and after.completed
            await self._tell(db, own, "completed" if completed else "updated", changes)
            await note(
                db, "items.change", own.id, before={"version": before.version},
                after={"version": own.version, "fields": changes},
            )  # fmt: skip
        return self._shown(own)

    async def remove(self, item_id: str, *, version: int | None = None) -> ShownItem | None:
        """Delete an item; None when there is no such item. Raises Stale as `change` does."""
        async with self._store.transaction() as db:
            before = await self._locked(db, item_id, version)
            if before is None:
                return None
            own = await own_items.remove(db, before)
            assert own is not None, "the row is locked"
            await self._tell(db, own, "deleted", ())
            await note(db, "items.remove", own.id, before=_noted(before))
        return self._shown(own)

    async def show(self, item_id: str) -> ShownItem | None:
        """One item that is there."""
        async with self._store.transaction() as db:
            own = await own_items.load(db, item_id)
        return None if own is None or own.deleted_at is not None else self._shown(own)

    async def list_of(
        self, place: Place, kind: ItemKind | None = None, *, deleted: bool = False
    ) -> list[ShownItem]:
        """A person's items, the oldest first; with `deleted` those that are gone as well."""
        async with self._store.transaction() as db:
            found = await own_items.list_of(db, place.connection.id, place.person.id, kind, deleted=deleted)
        return [self._shown(own) for own in found]

    async def list_changed(
        self, connection: str, *, since: datetime, after: str = "", limit: int = 100
    ) -> list[ShownItem]:
        """A page of an account's changes; see `store.own_items.list_changed`. Raises ConfigurationError."""
        stored = self._connection(connection)
        async with self._store.transaction() as db:
            found = await own_items.list_changed(db, stored.id, since=since, after=after, limit=limit)
        return [self._shown(own) for own in found]

    async def _locked(self, db: Any, item_id: str, version: int | None) -> OwnItem | None:
        own = await own_items.lock(db, item_id)
        if own is None or own.deleted_at is not None:
            return None
        if version is not None and version != own.version:
            raise Stale(f"{item_id} stands at version {own.version} by now; read it again")
        return own

    async def _tell(self, db: Any, own: OwnItem, change: Change, changes: list[str] | tuple[()]) -> None:
        connection = self._directory.connections[own.connection_id]
        await store_own_event(db, self._directory, connection, own, change, changes)

    def _connection(self, name: str) -> StoredConnection:
        stored = self._directory.connection(name)
        if stored is None:
            raise ConfigurationError(f"there is no connection named {name}; see: tieline connect list")
        if stored.connector != "nimbata":
            raise ConfigurationError(f"{name} is a CRM location; name a call-tracking connection")
        if account_config(stored).mode != "derived":
            raise ConfigurationError(
                f"the account of {name} keeps tasks, notes and appointments itself: change them there"
            )
        return stored

    def _project(self, stored: StoredConnection, given: str | None) -> str:
        """The project that is named, or the only one that it can be."""
        config = account_config(stored)
        synced = {
            sync.project
            for sync in self._directory.syncs.values()
            if sync.source_id == stored.id and sync.project
        }
        known = sorted({*config.projects, *synced})
        if given:
            if config.projects and given not in known:
                raise ConfigurationError(f"{stored.name} reads no project {given}, but {', '.join(known)}")
            return given
        if len(known) != 1:
            told = f"; it has {', '.join(known)}" if known else ""
            raise ConfigurationError(f"say which project of {stored.name} the person belongs to{told}")
        return known[0]

    def _country(self, stored: StoredConnection, project: str) -> str | None:
        """How local numbers read: as at the locations that the project is carried to, if these agree."""
        countries = {
            self._directory.connections[sync.target_id].settings.get("location", {}).get("country")
            for sync in self._directory.consumers(stored.id, project)
        }
        return countries.pop() if len(countries) == 1 else None

    def _shown(self, own: OwnItem) -> ShownItem:
        return ShownItem(
            id=own.id, kind=own.kind, connection=self._directory.connections[own.connection_id].name,
            project=own.project, person=own.person, version=own.version, created_at=own.created_at,
            updated_at=own.updated_at, deleted_at=own.deleted_at,
            **{name: getattr(own.item, name) for name in ITEM_FIELDS[own.kind]},
        )  # fmt: skip


def _differs(name: str, before: Item, after: Item) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def _noted(own: OwnItem) -> dict[str, Any]:
    """As the audit log has it: whose it is, and its words, stand in the item alone."""
    return {"kind": own.kind, "project": own.project, "version": own.version}
