"""A far side with a rate limit, on simulated time: it counts what arrives in a sliding window."""

from __future__ import annotations

import heapq
from collections import deque
from itertools import count
from random import Random
from typing import Any

from tieline.connectors.kit.budget import RANK, Budget, Limits, Slot
from tieline.connectors.kit.rate_headers import Told


class FarSide:
    """Counts at arrival, and tells what is left where it tells at all."""

    def __init__(self, limit: int, interval_s: float, *, tells: bool = True) -> None:
        self.limit = limit
        self.interval_s = interval_s
        self.tells = tells
        self.times: deque[float] = deque()
        self.refused = 0
        self.accepted = 0

    def arrive(self, now: float, *, ours: bool = True) -> tuple[bool, Told | None]:
        """Whether a call is taken, and what its headers say."""
        while self.times and self.times[0] <= now - self.interval_s:
            self.times.popleft()
        taken = len(self.times) < self.limit
        if taken:
            self.times.append(now)
            self.accepted += ours
        else:
            self.refused += ours
        remaining = self.limit - len(self.times)
        told = (
            Told(requests=self.limit, remaining=remaining, interval_s=self.interval_s) if self.tells else None
        )
        return taken, told


class Client:
    """Sends as fast as its budget allows, for ever; the way there and back takes its time."""

    def __init__(
        self, far: FarSide, known: Limits, rng: Random, *, slowest_s: float, rank: int = RANK["live"]
    ) -> None:
        self.far = far
        self.budget = Budget(known)
        self.sent = 0
        self._rng = rng
        self._slowest_s = slowest_s
        self._rank = rank
        self._events: list[tuple[float, int, str, Any]] = []
        self._numbers = count()

    def run(self, until: float, *, foreign: tuple[float, ...] = ()) -> None:
        """Let time pass; `foreign` are the moments at which somebody else calls."""
        for at in foreign:
            self._at(at, "foreign", None)
        self._at(0.0, "look", None)
        while self._events and self._events[0][0] <= until:
            now, _, what, given = heapq.heappop(self._events)
            if what == "foreign":
                self.far.arrive(now, ours=False)
            elif what == "arrive":
                taken, told = self.far.arrive(now)
                self._at(now + self._lag(), "answer", (given, taken, told))
            elif what == "answer":
                self._answer(now, *given)
            self._send(now)

    def _answer(self, now: float, slot: Slot, taken: bool, told: Told | None) -> None:
        self.budget.settle(slot, now, told, answered=taken)
        if not taken:
            self.budget.refused(slot, now, self.far.interval_s)

    def _send(self, now: float) -> None:
        while self.budget.allows(now, self._rank):
            slot = self.budget.take(now)
            self.sent += 1
            self._at(now + self._lag(), "arrive", slot)
        wait_s = self.budget.wait_s(now, self._rank)
        if wait_s is not None:
            self._at(now + max(wait_s, 0.001), "look", None)

    def _lag(self) -> float:
        return self._rng.uniform(0.001, self._slowest_s)

    def _at(self, when: float, what: str, given: Any) -> None:
        # Of many looks at one moment one is enough.
        if what == "look" and any(one[2] == "look" and one[0] <= when for one in self._events[:8]):
            return
        heapq.heappush(self._events, (when, next(self._numbers), what, given))
