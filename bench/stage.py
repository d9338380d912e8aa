"""Sandbox, hub and relay as processes of their own, on a home that is thrown away afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from bench import cpu
from bench.load import CONNECTIONS, Callers
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

_READY_S = 60.0
_SECRET = "bench-secret"


@dataclass
class Process:
    """One process that said in a JSON line that it is ready."""

    process: asyncio.subprocess.Process
    told: dict[str, Any]

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid


@asynccontextmanager
async def started(*arguments: str, environment: dict[str, str] | None = None) -> AsyncIterator[Process]:
    """A Python process of ours, stopped at the end. Raises RuntimeError when it ends before it is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, env={**os.environ, **(environment or {})}
    )
    try:
        assert process.stdout is not None
        line = b""
        async with asyncio.timeout(_READY_S):
            while not line.startswith(b"{"):
                if not (line := await process.stdout.readline()):
                    raise RuntimeError(f"{arguments} ended before it was ready")
        yield Process(process, json.loads(line))
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(20):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


@dataclass
class Stage:
    """Everything that takes part."""

    hub: Process
    sandbox: Process
    database_pid: int
    http: aiohttp.ClientSession

    @property
    def contacts(self) -> dict[str, Any]:
        """The CRM side."""
        side: dict[str, Any] = self.sandbox.told["contacts"]
        return side

    @property
    def projects(self) -> Sequence[str]:
        """Ids of the call-tracking projects, one for each location."""
        found: list[str] = self.sandbox.told["nimbata"]["projects"]
        return found

    @property
    def webhook(self) -> str:
        """Where the load goes."""
        return f"{self.hub.told['url']}/hooks/nimbata/calls?key={_SECRET}"

    def spent(self) -> dict[str, float]:
        """Seconds of processor time so far, by part."""
        return {
            "hub": cpu.tree_spent_s(self.hub.pid),
            "database": cpu.tree_spent_s(self.database_pid),
            "sandbox": cpu.tree_spent_s(self.sandbox.pid),
            "generator": cpu.spent_s(os.getpid()),
        }

    async def effects(self) -> dict[str, int]:
        """What changed in the CRM so far, by operation, out of its own audit."""
        summary = await self._get(f"{self.contacts['base_url']}/_sandbox/audit/summary")
        found: dict[str, int] = summary["effects"]
        return found

    async def requests(self) -> int:
        """Calls to the CRM so far."""
        summary = await self._get(f"{self.contacts['base_url']}/_sandbox/audit/summary")
        return int(summary["requests"])

    async def unwritten(self, callers: Callers) -> int:
        """People whose contact is missing, or shows none of their latest calls.

        Calls of one person that come together are one write, so writes cannot be counted; and over 16 connections
        the last one to arrive need not be the last one sent.
        """
        state = await self._get(f"{self.contacts['base_url']}/_sandbox/state")
        shown = {
            one["phone"]: one.get("source")
            for held in state["locations"].values()
            for one in held["contacts"]
        }
        return sum(
            shown.get(phone) not in campaigns[-CONNECTIONS:] for phone, campaigns in callers.campaigns.items()
        )

    async def doubled(self) -> int:
        """What stands in the CRM twice."""
        summary = await self._get(f"{self.contacts['base_url']}/_sandbox/audit/summary")
        return len(summary["doubled"])

    async def first_writes(self) -> list[float]:
        """Unix times at which notes were taken, in order."""
        calls = await self._list(f"{self.contacts['base_url']}/_sandbox/audit?writes=1&limit=200000")
        return [call["at"] for call in calls if call["operation"] == "notes.create"]

    async def settled(self) -> None:
        """Wait until the hub has recorded everything as done. Raises RuntimeError for a dead letter."""
        quiet = 0
        while quiet < 2:
            status = await self._get(f"{self.hub.told['url']}/api/status")
            if status["dead"]:
                raise RuntimeError(f"the hub gave something up: {status}")
            quiet = quiet + 1 if status["ready"] == status["waiting"] == status["open_effects"] == 0 else 0
            await asyncio.sleep(0.02)

    async def _list(self, url: str) -> list[dict[str, Any]]:
        async with self.http.get(url) as answer:
            answer.raise_for_status()
            told: list[dict[str, Any]] = await answer.json()
            return told

    async def _get(self, url: str) -> dict[str, Any]:
        async with self.http.get(url) as answer:
            answer.raise_for_status()
            told: dict[str, Any] = await answer.json()
            return told


@asynccontextmanager
async def stage(
    *, locations_count: int, definition: str | None, bodies: bool = False
) -> AsyncIterator[Stage]:
    """A hub between both sides of a sandbox without limits; a sync for each location. `bodies` keeps each call."""
    with tempfile.TemporaryDirectory(prefix="tieline-bench-") as folder:
        home = Path(folder)
        async with (
            started(
                "-m", "tieline", "sandbox", "--limits", "off", "--bodies" if bodies else "--no-bodies",
                "--locations", str(locations_count),
            ) as sandbox,
            attach_store_server(home, None) as url,
        ):  # fmt: skip
            await migrate(url)
            bearer = await _connect(url, home, sandbox.told, definition)
            environment = {"TIELINE_HOME": str(home), "TIELINE_DATABASE_URL": ""}
            async with (
                started("-m", "tieline", "up", "--port", "0", "--json", environment=environment) as hub,
                aiohttp.ClientSession(headers=bearer) as http,
            ):
                yield Stage(hub, sandbox, await _postmaster(url), http)


async def _connect(url: str, home: Path, told: dict[str, Any], definition: str | None) -> dict[str, str]:
    """What our questions to the hub prove themselves by."""
    contacts, nimbata = told["contacts"], told["nimbata"]
    async with open_hub(url, home) as hub, Gateway.open((CONNECTOR,)) as gateway:
        source = await add_connection(
            hub.store, hub.vault, name="calls", connector="nimbata", base_url=nimbata["base_url"],
            account=nimbata["account"],
            credential=Credential(token=nimbata["token"], webhook_secrets={"url_key": _SECRET}),
        )  # fmt: skip
        for number, (location, project) in enumerate(
            zip(contacts["locations"], nimbata["projects"], strict=True)
        ):
            connection = Connection(
                id=ConnectionId(-1 - number), name=f"crm{number}", connector="contacts_api",
                base_url=contacts["base_url"], account=location["id"], token=location["token"],
            )  # fmt: skip
            answer = await gateway.call(connection, locations.GET, locations.LocationId())
            facts = LocationFacts.from_answers(answer.value.location, [])
            target = await add_connection(
                hub.store, hub.vault, name=f"crm{number}", connector="contacts_api",
                base_url=contacts["base_url"], account=location["id"],
                credential=Credential(token=location["token"]),
                settings={"limits": "off", "location": msgspec.to_builtins(facts)},
            )  # fmt: skip
            await add_sync(
                hub.store, name=f"sync{number}", source=source, project=project, target=target,
                definition=definition,
            )  # fmt: skip
        return {"Authorization": f"Bearer {await add_token(hub.store, hub.vault)}"}


async def _postmaster(url: str) -> int:
    """The database server's process: the parent of whichever serves us."""
    import psycopg

    async with await psycopg.AsyncConnection.connect(url) as db:
        return cpu.parent(db.info.backend_pid)
