"""From stored assignments to chains of people: read, find out whom they are about, leave out repeats, hand on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
import structlog

from tieline.domain.ids import ConnectionId, LaneId, PersonId, SyncId
from tieline.effects.writes import AssignmentRow, AssignmentState, LinkRow, Writes
from tieline.engine.chain import Chain
from tieline.engine.lane import Leases, OwnedLane
from tieline.engine.read import Read
from tieline.engine.sync_turn import Consumer, Item, Shared
from tieline.errors import LeaseLost, MappingError, UnreadableError
from tieline.store.id_block import IdBlock
from tieline.store.queries import query

log = structlog.get_logger(__name__)

#: Assignments in hand per lane at most, and loaded at a time.
IN_HAND = 128
#: Of them, those that waited: a backlog of retries, or of history, leaves room for what is new.
WAITED = 48
#: Calls under way at a stop may still be answered within this; take-over after SIGTERM stays under a second.
GRACE_S = 0.6


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """One assignment with its event, as loaded."""

    lane_id: LaneId
    event_id: int
    consumer_id: SyncId
    waited: bool
    tries: int
    connection_id: ConnectionId
    kind: str
    project: str | None
    body: bytes
    #: What told it: "webhook", "poll", "backfill".
    source: str = "webhook"


class Handlers(Protocol):
    """What the wiring provides: how events read, and the consumers they are for."""

    def read(self, loaded: Loaded) -> Read:
        """Understand an event; raises UnreadableError or MappingError."""
        ...

    def consumer(self, sync: SyncId) -> Consumer:
        """The sync, bound to its location. Raises ConfigurationError when it is gone."""
        ...

    async def learn(self, syncs: Set[SyncId]) -> None:
        """Find out about those that are not known yet: another process may have made them a moment ago."""
        ...

    async def look_soon(self, sync: SyncId, stream: str) -> None:
        """An event named nobody: the sweep of this stream tells whom it is about, and need not wait its turn."""
        ...

    def knows(self, sync: SyncId) -> bool:
        """Whether that sync (still) exists."""
        ...

    def taken_over(self, lane: LaneId) -> None:
        """Another worker may have held the lane since we did: what we know of its quota is old."""
        ...


@dataclass(frozen=True)
class _Before:
    """What a lane had in hand before the store was asked."""

    chains: frozenset[PersonId]
    fresh_keys: dict[bytes, PersonId]
    occurrences: frozenset[tuple[int, bytes]]

    @classmethod
    def of(cls, lane: OwnedLane) -> _Before:
        return cls(frozenset(lane.chains), dict(lane.fresh_keys), frozenset(lane.occurrences))


class Drain:
    """Loads what lanes have to do and keeps a chain running for each person with work."""

    def __init__(
        self, shared: Shared, leases: Leases, handlers: Handlers, *, nudge: Callable[[], None]
    ) -> None:
        self._shared = shared
        self._leases = leases
        self._handlers = handlers
        self._person_ids = IdBlock(shared.store, "person_id")
        self._nudge = nudge
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self, lanes: Sequence[OwnedLane]) -> int:
        """Take up to what each lane has room for; gives how many assignments were taken in hand."""
        by_id = {lane.id: lane for lane in lanes}
        async with self._shared.store.transaction() as db:
            rows = await db.execute(
                query("load_assignments"),
                {
                    "lanes": list(by_id),
                    "marks": [lane.mark for lane in lanes],
                    "limits": [IN_HAND - lane.in_hand for lane in lanes],
                    "waited": [max(0, WAITED - len(lane.held)) for lane in lanes],
                    "held": [event for lane in lanes for event in lane.held],
                },
            )
            loaded = [_loaded(row) for row in await rows.fetchall()]
        if loaded:
            await self._handlers.learn({one.consumer_id for one in loaded})
            await self._dispatch(by_id, loaded)
        return len(loaded)

    async def _dispatch(self, lanes: dict[LaneId, OwnedLane], loaded: Sequence[Loaded]) -> None:
        ends: dict[LaneId, Writes] = {}
        items: list[tuple[OwnedLane, Item, tuple[tuple[str, bytes], ...]]] = []
        for one in loaded:
            lane = lanes[one.lane_id]
            if not one.waited:
                lane.mark = max(lane.mark, one.event_id)
            item, reason, state = self._read(one)
            if item is None:
                self._end(ends, lane, one, state, reason)
                continue
            keys = tuple((str(kind), self._shared.digest(kind, value)) for kind, value in item.read.keys)
            items.append((lane, item, keys))
        # A chain may end while we look: what it had in hand at this moment is not as the store will tell us.
        before = {lane.id: _Before.of(lane) for lane, _, _ in items}
        people, repeats = await self._look_people_up(items)
        started: dict[tuple[LaneId, PersonId], Chain] = {}
        for lane, item, keys in items:
            if (item.consumer_id, item.occurrence) in repeats:
                self._end(ends, lane, item, "duplicate", "told before")
                continue
            await self._assign(lane, before[lane.id], item, keys, people, started, ends)
        for (lane_id, person), chain in started.items():
            self._start(lanes[lane_id], person, chain)
        for lane_id, writes in ends.items():
            self._spawn(self._commit_ends(lanes[lane_id], writes))

    def _read(self, one: Loaded) -> tuple[Item | None, str, AssignmentState]:
        if not self._handlers.knows(one.consumer_id):
            return None, "the sync that wanted it is gone", "skipped"
        try:
            read = self._handlers.read(one)
        except (UnreadableError, MappingError) as error:
            return None, str(error), "dead"
        if read.skip is not None or not read.keys:
            return None, read.skip or "about nobody that we can name", "skipped"
        occurrence = self._shared.digest("occurrence", read.occurrence)
        item = Item(
            event_id=one.event_id, consumer_id=one.consumer_id, tries=one.tries, waited=one.waited,
            read=read, occurrence=occurrence, history=one.source == "backfill",
        )  # fmt: skip
        return item, "", "done"

    async def _look_people_up(
        self, items: Sequence[tuple[OwnedLane, Item, tuple[tuple[str, bytes], ...]]]
    ) -> tuple[dict[tuple[LaneId, bytes, SyncId], tuple[Any, ...]], set[tuple[int, bytes]]]:
        wanted = list(
            {(lane.id, digest, item.consumer_id) for lane, item, keys in items for _, digest in keys}
        )
        if not wanted:
            return {}, set()
        occurrences = list({(item.consumer_id, item.occurrence) for _, item, _ in items})
        async with self._shared.store.connection() as db, db.pipeline(), db.transaction():
            people = await db.execute(
                query("load_people"),
                {
                    "lanes": [lane for lane, _, _ in wanted],
                    "digests": [digest for _, digest, _ in wanted],
                    "consumers": [consumer for _, _, consumer in wanted],
                },
            )
            repeats = await db.execute(
                query("load_occurrences"),
                {"consumers": [one for one, _ in occurrences], "keys": [key for _, key in occurrences]},
            )
        found = {(row[0], bytes(row[1]), row[2]): row for row in await people.fetchall()}
        return found, {(row[0], bytes(row[1])) for row in await repeats.fetchall()}

    async def _assign(
        self,
        lane: OwnedLane,
        before: _Before,
        item: Item,
        keys: tuple[tuple[str, bytes], ...],
        people: dict[tuple[LaneId, bytes, SyncId], tuple[Any, ...]],
        started: dict[tuple[LaneId, PersonId], Chain],
        ends: dict[LaneId, Writes],
    ) -> None:
        """Find the person, or make one, and hand the item to its chain."""
        known = [people.get((lane.id, digest, item.consumer_id)) for _, digest in keys]
        ids = [
            row[3] if row is not None else lane.fresh_keys.get(digest) or before.fresh_keys.get(digest)
            for row, (_, digest) in zip(known, keys, strict=True)
        ]
        person = next((one for one in ids if one is not None), None)
        if person is None and not item.read.introduces:
            self._end(ends, lane, item, "skipped", "this contact is not linked")
            return
        if person is None and all(kind == "item" for kind, _ in keys):
            reason = "it names nobody, and is not linked; a sweep finds whom it belongs to"
            self._end(ends, lane, item, "skipped", reason)
            if item.read.look_at is not None:
                await self._handlers.look_soon(item.consumer_id, item.read.look_at)
            return
        row = next((row for row in known if row is not None and row[3] == person), None)
        chain = lane.chains.get(person) or started.get((lane.id, person)) if person is not None else None
        if person in before.chains:
            row = None  # read while its chain was writing: the new chain reads for itself
        if chain is None and row is not None and row[8] is not None and row[8] > datetime.now(UTC):
            waits = Writes(lane_id=lane.id, epoch=lane.epoch)
            ends.setdefault(lane.id, waits).assignments.append(
                AssignmentRow(
                    event_id=item.event_id, consumer_id=item.consumer_id, state="waiting", person_id=row[3],
                    due_at=row[8], tries=item.tries, reason="an earlier event of this person waits",
                )
            )  # fmt: skip
            self._take(lane, item)
            lane.let_go_later.append((item.event_id, item.consumer_id, item.occurrence))
            return
        new = person is None
        if person is None:
            (person,) = map(PersonId, await self._person_ids.take(1))
        if chain is None:
            chain = Chain(
                self._shared, self._leases, lane, person,
                consumer=self._handlers.consumer, open_effects=row[9] if row is not None else not new,
            )  # fmt: skip
            chain.new_person = new
            started[lane.id, person] = chain
        self._introduce(lane, chain, person, keys, ids, row, item.consumer_id)
        occurrence = (item.consumer_id, item.occurrence)
        doubtful = occurrence in lane.occurrences or occurrence in before.occurrences
        conflict = len({one for one in ids if one is not None}) > 1
        self._take(lane, item)
        chain.append(msgspec.structs.replace(item, doubtful=doubtful, conflict=conflict))

    def _introduce(
        self,
        lane: OwnedLane,
        chain: Chain,
        person: PersonId,
        keys: tuple[tuple[str, bytes], ...],
        ids: Sequence[PersonId | None],
        row: tuple[Any, ...] | None,
        consumer: SyncId,
    ) -> None:
        """Tell the chain the link, and which keys lead to this person from now on."""
        for (kind, digest), one in zip(keys, ids, strict=True):
            if one is None and digest not in lane.fresh_keys:
                lane.fresh_keys[digest] = person
                chain.new_keys.append((kind, digest))
        if row is not None and consumer not in chain.links:
            chain.links[consumer] = (
                LinkRow(
                    consumer_id=consumer, person_id=person, contact_id=row[4], state=row[5],
                    generation=row[6], contact=bytes(row[7]), nimbata_id=row[10], nimbata=row[11], merge=row[12],
                )
                if row[4] is not None
                else None
            )  # fmt: skip
        elif chain.new_person:
            chain.links.setdefault(consumer, None)

    def _start(self, lane: OwnedLane, person: PersonId, chain: Chain) -> None:
        lane.chains[person] = chain
        self._spawn(self._run_chain(lane, person, chain))

    async def _run_chain(self, lane: OwnedLane, person: PersonId, chain: Chain) -> None:
        try:
            await chain.run()
        except LeaseLost:
            lane.lost = True
        except Exception:
            # The store could not be read or written. Everything stands there as before: load it again.
            log.exception("a chain stopped", lane=lane.id)
            lane.failed = True
        finally:
            chain.drop()
            if lane.chains.get(person) is chain:
                del lane.chains[person]
            for digest in [digest for digest, one in lane.fresh_keys.items() if one == person]:
                del lane.fresh_keys[digest]
            self._nudge()

    async def _commit_ends(self, lane: OwnedLane, writes: Writes) -> None:
        done, lane.let_go_later = lane.let_go_later, []
        try:
            await self._shared.ledger.commit(writes)
            lane.ended += len(writes.assignments)
        except LeaseLost:
            lane.lost = True
        except Exception:
            log.exception("ended assignments were not written", lane=lane.id)
            lane.failed = True
        finally:
            for event_id, consumer_id, occurrence in done:
                lane.let_go(event_id, consumer_id, occurrence)
            self._nudge()

    def _end(
        self,
        ends: dict[LaneId, Writes],
        lane: OwnedLane,
        one: Loaded | Item,
        state: AssignmentState,
        reason: str,
    ) -> None:
        writes = ends.setdefault(lane.id, Writes(lane_id=lane.id, epoch=lane.epoch))
        writes.assignments.append(
            AssignmentRow(
                event_id=one.event_id,
                consumer_id=one.consumer_id,
                state=state,
                tries=one.tries,
                reason=reason,
            )
        )
        occurrence = one.occurrence if isinstance(one, Item) else b""
        lane.take(one.event_id, one.consumer_id, occurrence, waited=one.waited)
        lane.let_go_later.append((one.event_id, one.consumer_id, occurrence))

    def _take(self, lane: OwnedLane, item: Item) -> None:
        lane.take(item.event_id, item.consumer_id, item.occurrence, waited=item.waited)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let chains finish for a moment, then stop them; what was not committed stands in the store as before."""
        if not self._tasks:
            return
        _, unfinished = await asyncio.wait(self._tasks, timeout=GRACE_S)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)


def _loaded(row: tuple[Any, ...]) -> Loaded:
    return Loaded(
        lane_id=row[0], event_id=row[1], consumer_id=row[2], waited=row[3] == "waiting", tries=row[5],
        connection_id=row[6], kind=row[7], project=row[8], body=bytes(row[9]),
        source=row[11],
    )  # fmt: skip
