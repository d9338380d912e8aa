"""The demo's run: both far sides, a hub between them, what happens there, and the count."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from tieline.demo.expect import Found
from tieline.demo.far import READY_S, Far, far_sides
from tieline.demo.fresh_hub import connect_both, fresh_hub, reading_token
from tieline.demo.measure import Figures
from tieline.demo.screen import Screen
from tieline.demo.script import FAULTS, SCRIPT
from tieline.demo.traffic import go_on, play_script
from tieline.server.hub import Hub, ServeOptions
from tieline.store.home import Home
from tieline.store.locks import UpLock

#: Longest that `--once` takes, and the pause between two looks at what stands in the CRM.
DEADLINE_S = 85.0
LOOK_S = 0.5
#: Longest that the last count waits for what is on its way.
LAST_S = 60.0


async def play(*, seed: int, once: bool, as_json: bool) -> Figures:
    """Run the demo; its figures. Raises ConfigurationError when another demo runs on this home."""
    home = Home.find()
    home = Home(home.path / "demo")
    screen = Screen(as_json)
    with UpLock(home), screen:
        screen.say("starting the far sides")
        async with far_sides(seed) as told, aiohttp.ClientSession() as http:
            screen.say("starting the database")
            async with fresh_hub(home.path) as hub:
                screen.say("connecting both sides")
                await connect_both(hub, told, await Far(told, http, {}).calendars())
                far = Far(told, http, before=await Far(told, http, {}).changes())
                return await _run(far, hub, screen, once=once)


async def _run(far: Far, hub: Hub, screen: Screen, *, once: bool) -> Figures:
    ready: asyncio.Queue[str] = asyncio.Queue(1)
    serving = asyncio.create_task(
        hub.run(ServeOptions(port=0), ready=lambda url: ready.put_nowait(url or ""))
    )
    starting = asyncio.create_task(ready.get())
    try:
        await asyncio.wait([serving, starting], return_when=asyncio.FIRST_COMPLETED, timeout=READY_S)
        if serving.done():
            await serving
        url = starting.result()
        await far.aim(url)
        for side in ("nimbata", "contacts"):
            await far.ask(side, "POST", "/faults", FAULTS)
        began = time.monotonic()
        playing = asyncio.create_task(play_script(far, SCRIPT))
        try:
            found = await _watch(far, screen, playing, began + DEADLINE_S)
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        figures = await far.figures()
        screen.tell(figures, found, time.monotonic() - began, await far.unequal())
        if not once:
            screen.point_to(url, far.told, await reading_token(hub))
            await go_on(far, screen.progress)
            # What was heard at the end is on its way, by webhook or by the next poll.
            screen.say("counting what is still on its way")
            await _watch(far, screen, None, time.monotonic() + LAST_S)
            figures = await far.figures()
        screen.end(figures)
        return figures
    finally:
        for task in (serving, starting):
            task.cancel()
        await asyncio.gather(serving, starting, return_exceptions=True)


async def _watch(far: Far, screen: Screen, playing: asyncio.Task[None] | None, deadline: float) -> Found:
    """Count again and again until all is there, or it is too late. Surplus would show in the count that follows."""
    while True:
        found = await far.found()
        screen.progress(found)
        if playing is None or playing.done():
            if playing is not None:
                # An error of the driver's is one of the demo's.
                playing.result()
            if found.lost == 0 and not await far.unequal():
                # Whatever were to come twice would come now.
                await asyncio.sleep(2 * LOOK_S)
                return await far.found()
        if time.monotonic() > deadline:
            return found
        await asyncio.sleep(LOOK_S)
