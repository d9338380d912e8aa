"""How events read, and what the syncs are bound to: the wiring between connectors, mapping and engine."""

from __future__ import annotations

from collections.abc import Set

import msgspec

from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.ids import ConnectionId, LaneId, SyncId
from tieline.effects.target import Target
from tieline.engine.drain import Loaded
from tieline.engine.read import Read
from tieline.engine.turn import Consumer
from tieline.errors import ConfigurationError
from tieline.mapping.compiled import CompiledDefinition
from tieline.server.accounts.connections import opened
from tieline.server.accounts.intakes import account_config
from tieline.server.reading import SyncReader
from tieline.server.targets.contacts import ContactsTarget
from tieline.server.targets.derived import DerivedTarget
from tieline.server.targets.native import NimbataTarget
from tieline.store.directory import Directory, StoredConnection, StoredSync
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.sync.files.definition import parse_definition
from tieline.sync.merge_person import PersonMerger


class _Bound(msgspec.Struct, frozen=True, kw_only=True):
    """A sync made ready, for as long as its rows stay as they are."""

    versions: tuple[int, int, int]
    consumer: Consumer
    reader: SyncReader


class HubHandlers:
    """What the engine asks of the wiring."""

    def __init__(self, store: Store, directory: Directory, gateway: Gateway) -> None:
        self._store = store
        self._directory = directory
        self._gateway = gateway
        self._bound: dict[SyncId, _Bound] = {}

    async def learn(self, syncs: Set[SyncId]) -> None:
        """Read the directory again where one of them is unknown."""
        if not syncs <= self._directory.syncs.keys():
            await self._directory.load()

    async def look_soon(self, sync: SyncId, stream: str) -> None:
        """Bring the location's sweep of this stream forward, as far as its share of the quota lets it."""
        stored = self._directory.syncs.get(sync)
        if stored is not None:
            async with self._store.transaction() as db:
                await db.execute(query("advance_poll"), {"connection": stored.target_id, "stream": stream})

    def knows(self, sync: SyncId) -> bool:
        """Whether that sync exists."""
        return sync in self._directory.syncs

    def taken_over(self, lane: LaneId) -> None:
        """The next call of the lane's connections goes alone, and finds out what is left of the quota."""
        for connection in self._directory.of_lane(lane):
            self._gateway.handover(connection.id)

    def consumer(self, sync: SyncId) -> Consumer:
        """The sync, bound to its location."""
        return self._bind(sync).consumer

    def read(self, loaded: Loaded) -> Read:
        """Understand an event for one consumer. Raises UnreadableError or MappingError."""
        bound = self._bind(loaded.consumer_id)
        sync = self._directory.syncs[loaded.consumer_id]
        if loaded.connection_id == sync.source_id:
            return bound.reader.of_nimbata(loaded)
        return bound.reader.of_contacts_api(loaded)

    def _bind(self, sync_id: SyncId) -> _Bound:
        sync = self._directory.syncs.get(sync_id)
        if sync is None:
            raise ConfigurationError(f"sync {sync_id} is gone")
        source, target = self._connection(sync, sync.source_id), self._connection(sync, sync.target_id)
        versions = (sync.version, source.version, target.version)
        bound = self._bound.get(sync_id)
        if bound is None or bound.versions != versions:
            bound = self._bound[sync_id] = self._made(sync, source, target, versions)
        return bound

    def _made(
        self,
        sync: StoredSync,
        source: StoredConnection,
        target: StoredConnection,
        versions: tuple[int, int, int],
    ) -> _Bound:
        facts = LocationFacts.from_settings(target.account, target.settings)
        definition = parse_definition(sync.definition, name=sync.name)
        config = account_config(source)
        derived = config.mode == "derived"
        person = definition.two_way.person
        merger = PersonMerger(person, facts.country) if person and person.direction != "off" else None
        items = {kind: rules for kind, rules in definition.two_way.items.items() if rules.direction != "off"}
        location = ContactsTarget(self._gateway, opened(target), facts, items)
        return _Bound(
            versions=versions,
            reader=SyncReader(
                CompiledDefinition(definition), definition.two_way, facts, config, emails=lambda: location.emails
            ),
            consumer=Consumer(
                id=sync.id, name=sync.name, merger=merger, items=items, derived=derived,
                target=location,
                nimbata=self._nimbata(sync, source, facts) if merger or items else None,
            ),
        )  # fmt: skip

    def _nimbata(self, sync: StoredSync, source: StoredConnection, facts: LocationFacts) -> Target:
        config = account_config(source)
        if config.mode == "derived":
            return DerivedTarget(
                self._store,
                self._gateway,
                opened(source),
                config,
                project=sync.project,
                country=facts.country,
            )
        return NimbataTarget(self._gateway, opened(source), country=facts.country, project=sync.project)

    def _connection(self, sync: StoredSync, connection: ConnectionId) -> StoredConnection:
        stored = self._directory.connections.get(connection)
        if stored is None:
            raise ConfigurationError(f"sync {sync.name} names a connection that is gone")
        return stored
