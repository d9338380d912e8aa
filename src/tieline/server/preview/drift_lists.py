"""What both sides list of one person's tasks, notes and appointments now, with as few calls as that takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import structlog

from tieline.connectors.contacts_api import shapes
from tieline.connectors.contacts_api.items import appointment_of, is_whole, note_of, task_of, zone_of
from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.operations import appointments, notes, tasks
from tieline.connectors.contacts_api.records import as_text
from tieline.connectors.contacts_api.shapes_calendars import Event, read_moment
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.item_rows import ITEM_LISTS
from tieline.connectors.nimbata.items import item_change
from tieline.domain.items import Item, ItemKind
from tieline.effects.target import Target
from tieline.errors import NotFoundError, RejectedError
from tieline.mapping.reference import split_reference
from tieline.mapping.two_way import ItemRules
from tieline.server.accounts.connections import opened
from tieline.server.accounts.intakes import account_config
from tieline.server.backfill.items import account_items
from tieline.server.targets.contacts_surroundings import Surroundings
from tieline.store import own_items
from tieline.store.directory import StoredConnection
from tieline.store.pool import Store
from tieline.sync.drift_items import ListedItem

log = structlog.get_logger(__name__)

#: By kind, and by the side's own id.
Listed = dict[ItemKind, dict[str, ListedItem]]


class LocationLists:
    """Of one location of the CRM: a call a kind, and one for each appointment whose notes its list leaves out."""

    def __init__(
        self, gateway: Gateway, stored: StoredConnection, rules: Mapping[ItemKind, ItemRules], target: Target
    ) -> None:
        self._gateway = gateway
        self._connection = opened(stored)
        self._target = target
        facts = LocationFacts.from_settings(stored.account, stored.settings)
        self._zone = zone_of(facts.timezone or "UTC")
        named = {email: user for one in rules.values() for email, user in one.assignees.items()}
        self._surroundings = Surroundings(gateway, self._connection, named)

    async def of(
        self,
        contact_id: str,
        kinds: Sequence[ItemKind],
        known: Collection[str],
        searched: Sequence[shapes.Task] | None = None,
    ) -> Listed:
        """`known`: ids of its tasks; `searched`: what a search for tasks showed of it. Raises NotFoundError."""
        found: Listed = {}
        for kind in kinds:
            match kind:
                case "task":
                    found[kind] = await self._tasks(contact_id, known, searched)
                case "note":
                    found[kind] = await self._notes(contact_id)
                case "appointment":
                    found[kind] = await self._appointments(contact_id)
        return found

    async def _tasks(
        self, contact_id: str, known: Collection[str], searched: Sequence[shapes.Task] | None
    ) -> dict[str, ListedItem]:
        """The search lags: it proves no more than that nobody made or deleted one."""
        rows = searched
        if rows is None or {one.id for one in rows} != set(known):
            asked = tasks.TasksOf(contact_id=contact_id)
            rows = (await self._gateway.call(self._connection, tasks.LIST, asked, "backfill")).value.tasks
        await self._surroundings.learn(*(one.assigned_to for one in rows))
        return {
            one.id: ListedItem(
                item=task_of(one, self._surroundings.emails), ours=_marked(one.body),
                since=self._moment(one.date_added),
            )
            for one in rows
        }  # fmt: skip

    async def _notes(self, contact_id: str) -> dict[str, ListedItem]:
        asked = notes.NotesOf(contact_id=contact_id)
        rows = (await self._gateway.call(self._connection, notes.LIST, asked, "backfill")).value.notes
        return {
            one.id: ListedItem(
                item=note_of(one), ours=_marked(one.body), since=self._moment(one.date_added)
            )
            for one in rows
        }  # fmt: skip

    async def _appointments(self, contact_id: str) -> dict[str, ListedItem]:
        asked = appointments.AppointmentsOf(contact_id=contact_id)
        answer = await self._gateway.call(
            self._connection, appointments.LIST_OF_CONTACT, asked, "backfill"
        )  # fmt: skip
        await self._surroundings.learn(*(one.assigned_user_id for one in answer.value.events))
        found = {}
        for row in answer.value.events:
            item = await self._appointment(contact_id, row)
            if item is not None:
                since = self._moment(row.date_added)
                found[row.id] = ListedItem(item=item, since=since)
        return found

    async def _appointment(self, contact_id: str, row: Event) -> Item | None:
        """The whole appointment; None where it went since the list, or nobody can read it."""
        shown = appointment_of(row, self._zone, self._surroundings.emails)
        if shown is not None and is_whole(row):
            return shown
        try:
            return await self._target.fetch_item("appointment", row.id, contact_id)
        except NotFoundError:
            return None
        except RejectedError as error:
            log.warning("an appointment cannot be compared", item=row.id, why=str(error))
            return None

    def _moment(self, raw: object) -> datetime | None:
        return read_moment(raw, self._zone)


class AccountLists:
    """Of one call-tracking account: a list of each kind where it stores people, else what we keep for it."""

    def __init__(
        self, store: Store, gateway: Gateway, stored: StoredConnection, target: Target, project: str | None
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._stored = stored
        self._target = target
        self._config = account_config(stored)
        self._project = project

    def shows(self, kind: ItemKind) -> bool:
        """Whether the account lists such items."""
        return self._config.mode == "derived" or self._config.offers(ITEM_LISTS[kind].id)

    async def of(self, person: str, kinds: Sequence[ItemKind]) -> Listed:
        """Empty for somebody who is not there."""
        found: Listed = {kind: {} for kind in kinds}
        if self._config.mode == "derived":
            async with self._store.transaction() as db:
                for own in await own_items.list_of(db, self._stored.id, person):
                    if own.kind in found:
                        found[own.kind][own.id] = ListedItem(item=own.item, since=own.updated_at)
            return found
        for event, body, unreadable in await account_items(
            self._gateway, self._stored, self._config, person, self._project, kinds
        ):
            # What cannot be read is kept as unreadable, with its reason, by a reconcile.
            if unreadable is not None:
                continue
            kind = _KINDS[event.partition(".")[0]]
            told = item_change(body, f"{kind}.changed", self._config)
            item = told.item
            if told.removed:
                continue
            if item is None:
                try:
                    item = await self._target.fetch_item(kind, told.item_id, person)
                except NotFoundError:
                    continue
            found[kind][told.item_id] = ListedItem(
                item=item, ours=told.reference is not None, since=item.updated_at
            )
        return found


_KINDS: dict[str, ItemKind] = {"task": "task", "note": "note", "appointment": "appointment"}


def _marked(body: object) -> bool:
    return split_reference(as_text(body))[1] is not None
