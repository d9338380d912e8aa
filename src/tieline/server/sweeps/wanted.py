"""What the syncs of a connection want carried from it to the other side, beside activities: people and their items."""

from __future__ import annotations

import msgspec

from tieline.domain.ids import ConnectionId, SyncId
from tieline.domain.items import ItemKind
from tieline.domain.side import Side
from tieline.mapping.two_way import TwoWay, travels
from tieline.store.directory import Directory, StoredSync
from tieline.sync.files.definition import parse_definition


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Of one connection."""

    #: People, those among them who are not linked yet.
    people: bool = False
    items: frozenset[ItemKind] = frozenset()
    #: The syncs that want any of it.
    syncs: tuple[SyncId, ...] = ()


class Wants:
    """Reads each stored definition once a version."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._read: dict[SyncId, tuple[int, TwoWay]] = {}

    def of(self, connection: ConnectionId) -> Wanted:
        """What is to be carried from there: of a location to call-tracking accounts, of those to locations."""
        people, items, syncs = False, set[ItemKind](), []
        for sync in self._directory.syncs.values():
            if connection not in (sync.source_id, sync.target_id):
                continue
            to: Side = "nimbata" if connection == sync.target_id else "contacts_api"
            rules = self._rules(sync)
            carried = rules.person is not None and travels(rules.person.direction, to)
            kinds = {kind for kind, one in rules.items.items() if travels(one.direction, to)}
            if carried or kinds:
                people, items = people or carried, items | kinds
                syncs.append(sync.id)
        return Wanted(people=people, items=frozenset(items), syncs=tuple(syncs))

    def _rules(self, sync: StoredSync) -> TwoWay:
        known = self._read.get(sync.id)
        if known is None or known[0] != sync.version:
            rules = parse_definition(sync.definition, name=sync.name).two_way
            known = self._read[sync.id] = (sync.version, rules)
        return known[1]
