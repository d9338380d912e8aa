"""A backfill between two sides that know the same people, most of them: `python -m bench --backfill N`.

Of ten people one is known to the account alone, one to the CRM alone, and one has a company that the CRM lacks: each is
one write. The sandbox works its people out as they are asked for, so what grows is the hub.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from bench import cpu
from bench.stage import Process, started
from tieline.connectors.contacts_api import CONNECTOR
from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.operations import locations
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.ids import ConnectionId
from tieline.server.hub import open_hub
from tieline.store.directory import Credential
from tieline.store.migrate import migrate
from tieline.store.server import attach_store_server
from tieline.testing.builders import add_connection, add_sync, add_token

DEFINITION = """
version: 1
contact: {create: true}
person:
  direction: both
  fields:
    - {nimbata: first_name, contacts_api: first_name}
    - {nimbata: last_name, contacts_api: last_name}
    - {nimbata: email, contacts_api: email}
    - {nimbata: phone, contacts_api: phone}
    - {nimbata: company, contacts_api: company}
  tags: {direction: both}
"""
_LOOK_S = 0.2


@dataclass
class _Stage:
    hub: Process
    sandbox: Process
    http: aiohttp.ClientSession

    async def get(self, url: str) -> Any:
        """What an address answers."""
        async with self.http.get(url) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def summary(self, side: str) -> dict[str, Any]:
        """The audit of one side."""
        found: dict[str, Any] = await self.get(
            f"{self.sandbox.told[side]['base_url']}/_sandbox/audit/summary"
        )
        return found


async def measure(people: int) -> dict[str, Any]:
    """The figures. Raises RuntimeError for a run that did not end well."""
    async with _stage(people) as stage:
        url = f"{stage.hub.told['url']}/api/syncs/sync0/backfill"
        began = time.perf_counter()
        async with stage.http.post(url, json={"do": "start"}) as answer:
            answer.raise_for_status()
        status = await stage.get(url)
        while status["state"] == "running":
            await asyncio.sleep(_LOOK_S)
            status = await stage.get(url)
        seconds = time.perf_counter() - began
        if status["state"] != "done":
            raise RuntimeError(f"the backfill ended otherwise: {status}")
        sides = {side: await stage.summary(side) for side in ("contacts", "nimbata")}
        requests = sum(int(one["requests"]) for one in sides.values())
        wanted = {
            "contacts": {"contacts.create": _digits(people, 0), "contacts.update": _digits(people, 2)},
            "nimbata": {"nimbata.contact.create": _digits(people, 1)},
        }
        return {
            "people": people,
            "seconds": round(seconds, 1),
            "records": status["read"],
            "records_per_s": round(status["read"] / seconds, 1),
            "people_per_s": round(people / seconds, 1),
            "calls": requests,
            "calls_per_record": round(requests / status["read"], 3),
            "peak_rss_mb": round(cpu.peak_rss_mb(stage.hub.pid), 1),
            "sandbox_rss_mb": round(cpu.peak_rss_mb(stage.sandbox.pid), 1),
            "dead": status["ended"].get("dead", 0),
            "doubled": sum(len(one["doubled"]) for one in sides.values()),
            "as_wanted": {side: one["effects"] for side, one in sides.items()} == wanted,
            "writes": {side: one["effects"] for side, one in sides.items()},
        }


def _digits(people: int, digit: int) -> int:
    return len(range(digit, people, 10))


@asynccontextmanager
async def _stage(people: int) -> AsyncIterator[_Stage]:
    """A hub between both sides of a sandbox without limits, which know `people`."""
    with tempfile.TemporaryDirectory(prefix="tieline-bench-") as folder:
        home = Path(folder)
        async with (
            started(
                "-m", "tieline", "sandbox", "--limits", "off", "--no-bodies", "--locations", "1",
                "--virtual", str(people),
            ) as sandbox,
            attach_store_server(home, None) as url,
        ):  # fmt: skip
            await migrate(url)
            bearer = await _connect(url, home, sandbox.told)
            environment = {"TIELINE_HOME": str(home), "TIELINE_DATABASE_URL": ""}
            async with (
                started("-m", "tieline", "up", "--port", "0", "--json", environment=environment) as hub,
                aiohttp.ClientSession(headers=bearer) as http,
            ):
                yield _Stage(hub, sandbox, http)


async def _connect(url: str, home: Path, told: dict[str, Any]) -> dict[str, str]:
    """What our questions to the hub prove themselves by."""
    contacts, nimbata = told["contacts"], told["nimbata"]
    (location,), (project,) = contacts["locations"], nimbata["projects"]
    async with open_hub(url, home) as hub, Gateway.open((CONNECTOR,)) as gateway:
        source = await add_connection(
            hub.store, hub.vault, name="calls", connector="nimbata", base_url=nimbata["base_url"],
            account=nimbata["account"], credential=Credential(token=nimbata["token"]),
            settings={"mode": "native", "limits": "off"},
        )  # fmt: skip
        connection = Connection(
            id=ConnectionId(-1), name="crm0", connector="contacts_api", base_url=contacts["base_url"],
            account=location["id"], token=location["token"],
        )  # fmt: skip
        answer = await gateway.call(connection, locations.GET, locations.LocationId())
        facts = LocationFacts.from_answers(answer.value.location, [])
        target = await add_connection(
            hub.store, hub.vault, name="crm0", connector="contacts_api", base_url=contacts["base_url"],
            account=location["id"], credential=Credential(token=location["token"]),
            settings={"limits": "off", "location": msgspec.to_builtins(facts)},
        )  # fmt: skip
        await add_sync(
            hub.store, name="sync0", source=source, project=project, target=target, definition=DEFINITION
        )  # fmt: skip
        return {"Authorization": f"Bearer {await add_token(hub.store, hub.vault)}"}
