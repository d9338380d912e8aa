"""The sandbox: both far sides on ports of their own, each with a control API, sharing one clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import msgspec
from aiohttp import web

from tieline.sandbox.audit import Audit
from tieline.sandbox.clock import Clock
from tieline.sandbox.contacts_api import ContactsSide
from tieline.sandbox.control import PREFIX, Control
from tieline.sandbox.exchanges import Exchanges
from tieline.sandbox.faults import Faults, Rule
from tieline.sandbox.limits import CONTACTS, NIMBATA, Limit, Limiter, Mode
from tieline.sandbox.nimbata import NimbataSide
from tieline.sandbox.nimbata.quirks import Mode as AccountMode
from tieline.sandbox.nimbata.side import COUNTRIES
from tieline.sandbox.pipeline import Pipeline
from tieline.sandbox.virtual import Crowd
from tieline.sandbox.webhooks import REALISTIC_DELAYS_S, RetryRule, Webhooks

_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How the sandbox is set up."""

    host: str = "127.0.0.1"
    #: 0 = any free one.
    contacts_port: int = 0
    nimbata_port: int = 0
    seed: int = 1
    limits: Mode = "production"
    faults: tuple[Rule, ...] = ()
    #: Locations, and as many Nimbata projects.
    locations: int = 3
    allow_duplicates: bool = False
    #: Whether the call-tracking account stores contacts of its own (native) or only calls, forms and texts.
    nimbata_mode: AccountMode = "native"
    #: Whom the CRM's webhooks are repeated for.
    webhook_retry: RetryRule = "only_429"
    webhook_retry_delays_s: tuple[float, ...] = REALISTIC_DELAYS_S
    #: Keep each call with its body; counts are kept in any case.
    bodies: bool = True
    #: People in the first location and project who take no room, see `sandbox.virtual`.
    virtual: int = 0


class RunningSide:
    """One far side, served."""

    def __init__(
        self, side: ContactsSide | NimbataSide, webhooks: Webhooks, clock: Clock, faults: Faults, audit: Audit,
        limit: Limit | None, exchanges: Exchanges,
    ) -> None:  # fmt: skip
        self.side = side
        self.webhooks = webhooks
        self.clock = clock
        self.faults = faults
        self.audit = audit
        self._limit = limit
        self._exchanges = exchanges
        self._control = Control(self)
        self._pipeline = self._fresh()
        self.base_url = ""

    def reset(self) -> None:
        """Forget everything that was not there at the start; rules for faults stay, and so does the clock."""
        self.side.reset()
        self.audit.clear()
        self.faults.fired.clear()
        self._pipeline = self._fresh()

    def spend_day(self, place: str, left: int) -> None:
        """Of today's calls to a place `left` remain. Raises ValueError where there is no limit by the day."""
        self._pipeline.spend_day(place, left)

    def _fresh(self) -> Pipeline:
        limiter = Limiter(self._limit, self.clock.monotonic) if self._limit else None
        return Pipeline(
            self.side, clock=self.clock, faults=self.faults, audit=self.audit, limiter=limiter,
            exchanges=self._exchanges,
        )  # fmt: skip

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request: to the control API, or to the far side."""
        if request.path == PREFIX or request.path.startswith(f"{PREFIX}/"):
            if request.remote not in _LOOPBACK:
                return web.Response(status=403, text="the control API answers on loopback alone")
            return await self._control.answer(request)
        return await self._pipeline.answer(request)


class Sandbox:
    """Both sides while they run."""

    def __init__(self, contacts: RunningSide, nimbata: RunningSide) -> None:
        self.contacts = contacts
        self.nimbata = nimbata

    def describe(self) -> dict[str, Any]:
        """What a client needs to join both sides."""
        return {
            "contacts": {"base_url": self.contacts.base_url, **self.contacts.side.describe()},
            "nimbata": {"base_url": self.nimbata.base_url, **self.nimbata.side.describe()},
        }

    @classmethod
    @asynccontextmanager
    async def start(cls, options: Options) -> AsyncIterator[Sandbox]:
        """Serve both sides. Raises OSError when a port cannot be had."""
        clock = Clock()
        countries = [COUNTRIES[number % len(COUNTRIES)] for number in range(options.locations)]
        exchanges = Exchanges.asked_for()
        contacts = _contacts(options, clock, countries, exchanges)
        nimbata = _nimbata(options, clock, countries, exchanges)
        async with (
            _served(contacts, options.host, options.contacts_port),
            _served(nimbata, options.host, options.nimbata_port),
        ):
            senders = [asyncio.create_task(one.webhooks.run()) for one in (contacts, nimbata)]
            try:
                yield cls(contacts, nimbata)
            finally:
                for sender in senders:
                    sender.cancel()
                await asyncio.gather(*senders, return_exceptions=True)
                exchanges.close()


def _contacts(options: Options, clock: Clock, countries: Sequence[str], exchanges: Exchanges) -> RunningSide:
    audit, faults, webhooks = _kit("contacts", options, clock, options.webhook_retry)
    side = ContactsSide(
        seed=options.seed, countries=countries, now=clock.now, monotonic=clock.monotonic, send=webhooks.send,
        allow_duplicates=options.allow_duplicates,
        crowd=Crowd(count=options.virtual, lacks=0) if options.virtual else None,
    )  # fmt: skip
    return RunningSide(side, webhooks, clock, faults, audit, CONTACTS[options.limits], exchanges)


def _nimbata(options: Options, clock: Clock, countries: Sequence[str], exchanges: Exchanges) -> RunningSide:
    audit, faults, webhooks = _kit("nimbata", options, clock, "any_non_2xx")
    side = NimbataSide(
        seed=options.seed, countries=countries, now=clock.now, send=webhooks.send, mode=options.nimbata_mode,
        crowd=Crowd(count=options.virtual, lacks=1) if options.virtual else None,
    )  # fmt: skip
    return RunningSide(side, webhooks, clock, faults, audit, NIMBATA[options.limits], exchanges)


def _kit(name: str, options: Options, clock: Clock, retry: RetryRule) -> tuple[Audit, Faults, Webhooks]:
    audit = Audit(bodies=options.bodies)
    faults = Faults(Random(f"faults:{name}:{options.seed}"))
    faults.add([rule for rule in options.faults if rule.side in ("*", name)])
    webhooks = Webhooks(
        name, audit=audit, faults=faults, clock=clock, rng=Random(f"webhooks:{name}:{options.seed}"),
        retry=retry, retry_delays_s=options.webhook_retry_delays_s,
    )  # fmt: skip
    return audit, faults, webhooks


@asynccontextmanager
async def _served(running: RunningSide, host: str, port: int) -> AsyncIterator[None]:
    server = web.Server(running.answer, access_log=None)
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        bound = runner.addresses[0][1]
        running.base_url = f"http://{host}:{bound}"
        yield
    finally:
        await runner.cleanup()
