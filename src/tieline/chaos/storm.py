"""Breaks what a plan says, when it says so, and mends what only an operator can mend."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from tieline.chaos.far import Far
from tieline.chaos.plan import Strike, jump_s
from tieline.chaos.processes import Database, Service, verb
from tieline.engine.lane import LEASE
from tieline.errors import ConfigurationError

#: So long after its lease a frozen worker is thawed, at the least; up to as much again.
_PAST_LEASE_S = 2.0
#: How long an operator takes to see that a token was taken back.
_SEEN_S = (2.0, 4.0)
_TRIES = 20


class Storm:
    """All strikes of one run."""

    def __init__(
        self,
        far: Far,
        database: Database,
        hub: Service,
        workers: Sequence[Service],
        environment: Mapping[str, str],
    ) -> None:
        self._far = far
        self._database = database
        self._hub = hub
        self._workers = workers
        self._environment = environment
        self._frozen: set[str] = set()
        self.fired: Counter[str] = Counter()
        self.kills = 0
        #: What was done when, for the trace and the report.
        self.log: list[dict[str, Any]] = []
        #: By the far sides' clock: when somebody who might have heard an answer ended, stood still, or went on.
        self.ends: list[float] = []
        self._began = 0.0

    async def blow(self, began: float, strikes: Sequence[Strike]) -> None:
        """Each at its time after `began`, monotonic; ends when the last has passed."""
        self._began = began
        async with asyncio.TaskGroup() as group:
            for strike in strikes:
                group.create_task(self._at_its_time(strike, strikes))

    async def _at_its_time(self, strike: Strike, strikes: Sequence[Strike]) -> None:
        await asyncio.sleep(max(self._began + strike.at_s - time.monotonic(), 0.0))
        match strike.kind:
            case "kill_worker":
                await self._kill(strike, await self._worker(strike.pick))
            case "kill_hub":
                await self._kill(strike, self._hub)
            case "freeze_worker":
                await self._freeze(strike)
            case "restart_database":
                abruptly, away_s = strike.pick % 2 == 0, 0.5 + 3.0 * strike.how
                self._say(strike, f"{'SIGKILL' if abruptly else 'a stop'}, away for {away_s:.1f} s")
                self.kills += abruptly
                await self._database.restart(abruptly=abruptly, away_s=away_s)
                await self._ended()
                self._say(strike, "it runs again")
                self.fired[strike.kind] += 1
            case "expire_token":
                await self._far.ask(
                    "contacts", "POST", "/emit", {"kind": "token.expire", "location": self._far.locations[-1]}
                )
                self._say(strike, "the app's tokens of the last location ended")
                self.fired[strike.kind] += 1
            case "revoke_token":
                await self._revoke(strike)
            case "jump_clock":
                seconds = jump_s(strikes, strike)
                await self._far.ask("contacts", "POST", "/clock", {"advance_s": seconds})
                self._say(strike, f"the far sides are {seconds:.0f} s further on")
                self.fired[strike.kind] += 1
            case _:
                raise ConfigurationError(f"nobody knows how to {strike.kind}")

    async def _kill(self, strike: Strike, service: Service) -> None:
        if not service.kill():
            await service.ready()
            service.kill()
        await self._ended()
        self.kills += 1
        self.fired[strike.kind] += 1
        self._say(strike, service.name)

    async def _freeze(self, strike: Strike) -> None:
        service = await self._worker(strike.pick)
        await service.ready()
        self._frozen.add(service.name)
        starts = service.starts
        service.freeze()
        await self._ended()
        for_s = LEASE.total_seconds() + _PAST_LEASE_S * (1 + strike.how)
        self._say(strike, f"{service.name}, for {for_s:.1f} s")
        try:
            await asyncio.sleep(for_s)
        finally:
            service.thaw()
            self._frozen.discard(service.name)
        self.fired[strike.kind] += service.starts == starts
        self._say(strike, f"{service.name} goes on")

    async def _revoke(self, strike: Strike) -> None:
        location = self._far.locations[0]
        private = {"kind": "token.revoke", "location": location, "fields": {"private": True}}
        await self._far.ask("contacts", "POST", "/emit", private)
        self._say(strike, "the first location's private token was taken back")
        low, high = _SEEN_S
        await asyncio.sleep(low + (high - low) * strike.how)
        (made,) = await self._far.ask(
            "contacts", "POST", "/emit", {"kind": "private_token.rotate", "location": location}
        )
        for _ in range(_TRIES):
            try:
                await verb(
                    self._environment, "connect", "token", "crm0", "--token-stdin", stdin=made["record"]
                )
            except ConfigurationError as error:
                # The far side or the database is away: whoever sits there tries once more.
                self._say(strike, str(error))
                await asyncio.sleep(0.5)
            else:
                break
        else:
            raise ConfigurationError(f"crm0 could not be given its new token in {_TRIES} tries")
        self.fired[strike.kind] += 1
        self._say(strike, "an operator entered a new one")

    async def _worker(self, pick: int) -> Service:
        """One that holds a location's lane, if one does; none that is frozen."""
        free = [one for one in self._workers if one.name not in self._frozen]
        holding = await self._holding()
        busy = [one for one in free if one.pid is not None and one.pid in holding]
        choice = busy or free
        return choice[pick % len(choice)]

    async def _holding(self) -> set[int]:
        try:
            async with await psycopg.AsyncConnection.connect(self._database.url, connect_timeout=2) as db:
                rows = await db.execute(
                    "SELECT owner FROM lane WHERE owner IS NOT NULL AND id IN (SELECT lane_id FROM consumer)"
                )
                return {int(owner.split(":")[-2]) for (owner,) in await rows.fetchall()}
        except psycopg.OperationalError:
            # It is being restarted: any worker will do.
            return set()

    async def _ended(self) -> None:
        self.ends.append(await self._far.now())

    def _say(self, strike: Strike, what: str) -> None:
        self.log.append({"at_s": round(time.monotonic() - self._began, 2), "kind": strike.kind, "what": what})
