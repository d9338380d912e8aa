"""From stored assignments to chains of people: load them, read them, hand them on, and run the chains."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence, Set
from typing import Any, Protocol

import msgspec
import structlog

from tieline.domain.ids import ConnectionId, LaneId, PersonId, SyncId
from tieline.effects.writes import AssignmentRow, AssignmentState, Writes
from tieline.ending import end
from tieline.engine.chain import Chain
from tieline.engine.dispatch import Dispatch
from tieline.engine.lane import Leases, OwnedLane
from tieline.engine.read import Read
from tieline.engine.turn import ERASED_REASON, Consumer, Item, Shared
from tieline.errors import LeaseLost, MappingError, UnreadableError
from tieline.store.event_bodies import open_body
from tieline.store.id_block import IdBlock
from tieline.store.keyring import ERASED, Keys
from tieline.store.queries import query
from tieline.vault.seal import BrokenSeal

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
    #: A replay of many took it up: nobody waits for it.
    replayed: bool = False
    #: Why its body cannot be read.
    broken: str | None = None
    #: It was about somebody who was erased meanwhile.
    erased: bool = False


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
            found = await rows.fetchall()
        keys = self._shared.store.keys
        await keys.learn({row[10] for row in found})
        loaded = [_loaded(row, keys) for row in found]
        if loaded:
            await self._handlers.learn({one.consumer_id for one in loaded})
            await self._dispatch(by_id, loaded)
        return len(loaded)

    async def _dispatch(self, lanes: dict[LaneId, OwnedLane], loaded: Sequence[Loaded]) -> None:
        look_soon = self._handlers.look_soon
        dispatch = Dispatch(self._shared, self._person_ids, chain=self._chain, look_soon=look_soon)
        for one in loaded:
            lane = lanes[one.lane_id]
            if not one.waited:
                lane.mark = max(lane.mark, one.event_id)
            item = self._read(one)
            if isinstance(item, AssignmentRow):
                dispatch.end(lane, item, waited=one.waited)
            else:
                dispatch.add(lane, item)
        await dispatch.assign()
        for (lane_id, person), chain in dispatch.started.items():
            lanes[lane_id].chains[person] = chain
            self._spawn(self._run_chain(lanes[lane_id], person, chain))
        for lane_id, writes in dispatch.ends.items():
            self._spawn(self._commit_ends(lanes[lane_id], writes))

    def _read(self, one: Loaded) -> Item | AssignmentRow:
        """What it tells, or how it ends, since it tells nothing."""
        if not self._handlers.knows(one.consumer_id):
            return _ended(one, "skipped", "the sync that wanted it is gone")
        if one.erased:
            return _ended(one, "skipped", ERASED_REASON)
        if one.broken is not None:
            return _ended(one, "dead", one.broken)
        try:
            read = self._handlers.read(one)
        except (UnreadableError, MappingError) as error:
            return _ended(one, "dead", str(error))
        if read.skip is not None or not read.keys:
            return _ended(one, "skipped", read.skip or "about nobody that we can name")
        occurrence = self._shared.digest("occurrence", read.occurrence)
        return Item(
            event_id=one.event_id, consumer_id=one.consumer_id, tries=one.tries, waited=one.waited,
            read=read, occurrence=occurrence, history=one.source == "backfill" or one.replayed,
        )  # fmt: skip

    def _chain(self, lane: OwnedLane, person: PersonId, open_effects: bool) -> Chain:
        return Chain(
            self._shared, self._leases, lane, person,
            consumer=self._handlers.consumer, open_effects=open_effects,
        )  # fmt: skip

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
            for _, digest, person in writes.keys:
                lane.fresh_keys.pop(digest, None)
                lane.fresh_waits.pop(person, None)
            self._nudge()

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let chains finish for a moment, then stop them; what was not committed stands in the store as before."""
        if not self._tasks:
            return
        _, unfinished = await asyncio.wait(self._tasks, timeout=GRACE_S)
        await end(unfinished, again_s=1.0)


def _loaded(row: tuple[Any, ...], keys: Keys) -> Loaded:
    body, broken = b"", None
    try:
        body = open_body(keys, row[1], row[10], row[9])
    except BrokenSeal as error:
        broken = str(error)
    return Loaded(
        lane_id=row[0], event_id=row[1], consumer_id=row[2], waited=row[3] == "waiting", tries=row[5],
        connection_id=row[6], kind=row[7], project=row[8], body=body, source=row[11], replayed=row[12],
        broken=broken, erased=row[10] == ERASED,
    )  # fmt: skip


def _ended(one: Loaded, state: AssignmentState, reason: str) -> AssignmentRow:
    return AssignmentRow(
        event_id=one.event_id, consumer_id=one.consumer_id, state=state, tries=one.tries, reason=reason
    )
