"""Compares the records of linked people as both sides show them now; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tieline.connectors.contacts_api.location import LocationFacts
from tieline.domain.change import RecordChanged
from tieline.domain.contact import Contact
from tieline.domain.side import Side
from tieline.engine.drain import Loaded
from tieline.engine.turn import Consumer
from tieline.errors import NotFoundError, UnreadableError
from tieline.server.accounts.intakes import account_config
from tieline.server.backfill.events import RECONCILED, contacts_history, nimbata_history
from tieline.server.backfill.pages import PAGE
from tieline.server.preview.drift_report import Tally
from tieline.store.backfill import Found
from tieline.store.directory import Directory, StoredSync
from tieline.store.person_rows import open_link
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.sync.drift import Difference, differences
from tieline.sync.merge import MergeState

_contact = msgspec.json.Decoder(Contact)
_merge = msgspec.json.Decoder(MergeState)
_TABLE = "CREATE TEMP TABLE met (side text, record_id text, record bytea, PRIMARY KEY (side, record_id))"


class PeopleDrift:
    """Of one sync, in one drift."""

    def __init__(
        self, store: Store, directory: Directory, consumer: Consumer, sync: StoredSync, tally: Tally
    ) -> None:
        self._store = store
        self._consumer = consumer
        self._rows = _Rows(directory, sync)
        self._tally = tally

    async def prepare(self, scratch: Store) -> None:
        """Make room for what is read."""
        async with scratch.transaction() as db:
            await db.execute(_TABLE)

    async def hear(self, scratch: Store, phase: str, found: Iterable[Found]) -> None:
        """One page of either side: the account's is kept, the CRM's compared with it."""
        told = self._rows.read(found)
        await _meet(scratch, told)
        if phase == "contacts_api.people":
            await self._compare(scratch, told)

    async def look_for_unmet(self, scratch: Store) -> None:
        """Linked contacts that no page showed: the search lags, or they are gone."""
        while True:
            async with scratch.transaction() as db:
                rows = await db.execute(
                    "SELECT contact_id FROM link WHERE state = 'open' AND nimbata IS NOT NULL AND NOT EXISTS"
                    " (SELECT FROM met WHERE side = 'contacts_api' AND record_id = link.contact_id) LIMIT %s",
                    (PAGE,),
                )
                ids = [row[0] for row in await rows.fetchall()]
            if not ids:
                return
            told = []
            for contact_id in ids:
                record = await self._fetch("contacts_api", contact_id)
                told.append(RecordChanged(side="contacts_api", record_id=contact_id, record=record))
            await _meet(scratch, told)
            await self._compare(scratch, told)

    async def sample(self, ids: Sequence[str]) -> None:
        """These contacts and their people, each record read by its id."""
        for pair in await self._pairs(ids):
            nimbata = await self._fetch("nimbata", pair[2])
            contact = await self._fetch("contacts_api", pair[1])
            if nimbata is not None and contact is not None:
                now: dict[Side, Contact] = {"nimbata": nimbata, "contacts_api": contact}
                self._tally.add(pair[1], pair[2], self._differences(pair, now))

    async def _compare(self, scratch: Store, told: Sequence[RecordChanged]) -> None:
        """The linked ones among these contacts, with the other side's records that were met before."""
        here = {one.record_id: one.record for one in told}
        pairs = await self._pairs(list(here))
        async with scratch.transaction() as db:
            rows = await db.execute(
                "SELECT record_id, record FROM met WHERE side = 'nimbata' AND record_id = ANY(%s)",
                ([pair[2] for pair in pairs],),
            )
            there = {row[0]: _contact.decode(row[1]) for row in await rows.fetchall()}
        for pair in pairs:
            contact = here[pair[1]]
            nimbata = there.get(pair[2]) or await self._fetch("nimbata", pair[2])
            if contact is None or nimbata is None:
                continue
            found = self._differences(pair, {"nimbata": nimbata, "contacts_api": contact})
            if found:
                # The search lags: what differs is believed by id alone.
                contact = await self._fetch("contacts_api", pair[1])
                if contact is None:
                    continue
                found = self._differences(pair, {"nimbata": nimbata, "contacts_api": contact})
            self._tally.add(pair[1], pair[2], found)

    async def _fetch(self, side: Side, record_id: str) -> Contact | None:
        """By id; None, and counted, where it is gone."""
        try:
            return await self._consumer.targets[side].fetch(record_id)
        except NotFoundError:
            self._tally.gone[side] += 1
            return None

    async def _pairs(self, ids: Sequence[str]) -> list[tuple[Any, ...]]:
        async with self._store.transaction() as db:
            rows = await db.execute(query("load_pairs"), {"consumer": self._consumer.id, "ids": list(ids)})
            return await rows.fetchall()

    def _differences(self, pair: Sequence[Any], now: Mapping[Side, Contact]) -> list[Difference]:
        person, _, _, *values, waits, asked, seal, key, consumer = pair
        contact, nimbata, merge = open_link(
            self._store.keys, consumer, person, (values[0], values[1], values[2]), seal, key
        )
        # `load_pairs` gives those alone that both sides showed.
        assert nimbata is not None
        known: dict[Side, Contact] = {
            "contacts_api": _contact.decode(contact), "nimbata": _contact.decode(nimbata),
        }  # fmt: skip
        state = _merge.decode(merge) if merge is not None else MergeState(linked=True)
        holds = {side: target.holds for side, target in self._consumer.targets.items()}
        assert self._consumer.merger is not None
        return differences(
            self._consumer.merger, state, known, now, holds, waiting=bool(waits), question=bool(asked)
        )


class _Rows:
    """Reads rows of history as records."""

    def __init__(self, directory: Directory, sync: StoredSync) -> None:
        source, target = directory.connections[sync.source_id], directory.connections[sync.target_id]
        self._sync = sync
        self._target_id = target.id
        self._config = account_config(source)
        self._facts = LocationFacts.from_settings(target.account, target.settings)

    def read(self, found: Iterable[Found]) -> list[RecordChanged]:
        """Those that show all of their record; the others are read by id."""
        told = []
        for one in found:
            loaded = Loaded(
                lane_id=self._sync.lane_id, event_id=0, consumer_id=self._sync.id, waited=False, tries=0,
                connection_id=one.connection_id, kind=RECONCILED, project=one.project, body=one.body,
            )  # fmt: skip
            try:
                if one.connection_id == self._target_id:
                    change = contacts_history(loaded, self._facts)
                else:
                    change = nimbata_history(loaded, self._config, country=self._facts.country, custom=())
            except UnreadableError:
                # It is kept as unreadable, with its reason, by a reconcile.
                continue
            if isinstance(change, RecordChanged) and change.record is not None and change.present is None:
                record = msgspec.structs.replace(
                    change.record, updated_at=change.record.updated_at or change.at
                )
                told.append(msgspec.structs.replace(change, record=record))
        return told


async def _meet(scratch: Store, told: Sequence[RecordChanged]) -> None:
    if not told:
        return
    async with scratch.transaction() as db:
        await db.execute(
            "INSERT INTO met SELECT * FROM unnest(%(sides)s::text[], %(ids)s::text[], %(records)s::bytea[])"
            " ON CONFLICT (side, record_id) DO UPDATE SET record = excluded.record",
            {
                "sides": [one.side for one in told], "ids": [one.record_id for one in told],
                "records": [msgspec.json.encode(one.record) for one in told],
            },
        )  # fmt: skip
