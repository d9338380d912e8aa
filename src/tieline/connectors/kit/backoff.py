"""How long to wait before the next try: exponential, capped, with jitter."""

from __future__ import annotations

import math
import random
from typing import Protocol

import msgspec


class Rng(Protocol):
    """What chooses within the jitter; `random.Random` is one."""

    def random(self) -> float:
        """A number in [0, 1)."""
        ...


#: Unseeded and shared: workers that failed together must not try again together.
SYSTEM_RNG: Rng = random.SystemRandom()


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """`delay_s(n)` is the wait after the n-th failure: first_s * factor^(n-1), at most max_s, then jitter."""

    first_s: float
    factor: float
    max_s: float
    #: Tries in all after which whoever retries gives up; the policy itself goes on telling delays.
    max_attempts: int
    #: Share of the delay that chance may take away: 1 = anything from 0 to the delay ("full jitter"), 0 = none.
    jitter: float = 1.0

    def __post_init__(self) -> None:
        if self.first_s < 0 or self.factor < 1 or self.max_s < 0 or self.max_attempts < 1:
            raise ValueError("delays must not be negative, nor shrink, and at least one attempt is made")
        if not 0 <= self.jitter <= 1:
            raise ValueError("jitter is a share between 0 and 1")

    def ceiling_s(self, attempt: int) -> float:
        """The longest wait after failure number `attempt`, the first being 1."""
        if attempt <= 1 or self.first_s == 0 or self.factor == 1:
            return min(self.first_s, self.max_s)
        # By logarithm, so that the millionth attempt does not overflow.
        steps = math.log(self.max_s / self.first_s, self.factor) if self.max_s > 0 else 0.0
        return (
            self.max_s
            if attempt - 1 >= steps
            else min(self.max_s, self.first_s * self.factor ** (attempt - 1))
        )

    def delay_s(self, attempt: int, rng: Rng = SYSTEM_RNG) -> float:
        """Seconds to wait after failure number `attempt`, the first being 1."""
        return self.ceiling_s(attempt) * (1 - self.jitter * rng.random())
