"""Items that a webhook told of, and that no look has met: one that is deleted before its first look is missed too.

To be loaded before a list is asked for: whatever was linked by then must stand in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tieline.domain.ids import ConnectionId, SyncId
from tieline.domain.items import ItemKind
from tieline.domain.side import Side
from tieline.domain.swept import Swept
from tieline.store.pool import Store
from tieline.store.queries import query

#: In place of a digest: no record has this one, so that an item which is met later after all is read again.
_NEVER_MET = b"\x01"


class Overlooked:
    """Open rows of the table `item`, on one connection's side, of which `swept` knows nothing."""

    def __init__(self, store: Store, connection: ConnectionId) -> None:
        self._store = store
        self._connection = connection

    async def tasks(self, *, now: datetime) -> dict[str, Swept]:
        """Of everybody who is linked with that location; as if they had been met, by their ids."""
        rows = await self._rows("load_overlooked_tasks")
        return {row[1]: _as_met(row, now) for row in rows}

    async def of(
        self,
        contacts: Sequence[str],
        *,
        side: Side,
        syncs: Sequence[SyncId],
        kinds: Sequence[ItemKind],
        now: datetime,
    ) -> dict[tuple[str, ItemKind], list[Swept]]:
        """Of these people of that side; as if they had been met, by person and kind."""
        found: dict[tuple[str, ItemKind], list[Swept]] = {}
        if contacts and kinds:
            given = {"consumers": list(syncs), "kinds": list(kinds), "contacts": list(contacts), "side": side}
            for row in await self._rows("load_overlooked", **given):
                found.setdefault((row[2], row[0]), []).append(_as_met(row, now))
        return found

    async def _rows(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        async with self._store.transaction() as db:
            found = await db.execute(query(name), {"connection": self._connection, **parameters})
            return await found.fetchall()


def _as_met(row: tuple[Any, ...], now: datetime) -> Swept:
    return Swept(record_id=row[1], contact_id=row[2], digest=_NEVER_MET, seen_at=now)
