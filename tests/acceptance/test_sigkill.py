"""An acknowledged event is never lost and never done twice, whoever is killed meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.acceptance.rig import Process, Rig, projects, rig

EVENTS = 500
SENDERS = 16
ROUNDS = 10

pytestmark = pytest.mark.acceptance


def calls(project: str, count: int, seed: int) -> list[dict[str, Any]]:
    """Envelopes of calls, a third of them by people who call again; each with a recording of its own."""
    rng = random.Random(seed)
    found = []
    for number in range(count):
        caller = f"+1201555{rng.randrange(100, 100 + count // 2):04d}"
        mark = f"{seed}-{number}"
        found.append(
            {
                "id": f"evt_{mark}", "event": "call.completed", "occurred_at": "2026-11-02T10:00:00Z",
                "account": "acc", "project_id": project, "test": False,
                "data": {
                    "id": f"ncl_{mark}", "project_id": project, "outcome": "ANSWERED", "caller": caller,
                    "caller_name": "Zoë Ångström", "direction": "inbound", "call_duration": "00:01:05",
                    "start_time": "2026-11-02T10:00:00Z", "tags": ["Qualified Lead"],
                    "recording_url": f"https://rec.example/{mark}.mp3",
                },
            }
        )  # fmt: skip
    return found


async def send_all(url: str, events: list[dict[str, Any]], hub_is_up: asyncio.Event) -> int:
    """Deliver each event until it is acknowledged, as a sender that repeats itself does. Gives the deliveries made."""
    queue = list(reversed(events))
    sent = 0

    async def sender(http: aiohttp.ClientSession) -> None:
        nonlocal sent
        while queue:
            event = queue.pop()
            while True:
                sent += 1
                try:
                    async with http.post(url, data=json.dumps(event).encode()) as answer:
                        if answer.status == 200:
                            break
                        await asyncio.sleep(0.2)
                except (aiohttp.ClientError, TimeoutError, ConnectionError):
                    await asyncio.sleep(0.05)
                    await hub_is_up.wait()

    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=SENDERS)) as http:
        async with asyncio.timeout(60):
            await asyncio.gather(*(sender(http) for _ in range(SENDERS)))
    return sent


async def quiet(world: Rig, url: str) -> None:
    """Wait until nothing is under way; a take-over after SIGKILL takes up to 17 s."""
    deadline = time.monotonic() + 60
    while True:
        async with world.http.get(f"{url}/api/status") as answer:
            status = await answer.json()
        assert status["dead"] == 0, status
        if status["ready"] == status["waiting"] == status["open_effects"] == 0:
            return
        assert time.monotonic() < deadline, f"still under way: {status}"
        await asyncio.sleep(0.2)


async def audit(world: Rig, events: list[dict[str, Any]]) -> None:
    """Hold what the CRM really has against what was acknowledged."""
    state = await world.call("contacts", "GET", "/state")
    contacts = [contact for location in state["locations"].values() for contact in location["contacts"]]
    bodies = [note["body"] for location in state["locations"].values() for note in location["notes"]]
    phones = Counter(contact["phone"] for contact in contacts)
    assert [phone for phone, times in phones.items() if times > 1] == []
    assert {event["data"]["caller"] for event in events} <= set(phones)
    recordings = Counter(
        word for body in bodies for word in body.split() if word.startswith("https://rec.example/")
    )
    wanted = {event["data"]["recording_url"] for event in events}
    assert wanted - set(recordings) == set(), "lost"
    assert [one for one, times in recordings.items() if times > 1] == [], "doubled"


def database_pid(home: Path) -> int:
    """The embedded server's own process."""
    data = Path((home / "database.location").read_text().strip())
    (pid_file,) = data.rglob("postmaster.pid")
    return int(pid_file.read_text().split()[0])


@pytest.mark.timeout(400)
async def test_500_events_ten_times_over_survive_a_sigkill_of_the_hub(tmp_path: Path) -> None:
    """Each round the hub is killed at another moment while events come in; a new one goes on."""
    rng = random.Random(4)
    async with rig(tmp_path) as world:
        await world.connect()
        hub = await world.start_hub()
        port = int(hub.ready["url"].rsplit(":", 1)[1])
        project = projects(world.sandbox.ready["nimbata"])[0]
        everything: list[dict[str, Any]] = []
        for number in range(ROUNDS):
            events = calls(project, EVENTS, number)
            everything += events
            hub_is_up = asyncio.Event()
            hub_is_up.set()
            url = f"{hub.ready['url']}/hooks/nimbata/calls?key=hook-secret"
            sending = asyncio.create_task(send_all(url, events, hub_is_up))
            await asyncio.sleep(rng.uniform(0.05, 1.2))
            hub_is_up.clear()
            hub.kill()
            await hub.popen.wait()
            world.hubs.remove(hub)
            hub = await world.start_hub(port)
            hub_is_up.set()
            await sending
            await quiet(world, hub.ready["url"])
            await audit(world, everything)


@pytest.mark.timeout(200)
async def test_acknowledged_events_survive_a_sigkill_of_the_database(tmp_path: Path) -> None:
    """The server is killed under load; the hub brings it up again by itself and nothing is lost or doubled."""
    async with rig(tmp_path) as world:
        await world.connect()
        hub = await world.start_hub()
        project = projects(world.sandbox.ready["nimbata"])[0]
        events = calls(project, EVENTS, 99)
        hub_is_up = asyncio.Event()
        hub_is_up.set()
        url = f"{hub.ready['url']}/hooks/nimbata/calls?key=hook-secret"
        sending = asyncio.create_task(send_all(url, events, hub_is_up))
        for pause_s in (0.4, 1.0):
            await asyncio.sleep(pause_s)
            with suppress(ProcessLookupError):
                os.kill(database_pid(world.home), signal.SIGKILL)
        await sending
        await quiet(world, hub.ready["url"])
        await audit(world, events)


@pytest.mark.timeout(120)
async def test_another_worker_takes_over_within_17_seconds_of_a_sigkill(tmp_path: Path) -> None:
    """The dead worker's lease runs out; the one beside it finishes what it had begun."""
    async with rig(tmp_path) as world:
        await world.connect()
        first = await world.start_hub()
        project = projects(world.sandbox.ready["nimbata"])[0]
        events = calls(project, 300, 5)
        hub_is_up = asyncio.Event()
        hub_is_up.set()
        sending = asyncio.create_task(
            send_all(f"{first.ready['url']}/hooks/nimbata/calls?key=hook-secret", events, hub_is_up)
        )
        await sending
        first.kill()
        killed_at = time.monotonic()
        await first.popen.wait()
        world.hubs.remove(first)
        second: Process = await world.start_hub()
        await quiet(world, second.ready["url"])
        assert time.monotonic() - killed_at <= 17.0 + 3.0  # the new process itself takes a moment to start
        await audit(world, events)
