"""A `native` call-tracking account, walked: an item whose webhook was lost does not move its contact's own time."""

from __future__ import annotations

import msgspec

from tieline.connectors.kit.paging import Page, pages
from tieline.connectors.nimbata.item_rows import ITEM_LISTS, ItemRow, item_row, read_item_page
from tieline.connectors.nimbata.lists import Place, first_place
from tieline.connectors.nimbata.operations.contacts import GET_CONTACT, ContactId
from tieline.connectors.nimbata.operations.inputs import OfContact
from tieline.domain.items import ItemKind
from tieline.domain.swept import GONE, Linked, Row
from tieline.errors import NotFoundError, UnreadableError
from tieline.inbox.receive import Delivery
from tieline.server.accounts.intakes import account_config
from tieline.server.sweeps.ground import Asker, Found, Listed
from tieline.server.sweeps.sweep import Digest
from tieline.server.sweeps.telling import Teller
from tieline.store.directory import StoredConnection


class NativeGround:
    """Tells `task.changed`, `note.changed` and `appointment.changed`, as the webhooks and the poll of contacts do."""

    def __init__(self, ask: Asker, teller: Teller, stored: StoredConnection, digest: Digest) -> None:
        self._ask = ask
        self._teller = teller
        self._stored = stored
        self._config = account_config(stored)
        self._digest = digest

    async def listed(self, whom: Linked, kind: ItemKind) -> Listed:
        """All of a kind, page by page."""
        config = self._config

        async def fetch(at: Place) -> Page[bytes]:
            given = OfContact(
                contact_id=whom.record_id, page=at if isinstance(at, int) else msgspec.UNSET,
                per_page=config.pagination.size,
                cursor=at if isinstance(at, str) and at else msgspec.UNSET,
            )  # fmt: skip
            return read_item_page(await self._ask(ITEM_LISTS[kind], given), kind, config, at)

        found, unreadable = list[Found](), list[Delivery]()
        page: Page[bytes] = Page(rows=())
        async for page in pages(fetch, first_place(config)):
            for raw in page.rows:
                try:
                    told = item_row(kind, raw, config, contact=whom.record_id, project=whom.project)
                except UnreadableError as error:
                    unreadable.append(
                        self._teller.delivery(
                            self._stored, f"{kind}.changed", raw, project=whom.project, unreadable=str(error)
                        )
                    )
                else:
                    found.append(self._found(whom, told))
        ended = page.next is None or not page.rows
        return Listed(found=tuple(found), unreadable=tuple(unreadable), whole=ended and not unreadable)

    async def get(self, whom: Linked) -> None:
        """One that was deleted may still be shown, with the time of it."""
        record = (await self._ask(GET_CONTACT, ContactId(id=whom.record_id))).record
        if record.deleted_at is not None:
            raise NotFoundError(
                f"contact {whom.record_id} was deleted",
                connection=self._stored.name,
                operation=GET_CONTACT.id,
            )

    def _found(self, whom: Linked, told: ItemRow) -> Found:
        # A row that says so itself tells its end; that it is listed no more later is no second one.
        digest = GONE if told.removed else self._digest("swept", told.body.decode())
        row = Row(record_id=told.item_id, contact_id=whom.record_id, digest=digest, added_at=told.created_at)
        return Found(row=row, event=told.event, body=told.body, occurrence=told.occurrence)
