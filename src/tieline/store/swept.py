"""What the sweeps of one connection remember, and which of its linked people are to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tieline.domain.ids import ConnectionId, SyncId
from tieline.domain.side import Side
from tieline.domain.swept import WALKED, Linked, Swept, SweptStream
from tieline.store.pool import Store
from tieline.store.queries import query


class SweptBook:
    """The table `swept`, for one connection."""

    def __init__(self, store: Store, connection: ConnectionId, side: Side = "contacts_api") -> None:
        self._store = store
        self._connection = connection
        self._side = side
        #: What is met by going from person to person.
        self._walked: tuple[SweptStream, ...] = ("contact", *WALKED[side])

    async def load(self, stream: SweptStream, ids: Sequence[str]) -> dict[str, Swept]:
        """What is known of these records."""
        rows = await self._rows("load_swept", stream=stream, ids=list(ids))
        return {row[0]: _swept(row) for row in rows}

    async def load_of(self, contact: str) -> dict[SweptStream, dict[str, Swept]]:
        """What is known of a contact, and of what a walk lists of it."""
        found: dict[SweptStream, dict[str, Swept]] = {stream: {} for stream in self._walked}
        for row in await self._rows("load_swept_of", contact=contact, streams=list(self._walked)):
            found[row[0]][row[1]] = _swept(row[1:])
        return found

    async def load_unseen(self, stream: SweptStream, *, began: datetime) -> list[Swept]:
        """What a look that began then did not meet."""
        return [_swept(row) for row in await self._rows("load_unseen", stream=stream, began=began)]

    async def remember(self, *told: tuple[SweptStream, Sequence[Swept]]) -> None:
        """Keep all of this, in one statement."""
        rows = [(stream, one) for stream, records in told for one in records]
        if not rows:
            return
        async with self._store.transaction() as db:
            await db.execute(
                query("write_swept"),
                {
                    "connection": self._connection,
                    "streams": [stream for stream, _ in rows],
                    "records": [one.record_id for _, one in rows],
                    "contacts": [one.contact_id for _, one in rows],
                    "digests": [one.digest for _, one in rows],
                    "seen": [one.seen_at for _, one in rows],
                    "missed": [one.missed_at for _, one in rows],
                },
            )

    async def to_look_again(self, syncs: Sequence[SyncId], *, before: datetime, limit: int) -> list[Linked]:
        """Linked people of whom something was missed before that moment."""
        return await self._linked("load_missed", syncs, before=before, limit=limit)

    async def to_walk(self, syncs: Sequence[SyncId], *, began: datetime, limit: int) -> list[Linked]:
        """Linked people who were not looked at since the round began; those that changed last come first."""
        return await self._linked("load_to_walk", syncs, began=began, limit=limit)

    async def forget_unlinked(self, syncs: Sequence[SyncId]) -> None:
        """Drop what was remembered of contacts that nobody is linked with any more."""
        await self._do("forget_unlinked", consumers=list(syncs), side=self._side, streams=list(self._walked))

    async def forget_items_of(self, contact: str) -> None:
        """Drop what was remembered of a contact's items: it is gone, and they with it."""
        await self._do("forget_items_of", contact=contact, streams=list(WALKED[self._side]))

    async def forget_gone(self, stream: SweptStream, *, before: datetime) -> None:
        """Drop what was told as gone before that moment."""
        await self._do("forget_gone", stream=stream, before=before)

    async def count_found(self) -> None:
        """Count what polls and sweeps found today and yesterday that was news."""
        await self._do("count_found")

    async def _linked(self, name: str, syncs: Sequence[SyncId], **parameters: Any) -> list[Linked]:
        rows = await self._rows(
            name, consumers=list(syncs), side=self._side, streams=list(self._walked), **parameters
        )
        return [Linked(record_id=row[0], project=row[1] or None) for row in rows]

    async def _rows(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        async with self._store.transaction() as db:
            found = await db.execute(query(name), {"connection": self._connection, **parameters})
            return await found.fetchall()

    async def _do(self, name: str, **parameters: Any) -> None:
        async with self._store.transaction() as db:
            await db.execute(query(name), {"connection": self._connection, **parameters})


def _swept(row: tuple[Any, ...]) -> Swept:
    return Swept(
        record_id=row[0], contact_id=row[1], digest=bytes(row[2]), seen_at=row[3], missed_at=row[4]
    )  # fmt: skip
