"""Compares the tasks, notes and appointments of linked people as both sides show them now; nothing is written."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog

from tieline.connectors.contacts_api import shapes
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.command import CreateItem, UpdateItem
from tieline.domain.ids import PersonId
from tieline.domain.items import Item, ItemKind
from tieline.domain.side import SIDES, Side, other
from tieline.engine.turn import Consumer
from tieline.errors import ConfigurationError, CredentialError, NotFoundError, RejectedError
from tieline.server.backfill.events import RECONCILED
from tieline.server.backfill.location_records import LocationRecords
from tieline.server.backfill.page import PageRead
from tieline.server.backfill.pages import PAGE
from tieline.server.preview.drift_lists import AccountLists, Listed, LocationLists
from tieline.server.preview.drift_report import Tally
from tieline.store.directory import Directory, StoredSync
from tieline.store.keyring import Keys
from tieline.store.person_rows import open_item
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.sync.drift_items import ComparedItems, KnownItem, ListedItem, compare_items
from tieline.sync.merge import MergeState
from tieline.sync.merge_items import view

log = structlog.get_logger(__name__)

#: People on whom is looked side by side.
_ABREAST = 8
_TABLE = "CREATE TEMP TABLE listed_task (contact_id text, task_id text PRIMARY KEY, body bytea)"
_item: msgspec.json.Decoder[Item] = msgspec.json.Decoder(Item)
_merge = msgspec.json.Decoder(MergeState)
_task = msgspec.json.Decoder(shapes.Task)
KnownOf = dict[ItemKind, list[KnownItem]]


class Whom(msgspec.Struct, frozen=True, kw_only=True):
    """A person who is linked."""

    person: PersonId
    contact_id: str
    nimbata_id: str
    #: An event of theirs waits.
    waits: bool


def compares_people(consumer: Consumer) -> bool:
    """Whether the account has records of people, and the sync keeps them equal."""
    return consumer.merger is not None and not consumer.derived


class ItemsDrift:
    """Of one sync, in one drift."""

    def __init__(
        self, store: Store, directory: Directory, gateway: Gateway, consumer: Consumer, sync: StoredSync
    ) -> None:
        assert consumer.nimbata is not None
        source, target = directory.connections[sync.source_id], directory.connections[sync.target_id]
        self._store = store
        self._consumer = consumer
        self._people = compares_people(consumer)
        self._location = LocationLists(gateway, target, consumer.items, consumer.target)
        self._account = AccountLists(store, gateway, source, consumer.nimbata, sync.project)
        self._search = LocationRecords(
            gateway, target, kinds=(), event=RECONCILED, linked=_nobody, size=PAGE
        )  # fmt: skip
        #: Where the search for tasks was read; None = tasks are listed contact by contact.
        self._searched: Store | None = None

    @property
    def kinds(self) -> tuple[ItemKind, ...]:
        """Those that the sync carries, and the account lists."""
        return tuple(sorted(kind for kind in self._consumer.items if self._account.shows(kind)))

    async def read_tasks(self, scratch: Store, cursor: Mapping[str, Any]) -> PageRead:
        """One page of all the location's tasks, which spares a call for each contact."""
        try:
            page = await self._search.tasks(cursor)
        except CredentialError as error:
            if error.fault != "scope":
                raise
            # A token that may not search may list.
            self._searched = None
            return PageRead()
        async with scratch.transaction() as db:
            if not cursor:
                await db.execute(_TABLE)
            rows = [_task.decode(one.body) for one in page.found]
            await db.execute(
                "INSERT INTO listed_task SELECT * FROM"
                " unnest(%(contacts)s::text[], %(ids)s::text[], %(bodies)s::bytea[]) ON CONFLICT (task_id) DO NOTHING",
                {
                    "contacts": [str(one.contact_id) for one in rows], "ids": [one.id for one in rows],
                    "bodies": [one.body for one in page.found],
                },
            )  # fmt: skip
            if page.cursor is None:
                await db.execute("CREATE INDEX ON listed_task (contact_id)")
        self._searched = scratch
        return PageRead(cursor=page.cursor, records=page.records)

    async def compare(
        self, cursor: Mapping[str, Any], tally: Tally, *, only: Sequence[str] | None = None
    ) -> PageRead:
        """A page of linked people, or of those among these contacts. Raises ConnectorError and ConfigurationError."""
        whom = await self._linked(str(cursor.get("after", "")), only)
        known, tasks = await self._known(whom), await self._tasks_of(whom)
        room = asyncio.Semaphore(_ABREAST)

        async def one(each: Whom) -> Sequence[ComparedItems] | Side:
            async with room:
                rows = tasks.get(each.contact_id, []) if tasks is not None else None
                return await self._look(each, known[each.person], rows)

        try:
            looks = await asyncio.gather(*(one(each) for each in whom))
        except CredentialError as error:
            if error.fault != "scope":
                raise
            # What is lacked for a look alone keeps the lane from nothing else.
            raise ConfigurationError(f"items cannot be read: {error}") from error
        for each, look in zip(whom, looks, strict=True):
            if isinstance(look, str):
                # Where people are compared, whoever is gone was counted among them.
                tally.gone[look] += not self._people
            else:
                tally.add_items(each.contact_id, each.nimbata_id, look)
        following = {"after": whom[-1].contact_id} if len(whom) == PAGE else None
        return PageRead(cursor=following, records=len(whom))

    async def _look(
        self, whom: Whom, known: KnownOf, searched: Sequence[shapes.Task] | None
    ) -> Sequence[ComparedItems] | Side:
        """All kinds of one person; or the side on which the person is not there any more."""
        tasks = [
            one.ids["contacts_api"] for one in known["task"] if "contacts_api" in one.ids and not one.gone
        ]
        try:
            there = await self._location.of(whom.contact_id, self.kinds, tasks, searched)
        except NotFoundError:
            if await self._is_gone("contacts_api", whom.contact_id):
                return "contacts_api"
            there = {kind: {} for kind in self.kinds}
        here = await self._account.of(whom.nimbata_id, self.kinds)
        for kind in self.kinds:
            await self._confirm(kind, whom, known[kind], there)
        listed: dict[Side, Listed] = {"nimbata": here, "contacts_api": there}
        if gone := await self._gone_with(whom, known, listed):
            return gone
        return [
            compare_items(
                kind, self._consumer.items[kind], known[kind], {side: listed[side][kind] for side in SIDES},
                self._takes, waiting=whom.waits,
            )
            for kind in self.kinds
        ]  # fmt: skip

    async def _confirm(self, kind: ItemKind, whom: Whom, known: Sequence[KnownItem], there: Listed) -> None:
        """Lists of the CRM lag, and leave out what a record shows: what differs, or is missing, is believed by id."""
        for one in known:
            name, seen = one.ids.get("contacts_api"), one.seen.get("contacts_api")
            if one.gone or name is None:
                continue
            shown = there[kind].get(name)
            if shown is not None and seen is not None and view(shown.item) == view(seen):
                continue
            item: Item | None
            try:
                item = await self._consumer.target.fetch_item(kind, name, whom.contact_id)
            except NotFoundError:
                there[kind].pop(name, None)
                continue
            except RejectedError as error:
                # It is there, and nobody can say how it stands.
                log.warning("an item cannot be compared", kind=kind, item=name, why=str(error))
                item = seen
            if item is not None:
                there[kind][name] = ListedItem(item=item, ours=shown.ours if shown is not None else False)

    async def _gone_with(self, whom: Whom, known: KnownOf, listed: Mapping[Side, Listed]) -> Side | None:
        """The side on which items are missing because their person is."""
        for side in SIDES:
            lacks = any(
                side in one.ids and one.ids[side] not in listed[side][kind] and not one.gone
                for kind in self.kinds
                for one in known[kind]
            )
            record_id = whom.contact_id if side == "contacts_api" else whom.nimbata_id
            if lacks and await self._is_gone(side, record_id):
                return side
        return None

    async def _is_gone(self, side: Side, record_id: str) -> bool:
        if side == "nimbata" and self._consumer.derived:
            # Whoever called once is there.
            return False
        try:
            await self._consumer.targets[side].fetch(record_id)
        except NotFoundError:
            return True
        return False

    def _takes(self, side: Side, command: CreateItem | UpdateItem) -> bool:
        return self._consumer.targets[side].cannot(command) is None

    async def _linked(self, after: str, only: Sequence[str] | None) -> list[Whom]:
        given = {"consumer": self._consumer.id, "after": after, "limit": PAGE, "ids": only}
        async with self._store.transaction() as db:
            rows = await (await db.execute(query("list_linked"), given)).fetchall()
        return [
            Whom(person=PersonId(row[0]), contact_id=row[1], nimbata_id=row[2], waits=row[3]) for row in rows
        ]

    async def _known(self, whom: Sequence[Whom]) -> dict[PersonId, KnownOf]:
        """What the sync knows of their items."""
        given = {"consumer": self._consumer.id, "persons": [one.person for one in whom]}
        async with self._store.transaction() as db:
            rows = await (await db.execute(query("load_items_of"), given)).fetchall()
            keys = {key: row for row in rows if (key := self._creation(row)) is not None}
            dead = await db.execute(query("load_given_up"), {"keys": list(keys)})
            refused = {row[0] for row in await dead.fetchall()}
        found: dict[PersonId, KnownOf] = {one.person: defaultdict(list) for one in whom}
        for row in rows:
            found[row[0]][row[1]].append(
                _known(row, self._store.keys, refused=self._creation(row) in refused)
            )
        return found

    def _creation(self, row: tuple[Any, ...]) -> str | None:
        """Of an item on one side alone, the key by which its copy is made (`engine.item_writes`)."""
        ids = _ids(row)
        if len(ids) != 1:
            return None
        ((origin, name),) = ids.items()
        return f"sync{self._consumer.id}:{row[1]}:{origin}:{name}:create:{other(origin)}"

    async def _tasks_of(self, whom: Sequence[Whom]) -> dict[str, list[shapes.Task]] | None:
        if self._searched is None:
            return None
        found: dict[str, list[shapes.Task]] = defaultdict(list)
        async with self._searched.transaction() as db:
            rows = await db.execute(
                "SELECT contact_id, body FROM listed_task WHERE contact_id = ANY(%s)",
                ([one.contact_id for one in whom],),
            )
            for row in await rows.fetchall():
                found[row[0]].append(_task.decode(row[1]))
        return found


async def _nobody(side: Side, ids: Sequence[str]) -> set[str]:
    return set()


def _ids(row: tuple[Any, ...]) -> dict[Side, str]:
    return {side: row[place] for side, place in zip(SIDES, (2, 3), strict=True) if row[place] is not None}


def _known(row: tuple[Any, ...], keys: Keys, *, refused: bool) -> KnownItem:
    nimbata, contacts_api, merge = open_item(keys, row[9], row[5:8], row[10], row[11])
    stored = {"nimbata": nimbata, "contacts_api": contacts_api}
    return KnownItem(
        ids=_ids(row), gone=row[4] == "gone", refused=refused, since=row[8],
        seen={side: _item.decode(found) for side in SIDES if (found := stored[side])},
        merge=_merge.decode(merge) if merge is not None else MergeState(linked=True),
    )  # fmt: skip
