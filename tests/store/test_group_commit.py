"""Group commit: one transaction for many, and each caller its own result."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from tieline.store.group_commit import GroupCommit, Overloaded


async def test_what_arrives_during_a_commit_shares_the_next_one() -> None:
    """Ten callers, two commits."""
    batches: list[list[int]] = []
    gate = asyncio.Event()

    async def commit(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        await gate.wait()
        return [item * 10 for item in items]

    group: GroupCommit[int, int] = GroupCommit(commit)
    runner = asyncio.create_task(group.run())
    callers = [asyncio.create_task(group.submit(0))]
    while not batches:  # noqa: ASYNC110 - the batch begins when its first caller was seen, which sets no event
        await asyncio.sleep(0)
    callers += [asyncio.create_task(group.submit(number)) for number in range(1, 10)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*callers) == [number * 10 for number in range(10)]
    assert batches == [[0], list(range(1, 10))]
    runner.cancel()


async def test_an_error_of_one_items_data_is_not_shared() -> None:
    """The batch is committed item by item; only the culprit fails."""

    async def commit(items: Sequence[str]) -> list[str]:
        if "bad" in items:
            raise psycopg.DataError("bad item")
        return list(items)

    group: GroupCommit[str, str] = GroupCommit(commit)
    callers = [asyncio.create_task(group.submit(item)) for item in ("a", "bad", "c")]
    await asyncio.sleep(0)
    runner = asyncio.create_task(group.run())
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert results[0] == "a"
    assert isinstance(results[1], psycopg.DataError)
    assert results[2] == "c"
    runner.cancel()


async def test_more_than_may_wait_is_refused_at_once() -> None:
    """Nothing is taken that would not be kept."""

    async def commit(items: Sequence[int]) -> list[int]:
        return list(items)

    group: GroupCommit[int, int] = GroupCommit(commit, waiting=1)
    first = asyncio.create_task(group.submit(1))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await group.submit(2)
    runner = asyncio.create_task(group.run())
    assert await first == 1
    runner.cancel()


async def test_stopping_cancels_whoever_still_waits() -> None:
    """Nobody hangs on a commit that will never come."""
    never = asyncio.Event()

    async def commit(items: Sequence[int]) -> list[int]:
        await never.wait()
        return list(items)

    group: GroupCommit[int, int] = GroupCommit(commit)
    runner = asyncio.create_task(group.run())
    callers = [asyncio.create_task(group.submit(1))]
    await asyncio.sleep(0.01)
    callers.append(asyncio.create_task(group.submit(2)))
    await asyncio.sleep(0)
    runner.cancel()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
