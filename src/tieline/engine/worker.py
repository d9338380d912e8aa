"""A worker: leases lanes that have work, keeps their chains running, gives them back."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import structlog

from tieline.effects.writes import Ledger
from tieline.ending import end
from tieline.engine.drain import IN_HAND, Drain, Handlers
from tieline.engine.errands import Errands
from tieline.engine.lane import CHANNEL, LEASE, RENEW_S, Leases, OwnedLane, read_lane
from tieline.engine.polls import Poller, Polls
from tieline.engine.sync_turn import Shared
from tieline.errors import LeaseLost
from tieline.store.id_block import IdBlock
from tieline.store.listen import listen
from tieline.store.pool import Store

log = structlog.get_logger(__name__)

#: Lanes leased at a time at most.
LANES = 200
#: Due lanes are looked for at least this often, should a notification be lost.
LOOK_S = 2.0
#: A lane without work is asked again this soon while it is warm, then rests.
WARM_S = 0.05
WARM_LOOK_S = 0.01
#: How often busy lanes are asked for polls that fell due.
POLL_LOOK_S = 0.5
#: A resting lane is given back after this.
IDLE_S = 3.0
#: Under load lanes are asked for work once in this many seconds; the first event after a quiet moment at once.
PACE_S = 0.008
#: Fair slice of a lane while others are due.
SLICE_ASSIGNMENTS = 500
SLICE_S = 30.0


class Worker:
    """Drains lanes until stopped. Any number may run on one store, in any number of processes."""

    def __init__(
        self,
        store: Store,
        *,
        digest: Callable[[str, str], bytes],
        handlers: Handlers,
        poller: Poller,
        errands: Callable[[Callable[[], None]], Errands],
        name: str | None = None,
        lanes: int = LANES,
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        """`errands` makes those of this worker, given what wakes it; `lanes` are leased at a time at most. While it is
        `paused` it finishes what it has in hand, and gives every lane back."""
        self._paused = paused
        self.name = name or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._store = store
        self._leases = Leases(store, self.name)
        self._ledger = Ledger(store)
        self._wake = asyncio.Event()
        self._claim_now = asyncio.Event()
        shared = Shared(
            store=store,
            ledger=self._ledger,
            effect_ids=IdBlock(store, "effect_id"),
            history_ids=IdBlock(store, "history_id"),
            item_ids=IdBlock(store, "item_id"),
            digest=digest,
        )
        self._drain = Drain(shared, self._leases, handlers, nudge=self._wake.set)
        self._polls = Polls(store, poller, self._leases, nudge=self._wake.set)
        self._errands = errands(self._wake.set)
        self._handlers = handlers
        self._room = lanes
        self._lanes: dict[int, OwnedLane] = {}
        #: The epoch under which we last held a lane: with the next one nobody else had it in between.
        self._held_last: dict[int, int] = {}
        self._polls_at = 0.0
        #: Something may be due that we have no hand free for.
        self._crowded = False

    async def run(self) -> None:
        """Work until cancelled; then finish nothing, give every lane back, and leave."""
        keepers = [
            asyncio.create_task(self._restarting(keeper))
            for keeper in (self._ledger.run, self._keep_claiming, self._keep_renewing, self._keep_listening)
        ]
        try:
            await self._restarting(self._keep_draining)
        finally:
            await end(keepers[1:], again_s=1.0)
            await self._polls.close()
            await self._errands.close()
            await self._drain.close()
            await asyncio.shield(self._give_all_back())
            await end(keepers, again_s=1.0)

    async def _restarting(self, keeper: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Keep a loop going through a restart of the database."""
        while True:
            try:
                await keeper()
            except Exception:
                log.exception("worker loop failed, going on", loop=keeper.__name__)
                await asyncio.sleep(0.5)

    async def _keep_claiming(self) -> None:
        while True:
            room = self._room - len(self._lanes)
            if self._paused():
                self._wake.set()
            elif room > 0:
                for lane in await self._leases.claim(min(room, 50)):
                    if self._held_last.get(lane.id) != lane.epoch - 1:
                        self._handlers.taken_over(lane.id)
                    self._held_last[lane.id] = lane.epoch
                    lane.since = lane.active_at = time.monotonic()
                    self._lanes[lane.id] = lane
                    self._polls_at = 0.0
                    self._wake.set()
            else:
                self._crowded = True
                self._wake.set()
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._claim_now.wait()
            except TimeoutError:
                pass
            self._claim_now.clear()

    async def _make_room(self, now: float) -> None:
        """All hands are full: lanes that had their slice go to the end of the queue, if there is one."""
        if len(self._lanes) < self._room:
            self._crowded = False
            return
        staying = [lane for lane in self._lanes.values() if not lane.leaving]
        served = [lane for lane in staying if lane.ended >= SLICE_ASSIGNMENTS or now - lane.since >= SLICE_S]
        if not served and not self._crowded:
            return
        self._crowded = False
        others = await self._leases.others_due()
        for lane in staying:
            if others and (lane.resting or lane in served):
                lane.leaving = True
            elif lane in served:
                lane.since, lane.ended = now, 0

    async def _keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            lanes = [lane for lane in self._lanes.values() if not lane.lost]
            if lanes:
                async with asyncio.timeout(LEASE.total_seconds()):
                    await self._leases.renew(lanes)

    async def _keep_listening(self) -> None:
        async for payload in listen(self._store.url, CHANNEL):
            number = read_lane(payload)
            lane = None if number is None else self._lanes.get(number)
            if lane is not None and not lane.lost:
                self._rouse(lane)
                # It may have been woken for an errand.
                self._polls_at = 0.0
                self._wake.set()
            else:
                self._claim_now.set()

    def _rouse(self, lane: OwnedLane) -> None:
        lane.resting = False
        lane.active_at = time.monotonic()

    async def _keep_draining(self) -> None:
        while True:
            self._wake.clear()
            began = time.monotonic()
            if await self._round():
                # More is likely to come: a moment later it is loaded in one go.
                await asyncio.sleep(max(began + PACE_S - time.monotonic(), 0))
                continue
            warm = any(not lane.resting for lane in self._lanes.values())
            try:
                async with asyncio.timeout(WARM_LOOK_S if warm else 0.2):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _round(self) -> int:
        """One look at every lane in hand: drop lost ones, rouse due ones, load, poll, rest, give back."""
        now, moment = time.monotonic(), datetime.now(UTC)
        for lane in list(self._lanes.values()):
            if lane.lost:
                if lane.in_hand == 0 and not lane.polls:
                    del self._lanes[lane.id]
                    self._claim_now.set()
                continue
            if lane.resting and lane.next_due_at is not None and lane.next_due_at <= moment:
                self._rouse(lane)
            if lane.failed and lane.in_hand == 0:
                lane.failed, lane.mark = False, 0
        if self._paused():
            for lane in self._lanes.values():
                lane.leaving = True
        await self._make_room(now)
        hungry = [
            lane
            for lane in self._lanes.values()
            if not (lane.lost or lane.leaving or lane.resting or lane.failed) and lane.in_hand <= IN_HAND // 2
        ]
        took = 0
        if hungry:
            before = {lane.id: lane.in_hand for lane in hungry}
            took = await self._drain.load(hungry)
            if now >= self._polls_at:
                self._polls_at = now + POLL_LOOK_S
                await self._polls.start_due(hungry)
                await self._errands.start_due(hungry)
            for lane in hungry:
                if lane.in_hand > before[lane.id] or lane.polls:
                    lane.active_at = now
        for lane in list(self._lanes.values()):
            await self._settle(lane, now)
        return took

    async def _settle(self, lane: OwnedLane, now: float) -> None:
        """Rest when nothing came for a moment; give back when it leaves or rested long."""
        if lane.lost or lane.in_hand or lane.polls or lane.failed:
            return
        try:
            if lane.leaving:
                await self._give_back(lane)
            elif not lane.resting and now - lane.active_at >= WARM_S:
                if await self._leases.rest(lane):
                    lane.resting = True
                    lane.active_at = now
                else:
                    lane.mark = 0
                    self._polls_at = 0.0
            elif lane.resting and now - lane.active_at >= IDLE_S and not _soon(lane):
                await self._give_back(lane)
        except LeaseLost:
            lane.lost = True

    async def _give_back(self, lane: OwnedLane) -> None:
        await self._leases.rest(lane, release=True)
        self._lanes.pop(lane.id, None)
        self._claim_now.set()

    async def _give_all_back(self) -> None:
        for lane in list(self._lanes.values()):
            if lane.lost:
                continue
            try:
                async with asyncio.timeout(2.0):
                    await self._give_back(lane)
            except (LeaseLost, TimeoutError, psycopg.Error) as error:
                # Its lease runs out by itself, 15 s from its last renewal.
                log.warning("lane not given back", lane=lane.id, error=str(error))


def _soon(lane: OwnedLane) -> bool:
    return lane.next_due_at is not None and lane.next_due_at - datetime.now(UTC) < timedelta(seconds=5)
