"""A worker's hold on lanes: claim, renew, rest, release."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tieline.domain.ids import LaneId, PersonId
from tieline.effects.decide import HoldLane
from tieline.errors import LeaseLost
from tieline.store.pool import Store
from tieline.store.queries import query

if TYPE_CHECKING:
    from tieline.engine.chain import Chain

LEASE = timedelta(seconds=15)
RENEW_S = 4.0
#: A call that would leave later than this before the lease ends does not leave.
MARGIN_S = 1.0
CHANNEL = "tieline_lane"


def read_lane(payload: str) -> LaneId | None:
    """The lane that a notification names; None where it names none: anybody with the database can send one."""
    plain = payload.isascii() and payload.isdecimal() and len(payload) <= 18
    return LaneId(int(payload)) if plain else None


def now_s() -> float:
    """A clock that goes on while this process is stopped and, where the system has one, while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(eq=False)
class OwnedLane:
    """One lane that this worker leases, and what it has in hand there."""

    id: LaneId
    epoch: int
    #: When its lease ends at the earliest, by `now_s`.
    good_until: float = float("inf")
    #: Nothing may be committed or sent for it any more.
    lost: bool = False
    #: No new work is taken; released when what is in hand is done.
    leaving: bool = False
    #: Highest event id loaded; what lies above it is new.
    mark: int = 0
    #: Events in hand that stand as `waiting` in the store.
    held: set[int] = field(default_factory=set)
    chains: dict[PersonId, Chain] = field(default_factory=dict)
    #: Keys of people whose first commit is still under way.
    fresh_keys: dict[bytes, PersonId] = field(default_factory=dict)
    #: Of them, those whose events must wait until then, though the store does not lead there yet.
    fresh_waits: dict[PersonId, datetime] = field(default_factory=dict)
    #: (consumer, occurrence) in hand, so that a second telling is checked again when its turn comes.
    occurrences: dict[tuple[int, bytes], int] = field(default_factory=dict)
    in_hand: int = 0
    #: Assignments ended in this slice, and since when it runs, for fairness.
    ended: int = 0
    since: float = 0.0
    #: Monotonic time of the last sign of work.
    active_at: float = 0.0
    #: At rest: nothing is loaded until it is woken, or until `next_due_at`.
    resting: bool = False
    next_due_at: datetime | None = None
    #: Something could not be read or written: load everything again.
    failed: bool = False
    #: In hand until the writes that end them are committed: (event, consumer, occurrence).
    let_go_later: list[tuple[int, int, bytes]] = field(default_factory=list)
    #: Polls and errands that run.
    polls: set[asyncio.Task[None]] = field(default_factory=set)

    def good(self) -> bool:
        """Whether something may still be sent for it."""
        return not self.lost and now_s() < self.good_until - MARGIN_S

    def take(self, event_id: int, consumer_id: int, occurrence: bytes, *, waited: bool) -> None:
        """Count an assignment as in hand."""
        self.in_hand += 1
        if waited:
            self.held.add(event_id)
        key = (consumer_id, occurrence)
        self.occurrences[key] = self.occurrences.get(key, 0) + 1

    def let_go(self, event_id: int, consumer_id: int, occurrence: bytes) -> None:
        """It is no longer in hand: it ended, waits, or stands in the store as before."""
        self.in_hand -= 1
        self.held.discard(event_id)
        key = (consumer_id, occurrence)
        self.occurrences[key] -= 1
        if not self.occurrences[key]:
            del self.occurrences[key]


class Leases:
    """The lanes of one worker, by the database's clock."""

    def __init__(self, store: Store, owner: str) -> None:
        self._store = store
        self._owner = owner

    async def claim(self, limit: int) -> list[OwnedLane]:
        """Up to `limit` lanes that are due and nobody holds, each with a new epoch."""
        good_until = now_s() + LEASE.total_seconds()
        async with self._store.transaction() as db:
            rows = await db.execute(
                query("claim_lanes"), {"limit": limit, "owner": self._owner, "lease": LEASE}
            )
            return [
                OwnedLane(id=row[0], epoch=row[1], good_until=good_until) for row in await rows.fetchall()
            ]

    async def renew(self, lanes: list[OwnedLane]) -> None:
        """Extend every lease; lanes that another worker took over are marked lost."""
        good_until = now_s() + LEASE.total_seconds()
        async with self._store.transaction() as db:
            rows = await db.execute(
                query("renew_lanes"),
                {"ids": [one.id for one in lanes], "epochs": [one.epoch for one in lanes], "lease": LEASE},
            )
            kept = {row[0] for row in await rows.fetchall()}
        for lane in lanes:
            lane.lost = lane.lost or lane.id not in kept
            if lane.id in kept:
                lane.good_until = good_until

    async def rest(self, lane: OwnedLane, *, release: bool = False) -> bool:
        """Set when the lane has work next (`lane.next_due_at`), and give it back if `release`. False when there is
        work right now and it was kept. Raises LeaseLost.

        The row is locked first and the look comes in the next statement: an intake that is under way holds the
        lock, so its assignments are seen; a later one finds the lane at rest and wakes it.
        """
        async with self._store.transaction() as db:
            locked = await db.execute(query("lock_lane"), {"lane": lane.id, "epoch": lane.epoch})
            if await locked.fetchone() is None:
                lane.lost = True
                raise LeaseLost(f"lane {lane.id} was taken over; epoch {lane.epoch} is past")
            found = await (await db.execute(query("next_due"), {"lane": lane.id})).fetchone()
            due_at, due_now = found if found else (None, None)
            lane.next_due_at = due_at
            if due_now and not release:
                return False
            await db.execute(query("rest_lane"), {"due": due_at, "release": release, "lane": lane.id})
            if due_now:
                await db.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(lane.id)))
            return True

    async def others_due(self) -> bool:
        """Whether a lane waits that no worker holds."""
        async with self._store.transaction() as db:
            row = await (await db.execute(query("others_due"))).fetchone()
        return bool(row and row[0])

    async def hold(self, lane: OwnedLane, hold: HoldLane, why: str) -> bool:
        """Nothing of this lane is claimed for so long; False when the connection was mended since it was refused."""
        connection, version = hold.refused or (None, None)
        async with self._store.transaction() as db:
            held = await db.execute(
                query("hold_lane"),
                {
                    "lane": lane.id, "epoch": lane.epoch, "after_s": hold.after_s, "state": hold.state, "why": why,
                    "connection": connection, "version": version,
                },
            )  # fmt: skip
            return held.rowcount > 0
