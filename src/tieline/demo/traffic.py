"""What happens on the far sides, at its time: the script once, or live traffic until it is stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import count

from tieline.demo.expect import Found
from tieline.demo.far import Far
from tieline.demo.handwork import Handwork
from tieline.demo.script import LIVE, LOCATIONS, Step


async def play_script(far: Far, script: Sequence[Step]) -> None:
    """Calls and people's handiwork, at the same time."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_drive(far, script))
        for number in range(LOCATIONS):
            group.create_task(Handwork(far.ask, far.entered, number, far.location_of).work())


async def go_on(far: Far, progress: Callable[[Found], None]) -> None:
    """Live traffic until Ctrl-C: calls, and in each round people of another location at work on both sides."""
    working: set[asyncio.Task[None]] = set()
    try:
        for wave in count(1):
            if not any(not task.done() for task in working):
                hands = Handwork(far.ask, far.entered, wave % LOCATIONS, far.location_of, wave=wave)
                working = {asyncio.create_task(hands.work())}
            for step in LIVE:
                await far.ask("nimbata", "POST", "/emit", step.wanted)
                await asyncio.sleep(step.at_s)
                progress(await far.found())
    except asyncio.CancelledError:
        # The first Ctrl-C ends the traffic; what was heard is counted once more.
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
    finally:
        for one in working:
            one.cancel()
        await asyncio.gather(*working, return_exceptions=True)


async def _drive(far: Far, script: Sequence[Step]) -> None:
    """Let it happen, at its time."""
    began = time.monotonic()
    for step in script:
        await asyncio.sleep(max(began + step.at_s - time.monotonic(), 0))
        if step.side == "nimbata":
            await far.ask("nimbata", "POST", "/emit", step.wanted)
        else:
            await _work(far, step)


async def _work(far: Far, step: Step) -> None:
    """Somebody tags a contact that is there already."""
    state = await far.ask("contacts", "GET", "/state")
    for location, holds in state["locations"].items():
        # Whoever was entered by hand may be deleted again.
        callers = [one for one in holds["contacts"] if one.get("phone") not in far.entered]
        if callers:
            contact = callers[len(callers) // 2]["id"]
            await far.ask("contacts", "POST", "/emit", {**step.wanted, "location": location, "id": contact})
