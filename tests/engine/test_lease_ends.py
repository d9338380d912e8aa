"""A worker knows by its own clock when its lease may have run out."""

from __future__ import annotations

import pytest

from tests.engine.test_leases import due_lanes, expire
from tieline.engine import lane as lane_module
from tieline.engine.lane import LEASE, MARGIN_S, Leases
from tieline.store.pool import Store


class Time:
    """A clock that is set by hand, as one seems that was looked at before and after a stop of the process."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        patch.setattr(lane_module, "now_s", lambda: self.now)


async def test_nothing_is_sent_after_the_lease_though_nobody_took_the_lane(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renewal makes it good again."""
    time = Time(monkeypatch)
    await due_lanes(store, 1)
    leases = Leases(store, "worker")
    (lane,) = await leases.claim(1)
    assert lane.good()
    time.now += LEASE.total_seconds() - MARGIN_S
    assert not lane.good()
    assert not lane.lost
    await leases.renew([lane])
    assert lane.good()


async def test_a_lane_that_another_took_is_never_good_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The renewal that comes too late does not prolong it."""
    Time(monkeypatch)
    (due,) = await due_lanes(store, 1)
    leases = Leases(store, "frozen")
    (lane,) = await leases.claim(1)
    await expire(store, due)
    assert await Leases(store, "heir").claim(1)
    await leases.renew([lane])
    assert not lane.good()
