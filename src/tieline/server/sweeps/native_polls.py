"""People of a `native` call-tracking account by their time of change, and what belongs to those who changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.paging import Page, pages
from tieline.connectors.nimbata.activity import Happening, parse_row
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.item_rows import ITEM_LISTS, item_row, read_item_page
from tieline.connectors.nimbata.lists import Place, first_place, read_page
from tieline.connectors.nimbata.operations import CONTACT_ROWS, FindContacts
from tieline.connectors.nimbata.operations.inputs import OfContact
from tieline.domain.ids import ConnectionId
from tieline.domain.items import ItemKind
from tieline.engine.polls import DuePoll
from tieline.errors import NotFoundError, UnreadableError
from tieline.server.accounts.connections import opened
from tieline.server.sweeps.sweep import history_ends
from tieline.server.sweeps.telling import Teller
from tieline.server.sweeps.wanted import Wants
from tieline.store.directory import StoredConnection


class NativePolls:
    """Reads the contacts of any such account."""

    def __init__(self, gateway: Gateway, teller: Teller, wants: Wants) -> None:
        self._gateway = gateway
        self._teller = teller
        self._wants = wants
        #: When those who were met lately had changed: the overlap meets them again, and they are asked for once.
        self._asked: dict[ConnectionId, dict[str, datetime]] = {}

    async def people(self, poll: DuePoll, stored: StoredConnection, config: NimbataConfig) -> dict[str, Any]:
        """Contacts by update time, oldest first, with an overlap."""
        mark = poll.cursor.get("updated_at")
        newest = datetime.fromisoformat(mark) if mark else history_ends(poll.cursor, datetime.now(UTC))
        since = newest - timedelta(seconds=config.polling.overlap_s)
        kinds = tuple(
            kind for kind in sorted(self._wants.of(stored.id).items) if config.offers(ITEM_LISTS[kind].id)
        )
        asked, met = self._asked.get(stored.id, {}), dict[str, datetime]()

        async def fetch(at: Place) -> Page[bytes]:
            given = FindContacts(
                updated_since=since, include_deleted=True, page=at if isinstance(at, int) else msgspec.UNSET,
                per_page=config.pagination.size, cursor=at if isinstance(at, str) and at else msgspec.UNSET,
            )  # fmt: skip
            answer = await self._gateway.call(opened(stored), CONTACT_ROWS, given, "sweep")
            return read_page(answer.value, config, at, CONTACT_ROWS.id)

        async for page in pages(fetch, first_place(config)):
            deliveries, changed = [], list[Happening]()
            for row in page.rows:
                try:
                    happening = parse_row("contact", row, config)
                except UnreadableError as error:
                    deliveries.append(
                        self._teller.delivery(stored, "contact.updated", row, unreadable=str(error))
                    )
                    continue
                deliveries.append(
                    self._teller.delivery(stored, happening.kind, row, project=happening.project_id)
                )
                if happening.occurred_at is None or happening.contact_id is None:
                    continue
                newest = max(newest, happening.occurred_at)
                met[happening.contact_id] = happening.occurred_at
                if asked.get(happening.contact_id) != happening.occurred_at:
                    changed.append(happening)
            await self._teller.tell(deliveries)
            for happening in changed:
                if happening.kind != "contact.deleted":
                    for kind in kinds:
                        await self._items(stored, config, happening, kind, since)
        self._asked[stored.id] = met
        return {"updated_at": newest.isoformat()}

    async def _items(
        self,
        stored: StoredConnection,
        config: NimbataConfig,
        person: Happening,
        kind: ItemKind,
        since: datetime,
    ) -> None:
        """What changed of one kind, oldest first."""
        assert person.contact_id is not None
        contact, connection = person.contact_id, opened(stored)

        async def fetch(at: Place) -> Page[bytes]:
            return await self._item_page(connection, config, contact, kind, since, at)

        try:
            async for page in pages(fetch, first_place(config)):
                deliveries = []
                for row in page.rows:
                    try:
                        told = item_row(kind, row, config, contact=contact, project=person.project_id)
                    except UnreadableError as error:
                        event = f"{kind}.changed"
                        deliveries.append(
                            self._teller.delivery(
                                stored, event, row, project=person.project_id, unreadable=str(error)
                            )
                        )
                    else:
                        deliveries.append(
                            self._teller.delivery(
                                stored, told.event, told.body, project=person.project_id,
                                name=told.occurrence,
                            )
                        )  # fmt: skip
                await self._teller.tell(deliveries)
        except NotFoundError:
            # Deleted between the list of contacts and this one: the next look at that list tells it.
            return

    async def _item_page(
        self,
        connection: Connection,
        config: NimbataConfig,
        contact: str,
        kind: ItemKind,
        since: datetime,
        at: Place,
    ) -> Page[bytes]:
        given = OfContact(
            contact_id=contact, updated_since=since, page=at if isinstance(at, int) else msgspec.UNSET,
            per_page=config.pagination.size, cursor=at if isinstance(at, str) and at else msgspec.UNSET,
        )  # fmt: skip
        answer = await self._gateway.call(connection, ITEM_LISTS[kind], given, "sweep")
        return read_item_page(answer.value, kind, config, at)
