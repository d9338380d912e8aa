"""How far both sides of a sync are apart: both are read as they are now, person by person, and nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.change import RecordChanged
from tieline.domain.contact import Contact
from tieline.domain.side import Side
from tieline.engine.drain import Loaded
from tieline.engine.turn import Consumer
from tieline.errors import ConfigurationError, NotFoundError, UnreadableError
from tieline.server.accounts.intakes import account_config
from tieline.server.backfill.events import RECONCILED, contacts_history, nimbata_history
from tieline.server.backfill.pages import ENDING, PAGE, HistoryPages, onward
from tieline.server.handlers import HubHandlers
from tieline.server.preview.run import AGAIN_S
from tieline.store.backfill import Found, Run, advance
from tieline.store.directory import Directory, StoredSync
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.store.scratch import scratch_store
from tieline.sync.drift import Difference, differences
from tieline.sync.merge import MergeState

_contact = msgspec.json.Decoder(Contact)
_merge = msgspec.json.Decoder(MergeState)
#: People who are shown with what differs of them.
_SHOWN = 20
_PHASES = ("nimbata.people", "contacts_api.people")
_TABLE = "CREATE TEMP TABLE met (side text, record_id text, record bytea, PRIMARY KEY (side, record_id))"


class FieldDrift(msgspec.Struct, frozen=True, kw_only=True):
    """One field, over all people."""

    nimbata: str
    contacts_api: str
    records: int
    #: The oldest of them.
    since: datetime | None
    #: `sync.drift.Why` → how many.
    why: dict[str, int]
    #: What a reconcile would do → how many.
    repair: dict[str, int]


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """One person whose records differ."""

    contact_id: str
    nimbata_id: str
    differences: tuple[Difference, ...]


class DriftReport(msgspec.Struct, frozen=True, kw_only=True):
    """How far both sides are apart."""

    #: Linked people who were compared, and those of them who are equal.
    people: int = 0
    equal: int = 0
    #: Linked records that are not there any more, by side; a sweep finds out what became of them.
    gone: dict[Side, int] = {}
    fields: tuple[FieldDrift, ...] = ()
    #: Some of those who differ.
    examples: tuple[Apart, ...] = ()


async def measure(store: Store, directory: Directory, gateway: Gateway, run: Run, sync: StoredSync) -> None:
    """Compare everybody who is linked, or a sample, and store the report. Raises ConnectorError, ConfigurationError."""
    consumer = HubHandlers(store, directory, gateway).consumer(sync.id)
    if consumer.merger is None or consumer.nimbata is None or consumer.derived:
        raise ConfigurationError(
            f"sync {sync.name} keeps no records of people equal on both sides, so nothing can drift"
        )
    tally = _Tally()
    if run.sample is not None:
        await _sample(store, consumer, run, tally)
        await advance(store, _done(run, tally))
        return
    async with scratch_store(store, sync=sync.id, lane=sync.lane_id, source=sync.source_id) as scratch:
        async with scratch.transaction() as db:
            await db.execute(_TABLE)
        pages = HistoryPages(
            directory, gateway, sync, kind="drift", since=None, linked=_nobody, items=False
        )  # fmt: skip
        reader = _Rows(directory, sync)
        going: Run | None = msgspec.structs.replace(
            run, phase=_PHASES[0], cursor={}, progress={}, report=None
        )
        while going is not None and going.phase != ENDING:
            page = await pages.read(going.phase, going.cursor)
            told = reader.read(page.found)
            await _meet(scratch, told)
            if going.phase == "contacts_api.people":
                await _compare(store, scratch, consumer, told, tally)
            going = onward(going, page, _PHASES)
            if going.phase != ENDING:
                going = await advance(store, going, again_s=AGAIN_S)
        if going is None:
            return
        await _look_for_unmet(store, scratch, consumer, tally)
        await advance(store, _done(going, tally))


async def _nobody(side: Side, ids: Sequence[str]) -> set[str]:
    """A drift compares people who are linked: nobody is left out."""
    return set()


def _done(run: Run, tally: _Tally) -> Run:
    return msgspec.structs.replace(run, state="done", phase=ENDING, cursor={}, report=tally.report())


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


class _Tally:
    """What was found so far."""

    def __init__(self) -> None:
        self._people = self._equal = 0
        self.gone: Counter[Side] = Counter()
        self._records: Counter[tuple[str, str]] = Counter()
        self._since: dict[tuple[str, str], datetime] = {}
        self._why: dict[tuple[str, str], Counter[str]] = {}
        self._repair: dict[tuple[str, str], Counter[str]] = {}
        self._examples: list[Apart] = []

    def add(self, contact_id: str, nimbata_id: str, found: Sequence[Difference]) -> None:
        """One person was compared."""
        self._people += 1
        self._equal += not found
        for one in found:
            key = one.nimbata, one.contacts_api
            self._records[key] += 1
            self._why.setdefault(key, Counter())[one.why] += 1
            self._repair.setdefault(key, Counter())[one.repair] += 1
            if one.since is not None:
                self._since[key] = min(one.since, self._since.get(key, one.since))
        if found and len(self._examples) < _SHOWN:
            self._examples.append(
                Apart(contact_id=contact_id, nimbata_id=nimbata_id, differences=tuple(found))
            )

    def report(self) -> DriftReport:
        """The fields with most records first."""
        return DriftReport(
            people=self._people, equal=self._equal, gone={side: count for side, count in self.gone.items() if count},
            fields=tuple(
                FieldDrift(
                    nimbata=key[0], contacts_api=key[1], records=count, since=self._since.get(key),
                    why=dict(self._why[key]), repair=dict(self._repair[key]),
                )
                for key, count in self._records.most_common()
            ),
            examples=tuple(self._examples),
        )  # fmt: skip


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


async def _compare(
    store: Store, scratch: Store, consumer: Consumer, told: Sequence[RecordChanged], tally: _Tally
) -> None:
    """The linked ones among these contacts, with the other side's records that were met before."""
    here = {one.record_id: one.record for one in told}
    pairs = await _pairs(store, consumer, list(here))
    async with scratch.transaction() as db:
        rows = await db.execute(
            "SELECT record_id, record FROM met WHERE side = 'nimbata' AND record_id = ANY(%s)",
            ([pair[2] for pair in pairs],),
        )
        there = {row[0]: _contact.decode(row[1]) for row in await rows.fetchall()}
    for pair in pairs:
        contact = here[pair[1]]
        nimbata = there.get(pair[2]) or await _fetch(consumer, "nimbata", pair[2], tally)
        if contact is None or nimbata is None:
            continue
        found = _differences(consumer, pair, {"nimbata": nimbata, "contacts_api": contact})
        if found:
            # The search lags: what differs is believed by id alone.
            contact = await _fetch(consumer, "contacts_api", pair[1], tally)
            if contact is None:
                continue
            found = _differences(consumer, pair, {"nimbata": nimbata, "contacts_api": contact})
        tally.add(pair[1], pair[2], found)


async def _look_for_unmet(store: Store, scratch: Store, consumer: Consumer, tally: _Tally) -> None:
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
            record = await _fetch(consumer, "contacts_api", contact_id, tally)
            told.append(RecordChanged(side="contacts_api", record_id=contact_id, record=record))
        await _meet(scratch, told)
        await _compare(store, scratch, consumer, told, tally)


async def _fetch(consumer: Consumer, side: Side, record_id: str, tally: _Tally) -> Contact | None:
    """By id; None, and counted, where it is gone."""
    try:
        return await consumer.targets[side].fetch(record_id)
    except NotFoundError:
        tally.gone[side] += 1
        return None


async def _sample(store: Store, consumer: Consumer, run: Run, tally: _Tally) -> None:
    """Some people, each record read by its id."""
    async with store.transaction() as db:
        given = {"consumer": consumer.id, "limit": run.sample}
        chosen = await (await db.execute(query("sample_pairs"), given)).fetchall()
    for pair in await _pairs(store, consumer, [row[0] for row in chosen]):
        nimbata = await _fetch(consumer, "nimbata", pair[2], tally)
        contact = await _fetch(consumer, "contacts_api", pair[1], tally)
        if nimbata is not None and contact is not None:
            now: dict[Side, Contact] = {"nimbata": nimbata, "contacts_api": contact}
            tally.add(pair[1], pair[2], _differences(consumer, pair, now))


async def _pairs(store: Store, consumer: Consumer, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    async with store.transaction() as db:
        rows = await db.execute(query("load_pairs"), {"consumer": consumer.id, "ids": list(ids)})
        return await rows.fetchall()


def _differences(consumer: Consumer, pair: Sequence[Any], now: Mapping[Side, Contact]) -> list[Difference]:
    _, _, _, contact, nimbata, merge, waits, asked = pair
    known: dict[Side, Contact] = {
        "contacts_api": _contact.decode(contact), "nimbata": _contact.decode(nimbata),
    }  # fmt: skip
    state = _merge.decode(merge) if merge is not None else MergeState(linked=True)
    assert consumer.merger is not None
    return differences(
        consumer.merger, state, known, now, {side: target.holds for side, target in consumer.targets.items()},
        waiting=bool(waits), question=bool(asked),
    )  # fmt: skip
