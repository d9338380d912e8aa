"""A hub between both sides of the sandbox, all in this process: for tests of whole ways."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from tieline.demo.expect import Found, compare, expectations
from tieline.ending import end
from tieline.sandbox.app import Options, Sandbox
from tieline.sandbox.nimbata import NimbataSide
from tieline.server.hub import Hub, ServeOptions
from tieline.store.directory import Credential, Directory
from tieline.store.key_table import seal_with
from tieline.store.pool import Store
from tieline.testing.builders import add_connection, add_sync, add_token
from tieline.vault.seal import Vault

#: The sandbox settles a cut-off call at once; no test has to wait for what a load balancer might do.
SETTLE_S = 0.4


@dataclass
class World:
    """Everything that takes part."""

    hub: Hub
    sandbox: Sandbox
    url: str
    #: With a token that may do everything.
    http: aiohttp.ClientSession
    #: Project → location.
    location_of: Mapping[str, str]
    #: What ends the hub.
    going: AsyncExitStack

    async def restart(self) -> None:
        """Another process of the hub at the same address: what this one had in hand, it does not finish."""
        await self.going.aclose()
        directory = Directory(self.hub.store, self.hub.vault)
        await directory.load()
        self.hub = Hub(store=self.hub.store, vault=self.hub.vault, directory=directory)
        port = int(self.url.rsplit(":", 1)[1])
        await self.going.enter_async_context(serving(self.hub, ServeOptions(port=port)))

    def emit(self, **wanted: Any) -> Any:
        """Let something happen at the call-tracking account."""
        return self.sandbox.nimbata.side.emit(wanted)

    def work(self, **wanted: Any) -> Any:
        """Let somebody do something in the CRM."""
        return self.sandbox.contacts.side.emit(wanted)

    def found(self) -> Found:
        """What must be in the CRM, held against what is."""
        side = self.sandbox.nimbata.side
        assert isinstance(side, NimbataSide)
        recordings = {one.id: one.recording_url for one in side.account.calls.rows() if one.recording_url}
        expected = expectations(
            msgspec.to_builtins(side.emitted),
            recordings,
            self.location_of,
            msgspec.to_builtins(self.sandbox.contacts.side.emitted),
        )
        return compare(expected, self.state())

    def state(self) -> dict[str, Any]:
        """What the CRM holds."""
        built: dict[str, Any] = msgspec.to_builtins(self.sandbox.contacts.side.state())
        return built

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the hub's database holds."""
        async with self.hub.store.transaction() as db:
            return await (await db.execute(sql)).fetchall()

    async def settled(self, within_s: float = 30.0) -> None:
        """Wait until nothing is under way, twice in a row."""
        deadline = time.monotonic() + within_s
        quiet = 0
        while quiet < 3:
            async with self.http.get(f"{self.url}/api/status") as answer:
                status = await answer.json()
            waiting = any(
                not one.statuses and not {"drop", "late"} & set(one.faults)
                for running in (self.sandbox.nimbata, self.sandbox.contacts)
                for one in running.audit.deliveries
            )
            busy = waiting or status["ready"] or status["waiting"] or status["open_effects"]
            quiet = 0 if busy else quiet + 1
            assert time.monotonic() < deadline, f"still under way after {within_s} s: {status}"
            await asyncio.sleep(0.05)


@asynccontextmanager
async def world(
    store: Store,
    *,
    sandbox: Options | None = None,
    polls: bool = False,
    echoes: bool = True,
    definition: str | None = None,
    settings: Mapping[str, Any] | None = None,
    source_settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[World]:
    """`polls` reads both sides every half second beside the webhooks; `echoes` has the CRM tell of its changes."""
    vault = Vault(bytes(32))
    options = sandbox or Options(locations=1, limits="off")
    bearer = {"Authorization": f"Bearer {await add_token(store, vault)}"}
    async with Sandbox.start(options) as running, aiohttp.ClientSession(headers=bearer) as http:
        told = running.describe()
        contacts, nimbata = told["contacts"], told["nimbata"]
        every_s = 0.5
        projects = list(nimbata["projects"])
        source = await add_connection(
            store, vault, name="calls", connector="nimbata", base_url=nimbata["base_url"],
            account=nimbata["account"],
            credential=Credential(
                token=nimbata["token"], webhook_secrets={"hmac": nimbata["webhook_secret"]}
            ),
            settings={"limits": "off", **(source_settings or {})},
            polls=tuple(
                (stream, project, every_s) for project in projects for stream in ("call", "form", "text")
            )
            if polls
            else (),
        )  # fmt: skip
        for number, (location, project) in enumerate(zip(contacts["locations"], projects, strict=True)):
            facts = {
                "country": location["country"],
                "timezone": location["timezone"],
                "allow_duplicates": options.allow_duplicates,
            }
            target = await add_connection(
                store, vault, name=f"crm{number}", connector="contacts_api", base_url=contacts["base_url"],
                account=location["id"],
                credential=Credential(token=location["token"], webhook_keys=(contacts["webhook_public_key"],)),
                settings={"settle_s": SETTLE_S, "location": facts, "limits": "off", **(settings or {})},
                polls=(("contact", "", every_s),) if polls else (),
            )  # fmt: skip
            await add_sync(
                store, name=f"sync{number}", source=source, project=project, target=target,
                definition=definition,
            )  # fmt: skip
        await seal_with(store, vault, bytes(32))
        directory = Directory(store, vault)
        await directory.load()
        hub = Hub(store=store, vault=vault, directory=directory)
        async with AsyncExitStack() as going:
            base = await going.enter_async_context(serving(hub))
            running.nimbata.side.set_targets({"url": f"{base}/hooks/nimbata/calls"})
            if echoes:
                for number, location in enumerate(contacts["locations"]):
                    running.contacts.side.set_targets(
                        {"url": f"{base}/hooks/contacts/crm{number}", "location": location["id"]}
                    )
            location_of = {
                project: location["id"]
                for project, location in zip(projects, contacts["locations"], strict=True)
            }
            yield World(hub, running, base, http, location_of, going)


@asynccontextmanager
async def serving(hub: Hub, options: ServeOptions | None = None) -> AsyncIterator[str]:
    """The hub at work in this process; gives its address."""
    ready: asyncio.Queue[str | None] = asyncio.Queue(1)
    running = asyncio.create_task(hub.run(options or ServeOptions(port=0), ready=ready.put_nowait))
    starting = asyncio.create_task(ready.get())
    try:
        await asyncio.wait([running, starting], return_when=asyncio.FIRST_COMPLETED, timeout=20)
        if running.done():
            await running
        base = starting.result()
        assert base is not None
        yield base
    finally:
        await end((running, starting))
