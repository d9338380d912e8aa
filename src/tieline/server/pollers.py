"""What a due poll does: read a far side's list from the cursor on, and put what is news into the inbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any

import msgspec

from tieline.connectors.contacts_api.operations import contacts
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.paging import Page, pages
from tieline.connectors.nimbata.activity import parse_row
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.lists import Place, first_place, read_page
from tieline.connectors.nimbata.operations import CONTACT_ROWS, LISTS, FindContacts, Stream, list_activity
from tieline.engine.polls import DuePoll
from tieline.errors import ConfigurationError, UnreadableError
from tieline.inbox.receive import DELIVERY_ID_TTL, Delivery, EventState, Inbox, delivery_key
from tieline.server.connections import opened
from tieline.server.handlers import POLLED
from tieline.server.intakes import account_config
from tieline.store.directory import Directory, StoredConnection
from tieline.store.pool import Store
from tieline.store.queries import query

#: Stored at a time.
_CHUNK = 200
#: A list that never ends is a fault of the far side.
_PAGES = 2000
#: Contacts whose change the index showed late are met again within this.
OVERLAP = timedelta(minutes=5)

_KINDS: dict[Stream, str] = {"call": "call.completed", "form": "form.submitted", "text": "sms.received"}


class HubPoller:
    """Reads any stream of any connection."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        gateway: Gateway,
        inbox: Inbox,
        digest: Callable[[str, str], bytes],
    ) -> None:
        self._store = store
        self._directory = directory
        self._gateway = gateway
        self._inbox = inbox
        self._digest = digest

    async def __call__(self, poll: DuePoll) -> dict[str, Any]:
        """The cursor after everything that was read is stored."""
        stored = self._directory.connections.get(poll.connection_id)
        if stored is None:
            # Another process may have made it a moment ago.
            await self._directory.load()
            stored = self._directory.connections.get(poll.connection_id)
        if stored is None:
            raise ConfigurationError("the connection of this poll is gone")
        if stored.connector == "contacts_api":
            return await self._poll_crm(poll, stored)
        config = account_config(stored)
        if poll.stream == "contact":
            return await self._poll_people(poll, stored, config)
        return await self._poll_activity(poll, stored, config)

    async def _poll_activity(
        self, poll: DuePoll, stored: StoredConnection, config: NimbataConfig
    ) -> dict[str, Any]:
        """The last days again each time: tags, values and summaries come late, and the filter knows days only."""
        today = datetime.now(UTC).date()
        first = today - timedelta(days=config.polling.lookback_days)
        stream: Stream = poll.stream  # type: ignore[assignment]
        kind = _KINDS[stream]
        # What happened before the account was connected is history, which is brought over when somebody asks.
        since = datetime.fromisoformat(poll.cursor["since"]) if "since" in poll.cursor else None
        page: Page[bytes] = Page(rows=())
        async for page in self._pages(opened(stored), stream, poll.project, config, first, today):
            deliveries = []
            names = []
            for row in page.rows:
                try:
                    happening = parse_row(kind, row, config, project=poll.project)
                except UnreadableError as error:
                    deliveries.append(self._delivery(stored, kind, poll.project, row, unreadable=str(error)))
                else:
                    if since is None or happening.occurred_at is None or happening.occurred_at >= since:
                        names.append((happening.occurrence, row))
            known = await self._known(stored, poll.project, [name for name, _ in names])
            for name, row in names:
                if name not in known:
                    deliveries.append(self._delivery(stored, kind, poll.project, row))
                elif kind == "call.completed":
                    # Told before; what its row says now may still be news.
                    deliveries.append(self._delivery(stored, "call.updated", poll.project, row))
            await self._store_all(deliveries)
        if page.next is not None:
            raise ConfigurationError(
                f"{stored.name}: the list of {stream}s did not end; make polling.lookback_days smaller"
            )
        return {**poll.cursor, "read_at": datetime.now(UTC).isoformat()}

    def _pages(
        self,
        connection: Connection,
        stream: Stream,
        project: str,
        config: NimbataConfig,
        first: date,
        last: date,
    ) -> AsyncIterator[Page[bytes]]:
        async def fetch(at: Place) -> Page[bytes]:
            given = list_activity(stream, project, first, last, at, config.pagination.size)
            answer = await self._gateway.call(connection, LISTS[stream], given, "sweep")
            return read_page(answer.value, config, at, LISTS[stream].id)

        return pages(fetch, first_place(config))

    async def _poll_people(
        self, poll: DuePoll, stored: StoredConnection, config: NimbataConfig
    ) -> dict[str, Any]:
        """Contacts of a native account by update time, oldest first, with an overlap."""
        mark = poll.cursor.get("updated_at")
        newest = datetime.fromisoformat(mark) if mark else datetime.now(UTC)
        since = newest - timedelta(seconds=config.polling.overlap_s)

        async def fetch(at: Place) -> Page[bytes]:
            given = FindContacts(
                updated_since=since, include_deleted=True, page=at if isinstance(at, int) else msgspec.UNSET,
                per_page=config.pagination.size, cursor=at if isinstance(at, str) and at else msgspec.UNSET,
            )  # fmt: skip
            answer = await self._gateway.call(opened(stored), CONTACT_ROWS, given, "sweep")
            return read_page(answer.value, config, at, CONTACT_ROWS.id)

        async for page in pages(fetch, first_place(config)):
            deliveries = []
            for row in page.rows:
                try:
                    happening = parse_row("contact", row, config)
                except UnreadableError as error:
                    deliveries.append(
                        self._delivery(stored, "contact.updated", None, row, unreadable=str(error))
                    )
                    continue
                if happening.occurred_at is not None:
                    newest = max(newest, happening.occurred_at)
                deliveries.append(self._delivery(stored, happening.kind, happening.project_id, row))
            await self._store_all(deliveries)
        return {"updated_at": newest.isoformat()}

    async def _poll_crm(self, poll: DuePoll, stored: StoredConnection) -> dict[str, Any]:
        """Contacts by update time; of those only linked ones are news to anybody."""
        mark = poll.cursor.get("updated_at")
        began = datetime.now(UTC)
        since = (datetime.fromisoformat(mark) if mark else began) - OVERLAP
        after: Any = msgspec.UNSET
        for _ in range(_PAGES):
            answer = await self._gateway.call(
                opened(stored),
                contacts.SEARCH,
                contacts.SearchContacts(
                    filters=[
                        {"field": "dateUpdated", "operator": "range", "value": {"gte": since.isoformat()}}
                    ],
                    sort=[contacts.Sort(field="dateUpdated")],
                    search_after=after,
                ),
                priority="sweep",
            )
            rows = answer.value.contacts
            linked = await self._linked(stored, [row.id for row in rows])
            await self._store_all(
                [
                    self._delivery(stored, POLLED, None, msgspec.json.encode(row))
                    for row in rows
                    if row.id in linked
                ]
            )
            if not rows or rows[-1].search_after is None:
                break
            after = rows[-1].search_after
        return {"updated_at": began.isoformat()}

    def _delivery(
        self,
        stored: StoredConnection,
        kind: str,
        project: str | None,
        row: bytes,
        *,
        unreadable: str | None = None,
    ) -> Delivery:
        syncs = self._directory.consumers(stored.id, project)
        state: EventState = "unreadable" if unreadable else "routed" if syncs else "unrouted"
        # The same row in the same state is one telling, however often it is read.
        key, _ = delivery_key("poll", kind, f"{kind}:{blake2b(row, digest_size=16).hexdigest()}", row)
        return Delivery(
            connection_id=stored.id, key=key, ttl=DELIVERY_ID_TTL, source="poll", kind=kind, project=project,
            state=state, reason=unreadable or (None if syncs else "no sync wants events of this project"), body=row,
            routes=tuple((sync.id, sync.lane_id) for sync in syncs) if state == "routed" else (),
        )  # fmt: skip

    async def _known(self, stored: StoredConnection, project: str | None, names: Sequence[str]) -> set[str]:
        """Occurrences that every consumer has had already."""
        syncs = self._directory.consumers(stored.id, project)
        if not syncs or not names:
            return set()
        digests = {self._digest("occurrence", name): name for name in names}
        async with self._store.transaction() as db:
            rows = await db.execute(
                query("load_occurrences"),
                {
                    "consumers": [sync.id for sync in syncs for _ in digests],
                    "keys": [digest for _ in syncs for digest in digests],
                },
            )
            had = {(row[0], bytes(row[1])) for row in await rows.fetchall()}
        return {name for digest, name in digests.items() if all((sync.id, digest) in had for sync in syncs)}

    async def _linked(self, stored: StoredConnection, ids: Sequence[str]) -> set[str]:
        if not ids:
            return set()
        digests = {self._digest("contact", contact): contact for contact in ids}
        async with self._store.transaction() as db:
            rows = await db.execute(
                query("load_known_keys"), {"lane": stored.lane_id, "digests": list(digests)}
            )
            return {digests[bytes(row[0])] for row in await rows.fetchall()}

    async def _store_all(self, deliveries: Sequence[Delivery]) -> None:
        for start in range(0, len(deliveries), _CHUNK):
            await self._inbox.receive(deliveries[start : start + _CHUNK])
