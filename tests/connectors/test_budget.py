"""The quota: never a 429 of our own making, hardly anything left unused, and room for whoever else is there."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.connectors.far_side import Client, FarSide
from tieline.connectors.kit.budget import DAILY_RESERVE, RANK, Budget, Limits
from tieline.connectors.kit.rate_headers import Told


@settings(max_examples=60, deadline=None)
@example(seed=0, limit=2, interval_s=1.0, slowest_s=4.0, tells=False)
@given(
    seed=st.integers(0, 2**32),
    limit=st.integers(1, 120),
    interval_s=st.sampled_from([1.0, 10.0, 60.0]),
    slowest_s=st.sampled_from([0.01, 0.2, 1.0, 4.0]),
    tells=st.booleans(),
)
def test_alone_we_never_earn_a_429(
    seed: int, limit: int, interval_s: float, slowest_s: float, tells: bool
) -> None:
    """Whatever the limit, its interval, and however long and unevenly the way there and back takes."""
    far = FarSide(limit, interval_s, tells=tells)
    client = Client(far, Limits(requests=limit, interval_s=interval_s), Random(seed), slowest_s=slowest_s)
    # With a limit of one each call waits until the one before it has come back and been forgotten.
    client.run(6 * (interval_s + 2 * slowest_s))
    assert far.refused == 0
    assert far.accepted >= min(limit, 4)


@pytest.mark.parametrize("seed", range(3))
def test_alone_nine_tenths_of_the_limit_are_used(seed: int) -> None:
    """The production limit, once the headers have shown that nobody else is there."""
    far = FarSide(100, 10.0)
    client = Client(far, Limits(requests=100, interval_s=10.0), Random(seed), slowest_s=0.2)
    client.run(60)
    before = far.accepted
    client.run(160)
    assert far.accepted - before >= 0.9 * 100 * 10
    assert far.refused == 0


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_whoever_else_is_there_is_left_what_they_use(share: float) -> None:
    """Somebody calls steadily: refusals stay rare, and what they leave is used for the greater part."""
    rng = Random(5)
    far = FarSide(100, 10.0)
    foreign = tuple(rng.uniform(0, 200) for _ in range(int(100 * 20 * share)))
    client = Client(far, Limits(requests=100, interval_s=10.0), rng, slowest_s=0.2)
    client.run(200, foreign=foreign)
    assert far.refused <= 0.05 * client.sent + 20
    assert far.accepted >= 0.4 * (1 - share) * 100 * 20


def test_a_limit_that_is_smaller_than_we_believed_is_learnt_from_the_first_answer() -> None:
    """A sandbox account has 25, not 100; the first call goes alone to find out."""
    far = FarSide(25, 10.0)
    client = Client(far, Limits(requests=100, interval_s=10.0), Random(1), slowest_s=0.2)
    client.run(100)
    assert far.refused == 0
    assert client.budget.capacity(100.0) is not None
    assert (client.budget.capacity(100.0) or 0) <= 24


def test_low_classes_leave_a_reserve_for_live_traffic() -> None:
    """When a sweep has taken all that it may, an event still goes at once."""
    budget = Budget(Limits(requests=100, interval_s=10.0))
    first = budget.take(0.0)
    budget.settle(first, 0.1, Told(requests=100, remaining=99, interval_s=10.0), answered=True)
    while budget.allows(0.2, RANK["backfill"]):
        budget.take(0.2)
    assert budget.allows(0.2, RANK["live"])
    assert budget.allows(0.2, RANK["retry"])


def test_the_last_tenth_of_the_day_is_kept_for_live_traffic() -> None:
    """Sweeps stop there; events go on."""
    budget = Budget(Limits(requests=100, interval_s=10.0))
    told = Told(
        requests=100,
        remaining=99,
        interval_s=10.0,
        daily_limit=1000,
        daily_remaining=int(1000 * DAILY_RESERVE),
    )
    budget.settle(budget.take(0.0), 0.1, told, answered=True)
    assert budget.daily_reserved(RANK["sweep"])
    assert not budget.daily_reserved(RANK["live"])


def test_after_a_429_one_call_looks_before_the_rest_goes() -> None:
    """Nothing goes during the hold; then one goes alone, and only its answer opens the way."""
    budget = Budget(Limits(requests=100, interval_s=10.0))
    slot = budget.take(0.0)
    budget.settle(slot, 0.1, None, answered=False)
    budget.refused(slot, 0.1, 5.0)
    assert not budget.allows(5.0, RANK["interactive"])
    assert budget.allows(5.2, RANK["live"])
    looking = budget.take(5.2)
    assert not budget.allows(5.2, RANK["live"])
    budget.settle(looking, 5.4, Told(requests=100, remaining=90, interval_s=10.0), answered=True)
    assert budget.allows(5.5, RANK["live"])


def test_a_hand_over_makes_the_next_call_go_alone() -> None:
    """The worker before us may have used the quota: its headers are believed, not our empty count."""
    budget = Budget(Limits(requests=100, interval_s=10.0))
    budget.settle(budget.take(0.0), 0.1, Told(requests=100, remaining=99, interval_s=10.0), answered=True)
    budget.forget_sighting()
    slot = budget.take(0.2)
    assert not budget.allows(0.2, RANK["live"])
    budget.settle(slot, 0.3, Told(requests=100, remaining=3, interval_s=10.0), answered=True)
    assert (budget.capacity(0.4) or 0) <= 4


def test_a_smooth_limit_is_spread_over_its_interval() -> None:
    """60 a minute are not sixty at once."""
    budget = Budget(Limits(requests=60, interval_s=60.0, smooth=True))
    budget.settle(budget.take(0.0), 0.0, None, answered=True)
    sent = 0
    while budget.allows(0.1, RANK["live"]):
        budget.settle(budget.take(0.1), 0.1, None, answered=True)
        sent += 1
    assert sent <= 10
    assert (budget.wait_s(0.1, RANK["live"]) or 0) > 0


def test_without_a_limit_nothing_waits() -> None:
    """Nor is anything counted."""
    budget = Budget(None)
    assert budget.capacity(0.0) is None
    assert all(budget.allows(0.0, rank) and budget.take(0.0) for rank in RANK.values() for _ in range(500))
