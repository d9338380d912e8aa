"""The connections and syncs of this hub, in memory: who may deliver, who is handed what, and with which credential."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
import structlog

from tieline.domain.ids import ConnectionId, LaneId, SyncId
from tieline.store.errands import default_lane
from tieline.store.grants import App, AppId, Grant, GrantId, load_apps, load_grants
from tieline.store.key_table import open_credential
from tieline.store.pool import Store
from tieline.vault.seal import Vault

log = structlog.get_logger(__name__)

#: Announces a change of connections or syncs.
CHANNEL = "tieline_directory"
_RELOAD_S = timedelta(seconds=20).total_seconds()


class Retired(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook secret or key that was replaced, and is good until the far side surely signs with the new one."""

    #: "url_key", "hmac", …; "key" of a public key.
    kind: str
    value: str
    until: datetime

    def __repr__(self) -> str:
        return f"Retired({self.kind}, until {self.until:%Y-%m-%d})"


class Credential(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sealed for one connection."""

    token: str = ""
    #: Shared secret of the far side's webhooks (Nimbata), by kind of proof: {"url_key": "...", "hmac": "..."}.
    webhook_secrets: dict[str, str] = {}
    #: Public keys that may sign webhooks (Contacts API), PEM.
    webhook_keys: tuple[str, ...] = ()
    #: What the two above replaced lately.
    retired: tuple[Retired, ...] = ()

    def __repr__(self) -> str:
        return "Credential(…)"

    def secrets_at(self, now: datetime) -> dict[str, str]:
        """By kind of proof, the secrets that are good, a line each."""
        found = dict(self.webhook_secrets)
        for one in self.retired:
            if one.kind in found and one.until > now:
                found[one.kind] += f"\n{one.value}"
        return found

    def keys_at(self, now: datetime) -> tuple[str, ...]:
        """The public keys that are good."""
        return (
            *self.webhook_keys,
            *(one.value for one in self.retired if one.kind == "key" and one.until > now),
        )

    def changes_after(self, now: datetime) -> datetime | None:
        """When one of them ends next."""
        return min((one.until for one in self.retired if one.until > now), default=None)

    def replacing(self, kind: str, new: str, *, now: datetime, overlap: timedelta) -> Credential:
        """With a new secret or key; the one before stays good for the overlap."""
        kept = tuple(one for one in self.retired if one.until > now)
        if kind == "key":
            old = tuple(Retired(kind=kind, value=one, until=now + overlap) for one in self.webhook_keys)
            return msgspec.structs.replace(self, webhook_keys=(new,), retired=(*old, *kept))
        before = self.webhook_secrets.get(kind)
        old = () if before is None else (Retired(kind=kind, value=before, until=now + overlap),)
        secrets = {**self.webhook_secrets, kind: new}
        return msgspec.structs.replace(self, webhook_secrets=secrets, retired=(*old, *kept))


class StoredConnection(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `connection`, opened."""

    id: ConnectionId
    name: str
    connector: Literal["contacts_api", "nimbata"]
    base_url: str
    account: str
    lane_id: LaneId
    credential: Credential
    settings: dict[str, Any]
    version: int
    #: What its account granted an app; None = its token is a private one.
    grant_id: GrantId | None = None
    token_since: datetime


class StoredSync(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `sync`."""

    id: SyncId
    name: str
    source_id: ConnectionId
    #: Empty = every project of the source.
    project: str
    target_id: ConnectionId
    lane_id: LaneId
    definition: str
    version: int


class Directory:
    """A copy of both tables, read again when another process announces a change, and now and then in any case."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self.connections: Mapping[ConnectionId, StoredConnection] = {}
        self.syncs: Mapping[SyncId, StoredSync] = {}
        #: The lane of what belongs to no account.
        self.default_lane = LaneId(0)
        self.apps: Mapping[AppId, App] = {}
        self.grants: Mapping[GrantId, Grant] = {}
        #: What user-made HTTP may reach by name.
        self.outward: frozenset[str] = frozenset()
        #: The store is on its way to another server: nothing is taken in or worked off. "moved": it is there for good.
        self.moving: Literal["moving", "moved"] | None = None
        self.gone = asyncio.Event()
        self._app_by_name: dict[str, App] = {}
        self._by_place: dict[tuple[AppId, str], StoredConnection] = {}
        self._by_name: dict[str, StoredConnection] = {}
        self._by_connection: dict[ConnectionId, list[StoredSync]] = {}
        self._by_lane: dict[LaneId, list[StoredConnection]] = {}
        #: Rises with each reload that found a change.
        self.generation = 0
        self._loading = asyncio.Lock()
        self._opened: dict[tuple[int, int], Credential] = {}

    def connection(self, name: str) -> StoredConnection | None:
        """The connection of that name."""
        return self._by_name.get(name)

    def app(self, name: str) -> App | None:
        """The app of that name."""
        return self._app_by_name.get(name)

    def connection_at(self, app: AppId, location: str) -> StoredConnection | None:
        """The connection to a location by that app."""
        return self._by_place.get((app, location))

    def of_lane(self, lane: LaneId) -> list[StoredConnection]:
        """The connections whose quota that lane is."""
        return self._by_lane.get(lane, [])

    def consumers(self, connection: ConnectionId, project: str | None) -> list[StoredSync]:
        """The syncs that want an event of this connection. Those of a source without a project in the event take
        it only when there is no doubt which one is meant."""
        syncs = self._by_connection.get(connection, [])
        sources = [sync for sync in syncs if sync.source_id == connection]
        if not sources:
            return syncs
        if project:
            return [sync for sync in sources if sync.project in ("", project)]
        return sources if len({sync.project for sync in sources}) == 1 else []

    async def load(self) -> None:
        """Read everything, as it stands at one moment. Whoever calls sees what was committed before."""
        # One after another: a look that began earlier must not replace what a later one found.
        async with self._loading:
            await self._load()

    async def _load(self) -> None:
        async with self._store.transaction() as db:
            await db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            rows = await (
                await db.execute(
                    "SELECT id, name, connector, base_url, account, lane_id, credential, settings, grant_id, version,"
                    " token_since FROM connection ORDER BY id"
                )
            ).fetchall()
            sync_rows = await (
                await db.execute(
                    "SELECT sync.id, name, source_connection_id, project, target_connection_id, lane_id, definition,"
                    " version FROM sync JOIN consumer USING (id) ORDER BY sync.id"
                )
            ).fetchall()
            self.default_lane = await default_lane(db)
            outward = await (await db.execute("SELECT entry FROM outward_entry")).fetchall()
            move = await (
                await db.execute("SELECT state FROM store_move WHERE state <> 'arrived'")
            ).fetchone()
            opened = {row[0]: await self._open(db, row) for row in rows}
            apps = await load_apps(db, self._vault)
            grants = await load_grants(db, self._vault)
        connections = {row[0]: _connection(row, opened[row[0]]) for row in rows}
        syncs = {
            row[0]: StoredSync(
                id=row[0], name=row[1], source_id=row[2], project=row[3], target_id=row[4], lane_id=row[5],
                definition=row[6], version=row[7],
            )
            for row in sync_rows
        }  # fmt: skip
        self.outward = frozenset(row[0] for row in outward)
        self.moving = move[0] if move is not None else None
        if self.moving == "moved":
            self.gone.set()
        if (connections, syncs, apps, grants) == (self.connections, self.syncs, self.apps, self.grants):
            return
        self.connections, self.syncs, self.apps, self.grants = connections, syncs, apps, grants
        self._app_by_name = {app.name: app for app in apps.values()}
        self._by_place = {
            (grants[one.grant_id].app_id, one.account): one
            for one in connections.values()
            if one.grant_id is not None
        }
        self._by_name = {one.name: one for one in connections.values()}
        self._by_lane = {}
        for one in connections.values():
            self._by_lane.setdefault(one.lane_id, []).append(one)
        self._by_connection = {}
        for sync in syncs.values():
            for connection in {sync.source_id, sync.target_id}:
                self._by_connection.setdefault(connection, []).append(sync)
        self.generation += 1

    async def _open(self, db: Any, row: tuple[Any, ...]) -> Credential:
        key = (row[0], row[9])
        if (known := self._opened.get(key)) is not None:
            return known
        opened = await open_credential(db, self._vault, bytes(row[6]), context=f"connection {row[1]}")
        self._opened[key] = msgspec.json.decode(opened, type=Credential)
        return self._opened[key]

    async def run(self, changed: asyncio.Event) -> None:
        """Reload whenever `changed` is set, at the latest every 20 s, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(_RELOAD_S):
                    await changed.wait()
            except TimeoutError:
                pass
            changed.clear()
            try:
                await self.load()
            except Exception as error:  # noqa: BLE001 - the copy we have still serves; the next turn tries again
                log.warning("directory not reloaded", error=str(error))
                await asyncio.sleep(1)


def _connection(row: tuple[Any, ...], credential: Credential) -> StoredConnection:
    return StoredConnection(
        id=row[0], name=row[1], connector=row[2], base_url=row[3], account=row[4], lane_id=row[5],
        credential=credential, settings=row[7], grant_id=row[8], version=row[9], token_since=row[10],
    )  # fmt: skip
