"""The contacts and tasks of a location of the CRM, as pages of history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from tieline.connectors.contacts_api.operations import appointments, contacts, notes, tasks
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.items import ItemKind
from tieline.errors import NotFoundError
from tieline.server.accounts.connections import opened
from tieline.server.backfill.events import item_event
from tieline.server.backfill.page import Linked, PageRead, abreast
from tieline.store.backfill import Found
from tieline.store.directory import StoredConnection

#: A list that is read by position goes back so far, should rows before it have gone.
_OVERLAP = 10


class LocationRecords:
    """Of one location."""

    def __init__(
        self,
        gateway: Gateway,
        stored: StoredConnection,
        *,
        kinds: Sequence[ItemKind],
        event: str,
        linked: Linked,
        size: int,
    ) -> None:
        """`event` is told of each who is not linked; items of these `kinds` are read too; `size` rows are a page."""
        self._gateway = gateway
        self._stored = stored
        self._kinds = kinds
        self._event = event
        self._linked = linked
        self._size = size

    async def contacts(self, cursor: Mapping[str, Any]) -> PageRead:
        """In the order of their making, which no write changes; each with its notes and appointments."""
        asked = contacts.SearchContacts(
            page_limit=self._size, sort=[contacts.Sort(field="dateAdded")],
            search_after=cursor.get("after", UNSET),
        )  # fmt: skip
        answer = (await self._gateway.call(opened(self._stored), contacts.SEARCH, asked, "backfill")).value
        ids = [row.id for row in answer.contacts]
        linked = await self._linked("contacts_api", ids)
        hanging = await abreast([self._items(contact) for contact in ids])
        found = []
        for row, items in zip(answer.contacts, hanging, strict=True):
            if row.id not in linked:
                found.append(self._found(self._event, row))
            found += items
        after = answer.contacts[-1].search_after if answer.contacts else None
        return PageRead(
            found=tuple(found),
            cursor={"after": after} if after else None,
            records=len(ids),
            total=answer.total,
        )

    async def tasks(self, cursor: Mapping[str, Any]) -> PageRead:
        """By position, newest first: what comes in meanwhile is met twice, and what goes is made up for."""
        skip = int(cursor.get("skip", 0))
        asked = tasks.SearchTasks(limit=self._size, skip=skip)
        rows = (await self._gateway.call(opened(self._stored), tasks.SEARCH, asked, "backfill")).value.tasks
        found = tuple(self._found(item_event("task"), row) for row in rows)
        following = {"skip": skip + max(1, len(rows) - _OVERLAP)} if len(rows) >= self._size else None
        return PageRead(found=found, cursor=following, records=len(rows))

    async def _items(self, contact: str) -> list[Found]:
        """Its notes and appointments, which can be listed no other way."""
        rows: list[tuple[ItemKind, Any]] = []
        connection = opened(self._stored)
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
            self._found(item_event(kind), msgspec.structs.replace(one, contact_id=one.contact_id or contact))
            for kind, one in rows
        ]

    def _found(self, kind: str, row: msgspec.Struct) -> Found:
        return Found(connection_id=self._stored.id, kind=kind, body=msgspec.json.encode(row))
