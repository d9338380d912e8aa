"""The database goes to another server under a hub at work, and whoever delivers is told "later", and no more."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import aiohttp
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.acceptance.rig import Rig, projects, rig


async def _calls(it: Rig, base: str, stop: asyncio.Event) -> tuple[int, int]:
    """Deliver calls until told to stop, each until it is taken: how many, and how often that was later."""
    number, later, project = 0, 0, projects(it.sandbox.ready["nimbata"])[0]
    async with aiohttp.ClientSession() as http:
        while not stop.is_set():
            number += 1
            body = {
                "id": f"evt_{number}", "event": "call.completed", "project_id": project, "test": False,
                "data": {"id": f"moved_{number}", "project_id": project, "outcome": "ANSWERED",
                         "caller": f"+1415555{number:04d}"},
            }  # fmt: skip
            while True:
                try:
                    async with http.post(f"{base}/hooks/nimbata/calls?key=hook-secret", json=body) as answer:
                        if answer.status == 200:
                            break
                        assert answer.status == 503, await answer.text()
                        assert "Retry-After" in answer.headers
                except aiohttp.ClientConnectionError:
                    # The hub itself goes over.
                    pass
                later += 1
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.02)
    return number, later


@pytest.mark.acceptance
@pytest.mark.timeout(180)
async def test_a_database_moves_under_a_hub_that_is_at_work(tmp_path: Path, empty_url: str) -> None:
    """Every acknowledged event is over there, the hub goes on there by itself, and the old store is closed."""
    async with rig(tmp_path) as it:
        hub = await it.start_hub()
        await it.connect()
        base = str(hub.ready["url"])
        stop = asyncio.Event()
        delivering = asyncio.create_task(_calls(it, base, stop))
        await asyncio.sleep(2)
        done = await it.tieline("db", "move", "--to", empty_url)
        assert done["tables"]["event"]["rows"] > 0
        await asyncio.sleep(3)
        stop.set()
        taken, later = await asyncio.wait_for(delivering, 60)
        assert later > 0
        async with await psycopg.AsyncConnection.connect(empty_url, autocommit=True) as db:
            async with asyncio.timeout(30):
                while True:
                    rows = await db.execute(
                        "SELECT (SELECT count(*) FROM event WHERE kind = 'call.completed'),"
                        " (SELECT count(*) FROM assignment WHERE state IN ('ready', 'waiting'))"
                    )
                    events, waiting = await rows.fetchone() or (0, 0)
                    if not waiting:
                        break
                    await asyncio.sleep(0.2)
            assert events == taken
        status = await it.tieline("db", "status")
        assert status["database"] == conninfo_to_dict(empty_url)["dbname"]
        state = await it.call("contacts", "GET", "/state")
        (location,) = state["locations"].values()
        ours = {one["id"] for one in location["contacts"] if str(one.get("phone", "")).startswith("+1415555")}
        notes = Counter(note["contactId"] for note in location["notes"] if note["contactId"] in ours)
        assert (len(ours), set(notes.values())) == (taken, {1}), "each call once"
