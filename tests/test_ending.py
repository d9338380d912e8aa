"""What is to end ends, also where a cancellation was forgotten."""

from __future__ import annotations

import asyncio

import pytest

from tieline.ending import end


async def test_whoever_forgot_is_told_again() -> None:
    """As `asyncio.wait_for` forgets a cancellation in the moment in which what it waits for is there."""
    heard = 0

    async def forgetful() -> None:
        nonlocal heard
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                heard += 1
                if heard == 3:
                    raise

    task = asyncio.create_task(forgetful())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end([task], again_s=0.02)
    assert task.cancelled()
    assert heard == 3


async def test_the_library_does_forget() -> None:
    """Where this fails, the Python underneath was mended, and one word is enough there."""
    event = asyncio.Event()

    async def waits() -> None:
        while True:
            await asyncio.wait_for(event.wait(), 60)
            event.clear()

    task = asyncio.create_task(waits())
    await asyncio.sleep(0.01)
    event.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    _, left = await asyncio.wait([task], timeout=0.05)
    await end([task], again_s=0.02)
    assert task.cancelled()
    if not left:
        pytest.skip("this Python remembers")


async def test_what_a_task_puts_away_first_is_waited_for_and_what_it_raises_is_its_own() -> None:
    """One that has ended already is none to be ended."""
    put_away = False

    async def tidy() -> None:
        nonlocal put_away
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            put_away = True
            raise ValueError("its own")

    task = asyncio.create_task(tidy())
    await asyncio.sleep(0)
    await end([task])
    assert put_away
    assert isinstance(task.exception(), ValueError)
    await end([task])
