"""What a backfill would write, found out by rehearsing it: the same pages, readers, rules and turns, on a store that
forgets and targets that take nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence, Set
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec

from tieline.connectors.kit.gateway import Gateway
from tieline.domain.ids import ConnectionId, LaneId, SyncId
from tieline.domain.side import Side
from tieline.effects.target import Target
from tieline.effects.writes import Ledger
from tieline.ending import end
from tieline.engine.drain import Drain, Loaded
from tieline.engine.lane import Leases, OwnedLane
from tieline.engine.read import Read
from tieline.engine.turn import Consumer, Shared
from tieline.errors import ConfigurationError, StoreError
from tieline.server.backfill.pages import ENDING, HistoryPages, onward
from tieline.server.handlers import HubHandlers
from tieline.server.preview.gateway import Previewed, PreviewGateway
from tieline.server.preview.records import SimulatedRecords
from tieline.server.preview.report import PreviewReport, SideReport, preview_place, side_report
from tieline.server.preview.target import PreviewTarget
from tieline.server.targets.derived import DerivedTarget
from tieline.store.backfill import Found, Run, advance, insert_history, linked_among
from tieline.store.directory import Directory, StoredSync
from tieline.store.id_block import IdBlock
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.store.scratch import scratch_store

#: Nobody else takes a preview up while it tells that it goes on.
AGAIN_S = 60.0
#: What would wait longer than this is left out, and counted.
_PATIENCE = timedelta(seconds=30)


async def preview(
    store: Store,
    directory: Directory,
    gateway: Gateway,
    digest: Callable[[str, str], bytes],
    run: Run,
    sync: StoredSync,
) -> None:
    """Rehearse a backfill from its beginning to its end. Raises ConnectorError and ConfigurationError."""
    async with rehearsal(store, directory, gateway, digest, sync) as play:
        pages = HistoryPages(
            directory, play.gateway, sync, kind="preview", since=run.since,
            linked=lambda side, ids: linked_among(play.scratch, sync.id, side, ids),
        )  # fmt: skip
        await _forget(store, sync.id)
        going: Run | None = msgspec.structs.replace(run, phase="", cursor={}, progress={})
        number = 0
        while going is not None and going.state == "running":
            page = await pages.read(going.phase or pages.phases()[0], going.cursor)
            await play.play(page.found)
            writes = play.gateway.writes
            await _keep(store, sync.id, number, writes)
            number += len(writes)
            play.count(writes)
            play.gateway.writes = []
            going = msgspec.structs.replace(onward(going, page, pages.phases()), report=play.report())
            if going.phase == ENDING:
                going = msgspec.structs.replace(going, state="done", cursor={})
            going = await advance(store, going, again_s=AGAIN_S)


class Rehearsal:
    """The engine at work on a scratch store."""

    def __init__(
        self,
        scratch: Store,
        gateway: PreviewGateway,
        drain: Drain,
        lane: OwnedLane,
        sync: StoredSync,
        directory: Directory,
        nudged: asyncio.Event,
    ) -> None:
        self.scratch = scratch
        self.gateway = gateway
        self._drain = drain
        self._lane = lane
        self._sync = sync
        self._directory = directory
        self._nudged = nudged
        self._event_ids = IdBlock(scratch, "event_id")
        self._written: Counter[tuple[Side, str]] = Counter()
        self._refused: Counter[Side] = Counter()
        self._ends: Counter[str] = Counter()

    async def play(self, found: Sequence[Found]) -> None:
        """Let the turns of one page take place."""
        if found:
            ids = await self._event_ids.take(len(found))
            async with self.scratch.transaction() as db:
                await insert_history(db, self._sync.id, self._lane.id, ids, found)
        while await self._under_way():
            self._nudged.clear()
            await self._drain.load([self._lane])
            if self._lane.failed or self._lane.lost:
                raise StoreError("the preview's own tables cannot be used any more; it begins anew")
            if self._lane.leaving:
                raise ConfigurationError(f"the preview cannot go on: {await self._why_held()}")
            try:
                async with asyncio.timeout(0.02):
                    await self._nudged.wait()
            except TimeoutError:
                continue
        await self._clear()

    def count(self, writes: Sequence[Previewed]) -> None:
        """Add these to the totals."""
        self._written.update((one.side, one.operation) for one in writes if not one.refused)
        self._refused.update(one.side for one in writes if one.refused)

    def report(self) -> PreviewReport:
        """The totals so far."""
        sides: dict[Side, SideReport] = {}
        places: dict[Side, ConnectionId] = {
            "nimbata": self._sync.source_id, "contacts_api": self._sync.target_id,
        }  # fmt: skip
        for side, connection in places.items():
            stored = self._directory.connections[connection]
            writes = {name: count for (where, name), count in self._written.items() if where == side}
            sides[side] = side_report(
                self.gateway, stored, writes, self._refused[side], self.gateway.reads[connection]
            )
        return PreviewReport(
            writes=self._written.total(), refused=self._refused.total(), calls=sum(one.calls for one in sides.values()),
            nimbata=sides["nimbata"], contacts_api=sides["contacts_api"], ends=dict(self._ends),
        )  # fmt: skip

    async def _under_way(self) -> bool:
        async with self.scratch.transaction() as db:
            rows = await db.execute(
                "SELECT count(*), min(due_at) FROM assignment WHERE state IN ('ready', 'waiting')"
            )
            count, due_at = await rows.fetchone() or (0, None)
        late = due_at is not None and due_at > datetime.now(UTC) + _PATIENCE
        return self._lane.in_hand > 0 or (count > 0 and not late)

    async def _why_held(self) -> str:
        async with self.scratch.transaction() as db:
            row = await (await db.execute("SELECT held_why FROM lane")).fetchone()
        return str(row[0]) if row else ""

    async def _clear(self) -> None:
        """What the next page does not need; links and keys stay."""
        async with self.scratch.transaction() as db:
            rows = await db.execute("SELECT state, count(*) FROM assignment GROUP BY state")
            self._ends.update(dict(await rows.fetchall()))
            await db.execute("TRUNCATE assignment, event, attempt, history")


@asynccontextmanager
async def rehearsal(
    store: Store,
    directory: Directory,
    gateway: Gateway,
    digest: Callable[[str, str], bytes],
    sync: StoredSync,
) -> AsyncIterator[Rehearsal]:
    """Everything that a turn needs, and nothing that stays."""
    async with scratch_store(store, sync=sync.id, lane=sync.lane_id, source=sync.source_id) as scratch:
        way_out, records = PreviewGateway(gateway), SimulatedRecords(scratch)
        await records.open()
        ledger = Ledger(scratch)
        nudged = asyncio.Event()
        handlers = _Handlers(HubHandlers(scratch, directory, way_out), way_out, records)
        shared = Shared(
            store=scratch, ledger=ledger, effect_ids=IdBlock(scratch, "effect_id"),
            history_ids=IdBlock(scratch, "history_id"), item_ids=IdBlock(scratch, "item_id"), digest=digest,
        )  # fmt: skip
        drain = Drain(shared, Leases(scratch, "preview"), handlers, nudge=nudged.set)
        lane = OwnedLane(id=sync.lane_id, epoch=1)
        committing = asyncio.create_task(ledger.run())
        try:
            yield Rehearsal(scratch, way_out, drain, lane, sync, directory, nudged)
        finally:
            await drain.close()
            await end([committing], again_s=1.0)


class _Handlers:
    """Those of the hub, with targets that take nothing."""

    def __init__(self, real: HubHandlers, gateway: PreviewGateway, records: SimulatedRecords) -> None:
        self._real = real
        self._gateway = gateway
        self._records = records
        self._seen: tuple[Consumer, Consumer] | None = None

    async def learn(self, syncs: Set[SyncId]) -> None:
        await self._real.learn(syncs)

    async def look_soon(self, sync: SyncId, stream: str) -> None:
        """No sweep is asked for because of a preview."""

    def knows(self, sync: SyncId) -> bool:
        return self._real.knows(sync)

    def taken_over(self, lane: LaneId) -> None:
        raise AssertionError("a preview holds no lane")

    def read(self, loaded: Loaded) -> Read:
        return self._real.read(loaded)

    def consumer(self, sync: SyncId) -> Consumer:
        real = self._real.consumer(sync)
        if self._seen is None or self._seen[0] is not real:
            played = msgspec.structs.replace(
                real, target=self._played(real.target), nimbata=real.nimbata and self._played(real.nimbata)
            )
            self._seen = (real, played)
        return self._seen[1]

    def _played(self, target: Target) -> Target:
        # An account that knows callers alone makes no records: its calls are answered for by the gateway.
        if isinstance(target, DerivedTarget):
            return target
        return PreviewTarget(target, self._gateway, self._records)


async def _forget(store: Store, sync: SyncId) -> None:
    async with store.transaction() as db:
        await db.execute("DELETE FROM preview_write WHERE sync_id = %s", (sync,))


async def _keep(store: Store, sync: SyncId, number: int, writes: Sequence[Previewed]) -> None:
    if not writes:
        return
    key = await store.keys.today()
    async with store.transaction() as db:
        await db.execute(
            query("write_previewed"),
            {
                "sync": sync, "numbers": list(range(number + 1, number + 1 + len(writes))),
                "sides": [one.side for one in writes], "operations": [one.operation for one in writes],
                "methods": [one.method for one in writes], "paths": [one.path for one in writes],
                "records": [one.record_id for one in writes], "refused": [one.refused for one in writes],
                "bodies": [key.seal(preview_place(sync, number + at), one.body) for at, one in enumerate(writes, 1)],
                "seals": [key.number] * len(writes),
            },
        )  # fmt: skip
