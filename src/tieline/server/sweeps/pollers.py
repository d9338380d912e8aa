"""What a due poll does: read a far side's list from the cursor on, and put what is news into the inbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Any

import msgspec

from tieline.connectors.contacts_api.operations import contacts
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.paging import Page, pages
from tieline.connectors.nimbata.activity import parse_row
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.lists import Place, first_place, read_page
from tieline.connectors.nimbata.operations import LISTS, Stream, list_activity
from tieline.domain.ids import ConnectionId
from tieline.engine.polls import DuePoll
from tieline.errors import ConfigurationError, CredentialError, UnreadableError
from tieline.inbox.receive import Inbox
from tieline.server.accounts.connections import opened
from tieline.server.accounts.intakes import account_config
from tieline.server.backfill.run import Backfills
from tieline.server.reading import POLLED
from tieline.server.sweeps.native_polls import NativePolls
from tieline.server.sweeps.sweep import Clock, Digest, Sweeps, history_ends, utc_now
from tieline.server.sweeps.telling import Teller
from tieline.server.sweeps.walk import Walk
from tieline.server.sweeps.wanted import Wants
from tieline.store.directory import Directory, StoredConnection
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.store.swept import SweptBook

#: The most that the far side gives.
_CONTACTS_A_PAGE = 500
#: Between two counts of what was found, of one connection.
COUNT_EVERY_S = 60.0
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
        digest: Digest,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._directory = directory
        self._gateway = gateway
        self._teller = Teller(directory, inbox)
        self._digest = digest
        self._wants = Wants(directory)
        self._sweeps = Sweeps(store, gateway, self._teller, digest, clock=clock)
        self._walk = Walk(store, gateway, self._teller, self._wants, digest, clock=clock)
        self._native = NativePolls(gateway, self._teller, self._wants)
        self._backfills = Backfills(store, directory, gateway, digest)
        self._counted_at: dict[ConnectionId, float] = {}

    async def __call__(self, poll: DuePoll) -> dict[str, Any]:
        """The cursor after everything that was read is stored."""
        if poll.sync_id is not None:
            await self._backfills(poll)
            return {}
        stored = self._directory.connections.get(poll.connection_id)
        if stored is None:
            # Another process may have made it a moment ago.
            await self._directory.load()
            stored = self._directory.connections.get(poll.connection_id)
        if stored is None:
            raise ConfigurationError("the connection of this poll is gone")
        cursor = await self._read(poll, stored)
        await self._count_found(stored)
        return cursor

    async def close(self) -> None:
        """Stop what goes on beside the polls."""
        await self._backfills.close()

    async def _read(self, poll: DuePoll, stored: StoredConnection) -> dict[str, Any]:
        if stored.connector == "nimbata":
            config = account_config(stored)
            if poll.stream == "contact":
                return await self._native.people(poll, stored, config)
            if poll.stream == "walk":
                return await self._walk(poll, stored)
            return await self._poll_activity(poll, stored, config)
        if poll.stream == "contact":
            return await self._poll_crm(poll, stored)
        try:
            match poll.stream:
                case "task":
                    return await self._sweeps.tasks(poll, stored)
                case "form_submission":
                    return await self._sweeps.forms(poll, stored)
                case "walk":
                    return await self._walk(poll, stored)
                case _:
                    raise ConfigurationError(f"{stored.name} has nothing called {poll.stream!r} to read")
        except CredentialError as error:
            if error.fault != "scope":
                raise
            # What is lacked for a sweep alone keeps the lane from nothing else.
            raise ConfigurationError(f"{stored.name} cannot be swept for {poll.stream}: {error}") from error

    async def _count_found(self, stored: StoredConnection) -> None:
        """Now and then: what was found so far may turn out to be news a moment later."""
        now = monotonic()
        if now - self._counted_at.get(stored.id, float("-inf")) >= COUNT_EVERY_S:
            self._counted_at[stored.id] = now
            await SweptBook(self._store, stored.id).count_found()

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
                    deliveries.append(
                        self._teller.delivery(stored, kind, row, project=poll.project, unreadable=str(error))
                    )
                else:
                    if since is None or happening.occurred_at is None or happening.occurred_at >= since:
                        names.append((happening.occurrence, row))
            known = await self._known(stored, poll.project, [name for name, _ in names])
            for name, row in names:
                if name not in known:
                    deliveries.append(self._teller.delivery(stored, kind, row, project=poll.project))
                elif kind == "call.completed":
                    # Told before; what its row says now may still be news.
                    deliveries.append(
                        self._teller.delivery(stored, "call.updated", row, project=poll.project)
                    )
            await self._teller.tell(deliveries)
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

    async def _poll_crm(self, poll: DuePoll, stored: StoredConnection) -> dict[str, Any]:
        """Contacts by update time: all of them where a sync carries people over from there, else those that are
        linked."""
        mark = poll.cursor.get("updated_at")
        began = datetime.now(UTC)
        since = (datetime.fromisoformat(mark) if mark else history_ends(poll.cursor, began)) - OVERLAP
        everybody = self._wants.of(stored.id).people
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
                    page_limit=_CONTACTS_A_PAGE,
                ),
                priority="sweep",
            )
            rows = answer.value.contacts
            ids = [row.id for row in rows]
            wanted = set(ids) if everybody else await self._linked(stored, ids)
            await self._teller.tell(
                [
                    self._teller.delivery(stored, POLLED, msgspec.json.encode(row))
                    for row in rows
                    if row.id in wanted
                ]
            )
            if not rows or rows[-1].search_after is None:
                break
            after = rows[-1].search_after
        return {"updated_at": began.isoformat()}

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
