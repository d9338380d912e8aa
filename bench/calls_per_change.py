"""Calls per change: the hub beside the naive flow, on the same changes, each with a pair of sandboxes of its own."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import structlog

from bench.calls_per_change_load import Load, calls, happen
from bench.naive import Naive
from tieline.sandbox.app import Options, Sandbox
from tieline.server.hub import Hub, ServeOptions, open_hub
from tieline.store.directory import Credential
from tieline.store.migrate import migrate
from tieline.store.server import attach_store_server
from tieline.testing.builders import add_connection, add_sync, add_token

#: People who are known before anything is counted, and changes that happen at a time, of different people.
PEOPLE, BATCH = 60, 15
#: Share of new people among the changes; the aim.
LOADS: dict[str, tuple[float, float]] = {"updates": (0.0, 1.1), "mixed_day": (0.2, 1.5)}
#: The hub works in this process here: without this it would write every exchange down.
_QUIET = structlog.make_filtering_bound_logger(logging.WARNING)
_OPTIONS = Options(locations=1, limits="off")
_DEFINITION = """\
version: 1
contact: {create: true, fields: [{to: phone, from: phone, when: empty}]}
person:
  fields:
    - {nimbata: phone, contacts_api: phone}
    - {nimbata: first_name, contacts_api: first_name}
    - {nimbata: last_name, contacts_api: last_name}
    - {nimbata: company, contacts_api: company}
    - {nimbata: city, contacts_api: city}
  tags: {direction: both}
tasks: {direction: both}
notes: {direction: both}
appointments: {direction: both, calendar: Consultation}
"""


async def measure(count: int) -> dict[str, Any]:
    """By load: changes, calls of the hub and of the naive flow, and both by change."""
    structlog.configure(wrapper_class=_QUIET)
    found: dict[str, Any] = {}
    for name, (new_share, aim) in LOADS.items():
        async with _hub() as (sandbox, settled):
            hub = await _count(sandbox, Load(5, new_share=new_share), count, settled)
        async with _naive() as (sandbox, carried):
            naive = await _count(sandbox, Load(5, new_share=new_share), count, carried)
        found[name] = {
            "changes": count, "calls": hub, "per_change": round(hub / count, 2), "aim": aim, "naive_calls": naive,
            "naive_per_change": round(naive / count, 2),
        }  # fmt: skip
    return found


def show(figures: dict[str, Any]) -> None:
    """For people."""
    for name, row in figures.items():
        print(
            f"{name.replace('_', ' ')}: {row['per_change']:.2f} calls a change (aim {row['aim']}), "
            f"the naive flow {row['naive_per_change']:.2f}"
        )


#: Seconds between two rounds of changes, by the sandboxes' clock.
APART_S = 5.0
Settled = Callable[[list[Any]], Awaitable[None]]


async def _count(sandbox: Sandbox, load: Load, count: int, settled: Settled) -> int:
    """Calls that the changes took, once people are known."""
    first = [load.person() for _ in range(PEOPLE)]
    for change in first:
        happen(sandbox, change)
    await settled(first)
    before = calls(sandbox)
    for _ in range(count // BATCH):
        batch = load.batch(BATCH)
        # Nobody changes the same record twice in a second.
        sandbox.contacts.clock.advance(APART_S)
        for change in batch:
            happen(sandbox, change)
        await settled(batch)
    return calls(sandbox) - before


@asynccontextmanager
async def _naive() -> AsyncIterator[tuple[Sandbox, Settled]]:
    async with Sandbox.start(_OPTIONS) as sandbox, aiohttp.ClientSession() as http:
        location = next(iter(msgspec.to_builtins(sandbox.contacts.side.state())["locations"].values()))
        calendar = next(one for one in location["calendars"] if one["name"] == "Consultation")
        flow = Naive(http, sandbox.describe(), calendar["id"], location["users"][0]["id"])

        async def carry(changes: list[Any]) -> None:
            for change in changes:
                await flow.carry(change)

        yield sandbox, carry


@asynccontextmanager
async def _hub() -> AsyncIterator[tuple[Sandbox, Settled]]:
    with tempfile.TemporaryDirectory(prefix="tieline-bench-") as folder:
        async with (
            Sandbox.start(_OPTIONS) as sandbox,
            attach_store_server(Path(folder), None) as url,
            aiohttp.ClientSession() as http,
        ):
            await migrate(url)
            async with open_hub(url, Path(folder)) as hub:
                await _connect(hub, sandbox.describe())
                http.headers["Authorization"] = f"Bearer {await add_token(hub.store, hub.vault)}"
                async with _serving(hub) as base:
                    sandbox.nimbata.side.set_targets({"url": f"{base}/hooks/nimbata/calls"})
                    sandbox.contacts.side.set_targets({"url": f"{base}/hooks/contacts/crm"})

                    async def settled(_: list[Any]) -> None:
                        await _settled(sandbox, http, base)

                    yield sandbox, settled


async def _connect(hub: Hub, told: dict[str, Any]) -> None:
    contacts, nimbata = told["contacts"], told["nimbata"]
    location = contacts["locations"][0]
    await add_connection(
        hub.store, hub.vault, name="calls", connector="nimbata", base_url=nimbata["base_url"],
        account=nimbata["account"],
        credential=Credential(token=nimbata["token"], webhook_secrets={"hmac": nimbata["webhook_secret"]}),
        settings={"limits": "off", "mode": "native"},
    )  # fmt: skip
    facts = {"country": location["country"], "timezone": location["timezone"]}
    await add_connection(
        hub.store, hub.vault, name="crm", connector="contacts_api", base_url=contacts["base_url"],
        account=location["id"],
        credential=Credential(token=location["token"], webhook_keys=(contacts["webhook_public_key"],)),
        settings={"limits": "off", "location": facts},
    )  # fmt: skip
    await add_sync(
        hub.store, name="sync", source="calls", project=next(iter(nimbata["projects"])), target="crm",
        definition=_DEFINITION,
    )  # fmt: skip
    await hub.directory.load()


@asynccontextmanager
async def _serving(hub: Hub) -> AsyncIterator[str]:
    ready: asyncio.Queue[str | None] = asyncio.Queue(1)
    running = asyncio.create_task(hub.run(ServeOptions(port=0), ready=ready.put_nowait))
    try:
        base = await asyncio.wait_for(ready.get(), 20)
        assert base is not None
        yield base
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _settled(sandbox: Sandbox, http: aiohttp.ClientSession, base: str) -> None:
    """Every webhook is answered and everything done, three times in a row. Raises RuntimeError for a dead letter."""
    quiet = 0
    while quiet < 3:
        async with http.get(f"{base}/api/status") as answer:
            status = await answer.json()
        if status["dead"]:
            raise RuntimeError(f"the hub gave something up: {status}")
        waiting = any(
            not one.statuses for side in (sandbox.nimbata, sandbox.contacts) for one in side.audit.deliveries
        )
        busy = waiting or status["ready"] or status["waiting"] or status["open_effects"]
        quiet = 0 if busy else quiet + 1
        await asyncio.sleep(0.03)
