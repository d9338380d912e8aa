"""The arithmetic of one connection's quota: who may send now, and what answers teach. No clock, no waiting.

A request holds its slot from the moment it is sent until the far side has surely forgotten it: an interval after its
answer came, since it was counted before that, and at least an interval and a half second after it left. So no sliding
interval of the far side ever holds more than `capacity` of ours, however long the way there and back takes.

Whoever else uses the quota shows in the headers: what the far side counted, less the most that can have been ours.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import Literal

import msgspec

from tieline.connectors.kit.rate_headers import Told

#: interactive: a person waits; live: an event; retry: an event once more; sweep: polls; backfill: history.
Priority = Literal["interactive", "live", "retry", "sweep", "backfill"]
RANK: dict[Priority, int] = {"interactive": 0, "live": 1, "retry": 2, "sweep": 3, "backfill": 4}
#: Ranks from here on leave the reserve alone.
_LOW = RANK["sweep"]

#: Share of the limit that is used before anything is known of other consumers.
START = 0.8
#: Share of the capacity, and of the day's allowance, that sweep and backfill leave to live traffic.
RESERVE = 0.2
DAILY_RESERVE = 0.1
#: Slack for the way there: a slot counts this much longer than the far side's interval.
GUARD_S = 0.5
_AFTER_ANSWER_S = 0.02
#: One step up, as a share of the limit, each quarter of an interval in which the headers agree with our count.
STEP = 0.06
#: The same beside somebody else, each whole interval: whoever is careful is refused seldom.
SHARED_STEP = 0.01
#: After a 429: this much of what was used before.
_BACK = 0.8
#: A smooth limit lets this share of it through in the same share of the interval.
SMOOTH = 6


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """A quota as the connector knows it beforehand; headers overrule it."""

    requests: int
    interval_s: float
    #: Spread over the interval instead of at its start.
    smooth: bool = False
    #: Calls at one time; None = as many as the quota allows.
    concurrency: int | None = None


class Slot:
    """One request's place in the quota."""

    __slots__ = ("number", "own", "sent_at")

    def __init__(self, number: int, own: int, sent_at: float) -> None:
        #: How many were sent up to and with this one, ever, and how many of those the far side may count with it.
        self.number = number
        self.own = own
        self.sent_at = sent_at


class Budget:
    """The quota's state. `now` is any monotonic clock, in seconds."""

    def __init__(self, limits: Limits | None) -> None:
        self._concurrency = limits.concurrency if limits else None
        self._smooth = limits.smooth if limits else False
        self._interval_s = limits.interval_s if limits else 10.0
        #: 0 = no limit is known, and none is kept.
        self._limit = limits.requests if limits else 0
        self._level = self._start()
        self._in_flight = 0
        self._sent = 0
        #: When each answered request is forgotten; a heap.
        self._held: list[float] = []
        self._recent: deque[float] = deque()
        #: When answers came, of the last interval: what of ours the far side may still count.
        self._answers: deque[float] = deque()
        self._foreign = 0
        self._foreign_at = 0.0
        self._stepped_at: float | None = None
        #: When an answer last told how things are; None = the next call goes alone, to find out.
        self._sighted_at: float | None = None
        #: Whether this far side tells its limits; None until the first answer.
        self._tells: bool | None = None
        self._held_until = float("-inf")
        self._daily_remaining: int | None = None
        self._daily_limit: int | None = None
        self._daily_held = False

    @property
    def interval_s(self) -> float:
        """Length of the far side's window."""
        return self._interval_s

    def capacity(self, now: float) -> int | None:
        """Slots of ours in one window, None without a limit."""
        if not self._limit:
            return None
        return max(0, min(self._level, self._limit - self._margin() - self._others(now)))

    def held_for_s(self, now: float) -> float:
        """Seconds for which nothing at all may be sent."""
        return max(0.0, self._held_until - now)

    @property
    def daily_spent(self) -> bool:
        """Nothing may be sent because the day's allowance is spent."""
        return self._daily_held

    @property
    def daily(self) -> tuple[int, int] | None:
        """Left of the day's allowance, and the allowance; None where the far side has not told."""
        if self._daily_remaining is None or self._daily_limit is None:
            return None
        return self._daily_remaining, self._daily_limit

    def daily_reserved(self, rank: int) -> bool:
        """Whether what is left of the day is kept for higher classes than this one."""
        if rank < _LOW or self._daily_remaining is None or not self._daily_limit:
            return False
        return self._daily_remaining <= self._daily_limit * DAILY_RESERVE

    def allows(self, now: float, rank: int) -> bool:
        """Whether a request of that class may be sent now."""
        if now < self._held_until:
            return False
        if self._concurrency is not None and self._in_flight >= self._concurrency:
            return False
        if not self._limit:
            return True
        if self._unsighted(now):
            return self._in_flight == 0
        self._forget(now)
        capacity = max(0, min(self._level, self._limit - self._margin() - self._others(now)))
        if rank >= _LOW:
            capacity -= int(capacity * RESERVE)
        return self._in_flight + len(self._held) < capacity and self._burst_wait_s(now) <= 0

    def wait_s(self, now: float, rank: int) -> float | None:
        """Seconds until `allows` may say yes; None = not before an answer comes."""
        if now < self._held_until:
            return self._held_until - now
        if self._concurrency is not None and self._in_flight >= self._concurrency:
            return None
        if not self._limit or self.allows(now, rank):
            return 0.0
        if self._unsighted(now):
            return None
        waits = [self._held[0] - now] if self._held else []
        if (burst := self._burst_wait_s(now)) > 0:
            waits.append(burst)
        if self._foreign:
            waits.append(self._foreign_at + self._interval_s - now)
        if self._sighted_at is not None and not self._in_flight:
            # Then the next call goes out to look, whatever was seen last.
            waits.append(self._sighted_at + self._interval_s - now)
        return max(min(waits), 0.001) if waits else None

    def take(self, now: float) -> Slot:
        """Count a request as sent. Only after `allows`."""
        self._in_flight += 1
        self._sent += 1
        if self._smooth:
            self._recent.append(now)
        while self._answers and self._answers[0] <= now - self._interval_s:
            self._answers.popleft()
        return Slot(self._sent, self._in_flight + len(self._answers), now)

    def abandon(self, slot: Slot) -> None:
        """The request never left: it counts for nothing."""
        self._in_flight -= 1

    def settle(self, slot: Slot, now: float, told: Told | None, *, answered: bool) -> None:
        """The request is over. `answered`: by the far side itself, not cut off, nor by a server on the way."""
        self._in_flight -= 1
        if not self._limit and (told is None or told.requests is None):
            return
        self._adopt(told, now)
        self._answers.append(now)
        heapq.heappush(
            self._held,
            max(slot.sent_at + self._interval_s + GUARD_S, now + self._interval_s + _AFTER_ANSWER_S),
        )
        # What was under way when a hold began shows how things were before it.
        sighted = slot.sent_at >= self._held_until
        if told is not None and told.remaining is not None:
            self._tells = True
            self._sighted_at = now if sighted else self._sighted_at
            self._compare(slot, told.remaining, now)
        elif answered:
            # It tells nothing, or not always: then our own count has to do.
            self._tells = self._tells or False
            self._sighted_at = now if sighted else self._sighted_at
            self._recover(now)

    def refused(self, slot: Slot, now: float, hold_s: float) -> None:
        """The far side said 429: nothing goes for `hold_s`, then one call looks how things are."""
        fresh = slot.sent_at >= self._held_until
        self.hold(now, hold_s)
        if self._limit and fresh:
            # Bursts of ours hide whoever else is there, so that the headers alone do not make us small enough.
            used = min(self._level, self._start(), self.capacity(now) or 1)
            self._level = max(1, int(used * _BACK))
            self._stepped_at = now

    def hold(self, now: float, seconds: float) -> None:
        """Send nothing for that long."""
        self._held_until = max(self._held_until, now + seconds)
        self._sighted_at = None

    def forget_sighting(self) -> None:
        """Someone else may have used the quota since: the next call goes alone and its headers are believed."""
        self._sighted_at = None
        if self._limit:
            self._level = min(self._level, self._start())

    def _start(self) -> int:
        return max(1, int(self._limit * START)) if self._limit else 0

    def _margin(self) -> int:
        return 2 if self._limit >= 20 else 1 if self._limit >= 5 else 0

    def _others(self, now: float) -> int:
        if self._foreign and now - self._foreign_at >= self._interval_s:
            self._foreign = 0
        return self._foreign

    def _unsighted(self, now: float) -> bool:
        if self._sighted_at is None:
            return True
        return bool(self._tells) and now - self._sighted_at >= self._interval_s

    def _forget(self, now: float) -> None:
        held = self._held
        while held and held[0] <= now:
            heapq.heappop(held)

    def _burst_wait_s(self, now: float) -> float:
        """Seconds until the next one keeps a smooth limit smooth; 0 or less = now."""
        if not self._smooth:
            return 0.0
        span = self._interval_s / SMOOTH
        recent = self._recent
        while recent and recent[0] <= now - span:
            recent.popleft()
        burst = max(1, -(-self._limit // SMOOTH))
        return 0.0 if len(recent) < burst else recent[-burst] + span - now

    def _adopt(self, told: Told | None, now: float) -> None:
        """Take over what the far side says of its limits."""
        if told is None:
            return
        if told.interval_s is not None:
            self._interval_s = told.interval_s
        if told.requests is not None and told.requests != self._limit:
            known, self._limit = self._limit, told.requests
            start = self._start()
            self._level = start if not known else min(self._level, start)
            self._stepped_at = now
        if told.daily_remaining is not None:
            self._daily_remaining = told.daily_remaining
            self._daily_limit = told.daily_limit or self._daily_limit

    def note_day(self, spent: bool) -> None:
        """Whether the present hold is for the day's allowance."""
        self._daily_held = spent

    def _recover(self, now: float) -> None:
        """Back to the start, step by step, after a 429 that no header explained."""
        if self._stepped_at is not None and now - self._stepped_at >= self._interval_s:
            self._level = max(self._level, min(self._start(), self._level + max(1, int(self._limit * STEP))))
            self._stepped_at = now

    def _compare(self, slot: Slot, remaining: int, now: float) -> None:
        # All that can have been ours when the far side counted: what held a slot as this one left, and all since.
        ours = slot.own + self._sent - slot.number
        others = max(0, self._limit - remaining - ours)
        if others >= self._others(now):
            self._foreign, self._foreign_at = others, now
        if self._stepped_at is None:
            self._stepped_at = now
        pace_s, step, top = self._interval_s / 4, STEP, max(1, self._limit - self._margin())
        if self._foreign:
            pace_s, step, top = self._interval_s, SHARED_STEP, self._start()
            self._level = min(self._level, top)
        if now - self._stepped_at >= pace_s:
            self._level = min(top, self._level + max(1, int(self._limit * step)))
            self._stepped_at = now
