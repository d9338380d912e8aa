"""Turns: by class, then by arrival; bounded in number and time; nobody who goes away keeps one."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from tieline.connectors.kit.budget import Limits, Priority, Slot
from tieline.connectors.kit.governor import MAX_WAITERS, PATIENCE_S, Governor
from tieline.connectors.kit.rate_headers import Told
from tieline.errors import RateLimited, Unavailable

SMALL = Limits(requests=5, interval_s=0.3)
TOLD = Told(requests=5, remaining=4, interval_s=0.3)


async def opened(limits: Limits = SMALL, max_waiters: int = MAX_WAITERS) -> Governor:
    """A governor that has seen one answer and so knows where it stands."""
    governor = Governor(limits, name="crm", max_waiters=max_waiters)
    slot = await governor.take("live")
    governor.settle(slot, None, answered=True)
    return governor


async def exhausted() -> tuple[Governor, list[Slot]]:
    """One whose window is full."""
    governor = await opened()
    slots = []
    while (slot := governor.try_take("live")) is not None:
        slots.append(slot)
    return governor, slots


async def test_higher_classes_go_first_and_each_in_its_order() -> None:
    """Whoever waits for a person overtakes events, events overtake sweeps."""
    governor, slots = await exhausted()
    order: list[str] = []

    async def one(name: str, priority: Priority) -> None:
        slot = await governor.take(priority)
        order.append(name)
        governor.settle(slot, None, answered=True)

    wanted: list[tuple[str, Priority]] = [
        ("backfill", "backfill"), ("live 1", "live"), ("live 2", "live"), ("person", "interactive"),
    ]  # fmt: skip
    tasks = []
    for name, priority in wanted:
        tasks.append(asyncio.create_task(one(name, priority)))
        await asyncio.sleep(0)
    for slot in slots:
        governor.settle(slot, None, answered=True)
    await asyncio.wait_for(asyncio.gather(*tasks), 10)
    assert order == ["person", "live 1", "live 2", "backfill"]


async def test_those_who_go_away_leave_no_trace() -> None:
    """Cancelled while waiting, and in the very moment in which the turn came."""
    governor, slots = await exhausted()
    tasks = [asyncio.create_task(governor.take("live")) for _ in range(50)]
    await asyncio.sleep(0)
    assert governor.waiting == 50
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert governor.waiting == 0
    for slot in slots:
        governor.settle(slot, None, answered=True)
    for _ in range(2):
        slot = await asyncio.wait_for(governor.take("live"), 5)
        governor.settle(slot, None, answered=True)


async def test_only_so_many_may_wait() -> None:
    """More than that is told at once to come again."""
    governor = await opened(max_waiters=3)
    while governor.try_take("live") is not None:
        pass
    tasks = [asyncio.create_task(governor.take("live")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimited) as refused:
        await governor.take("live")
    assert refused.value.status is None
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_long_hold_is_told_instead_of_waited_for() -> None:
    """The caller has better things to do; the lane rests."""
    governor = await opened()
    governor.hold(PATIENCE_S + 30)
    with pytest.raises(RateLimited) as held:
        await governor.take("live")
    assert held.value.retry_after_s is not None
    assert held.value.retry_after_s > PATIENCE_S
    assert governor.wait_s() > PATIENCE_S


async def test_a_429_that_names_no_time_holds_longer_each_time() -> None:
    """An interval at first, then twice that, and so on; an honest answer ends it."""
    governor = await opened(Limits(requests=5, interval_s=0.05))
    waits = []
    for _ in range(4):
        slot = await asyncio.wait_for(governor.take("live"), 5)
        waits.append(governor.limited(slot, None, None)[0])
    assert all(later > earlier for earlier, later in pairwise(waits))
    slot = await asyncio.wait_for(governor.take("live"), 5)
    governor.settle(slot, None, answered=True)
    slot = await asyncio.wait_for(governor.take("live"), 5)
    assert governor.limited(slot, None, None)[0] < waits[1]


async def test_retry_after_is_kept_and_the_day_is_told_apart() -> None:
    """A little longer than asked; a spent day holds until it ends."""
    governor = await opened()
    wait_s, daily = governor.limited(await governor.take("live"), TOLD, 7.0)
    assert 7.0 < wait_s < 7.5
    assert not daily
    other = await opened()
    spent = Told(
        requests=5, remaining=4, interval_s=0.3, daily_limit=10, daily_remaining=0, daily_reset_s=900.0
    )
    wait_s, daily = other.limited(await other.take("live"), spent, None)
    assert (wait_s, daily) == (900.0, True)


async def test_closing_lets_nobody_wait() -> None:
    """They are told that the gateway is gone."""
    governor, _ = await exhausted()
    task = asyncio.create_task(governor.take("live"))
    await asyncio.sleep(0)
    governor.close()
    with pytest.raises(Unavailable):
        await task
