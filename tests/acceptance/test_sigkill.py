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
import psycopg
import pytest

from tests.acceptance.rig import Rig, projects, rig

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


async def quiet(world: Rig, url: str, *, within_s: float = 60.0) -> None:
    """Wait until nothing is under way; a take-over after SIGKILL takes up to 17 s."""
    deadline = time.monotonic() + within_s
    while True:
        async with world.http.get(f"{url}/api/status", headers=world.bearer) as answer:
            status = await answer.json()
        # 503: the database restarts.
        if answer.status != 503:
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
            world.processes.remove(hub)
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


#: What this machine may be late by, in a promise that is kept by the database's clock.
SLACK_S = 2.0


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("sign", "within_s"), [(signal.SIGKILL, 17.0), (signal.SIGTERM, 1.0)], ids=["SIGKILL", "SIGTERM"]
)
async def test_the_worker_beside_it_takes_over(tmp_path: Path, sign: signal.Signals, within_s: float) -> None:
    """A killed worker's lease runs out, a stopped one gives its lanes back; what it had begun is finished."""
    async with rig(tmp_path) as world:
        await world.connect()
        server = await world.start("server", "--port", "0")
        workers = [await world.start("worker"), await world.start("worker")]
        # Calls take a while, so that the lane is busy for some seconds.
        slow = {"kind": "latency", "side": "contacts", "params": {"latency_s": 1.0}}
        await world.call("contacts", "POST", "/faults", [slow])
        events = calls(projects(world.sandbox.ready["nimbata"])[0], 600, 5)
        hub_is_up = asyncio.Event()
        hub_is_up.set()
        sending = asyncio.create_task(
            send_all(f"{server.ready['url']}/hooks/nimbata/calls?key=hook-secret", events, hub_is_up)
        )
        told = await world.tieline("db", "url")
        async with await psycopg.AsyncConnection.connect(told["url"], autocommit=True) as db:
            owner, epoch = await owner_of_the_lane(db)
            gone = next(one for one in workers if f":{one.popen.pid}:" in owner)
            gone.popen.send_signal(sign)
            gone_at = time.monotonic()
            await gone.popen.wait()
            world.processes.remove(gone)
            heir, _ = await owner_of_the_lane(db, epoch + 1)
            assert time.monotonic() - gone_at <= within_s + SLACK_S
            assert heir != owner
        await world.call("contacts", "DELETE", "/faults")
        await sending
        await quiet(world, server.ready["url"])
        await audit(world, events)


async def owner_of_the_lane(db: psycopg.AsyncConnection[Any], epoch: int = 0) -> tuple[str, int]:
    """Who holds the location's lane and under which epoch, as soon as somebody does under that one or a later."""
    async with asyncio.timeout(60):
        while True:
            rows = await db.execute(
                "SELECT owner, epoch FROM lane WHERE name = 'crm0' AND owner IS NOT NULL AND epoch >= %s",
                (epoch,),
            )
            if (row := await rows.fetchone()) is not None:
                return row[0], row[1]
            await asyncio.sleep(0.01)
