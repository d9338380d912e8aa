"""One person's assignments, strictly in order, turn after turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import structlog

from tieline.connectors.kit.budget import Priority
from tieline.connectors.kit.fence import while_good
from tieline.connectors.kit.quota_class import at_most
from tieline.domain.ids import PersonId, SyncId
from tieline.effects.perform import Later
from tieline.effects.writes import AssignmentRow, LinkRow, Writes
from tieline.engine.lane import Leases, OwnedLane
from tieline.engine.sync_turn import Consumer, Item, Shared, SyncTurn
from tieline.errors import LeaseLost
from tieline.store.person_rows import open_link
from tieline.store.queries import query

log = structlog.get_logger(__name__)

#: As many assignments of one person are merged into one turn at most.
TURN = 50
#: A turn that fails in a way nobody foresaw is tried this often, then kept as a dead letter.
UNFORESEEN_TRIES = 5
#: Why a lane would be held, where only a quota is short.
_OF_QUOTA = ("quota_spent", "asked_to_wait")
#: A connection that was mended meanwhile is tried again after so long.
MENDED_S = 1.0
#: Why an assignment waits that could be done, but for those before it.
BEHIND = "an earlier event of this person waits"


class Chain:
    """Lives while a person has work in hand; new assignments of the person are appended while it runs."""

    def __init__(
        self,
        shared: Shared,
        leases: Leases,
        lane: OwnedLane,
        person: PersonId,
        *,
        consumer: Callable[[SyncId], Consumer],
        open_effects: bool,
    ) -> None:
        self._shared = shared
        self._leases = leases
        self._lane = lane
        self._person = person
        self._consumer = consumer
        self._open_effects = open_effects
        self._finished: set[SyncId] = set()
        #: Found out on the way: the person was erased once.
        self._erased = False
        self._queue: deque[Item] = deque()
        #: Filled by the loader before the chain starts.
        self.links: dict[SyncId, LinkRow | None] = {}
        self.new_person = False
        self.new_keys: list[tuple[str, bytes]] = []
        #: A turn has to wait until then: nothing of this person is done before.
        self._due_at: datetime | None = None

    def append(self, item: Item) -> None:
        """One more assignment, younger than those before it."""
        self._queue.append(item)

    async def run(self) -> None:
        """Work until nothing is left. What could not be written stays as it was in the store."""
        while self._queue and not self._lane.lost:
            if self._due_at is not None:
                await self._follow(self._due_at)
                continue
            items = self._take()
            try:
                await self._turn(items)
            finally:
                self._let_go(items)

    def drop(self) -> None:
        """Let go of whatever is left; it stands in the store as before."""
        self._let_go(list(self._queue))
        self._queue.clear()

    def _take(self) -> list[Item]:
        items = [self._queue.popleft()]
        while self._queue and len(items) < TURN and self._queue[0].consumer_id == items[0].consumer_id:
            items.append(self._queue.popleft())
        return items

    async def _turn(self, items: list[Item]) -> None:
        consumer = self._consumer(items[0].consumer_id)
        writes = Writes(lane_id=self._lane.id, epoch=self._lane.epoch)
        if self.new_person:
            writes.persons.append(self._person)
        writes.keys.extend((kind, digest, self._person) for kind, digest in self.new_keys)
        self.new_person, self.new_keys = False, []
        turn = SyncTurn(
            shared=self._shared, consumer=consumer, person=self._person, writes=writes,
            link=await self._link(consumer.id), open_effects=self._open_effects and consumer.id not in self._finished,
            in_hand=self._lane.fresh_keys,
        )  # fmt: skip
        if self._erased:
            turn.forget(items)
            await self._shared.ledger.commit(writes)
            return
        try:
            highest: Priority = "backfill" if all(item.history for item in items) else "interactive"
            with at_most(highest), while_good(self._lane.good):
                await turn.run(items)
        except Later as later:
            await self._wait(turn, items, later)
        except (LeaseLost, psycopg.Error):
            raise
        except Exception as error:  # whatever it is, the assignments must not be lost or block the person
            log.exception("a turn failed", lane=self._lane.id, person=self._person)
            writes.assignments = [_unforeseen(item, self._person, error) for item in items]
            # Whatever it left open, the next turn settles before anything else.
            self._open_effects = True
            self._finished.discard(consumer.id)
        else:
            self._finished.add(consumer.id)
        self.links[consumer.id] = turn.link
        self._erased = turn.erased
        await self._shared.ledger.commit(writes)
        self._lane.ended += len(items)

    async def _wait(self, turn: SyncTurn, items: list[Item], later: Later) -> None:
        """The person waits, and with it everything behind, so that the order stays."""
        now = datetime.now(UTC)
        due_at = now + timedelta(seconds=later.after_s)
        if later.hold is not None and later.hold.state in _OF_QUOTA and all(item.history for item in items):
            # What history may not spend, live traffic may: only this person waits.
            due_at = now + timedelta(seconds=later.hold.after_s or 0.0)
        elif later.hold is not None:
            if not await self._leases.hold(self._lane, later.hold, later.reason):
                # Mended while we tried; what is known of it here is a moment behind.
                due_at = now + timedelta(seconds=MENDED_S)
            self._lane.leaving = True
        turn.wait(items, due_at, later.reason)
        self._due_at = due_at

    async def _follow(self, due_at: datetime) -> None:
        """What stands behind events that wait, or comes while that is written, waits with them."""
        items = list(self._queue)
        self._queue.clear()
        writes = Writes(lane_id=self._lane.id, epoch=self._lane.epoch)
        writes.keys.extend((kind, digest, self._person) for kind, digest in self.new_keys)
        self.new_keys = []
        writes.assignments.extend(
            AssignmentRow(
                event_id=item.event_id, consumer_id=item.consumer_id, state="waiting", person_id=self._person,
                due_at=due_at, tries=item.tries, reason=BEHIND,
            )
            for item in items
        )  # fmt: skip
        try:
            await self._shared.ledger.commit(writes)
        finally:
            self._let_go(items)

    async def _link(self, consumer: SyncId) -> LinkRow | None:
        if consumer not in self.links:
            async with self._shared.store.transaction() as db:
                rows = await db.execute(query("load_link"), {"consumer": consumer, "person": self._person})
                row = await rows.fetchone()
            self.links[consumer] = None
            if row is not None:
                contact, nimbata, merge = open_link(
                    self._shared.store.keys, consumer, self._person, (row[3], row[5], row[6]), row[7], row[8]
                )
                self.links[consumer] = LinkRow(
                    consumer_id=consumer, person_id=self._person, contact_id=row[0], state=row[1],
                    generation=row[2], contact=contact, nimbata_id=row[4], nimbata=nimbata, merge=merge,
                )  # fmt: skip
        return self.links[consumer]

    def _let_go(self, items: list[Item]) -> None:
        for item in items:
            self._lane.let_go(item.event_id, item.consumer_id, item.occurrence)


def _unforeseen(item: Item, person: PersonId, error: Exception) -> AssignmentRow:
    tries = item.tries + 1
    waiting = tries < UNFORESEEN_TRIES
    return AssignmentRow(
        event_id=item.event_id, consumer_id=item.consumer_id, state="waiting" if waiting else "dead",
        person_id=person, due_at=datetime.now(UTC) + timedelta(seconds=5.0 * tries) if waiting else None,
        tries=tries, reason=f"internal error: {type(error).__name__}: {error}",
    )  # fmt: skip
