"""How far both sides of a sync are apart: both are read as they are now, person by person, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tieline.connectors.kit.gateway import Gateway
from tieline.domain.side import Side
from tieline.engine.turn import Consumer
from tieline.errors import ConfigurationError
from tieline.server.backfill.page import PageRead
from tieline.server.backfill.pages import ENDING, PAGE, HistoryPages, onward
from tieline.server.handlers import HubHandlers
from tieline.server.preview.drift_items import ItemsDrift, compares_people
from tieline.server.preview.drift_people import PeopleDrift
from tieline.server.preview.drift_report import Tally
from tieline.server.preview.run import AGAIN_S
from tieline.store.backfill import Run, advance
from tieline.store.directory import Directory, StoredSync
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.store.scratch import scratch_store

_PEOPLE, _TASKS, _ITEMS = ("nimbata.people", "contacts_api.people"), "contacts_api.tasks", "items"


async def measure(store: Store, directory: Directory, gateway: Gateway, run: Run, sync: StoredSync) -> None:
    """Compare everybody who is linked, or a sample, and store the report. Raises ConnectorError, ConfigurationError."""
    consumer = HubHandlers(store, directory, gateway).consumer(sync.id)
    items = ItemsDrift(store, directory, gateway, consumer, sync) if consumer.nimbata is not None else None
    kinds = items.kinds if items is not None else ()
    if items is None or not (compares_people(consumer) or kinds):
        raise ConfigurationError(
            f"sync {sync.name} keeps neither records of people nor items equal on both sides, so nothing can drift"
        )
    tally = Tally(kinds)
    people = PeopleDrift(store, directory, consumer, sync, tally)
    if run.sample is not None:
        await _sample(store, consumer, people, items, run.sample, tally)
        await advance(store, _done(run, tally))
        return
    phases = (*(_PEOPLE if compares_people(consumer) else ()), *((_TASKS,) if "task" in kinds else ()))
    phases = (*phases, _ITEMS) if kinds else phases
    async with scratch_store(store, sync=sync.id, lane=sync.lane_id, source=sync.source_id) as scratch:
        await people.prepare(scratch)
        pages = HistoryPages(
            directory, gateway, sync, kind="drift", since=None, linked=_nobody, items=False
        )  # fmt: skip
        going: Run | None = msgspec.structs.replace(run, phase=phases[0], cursor={}, progress={}, report=None)
        while going is not None and going.phase != ENDING:
            page = await _page(going.phase, going.cursor, scratch, pages, people, items, tally)
            if going.phase == _PEOPLE[-1] and page.cursor is None:
                await people.look_for_unmet(scratch)
            going = onward(going, page, phases)
            if going.phase != ENDING:
                going = await advance(store, going, again_s=AGAIN_S)
        if going is not None:
            await advance(store, _done(going, tally))


async def _page(
    phase: str,
    cursor: Mapping[str, Any],
    scratch: Store,
    pages: HistoryPages,
    people: PeopleDrift,
    items: ItemsDrift,
    tally: Tally,
) -> PageRead:
    """Read and compare the page at `cursor`."""
    if phase == _TASKS:
        return await items.read_tasks(scratch, cursor)
    if phase == _ITEMS:
        return await items.compare(cursor, tally)
    page = await pages.read(phase, cursor)
    await people.hear(scratch, phase, page.found)
    return page


async def _sample(
    store: Store, consumer: Consumer, people: PeopleDrift, items: ItemsDrift, size: int, tally: Tally
) -> None:
    """Some people at random, and what hangs on them."""
    async with store.transaction() as db:
        given = {"consumer": consumer.id, "limit": size}
        rows = await (await db.execute(query("sample_pairs"), given)).fetchall()
    ids = [row[0] for row in rows]
    for start in range(0, len(ids), PAGE):
        some = ids[start : start + PAGE]
        if compares_people(consumer):
            await people.sample(some)
        if items.kinds:
            await items.compare({}, tally, only=some)


async def _nobody(side: Side, ids: Sequence[str]) -> set[str]:
    """A drift compares people who are linked: nobody is left out."""
    return set()


def _done(run: Run, tally: Tally) -> Run:
    return msgspec.structs.replace(run, state="done", phase=ENDING, cursor={}, report=tally.report())
