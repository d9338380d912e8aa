"""The people whom a call-tracking account stores, as pages of history, each with what hangs on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.activity import Happening, parse_row
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.lists import first_place, read_page
from tieline.connectors.nimbata.operations import CONTACT_ROWS, FindContacts
from tieline.domain.items import ItemKind
from tieline.errors import UnreadableError
from tieline.server.accounts.connections import opened
from tieline.server.backfill.items import account_items
from tieline.server.backfill.page import Linked, PageRead, abreast
from tieline.store.backfill import Found
from tieline.store.directory import StoredConnection


class AccountPeople:
    """Of one account, or of one of its projects."""

    def __init__(
        self,
        gateway: Gateway,
        stored: StoredConnection,
        config: NimbataConfig,
        *,
        project: str,
        kinds: Sequence[ItemKind],
        event: str,
        linked: Linked,
    ) -> None:
        """`event` is told of each who is not linked; `project` "" = all; items of these `kinds` are read too."""
        self._gateway = gateway
        self._stored = stored
        self._config = config
        self._project = project
        self._kinds = kinds
        self._event = event
        self._linked = linked

    async def page(self, cursor: Mapping[str, Any]) -> PageRead:
        """By time of change, which a row that is written to leaves: so each page begins at the time of the last row,
        not at a number. Where one second fills a page, numbers must do; then what was told is written before the page
        is read once more, since rows that went let others move up into it."""
        config, since = self._config, _moment(cursor.get("since"))
        at = cursor.get("at", first_place(config))
        given = FindContacts(
            updated_since=since or UNSET, page=at if isinstance(at, int) else UNSET,
            per_page=config.pagination.size, cursor=at if isinstance(at, str) and at else UNSET,
        )  # fmt: skip
        answer = await self._gateway.call(opened(self._stored), CONTACT_ROWS, given, "backfill")
        page = read_page(answer.value, config, at, CONTACT_ROWS.id)
        met = frozenset(cursor.get("met", ()))
        rows: list[tuple[Happening, bytes]] = []
        found: list[Found] = []
        for row in page.rows:
            try:
                rows.append((parse_row("contact", row, config), row))
            except UnreadableError as error:
                found.append(self._found(self._event, row, unreadable=str(error)))
        fresh = [(one, row) for one, row in rows if one.contact_id not in met and self._is_ours(one)]
        found += await self._people(fresh)
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
            self._project or person.project_id,
        )

    async def _people(self, people: Sequence[tuple[Happening, bytes]]) -> list[Found]:
        ids = [one.contact_id for one, _ in people if one.contact_id is not None]
        linked = await self._linked("nimbata", ids)
        found = []
        hanging = await abreast([self._items(one.contact_id or "", one.project_id) for one, _ in people])
        for (one, row), items in zip(people, hanging, strict=True):
            if one.contact_id not in linked:
                found.append(self._found(self._event, row, project=one.project_id))
            found += items
        return found

    async def _items(self, contact: str, project: str | None) -> list[Found]:
        if not self._kinds:
            return []
        return [
            self._found(kind, body, project=project, unreadable=unreadable)
            for kind, body, unreadable in await account_items(
                self._gateway, self._stored, self._config, contact, project, self._kinds
            )
        ]

    def _found(
        self, kind: str, body: bytes, *, project: str | None = None, unreadable: str | None = None
    ) -> Found:
        return Found(
            connection_id=self._stored.id, kind=kind, body=body, project=project, unreadable=unreadable
        )


def _moment(raw: str | None) -> datetime | None:
    return datetime.fromisoformat(raw) if raw else None


class _Meta(msgspec.Struct, frozen=True):
    total: int | None = None


class _Told(msgspec.Struct, frozen=True):
    total: int | None = None
    meta: _Meta = _Meta()


def _total(raw: msgspec.Raw) -> int | None:
    """How many rows there are in all, where the answer says so."""
    try:
        told = msgspec.json.decode(raw, type=_Told)
    except msgspec.ValidationError:
        return None
    return told.total if told.total is not None else told.meta.total
