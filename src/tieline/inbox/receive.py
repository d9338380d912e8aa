"""The inbox: what happened is stored, and handed to its consumers' lanes, before anyone is told that we have it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Literal

import msgspec

from tieline.domain.ids import ConnectionId, LaneId, SyncId
from tieline.effects.failures import FailureRow, write_failures
from tieline.store.errands import NewErrand, leave
from tieline.store.event_bodies import event_place
from tieline.store.event_ids import number_events
from tieline.store.group_commit import GroupCommit
from tieline.store.keyring import Sealing
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.seal import Vault

#: A far side may send the same delivery again for about a day; its id is remembered far longer.
DELIVERY_ID_TTL = timedelta(days=30)
#: Without an id, equal content within this time is a repeat; later it is an honest second event.
CONTENT_TTL = timedelta(minutes=15)

Source = Literal["webhook", "poll", "manual", "replay"]
EventState = Literal["routed", "unrouted", "test", "unreadable"]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that we were told, verified but hardly looked at."""

    connection_id: ConnectionId
    #: From `delivery_key`: equal for a repeat of the same delivery.
    key: bytes
    ttl: timedelta
    source: Source
    kind: str
    project: str | None
    state: EventState
    reason: str | None = None
    body: bytes
    #: Who is handed it.
    routes: tuple[tuple[SyncId, LaneId], ...] = ()
    #: What a worker is asked to do because of it.
    errands: tuple[NewErrand, ...] = ()


def delivery_key(source: Source, kind: str, delivery_id: str | None, body: bytes) -> tuple[bytes, timedelta]:
    """The dedupe key of one delivery and how long it is remembered: by its id, else by its content."""
    if delivery_id:
        return blake2b(f"id\0{delivery_id}".encode(), digest_size=16).digest(), DELIVERY_ID_TTL
    return blake2b(f"{source}\0{kind}\0".encode() + body, digest_size=16).digest(), CONTENT_TTL


class Inbox:
    """Stores deliveries, many in one transaction."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._group: GroupCommit[Sequence[Delivery], int] = GroupCommit(self._commit, batch=256, waiting=4096)

    async def receive(self, deliveries: Sequence[Delivery]) -> int:
        """How many of them were new; returns after their commit. Raises Overloaded when too many wait already."""
        return await self._group.submit(deliveries)

    async def run(self) -> None:
        """Commit until cancelled."""
        await self._group.run()

    async def _commit(self, groups: Sequence[Sequence[Delivery]]) -> list[int]:
        deliveries = [one for group in groups for one in group]
        unique = {(one.connection_id, one.key): one for one in reversed(deliveries)}
        arrived = list(reversed(list(unique.values())))
        lanes = sorted(
            {lane for one in arrived for _, lane in one.routes}
            | {errand.lane_id for one in arrived for errand in one.errands}
        )
        # Before the transaction, which then needs one connection alone.
        key = await self._store.keys.today()
        # The pipeline is outside the transaction: all of it is two exchanges with the server.
        async with self._store.connection() as db, db.pipeline(), db.transaction():
            rows = list(zip(await number_events(db, lanes, len(arrived)), arrived, strict=True))
            stored = await db.execute(query("receive_events"), _parameters(rows, key))
            if lanes:
                await db.execute(query("wake_lanes"), {"lanes": lanes})
            errands = [(event_id, errand) for event_id, one in rows for errand in one.errands]
            unreadable = [(event_id, one) for event_id, one in rows if one.state == "unreadable"]
            new_ids = None
            if errands or unreadable:
                new_ids = {row[0] for row in await stored.fetchall()}
                if left := [errand for event_id, errand in errands if event_id in new_ids]:
                    await leave(db, self._vault, left)
                await write_failures(
                    db, [_failure(event_id, one) for event_id, one in unreadable if event_id in new_ids]
                )
        fresh = new_ids if new_ids is not None else {row[0] for row in await stored.fetchall()}
        told = {(one.connection_id, one.key) for event_id, one in rows if event_id in fresh}
        counts = []
        for group in groups:
            new = {(one.connection_id, one.key) for one in group} & told
            counts.append(len(new))
            told -= new
        return counts


def _failure(event_id: int, one: Delivery) -> FailureRow:
    return FailureRow(
        kind="unreadable", event_id=event_id, connection_id=one.connection_id or None, reason=one.reason or ""
    )


def _parameters(rows: Sequence[tuple[int, Delivery]], key: Sealing) -> dict[str, list[Any]]:
    """Of the statement that stores them; numbers rise with arrival."""
    now = datetime.now(UTC)
    routes = [(event_id, sync, lane) for event_id, one in rows for sync, lane in one.routes]
    return {
        "ids": [event_id for event_id, _ in rows],
        "connection_ids": [one.connection_id for _, one in rows],
        "keys": [one.key for _, one in rows],
        "expires": [now + one.ttl for _, one in rows],
        "sources": [one.source for _, one in rows],
        "kinds": [one.kind for _, one in rows],
        "projects": [one.project for _, one in rows],
        "states": [one.state for _, one in rows],
        "reasons": [one.reason for _, one in rows],
        "bodies": [key.seal(event_place(event_id), one.body) for event_id, one in rows],
        "seals": [key.number] * len(rows),
        "route_events": [event_id for event_id, _, _ in routes],
        "route_consumers": [sync for _, sync, _ in routes],
        "route_lanes": [lane for _, _, lane in routes],
    }
