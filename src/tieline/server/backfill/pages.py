"""History, page by page: the people of both sides with what hangs on them, and what happened at an account.

A page is read from a cursor alone, so that whoever stored the one before it can go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from tieline.connectors.contacts_api.operations import appointments, contacts, notes, tasks
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.activity import Happening, parse_row
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.lists import first_place, read_page
from tieline.connectors.nimbata.operations import CONTACT_ROWS, FindContacts
from tieline.domain.items import ItemKind
from tieline.domain.side import Side
from tieline.errors import ConfigurationError, CredentialError, NotFoundError, UnreadableError
from tieline.mapping.two_way import TwoWay
from tieline.server.accounts.connections import opened
from tieline.server.accounts.intakes import account_config
from tieline.server.backfill.activities import activities_page
from tieline.server.backfill.events import BACKFILLED, RECONCILED, item_event
from tieline.server.backfill.items import account_items
from tieline.server.backfill.page import PageRead
from tieline.store.backfill import Found, Progress, Run, RunKind
from tieline.store.directory import Directory, StoredConnection, StoredSync
from tieline.sync.files.definition import parse_definition

Phase = Literal["nimbata.people", "nimbata.activities", "contacts_api.people", "contacts_api.tasks"]
#: The phase in which all is read, and the last assignments end.
ENDING = "ending"
#: Who of these ids of one side is linked already.
Linked = Callable[[Side, Sequence[str]], Awaitable[set[str]]]
#: Contacts a page: with what hangs on each a page is some 200 calls.
PAGE = 100
#: Contacts whose notes and appointments are read side by side.
_ABREAST = 8
#: A list that is read by position goes back so far, should rows before it have gone.
_OVERLAP = 10


class HistoryPages:
    """Reads the history of one sync."""

    def __init__(
        self,
        directory: Directory,
        gateway: Gateway,
        sync: StoredSync,
        *,
        kind: RunKind,
        since: datetime | None,
        linked: Linked,
        items: bool = True,
    ) -> None:
        """`items`: with tasks, notes and appointments, where the sync carries them."""
        self._gateway = gateway
        self._sync = sync
        self._source = _connection(directory, sync, "nimbata")
        self._target = _connection(directory, sync, "contacts_api")
        self._config: NimbataConfig = account_config(self._source)
        rules: TwoWay = parse_definition(sync.definition, name=sync.name).two_way
        self._people = rules.person is not None and rules.person.direction != "off"
        self._kinds: tuple[ItemKind, ...] = tuple(
            sorted(kind for kind, one in rules.items.items() if items and one.direction != "off")
        )
        self._event = RECONCILED if kind in ("reconcile", "drift") else BACKFILLED
        self._everybody = self._event == RECONCILED
        self._since = since
        self._linked = linked

    @property
    def native(self) -> bool:
        """The account stores people."""
        return self._config.mode == "native"

    def phases(self) -> tuple[Phase, ...]:
        """The lists, in the order in which they are read."""
        found: list[Phase] = []
        if self._people and self.native:
            found.append("nimbata.people")
        if not self._people or not self.native or self._since is not None:
            found.append("nimbata.activities")
        if self._people:
            found.append("contacts_api.people")
            if "task" in self._kinds:
                found.append("contacts_api.tasks")
        return tuple(found)

    async def read(self, phase: str, cursor: Mapping[str, Any]) -> PageRead:
        """The page at `cursor`; {} = the first one. Raises ConnectorError, UnreadableError and ConfigurationError."""
        try:
            match phase:
                case "nimbata.people":
                    return await self._account_people(cursor)
                case "nimbata.activities":
                    return await activities_page(
                        self._gateway, self._source, self._config, self._sync.project, self._since, cursor
                    )
                case "contacts_api.people":
                    return await self._contacts(cursor)
                case "contacts_api.tasks":
                    return await self._tasks(cursor)
        except CredentialError as error:
            if error.fault != "scope":
                raise
            # What is lacked for history alone keeps the lane from nothing else.
            raise ConfigurationError(f"history cannot be read: {error}") from error
        raise ConfigurationError(f"there is no list called {phase!r}")

    async def _account_people(self, cursor: Mapping[str, Any]) -> PageRead:
        """By time of change, which a row that is written to leaves: so each page begins at the time of the last row,
        not at a number. Where one second fills a page, numbers must do; then what was told is written before the page
        is read once more, since rows that went let others move up into it."""
        config, since = self._config, _moment(cursor.get("since"))
        at = cursor.get("at", first_place(config))
        given = FindContacts(
            updated_since=since or UNSET, page=at if isinstance(at, int) else UNSET,
            per_page=config.pagination.size, cursor=at if isinstance(at, str) and at else UNSET,
        )  # fmt: skip
        answer = await self._gateway.call(opened(self._source), CONTACT_ROWS, given, "backfill")
        page = read_page(answer.value, config, at, CONTACT_ROWS.id)
        met = frozenset(cursor.get("met", ()))
        rows: list[tuple[Happening, bytes]] = []
        found: list[Found] = []
        for row in page.rows:
            try:
                rows.append((parse_row("contact", row, config), row))
            except UnreadableError as error:
                found.append(self._found(self._source, self._event, row, unreadable=str(error)))
        fresh = [(one, row) for one, row in rows if one.contact_id not in met and self._is_ours(one)]
        found += await self._people_of_account(fresh)
        last = max((one.occurred_at for one, _ in rows if one.occurred_at), default=None)
        second = last.replace(microsecond=0) if last is not None else None
        following: dict[str, Any] | None
        if page.next is None:
            following = None
        elif second is not None and (since is None or second > since):
            ids = [
                one.contact_id for one, _ in rows if one.occurred_at is not None and one.occurred_at >= second
            ]
            following = {"since": second.isoformat(), "met": ids}
        else:
            again = any(one.contact_id not in met for one, _ in rows)
            ids = [one.contact_id for one, _ in rows]
            following = {
                "since": since.isoformat() if since else None, "at": at if again else page.next,
                "met": ids if again else [], "settle": True,
            }  # fmt: skip
        return PageRead(found=tuple(found), cursor=following, records=len(fresh), total=_total(answer.value))

    def _is_ours(self, person: Happening) -> bool:
        return person.kind != "contact.deleted" and person.project_id in (
            None,
            self._sync.project or person.project_id,
        )

    async def _people_of_account(self, people: Sequence[tuple[Happening, bytes]]) -> list[Found]:
        ids = [one.contact_id for one, _ in people if one.contact_id is not None]
        linked = set() if self._everybody else await self._linked("nimbata", ids)
        found = []
        hanging = await _abreast(
            [self._items_of_account(one.contact_id or "", one.project_id) for one, _ in people]
        )
        for (one, row), items in zip(people, hanging, strict=True):
            if one.contact_id not in linked:
                found.append(self._found(self._source, self._event, row, project=one.project_id))
            found += items
        return found

    async def _items_of_account(self, contact: str, project: str | None) -> list[Found]:
        if not self._kinds:
            return []
        return [
            self._found(self._source, kind, body, project=project, unreadable=unreadable)
            for kind, body, unreadable in await account_items(
                self._gateway, self._source, self._config, contact, project, self._kinds
            )
        ]

    async def _contacts(self, cursor: Mapping[str, Any]) -> PageRead:
        """In the order of their making, which no write changes."""
        asked = contacts.SearchContacts(
            page_limit=PAGE, sort=[contacts.Sort(field="dateAdded")],
            search_after=cursor.get("after", UNSET),
        )  # fmt: skip
        answer = (await self._gateway.call(opened(self._target), contacts.SEARCH, asked, "backfill")).value
        ids = [row.id for row in answer.contacts]
        linked = set() if self._everybody else await self._linked("contacts_api", ids)
        hanging = await _abreast([self._items_of_contact(contact) for contact in ids])
        found = []
        for row, items in zip(answer.contacts, hanging, strict=True):
            if row.id not in linked:
                found.append(self._found(self._target, self._event, msgspec.json.encode(row)))
            found += items
        after = answer.contacts[-1].search_after if answer.contacts else None
        return PageRead(
            found=tuple(found),
            cursor={"after": after} if after else None,
            records=len(ids),
            total=answer.total,
        )

    async def _items_of_contact(self, contact: str) -> list[Found]:
        """Its notes and appointments, which can be listed no other way."""
        rows: list[tuple[ItemKind, Any]] = []
        connection = opened(self._target)
        try:
            if "note" in self._kinds:
                asked = notes.NotesOf(contact_id=contact)
                listed = await self._gateway.call(connection, notes.LIST, asked, "backfill")
                rows += [("note", one) for one in reversed(listed.value.notes)]
            if "appointment" in self._kinds:
                whose = appointments.AppointmentsOf(contact_id=contact)
                events = await self._gateway.call(connection, appointments.LIST_OF_CONTACT, whose, "backfill")
                rows += [("appointment", one) for one in events.value.events]
        except NotFoundError:
            # Deleted since the search, whose index lags.
            return []
        return [
            self._found(
                self._target, item_event(kind),
                msgspec.json.encode(msgspec.structs.replace(one, contact_id=one.contact_id or contact)),
            )
            for kind, one in rows
        ]  # fmt: skip

    async def _tasks(self, cursor: Mapping[str, Any]) -> PageRead:
        """By position, newest first: what comes in meanwhile is met twice, and what goes is made up for."""
        skip = int(cursor.get("skip", 0))
        asked = tasks.SearchTasks(limit=PAGE, skip=skip)
        rows = (await self._gateway.call(opened(self._target), tasks.SEARCH, asked, "backfill")).value.tasks
        found = tuple(self._found(self._target, item_event("task"), msgspec.json.encode(row)) for row in rows)
        following = {"skip": skip + max(1, len(rows) - _OVERLAP)} if len(rows) >= PAGE else None
        return PageRead(found=found, cursor=following, records=len(rows))

    @staticmethod
    def _found(
        stored: StoredConnection,
        kind: str,
        body: bytes,
        *,
        project: str | None = None,
        unreadable: str | None = None,
    ) -> Found:
        return Found(connection_id=stored.id, kind=kind, body=body, project=project, unreadable=unreadable)


def onward(run: Run, page: PageRead, phases: tuple[str, ...]) -> Run:
    """How a run stands behind a page: in the same list, in the next one, or at the end."""
    phase = run.phase or phases[0]
    known = run.progress.get(phase, Progress())
    progress = Progress(
        read=known.read + page.records, total=known.total if known.total is not None else page.total
    )
    cursor = page.cursor
    if cursor is None:
        place = phases.index(phase) + 1
        phase, cursor = phases[place] if place < len(phases) else ENDING, {}
    return msgspec.structs.replace(
        run, phase=phase, cursor=cursor, progress={**run.progress, run.phase or phases[0]: progress}
    )


async def _abreast(works: Sequence[Awaitable[list[Found]]]) -> list[list[Found]]:
    """Some at a time, in order."""
    room = asyncio.Semaphore(_ABREAST)

    async def one(work: Awaitable[list[Found]]) -> list[Found]:
        async with room:
            return await work

    return list(await asyncio.gather(*(one(work) for work in works)))


def _connection(directory: Directory, sync: StoredSync, side: Side) -> StoredConnection:
    stored = directory.connections.get(sync.source_id if side == "nimbata" else sync.target_id)
    if stored is None:
        raise ConfigurationError(f"sync {sync.name} names a connection that is gone")
    return stored


def _moment(raw: str | None) -> datetime | None:
    return datetime.fromisoformat(raw) if raw else None


def _total(raw: msgspec.Raw) -> int | None:
    """How many rows there are in all, where the answer says so."""
    try:
        told = msgspec.json.decode(raw, type=_Told)
    except msgspec.ValidationError:
        return None
    return told.total if told.total is not None else told.meta.total


class _Meta(msgspec.Struct, frozen=True):
    total: int | None = None


class _Told(msgspec.Struct, frozen=True):
    total: int | None = None
    meta: _Meta = _Meta()
