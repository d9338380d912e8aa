"""A hub between the sandbox and its store, which takes webhooks in and does nothing about them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from tests.opened import event_bodies
from tests.sandbox.crm import Crm
from tests.world import serving
from tieline.sandbox.app import Options, Sandbox
from tieline.server.hub import Hub, ServeOptions
from tieline.store.directory import Credential, Directory
from tieline.store.key_table import seal_with
from tieline.store.pool import Store
from tieline.testing.builders import add_connection
from tieline.vault.seal import Vault


@dataclass
class Taken:
    """What the hub has taken in."""

    store: Store
    sandbox: Sandbox
    crm: Crm
    #: Address of the hub.
    url: str
    seen: int = 0

    async def mark(self) -> None:
        """What is there by now is not waited for."""
        self.seen = max((row[0] for row in await event_bodies(self.store)), default=self.seen)

    async def next(self, fits: Callable[[bytes], bool]) -> tuple[str, bytes]:
        """Kind and body of the first stored event after the mark that fits. Raises AssertionError."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for _, kind, body in await event_bodies(
                self.store, f"id > {self.seen} AND state <> 'unreadable'"
            ):
                if fits(body):
                    return kind, body
            await asyncio.sleep(0.02)
        raise AssertionError("it did not come in")


@asynccontextmanager
async def taking(store: Store) -> AsyncIterator[Taken]:
    """Both accounts connected, with the proofs that their webhooks are told to carry."""
    vault = Vault(bytes(32))
    async with (
        Sandbox.start(Options(locations=1, limits="off")) as running, aiohttp.ClientSession() as http,
    ):  # fmt: skip
        told = running.describe()
        contacts, nimbata = told["contacts"], told["nimbata"]
        await add_connection(
            store, vault, name="crm", connector="contacts_api", base_url=contacts["base_url"],
            account=contacts["location_id"],
            credential=Credential(token="t", webhook_keys=(contacts["webhook_public_key"],)),
        )  # fmt: skip
        await add_connection(
            store, vault, name="calls", connector="nimbata", base_url=nimbata["base_url"],
            account=nimbata["account"],
            credential=Credential(token="t", webhook_secrets={"hmac": nimbata["webhook_secret"]}),
            settings={"mode": "native"},
        )  # fmt: skip
        await seal_with(store, vault, bytes(32))
        directory = Directory(store, vault)
        await directory.load()
        hub = Hub(store=store, vault=vault, directory=directory)
        async with serving(hub, ServeOptions(port=0, work=False)) as url:
            yield Taken(store, running, Crm(running, contacts, http), url)
