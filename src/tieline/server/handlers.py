"""How events read, and what the syncs are bound to: the wiring between connectors, mapping and engine."""

from __future__ import annotations

from collections.abc import Set
from hashlib import blake2b

import msgspec

from tieline.connectors.contacts_api import webhooks as contacts_webhooks
from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.records import contact_of_record
from tieline.connectors.contacts_api.shapes import ContactRecord
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata import activity as nimbata_activity
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.domain.change import RecordChanged
from tieline.domain.ids import ConnectionId, LaneId, SyncId
from tieline.engine.drain import Loaded
from tieline.engine.read import KeyKind, Read
from tieline.engine.sync_turn import Consumer
from tieline.errors import ConfigurationError, UnreadableError
from tieline.mapping.apply import Desired, desired
from tieline.mapping.compiled import CompiledDefinition
from tieline.server.connections import opened
from tieline.server.contacts_target import ContactsTarget
from tieline.server.intakes import account_config
from tieline.store.directory import Directory, StoredConnection, StoredSync
from tieline.sync.definition import parse_definition

#: Kinds that become a contact and, where the mapping says so, a note.
_NOTED = frozenset({"call.completed", "form.submitted", "sms.received", "contact.created", "contact.updated"})
#: Kinds that change what is known of an earlier one.
_CHANGED = frozenset({"call.updated"})
#: A linked contact that the poll of the CRM met.
POLLED = "contact.polled"
_record = msgspec.json.Decoder(ContactRecord)


class _Bound(msgspec.Struct, frozen=True, kw_only=True):
    """A sync made ready, for as long as its rows stay as they are."""

    versions: tuple[int, int, int]
    consumer: Consumer
    definition: CompiledDefinition
    facts: LocationFacts
    source: NimbataConfig


class HubHandlers:
    """What the engine asks of the wiring."""

    def __init__(self, directory: Directory, gateway: Gateway) -> None:
        self._directory = directory
        self._gateway = gateway
        self._bound: dict[SyncId, _Bound] = {}

    async def learn(self, syncs: Set[SyncId]) -> None:
        """Read the directory again where one of them is unknown."""
        if not syncs <= self._directory.syncs.keys():
            await self._directory.load()

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
            return _read_activity(loaded, bound)
        return _read_contact(loaded, bound)

    def _bind(self, sync_id: SyncId) -> _Bound:
        sync = self._directory.syncs.get(sync_id)
        if sync is None:
            raise ConfigurationError(f"sync {sync_id} is gone")
        source, target = self._connection(sync, sync.source_id), self._connection(sync, sync.target_id)
        versions = (sync.version, source.version, target.version)
        bound = self._bound.get(sync_id)
        if bound is None or bound.versions != versions:
            facts = LocationFacts.from_settings(target.account, target.settings)
            bound = self._bound[sync_id] = _Bound(
                versions=versions,
                definition=CompiledDefinition(parse_definition(sync.definition, name=sync.name)),
                facts=facts,
                source=account_config(source),
                consumer=Consumer(
                    id=sync.id, name=sync.name, target=ContactsTarget(self._gateway, opened(target), facts)
                ),
            )
        return bound

    def _connection(self, sync: StoredSync, connection: ConnectionId) -> StoredConnection:
        stored = self._directory.connections.get(connection)
        if stored is None:
            raise ConfigurationError(f"sync {sync.name} names a connection that is gone")
        return stored


def _read_activity(loaded: Loaded, bound: _Bound) -> Read:
    happening = nimbata_activity.parse(loaded.body, loaded.kind, bound.source)
    if happening.activity is None or happening.kind not in _NOTED | _CHANGED:
        return Read(occurrence=happening.occurrence, skip=f"{happening.kind} is not carried over")
    wanted = desired(bound.definition, happening.activity, country=bound.facts.country)
    if wanted.skip is not None:
        return Read(occurrence=happening.occurrence, skip=wanted.skip)
    if happening.kind in _CHANGED:
        # The call itself has its note; what came later are fields and tags.
        wanted = msgspec.structs.replace(wanted, note=None)
    return Read(occurrence=happening.occurrence, keys=_keys(wanted), change=wanted)


def _keys(wanted: Desired) -> tuple[tuple[KeyKind, str], ...]:
    keys: list[tuple[KeyKind, str]] = []
    if wanted.phone is not None:
        keys.append(("phone", wanted.phone))
    if wanted.email is not None:
        keys.append(("email", wanted.email))
    return tuple(keys)


def _read_contact(loaded: Loaded, bound: _Bound) -> Read:
    if loaded.kind == POLLED:
        return _read_polled(loaded, bound)
    change = contacts_webhooks.parse(loaded.body, bound.facts.custom_keys, event=loaded.kind)
    if change.contact_id is None or change.kind not in contacts_webhooks.CONTACT_EVENTS:
        return Read(occurrence=change.occurrence, skip=f"{change.kind} is not carried over")
    return Read(
        occurrence=change.occurrence,
        keys=(("contact", change.contact_id),),
        change=RecordChanged(
            side="contacts_api",
            record_id=change.contact_id,
            record=change.contact,
            removed=change.removed,
            at=change.occurred_at,
        ),
    )


def _read_polled(loaded: Loaded, bound: _Bound) -> Read:
    """A search row. Its index lags and its shape differs: without a time of its own it proves an echo and no more,
    so that anything else is read again by id."""
    try:
        record = _record.decode(loaded.body)
    except msgspec.DecodeError as error:
        raise UnreadableError(f"this row of a search cannot be read: {error}") from error
    contact = contact_of_record(record, bound.facts.custom_keys)
    digest = blake2b(loaded.body, digest_size=8).hexdigest()
    return Read(
        occurrence=f"{POLLED}:{record.id}:{record.date_updated}:{digest}",
        keys=(("contact", record.id),),
        change=RecordChanged(
            side="contacts_api", record_id=record.id, record=msgspec.structs.replace(contact, updated_at=None)
        ),
    )
