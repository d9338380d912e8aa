"""Rate limits over a true sliding window, and the headers that tell of them. Source: contacts-api.md, section 3."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

import msgspec

Mode = Literal["off", "sandbox", "production"]


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """So many calls in a window, and in a day; None = no daily limit."""

    calls: int
    window_s: float
    daily: int | None = None


CONTACTS: dict[Mode, Limit | None] = {
    "off": None,
    "sandbox": Limit(calls=25, window_s=10.0, daily=10_000),
    "production": Limit(calls=100, window_s=10.0, daily=200_000),
}
NIMBATA: dict[Mode, Limit | None] = {
    "off": None,
    "sandbox": Limit(calls=60, window_s=60.0),
    "production": Limit(calls=60, window_s=60.0),
}
_DAY_S = 86_400.0


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one call may pass, and what its answer's headers say."""

    allowed: bool
    remaining: int
    daily_remaining: int | None
    daily_reset_s: float


class _Bucket:
    __slots__ = ("day_began", "times", "today")

    def __init__(self, now: float) -> None:
        self.times: deque[float] = deque()
        self.today = 0
        self.day_began = now


class Limiter:
    """One bucket a key; calls that were refused do not count."""

    def __init__(self, limit: Limit, monotonic: Callable[[], float]) -> None:
        self.limit = limit
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}
        #: Place → when its day was spent, and how many calls were left then.
        self._spent: dict[str, tuple[float, int]] = {}

    def take(self, key: str) -> Verdict:
        """Count one call of `key`, unless it is one too many."""
        now = self._monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(now)
            self._spend(key, bucket)
        if now - bucket.day_began >= _DAY_S:
            bucket.day_began, bucket.today = now, 0
        times = bucket.times
        while times and times[0] <= now - self.limit.window_s:
            times.popleft()
        daily = self.limit.daily
        allowed = len(times) < self.limit.calls and (daily is None or bucket.today < daily)
        if allowed:
            times.append(now)
            bucket.today += 1
        return Verdict(
            allowed=allowed,
            remaining=self.limit.calls - len(times),
            daily_remaining=None if daily is None else daily - bucket.today,
            daily_reset_s=_DAY_S - (now - bucket.day_began),
        )

    def spend_day(self, place: str, left: int) -> None:
        """Of today's calls to a place `left` remain, whoever calls. Raises ValueError where none are counted."""
        if self.limit.daily is None:
            raise ValueError("no calls are counted by the day")
        self._spent[place] = (self._monotonic(), left)
        for key, bucket in self._buckets.items():
            self._spend(key, bucket)

    def _spend(self, key: str, bucket: _Bucket) -> None:
        began, left = self._spent.get(key.rpartition(":")[2], (None, 0))
        if began is not None and self.limit.daily is not None and self._monotonic() - began < _DAY_S:
            bucket.day_began, bucket.today = began, max(bucket.today, self.limit.daily - left)

    def headers(self, verdict: Verdict) -> dict[str, str]:
        """The five documented headers and the one that the vendor's SDK reads."""
        if self.limit.daily is None or verdict.daily_remaining is None:
            return {}
        return {
            "X-RateLimit-Limit-Daily": str(self.limit.daily),
            "X-RateLimit-Daily-Remaining": str(verdict.daily_remaining),
            "X-RateLimit-Interval-Milliseconds": str(int(self.limit.window_s * 1000)),
            "X-RateLimit-Max": str(self.limit.calls),
            "X-RateLimit-Remaining": str(verdict.remaining),
            "X-RateLimit-Daily-Reset": str(int(verdict.daily_reset_s * 1000)),
        }
