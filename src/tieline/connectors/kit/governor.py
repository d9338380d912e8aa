"""Who may send next on one connection: classes in order, each in the order it came, none beyond the quota.

Everything runs in one event loop. Waiting is bounded in number and in time; what would have to wait longer is told
so at once by RateLimited, with `status` None: nothing was sent, nothing was counted.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable

from tieline.connectors.kit.backoff import SYSTEM_RNG, Rng
from tieline.connectors.kit.budget import RANK, Budget, Limits, Priority, Slot
from tieline.connectors.kit.rate_headers import Told
from tieline.errors import RateLimited, Unavailable

#: A hold longer than this is told to the caller, who has better things to do than wait.
PATIENCE_S = 20.0
#: Longest wait for a turn: far below it with the usual classes; a low class may starve behind higher ones.
MAX_WAIT_S = 120.0
#: Most calls waiting on one connection; more than this is a fault of whoever calls.
MAX_WAITERS = 2000
#: Longest hold after a 429 that names no time, and longest that a Retry-After is believed.
MAX_HOLD_S = 300.0
#: How long the day's end is waited for before one call looks again.
DAILY_HOLD_S = 3600.0
#: A low class that met the day's reserve comes back after this.
_RESERVED_S = 900.0


class _Waiter:
    __slots__ = ("future", "number", "rank")

    def __init__(self, rank: int, number: int, future: asyncio.Future[Slot]) -> None:
        self.rank = rank
        self.number = number
        self.future = future

    def __lt__(self, other: _Waiter) -> bool:
        return (self.rank, self.number) < (other.rank, other.number)


class Governor:
    """The quota of one connection. Every slot taken is given back by exactly one of `settle`, `limited`, `abandon`."""

    def __init__(
        self,
        limits: Limits | None,
        *,
        name: str = "",
        clock: Callable[[], float] | None = None,
        rng: Rng = SYSTEM_RNG,
        max_waiters: int = MAX_WAITERS,
        max_wait_s: float = MAX_WAIT_S,
    ) -> None:
        self._budget = Budget(limits)
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._clock = clock or self._loop.time
        self._rng = rng
        self._max_waiters = max_waiters
        self._max_wait_s = max_wait_s
        self._waiters: list[_Waiter] = []
        self._waiting = 0
        self._numbers = 0
        self._refusals = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return self._waiting

    @property
    def capacity(self) -> int | None:
        """Requests that may be ours in one window now; None without a limit."""
        return self._budget.capacity(self._clock())

    @property
    def interval_s(self) -> float:
        """Length of the window, seconds."""
        return self._budget.interval_s

    @property
    def daily(self) -> tuple[int, int] | None:
        """Calls left today, of how many; None where the far side has not told."""
        return self._budget.daily

    def try_take(self, priority: Priority) -> Slot | None:
        """A slot, if one is free for that class now and nobody of at least its class waits for it."""
        rank = RANK[priority]
        budget, now = self._budget, self._clock()
        if self._waiting and self._first_rank() <= rank:
            return None
        if not budget.allows(now, rank) or budget.daily_reserved(rank):
            return None
        return budget.take(now)

    async def take(self, priority: Priority) -> Slot:
        """A slot, in turn. Raises RateLimited where the wait would be too long."""
        if (slot := self.try_take(priority)) is not None:
            return slot
        rank = RANK[priority]
        self._refuse_hopeless(rank)
        self._numbers += 1
        waiter = _Waiter(rank, self._numbers, self._loop.create_future())
        heapq.heappush(self._waiters, waiter)
        self._waiting += 1
        self._dispatch()
        overdue = self._loop.call_later(self._max_wait_s, self._give_up, waiter)
        try:
            return await waiter.future
        except asyncio.CancelledError:
            future = waiter.future
            if future.cancelled():
                self._waiting -= 1
                self._tidy()
            elif future.exception() is None:
                # It was granted in the very moment in which its caller went away.
                self._budget.abandon(future.result())
            self._dispatch()
            raise
        finally:
            overdue.cancel()

    def abandon(self, slot: Slot) -> None:
        """The request never left this machine."""
        self._budget.abandon(slot)
        self._dispatch()

    def settle(self, slot: Slot, told: Told | None, *, answered: bool) -> None:
        """The request is over, with what the answer told. `answered`: by the far side itself, below 500."""
        if answered and self._refusals and not self._budget.held_for_s(self._clock()):
            self._refusals = 0
        self._budget.settle(slot, self._clock(), told, answered=answered)
        if self._waiters:
            self._dispatch()

    def limited(self, slot: Slot, told: Told | None, retry_after_s: float | None) -> tuple[float, bool]:
        """A 429: hold everything, for as long as it says, else longer each time. (Seconds, whether it is the day.)"""
        budget, now = self._budget, self._clock()
        daily = told is not None and told.daily_remaining == 0
        if not budget.held_for_s(now):
            # Of many refused at one time, only the first makes the next hold longer.
            self._refusals += 1
        if daily:
            reset_s = told.daily_reset_s if told else None
            wait_s = min(reset_s or retry_after_s or DAILY_HOLD_S, DAILY_HOLD_S)
        elif retry_after_s is not None:
            # A little later than asked, and not all at once.
            wait_s = retry_after_s + 0.05 + 0.2 * self._rng.random()
        else:
            doubled = (
                budget.interval_s * 2 ** min(self._refusals - 1, 10) if self._refusals else budget.interval_s
            )
            wait_s = min(doubled * (1 + 0.25 * self._rng.random()), max(MAX_HOLD_S, budget.interval_s))
        budget.settle(slot, now, told, answered=False)
        budget.refused(slot, now, wait_s)
        budget.note_day(daily)
        self._dispatch()
        return wait_s, daily

    def hold(self, seconds: float) -> None:
        """Send nothing for that long, then let one call look."""
        self._budget.hold(self._clock(), seconds)
        self._budget.note_day(False)
        self._dispatch()

    def handover(self) -> None:
        """The connection's lane was taken over: the next call goes alone, and what its headers say is believed."""
        self._budget.forget_sighting()

    def wait_s(self, priority: Priority = "live") -> float:
        """Forecast: seconds until a call of that class that came now would be sent."""
        rank, now = RANK[priority], self._clock()
        ahead = sum(1 for one in self._waiters if one.rank <= rank and not one.future.done())
        first = self._budget.wait_s(now, rank) or 0.0
        capacity = self._budget.capacity(now)
        if not ahead or capacity is None:
            return first
        return first + ahead * self._budget.interval_s / max(capacity, 1)

    def close(self) -> None:
        """Let nobody wait any longer: those who do get Unavailable."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for waiter in self._waiters:
            if not waiter.future.done():
                waiter.future.set_exception(Unavailable(f"{self._name}: the gateway was closed"))
        self._waiters.clear()
        self._waiting = 0

    def _refuse_hopeless(self, rank: int) -> None:
        held_s = self._budget.held_for_s(self._clock())
        if held_s > PATIENCE_S:
            spent = self._budget.daily_spent
            why = "the day's allowance is spent" if spent else "asked to wait"
            raise RateLimited(
                f"{self._name} was {why}; nothing is sent for another {held_s:.0f} s",
                retry_after_s=held_s, daily=spent, status=None,
            )  # fmt: skip
        if self._budget.daily_reserved(rank):
            raise RateLimited(
                f"{self._name}: what is left of the day's allowance is kept for live traffic",
                retry_after_s=_RESERVED_S, daily=True, status=None,
            )  # fmt: skip
        if self._waiting >= self._max_waiters:
            raise RateLimited(
                f"{self._name}: {self._waiting} calls wait already",
                retry_after_s=max(PATIENCE_S + 1, self._max_wait_s), status=None,
            )  # fmt: skip

    def _first_rank(self) -> int:
        while self._waiters and self._waiters[0].future.done():
            heapq.heappop(self._waiters)
        return self._waiters[0].rank if self._waiters else len(RANK)

    def _dispatch(self) -> None:
        if not self._waiters:
            return
        budget, now = self._budget, self._clock()
        while (rank := self._first_rank()) < len(RANK) and budget.allows(now, rank):
            waiter = heapq.heappop(self._waiters)
            self._waiting -= 1
            waiter.future.set_result(budget.take(now))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiters and (wait_s := budget.wait_s(now, rank)) is not None:
            self._timer = self._loop.call_later(max(wait_s, 0.001), self._dispatch)

    def _tidy(self) -> None:
        """Those who went away leave the queue at the latest when they are its greater part."""
        if len(self._waiters) > 2 * self._waiting + 64:
            self._waiters = [waiter for waiter in self._waiters if not waiter.future.done()]
            heapq.heapify(self._waiters)

    def _give_up(self, waiter: _Waiter) -> None:
        if waiter.future.done():
            return
        self._waiting -= 1
        self._tidy()
        why = f"{self._name}: no turn within {self._max_wait_s:.0f} s behind calls of higher classes"
        waiter.future.set_exception(RateLimited(why, status=None))
        self._dispatch()
