"""The keys of a store as they are shown: never what they are."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from tieline.store.key_rotation import key_table
from tieline.store.key_table import select_keys
from tieline.store.pool import Store


class ShownKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key."""

    id: int
    #: credentials, look_ups, persons, own_items, inbox.
    purpose: str
    version: int
    #: Of an inbox key.
    day: date | None
    #: active, retiring, dropped.
    state: str
    #: Fingerprint of the master key that wraps it.
    master: str
    created_at: datetime
    dropped_at: datetime | None


class ShownKeys(msgspec.Struct, frozen=True, kw_only=True):
    """All of them."""

    #: Where the master key is kept.
    master_in: str
    keys: tuple[ShownKey, ...]
    #: People with a key of their own.
    people: int
    tombstones: int


async def list_keys(store: Store) -> ShownKeys:
    """Keys of keys first, then the days', the youngest first."""
    masters = key_table(store).masters
    async with store.transaction() as db:
        rows = await select_keys(db, "ORDER BY day DESC NULLS FIRST, purpose, version DESC")
        counts = await db.execute(
            "SELECT (SELECT count(*) FROM person WHERE key IS NOT NULL),"
            " (SELECT count(DISTINCT digest) FROM tombstone)"
        )
        people, tombstones = await counts.fetchone() or (0, 0)
    return ShownKeys(
        master_in="" if masters is None else masters.where, people=people, tombstones=tombstones,
        keys=tuple(
            ShownKey(
                id=row.id, purpose=row.purpose, version=row.version, day=row.day, state=row.state,
                master=row.master.hex(), created_at=row.created_at, dropped_at=row.dropped_at,
            )
            for row in rows
        ),
    )  # fmt: skip
