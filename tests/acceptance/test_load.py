"""More comes in than can be worked off: nothing that was acknowledged is lost, and nobody waits for somebody else."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from bench.load import Callers

from tests.acceptance.rig import Rig, projects, rig
from tests.acceptance.test_sigkill import quiet

#: Deliveries that are on their way at a time at most, as of many senders.
SENDERS = 256
#: What the hub may need more after its first quarter of the load than before it.
GROWTH_KB = 120_000

pytestmark = pytest.mark.acceptance


def resident_kb(pid: int) -> int:
    """Memory that a process holds now."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


async def offer(url: str, events: list[bytes], *, per_s: float) -> tuple[set[int], list[int]]:
    """Deliver at that pace, whatever is answered; gives which were acknowledged, and which were told "later"."""
    acknowledged, later = set[int](), list[int]()
    began = time.monotonic()
    queue = iter(range(len(events)))

    async def sender(http: aiohttp.ClientSession) -> None:
        for number in queue:
            await asyncio.sleep(max(0.0, began + number / per_s - time.monotonic()))
            async with http.post(url, data=events[number]) as answer:
                if answer.status == 200:
                    acknowledged.add(number)
                else:
                    assert answer.status == 503, await answer.text()
                    assert float(answer.headers["Retry-After"]) > 0
                    later.append(number)

    connector = aiohttp.TCPConnector(limit=SENDERS)
    async with aiohttp.ClientSession(connector=connector) as http:
        await asyncio.gather(*(sender(http) for _ in range(SENDERS)))
    return acknowledged, later


async def campaigns(world: Rig) -> Counter[str]:
    """Each call named a campaign of its own, which stands in its note."""
    state = await world.call("contacts", "GET", "/state")
    lines = [
        line
        for location in state["locations"].values()
        for note in location["notes"]
        for line in note["body"].splitlines()
    ]
    return Counter(line[line.index("campaign ") :][:17] for line in lines if "campaign " in line)


async def overload(tmp_path: Path, seconds: float) -> None:
    """Twice what it can do, for so long."""
    async with rig(tmp_path) as world:
        await world.connect()
        hub = await world.start_hub()
        url = f"{hub.ready['url']}/hooks/nimbata/calls?key=hook-secret"
        callers = Callers(projects(world.sandbox.ready["nimbata"]), seed=11)
        began = time.monotonic()
        first = callers.events(1_500)
        taken, _ = await offer(url, first, per_s=1e9)
        await quiet(world, hub.ready["url"])
        capacity = len(first) / (time.monotonic() - began)
        events = callers.events(int(2 * capacity * seconds))
        sizes: list[int] = []

        async def watch() -> None:
            while True:
                sizes.append(resident_kb(hub.ready["pid"]))
                await asyncio.sleep(0.25)

        watching = asyncio.create_task(watch())
        acknowledged, later = await offer(url, events, per_s=2 * capacity)
        again = [events[number] for number in later]
        async with asyncio.timeout(60 + 6 * seconds):
            while again:
                # As the far side does: once more, later.
                _, left = await offer(url, again, per_s=capacity)
                again = [again[number] for number in left]
        await quiet(world, hub.ready["url"], within_s=60 + 6 * seconds)
        watching.cancel()
        found = await campaigns(world)
        sent = {f"campaign {number:08d}" for number in range(1, len(first) + len(events) + 1)}
        assert len(taken) == len(first)
        assert len(acknowledged) + len(later) == len(events)
        assert sent - set(found) == set(), "lost"
        assert [one for one, times in found.items() if times > 1] == [], "doubled"
        quarter = sizes[: max(1, len(sizes) // 4)]
        assert max(sizes) - max(quarter) < GROWTH_KB, (max(quarter), max(sizes))


@pytest.mark.timeout(200)
async def test_twice_the_capacity_loses_nothing(tmp_path: Path) -> None:
    """For some seconds; the night has a minute of it."""
    await overload(tmp_path, 4.0)


@pytest.mark.nightly
@pytest.mark.timeout(900)
async def test_twice_the_capacity_for_a_minute_loses_nothing(tmp_path: Path) -> None:
    """The backlog waits in the database, not in the process."""
    await overload(tmp_path, 60.0)


@pytest.mark.timeout(120)
async def test_a_location_that_takes_ten_seconds_for_each_answer_slows_nobody_else(tmp_path: Path) -> None:
    """The same number of calls, first with all quick, then with one location slow: measured in one run."""
    async with rig(tmp_path, locations=2) as world:
        await world.connect()
        hub = await world.start_hub()
        url = f"{hub.ready['url']}/hooks/nimbata/calls?key=hook-secret"
        quick, slow = projects(world.sandbox.ready["nimbata"])
        locations = world.sandbox.ready["contacts"]["locations"]
        callers = Callers([quick], seed=5)

        async def spent_s(count: int) -> float:
            known = sum((await campaigns(world)).values())
            began = time.monotonic()
            await offer(url, callers.events(count), per_s=1e9)
            while sum((await campaigns(world)).values()) < known + count:
                assert time.monotonic() - began < 60
                await asyncio.sleep(0.1)
            return time.monotonic() - began

        before = await spent_s(200)
        await world.call(
            "contacts", "POST", "/faults",
            {"kind": "latency", "place": locations[1]["id"], "params": {"latency_s": 10.0}},
        )  # fmt: skip
        await offer(url, Callers([slow], seed=6).events(200), per_s=1e9)
        during = await spent_s(200)
        assert during < 2 * before + 2, (before, during)
