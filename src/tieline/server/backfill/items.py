"""What hangs on a person of a call-tracking account, as rows of history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from msgspec import UNSET

from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.paging import Page, pages
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.item_rows import ITEM_LISTS, item_row, read_item_page
from tieline.connectors.nimbata.lists import Place, first_place
from tieline.connectors.nimbata.operations.inputs import OfContact
from tieline.domain.items import ItemKind
from tieline.errors import NotFoundError, UnreadableError
from tieline.server.accounts.connections import opened
from tieline.server.backfill.events import item_event
from tieline.store.directory import StoredConnection

#: The event's kind, the row as a webhook would tell it, and why it cannot be read.
ItemFound = tuple[str, bytes, str | None]
Fetch = Callable[[Place], Awaitable[Page[bytes]]]


async def account_items(
    gateway: Gateway,
    stored: StoredConnection,
    config: NimbataConfig,
    contact: str,
    project: str | None,
    kinds: Sequence[ItemKind],
) -> list[ItemFound]:
    """All tasks, notes and appointments that the account shows of one person; none of one who is gone."""
    found: list[ItemFound] = []
    for kind in kinds:
        if not config.offers(ITEM_LISTS[kind].id):
            continue
        try:
            async for page in pages(_fetcher(gateway, stored, config, contact, kind), first_place(config)):
                found += [_read(kind, row, config, contact, project) for row in page.rows]
        except NotFoundError:
            return []
    return found


def _fetcher(
    gateway: Gateway, stored: StoredConnection, config: NimbataConfig, contact: str, kind: ItemKind
) -> Fetch:
    async def fetch(at: Place) -> Page[bytes]:
        given = OfContact(
            contact_id=contact, page=at if isinstance(at, int) else UNSET, per_page=config.pagination.size,
            cursor=at if isinstance(at, str) and at else UNSET,
        )  # fmt: skip
        answer = await gateway.call(opened(stored), ITEM_LISTS[kind], given, "backfill")
        return read_item_page(answer.value, kind, config, at)

    return fetch


def _read(kind: ItemKind, row: bytes, config: NimbataConfig, contact: str, project: str | None) -> ItemFound:
    try:
        told = item_row(kind, row, config, contact=contact, project=project)
    except UnreadableError as error:
        return item_event(kind), row, str(error)
    return item_event(kind), told.body, None
