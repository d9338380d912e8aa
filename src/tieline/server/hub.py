"""One process of the hub: opens the store, wires the floors together, serves and works until stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from tieline.connectors import CONNECTORS
from tieline.connectors.kit.gateway import Gateway
from tieline.ending import end
from tieline.engine.errands import Errands
from tieline.engine.lane import CHANNEL as LANE_CHANNEL
from tieline.engine.worker import Worker
from tieline.errors import StoreMoved
from tieline.inbox.receive import Inbox
from tieline.server.access.keeping import keep_tidy
from tieline.server.access.principal import Clock, utc_now
from tieline.server.accounts.errands import HubErrands
from tieline.server.accounts.guardian import Guardian
from tieline.server.accounts.intakes import ContactsIntake, Intake, NimbataIntake
from tieline.server.alerts.alerter import Alerter
from tieline.server.app import Http, make_app
from tieline.server.handlers import HubHandlers
from tieline.server.hooks import Hooks
from tieline.server.outward.entries import guard_of
from tieline.server.sweeps.pollers import HubPoller
from tieline.server.trouble.mend import Mender
from tieline.server.trouble.replays import Replays
from tieline.store.audit import HUB, acts
from tieline.store.directory import CHANNEL as DIRECTORY_CHANNEL
from tieline.store.directory import Directory
from tieline.store.key_rotation import keep_finishing
from tieline.store.key_table import open_vault
from tieline.store.listen import listen
from tieline.store.pool import Store
from tieline.vault.keys import find_master_keys
from tieline.vault.seal import Vault

log = structlog.get_logger(__name__)

__all__ = ["LANE_CHANNEL", "Hub", "ServeOptions", "open_hub"]


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What one process does."""

    #: Take webhooks and answer the API on this address; None = do not serve.
    host: str | None = "127.0.0.1"
    port: int = 8080
    #: Lease lanes and work.
    work: bool = True
    body_limit: int = 1_048_576
    #: Where people and far sides reach it, where that is another address.
    public_url: str | None = None
    #: Addresses of proxies whose X-Forwarded-* headers count.
    trusted_proxies: tuple[str, ...] = ()


@dataclass
class Hub:
    """The opened parts that every verb needs."""

    store: Store
    vault: Vault
    directory: Directory
    #: By which sessions, tokens and pauses end.
    clock: Clock = field(default=utc_now)

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[tuple[Gateway, Guardian]]:
        """The way out, with tokens that are kept good."""
        exchanges = log.is_enabled_for(logging.DEBUG)
        async with Gateway.open(CONNECTORS, log_exchanges=exchanges) as gateway:
            guardian = gateway.tokens = Guardian(self.store, self.vault, self.directory, gateway)
            try:
                yield gateway, guardian
            finally:
                await guardian.close()

    async def run(
        self, options: ServeOptions, *, ready: Callable[[str | None], Awaitable[None] | None] | None = None
    ) -> None:
        """Serve and work until cancelled. `ready` is called once with the base URL (None when it does not serve).

        Raises StoreMoved where the database goes to another server meanwhile.
        """
        try:
            await self._run(options, ready)
        except BaseExceptionGroup as group:
            if group.subgroup(StoreMoved) is not None:
                raise StoreMoved("the database was moved to another server while this process ran") from None
            raise

    async def _run(
        self, options: ServeOptions, ready: Callable[[str | None], Awaitable[None] | None] | None
    ) -> None:
        # Whoever started it does not do what it does.
        acts(HUB)
        inbox = Inbox(self.store, self.vault)
        changed = asyncio.Event()
        async with (
            self.gateway() as (gateway, guardian),
            AsyncExitStack() as at_end,
            asyncio.TaskGroup() as group,
        ):
            background = [
                group.create_task(inbox.run()),
                group.create_task(self.directory.run(changed)),
                group.create_task(_announce(self.store, changed)),
                group.create_task(keep_finishing(self.store)),
                group.create_task(_leave_when_moved(self.directory)),
            ]
            if options.work:
                handlers = HubHandlers(self.store, self.directory, gateway)
                runner = HubErrands(self.store, self.vault, self.directory, gateway, guardian)
                poller = HubPoller(self.store, self.directory, gateway, inbox, self.vault.digest)
                at_end.push_async_callback(poller.close)
                worker = Worker(
                    self.store,
                    digest=self.vault.digest,
                    handlers=handlers,
                    poller=poller,
                    errands=lambda nudge: Errands(self.store, self.vault, runner, nudge=nudge),
                    paused=lambda: self.directory.moving is not None,
                )
                background.append(group.create_task(worker.run()))
            try:
                if options.host is None:
                    await _tell(ready, None)
                    await asyncio.Event().wait()
                else:
                    intakes: dict[str, Intake] = {
                        "nimbata": NimbataIntake(),
                        "contacts_api": ContactsIntake(),
                    }
                    hooks = Hooks(self.store, self.directory, inbox, intakes, body_limit=options.body_limit)
                    background.append(group.create_task(hooks.keep_counting()))
                    background.append(group.create_task(keep_tidy(self.store, self.clock)))
                    replays = Replays(self.store, Mender(self.store, self.directory))
                    background.append(group.create_task(replays.run()))
                    guard = guard_of(self.directory, public_url=options.public_url)
                    background.append(group.create_task(Alerter(self.store, self.vault, guard).run()))
                    http = Http(make_app(self, hooks, public_url=options.public_url), options)
                    await http.run(lambda url: _tell(ready, url))
            finally:
                await end(background)


async def _tell(ready: Callable[[str | None], Awaitable[None] | None] | None, url: str | None) -> None:
    if ready is not None:
        told = ready(url)
        if told is not None:
            await told


async def _announce(store: Store, changed: asyncio.Event) -> None:
    async for _ in listen(store.url, DIRECTORY_CHANNEL):
        changed.set()


async def _leave_when_moved(directory: Directory) -> None:
    await directory.gone.wait()
    raise StoreMoved("the database was moved to another server while this process ran")


async def _require_here(store: Store) -> None:
    """Raises StoreMoved where the store is on another server for good."""
    async with store.transaction() as db:
        row = await (await db.execute("SELECT target FROM store_move WHERE state = 'moved'")).fetchone()
        if row is None:
            # Whoever moves it again must not take this one for a copy that nobody used.
            await db.execute("DELETE FROM store_move WHERE state = 'arrived'")
    if row is not None:
        raise StoreMoved(
            f"this database was moved to {row[0]}; set TIELINE_DATABASE_URL to that, or use the home that moved it"
        )


@asynccontextmanager
async def open_hub(url: str, home: Path) -> AsyncIterator[Hub]:
    """Open an up-to-date store and read the directory."""
    masters = find_master_keys(home)
    async with Store.open(url) as store:
        await _require_here(store)
        vault = await open_vault(store, masters)
        directory = Directory(store, vault)
        await directory.load()
        yield Hub(store=store, vault=vault, directory=directory)
