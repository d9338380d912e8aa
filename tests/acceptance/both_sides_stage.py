"""Both sandboxes, a store, and a hub that dies and comes back: one stage for many waves, with fresh people in each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import aiohttp
import msgspec
import pytest

from tests.acceptance.both_sides_actor import Actor
from tests.acceptance.both_sides_faults import rules
from tests.acceptance.both_sides_fuse import Fuse
from tests.acceptance.both_sides_joined import EVERY_S, connect
from tests.acceptance.both_sides_stories import Fault, Story, Wave
from tests.world import serving
from tieline.chaos.shown import Shown, account_people, differences, location_people
from tieline.connectors.kit.backoff import RetryPolicy
from tieline.domain.side import Side
from tieline.sandbox.app import Options, Sandbox
from tieline.server.hub import Hub, ServeOptions
from tieline.store.directory import Directory
from tieline.store.pool import Store
from tieline.testing.builders import add_token
from tieline.vault.seal import Vault

#: Longest that both sides may take to be equal once nobody does anything any more and nothing goes wrong.
LIMIT_S = 15.0
#: So long nothing may be called: every poll and sweep has its turn in it.
IDLE_S = 1.3
#: A hub that does not end by then hangs.
STOP_S = 20.0
#: What a wave leaves behind in the hub's store.
_TRACES = (
    "event, assignment, occurrence, delivery, person, person_key, link, item, effect, attempt, conflict, history,"
    " swept, sweep_found"
)


class Stage:
    """Plays waves."""

    def __init__(
        self, store: Store, sandbox: Sandbox, http: aiohttp.ClientSession, fuse: Fuse, plan_field: str
    ) -> None:
        self.store = store
        self.sandbox = sandbox
        #: Calls and changes of all waves so far in which nothing went wrong.
        self.calls = self.changes = 0
        self.waves = self.stories = self.crashes = 0
        self._http = http
        self._fuse = fuse
        self._plan_field = plan_field
        self._location: str = sandbox.describe()["contacts"]["location_id"]
        self._labels = (f"P{number:05d}" for number in count(1))
        self._phones = (f"+1415{200 + number // 10_000}{number % 10_000:04d}" for number in count(1))
        self._hub = AsyncExitStack()
        self._url = ""

    async def start(self) -> None:
        """A new process of the hub, where the one before was."""
        directory = Directory(self.store, _VAULT)
        await directory.load()
        port = int(self._url.rsplit(":", 1)[1]) if self._url else 0
        hub = Hub(store=self.store, vault=_VAULT, directory=directory)
        self._url = await self._hub.enter_async_context(serving(hub, ServeOptions(port=port)))

    async def stop(self) -> None:
        """Abruptly: whatever it does, it does not finish it."""
        going, self._hub = self._hub, AsyncExitStack()
        async with asyncio.timeout(STOP_S):
            await going.aclose()

    async def play(self, wave: Wave) -> list[str]:
        """What is wrong once all is quiet again, in words; nothing where both sides are equal."""
        await self._clear()
        await self._aim()
        self.waves += 1
        self.stories += len(wave.stories)
        for side in (self.sandbox.nimbata, self.sandbox.contacts):
            side.faults.add([rule for rule in rules(wave.faults) if rule.side in ("*", side.side.name)])
        self._fuse.lay(wave.crash)
        actors = [
            Actor(next(self._labels), self._phones.__next__, self._emit, self._plan_field)
            for _ in wave.stories
        ]
        own = self._fuse.calls["own"]
        reviving = asyncio.create_task(self._revive())
        try:
            await asyncio.gather(
                *(self._live(actor, story) for actor, story in zip(actors, wave.stories, strict=True))
            )
            for side in (self.sandbox.nimbata, self.sandbox.contacts):
                side.faults.clear()
            wrong = await self._converge(actors, wave.faults)
            if not wrong:
                wrong = await self._rest(actors)
        finally:
            self._fuse.lay(None)
            reviving.cancel()
            (ended,) = await asyncio.gather(reviving, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended
        calls, changes = self._fuse.calls["own"] - own, sum(actor.changes for actor in actors)
        if not wave.faults and wave.crash is None:
            self.calls, self.changes = self.calls + calls, self.changes + changes
        if not wrong and calls > _allowed(wave, changes):
            wrong = [f"{calls} calls for {changes} changes"]
        return wrong

    async def _revive(self) -> None:
        await self._fuse.blown.wait()
        self.crashes += 1
        await self.stop()
        self._fuse.lay(None)
        await self.start()

    async def _live(self, actor: Actor, story: Story) -> None:
        actor.born(story.born)
        await self._equal(actor)
        for beat in story.beats:
            linked = await self._linked()
            actor.act(beat, self._of(actor), linked)
            if beat.then == "equal":
                await self._equal(actor)
            elif beat.then == "pause":
                await asyncio.sleep(0.06)

    async def _linked(self) -> set[tuple[str, str]]:
        """Ids in the account and in the CRM of every person and item that the hub surely knows on both."""
        async with self.store.transaction() as db:
            rows = await db.execute(
                "SELECT nimbata_id, contact_id FROM link WHERE state = 'open'"
                " UNION ALL SELECT nimbata_id, contacts_api_id FROM item WHERE state = 'open'"
            )
            return {(one, another) for one, another in await rows.fetchall()}

    async def _equal(self, actor: Actor) -> None:
        """Wait until both sides show the same; not for ever, since what was lost may be found late."""
        for _ in range(40):
            shown = self._of(actor)
            one, other = shown["nimbata"], shown["contacts_api"]
            if actor.deleted:
                return
            if one is not None and other is not None and not differences([one], [other]):
                actor.agree(one)
                return
            await asyncio.sleep(0.05)

    async def _converge(self, actors: Sequence[Actor], faults: Sequence[Fault]) -> list[str]:
        deadline = time.monotonic() + LIMIT_S
        while True:
            wrong = self.wrong(actors)
            status = await self._status()
            busy = status["ready"] or status["waiting"] or status["open_effects"]
            if not wrong and not busy:
                break
            if time.monotonic() > deadline:
                return [*wrong, f"not quiet: {status}", *await self._reasons()]
            await asyncio.sleep(0.05)
        # A creation that is refused and took place all the same (422) is looked up: where somebody deleted its record
        # before that, it passes for refused.
        passed = sum(actor.unknown_when_deleted for actor in actors) if "created_422" in faults else 0
        return [f"given up: {status}", *await self._reasons()] if status["dead"] > passed else []

    async def _rest(self, actors: Sequence[Actor]) -> list[str]:
        """Nothing is called any more, and nothing changes."""
        for _ in range(6):
            before = self._fuse.calls["own"]
            await asyncio.sleep(IDLE_S)
            if self._fuse.calls["own"] == before:
                return self.wrong(actors)
        return [f"calls go on though nobody does anything; the last was {self._last_calls()}"]

    def wrong(self, actors: Sequence[Actor]) -> list[str]:
        """Where both sides differ, or one is not as it must be."""
        here, there = self._people()
        shown = {one.label: one for one in here}
        return differences(here, there) + [
            complaint for actor in actors for complaint in actor.complaints(shown.get(actor.label))
        ]

    def _people(self) -> tuple[list[Shown], list[Shown]]:
        account: dict[str, Any] = msgspec.to_builtins(self.sandbox.nimbata.side.state())
        crm: dict[str, Any] = msgspec.to_builtins(self.sandbox.contacts.side.state())["locations"][
            self._location
        ]
        return account_people(account), location_people(crm, self._plan_field)

    def _of(self, actor: Actor) -> dict[Side, Shown | None]:
        here, there = self._people()
        return {
            "nimbata": next((one for one in here if one.label == actor.label), None),
            "contacts_api": next((one for one in there if one.label == actor.label), None),
        }

    def _emit(self, side: Side, wanted: dict[str, Any]) -> Any:
        if side == "nimbata":
            return self.sandbox.nimbata.side.emit(wanted)
        return self.sandbox.contacts.side.emit({"location": self._location, **wanted})

    async def _clear(self) -> None:
        """Nobody is there any more, and the hub knows of nobody; what it was about does not reach the next wave."""
        await self.stop()
        for running in (self.sandbox.nimbata, self.sandbox.contacts):
            running.side.targets.clear()
            running.faults.clear()
            running.audit.clear()
        for side, people in zip(("nimbata", "contacts_api"), self._people(), strict=True):
            for one in people:
                self._emit(side, {"kind": "contact.delete", "id": one.id})  # type: ignore[arg-type]
        async with self.store.transaction() as db:
            await db.execute(f"TRUNCATE {_TRACES}")
        await self.start()

    async def _aim(self) -> None:
        self.sandbox.nimbata.side.set_targets({"url": f"{self._url}/hooks/nimbata/calls"})
        self.sandbox.contacts.side.set_targets(
            {"url": f"{self._url}/hooks/contacts/crm", "location": self._location}
        )

    async def _status(self) -> dict[str, Any]:
        try:
            async with self._http.get(f"{self._url}/api/status") as answer:
                found: dict[str, Any] = await answer.json()
                return found
        except aiohttp.ClientError:
            # The hub is away for a moment.
            return {"ready": 1, "waiting": 0, "open_effects": 0, "dead": 0}

    async def _reasons(self) -> list[str]:
        async with self.store.transaction() as db:
            rows = await db.execute(
                "SELECT state, reason, count(*) FROM assignment WHERE reason <> 'echo' GROUP BY 1, 2 ORDER BY 3"
            )
            found = [f"{times} x {state}: {reason}" for state, reason, times in await rows.fetchall()]
            rows = await db.execute("SELECT DISTINCT stream, reason FROM poll WHERE reason IS NOT NULL")
            return found + [f"poll of {stream}: {reason}" for stream, reason in await rows.fetchall()]

    def _last_calls(self) -> list[str]:
        calls = [*self.sandbox.nimbata.audit.calls, *self.sandbox.contacts.audit.calls]
        return [one.operation for one in sorted(calls, key=lambda one: one.at)[-8:]]


def _allowed(wave: Wave, changes: int) -> float:
    """Calls that a wave may take. Whoever is new is looked for first; what the CRM tells without the time of its change
    is read once by id. What goes wrong costs a repeat or a look more each time."""
    calm = not wave.faults and wave.crash is None
    return (3.0 if calm else 5.0) * changes + (4 if calm else 8) * len(wave.stories)


_VAULT = Vault(bytes(32))


@asynccontextmanager
async def stage(store: Store, patch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """Both sides, joined by a hub whose sweeps wait for nothing."""
    patch.setattr("tieline.server.sweeps.sweep.DAILY_CALLS", 10**9)
    patch.setattr("tieline.server.sweeps.ground.DAILY_CALLS", 10**9)
    patch.setattr("tieline.server.sweeps.walk.ROUND", timedelta(seconds=EVERY_S))
    patch.setattr("tieline.server.sweeps.pollers.OVERLAP", timedelta(seconds=3))
    patch.setattr("tieline.engine.worker.POLL_LOOK_S", 0.2)
    # Polls that failed in the storm are due again within the time that a wave is given to come to rest.
    patch.setattr(
        "tieline.engine.polls._BACKOFF", RetryPolicy(first_s=0.2, factor=2.0, max_s=2.0, max_attempts=10**6)
    )
    patch.setattr("tieline.engine.drain.GRACE_S", 0.0)
    options = Options(locations=1, limits="off", webhook_retry_delays_s=(0.3,) * 8)
    bearer = {"Authorization": f"Bearer {await add_token(store, _VAULT)}"}
    async with Sandbox.start(options) as running, aiohttp.ClientSession(headers=bearer) as http:
        # A tag moves the time of change, so that the poll of contacts finds one whose webhook was lost.
        running.contacts.side.set_quirks({"search_lag_s": 0.2, "date_updated_moves_for": ["tag"]})
        plan_field = await connect(store, _VAULT, running)
        built = Stage(store, running, http, Fuse(patch), plan_field)
        try:
            yield built
        finally:
            await built.stop()
