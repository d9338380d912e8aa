"""The demo's run: both far sides in a process of their own, a hub on a fresh database, a driver, and the count."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from tieline.connectors import CONNECTORS
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.demo.equal import unequal
from tieline.demo.expect import Found, activities, compare, expectations
from tieline.demo.handwork import Handwork
from tieline.demo.measure import Percentiles, acknowledgements, end_to_end, merged, uncertain
from tieline.demo.screen import Screen
from tieline.demo.script import FAULTS, LIVE, LOCATIONS, SCRIPT, Step, both_ways
from tieline.domain.ids import ConnectionId
from tieline.errors import ConfigurationError
from tieline.server.accounts.connections import NewConnection, NewPoll, read_location, save_connection
from tieline.server.hub import Hub, ServeOptions, open_hub
from tieline.server.syncs import NewSync, create_field, custom_fields_of, save_sync
from tieline.store.directory import Credential
from tieline.store.home import Home
from tieline.store.locks import UpLock
from tieline.store.migrate import migrate
from tieline.store.server import attach_store_server
from tieline.sync.files.definition import default_text, parse_definition

#: Nimbata's assumed quota is 60 calls a minute: three lists of three projects every so often leave room for pages, and
#: for what people change in the CRM.
POLL_EVERY_S = 30.0
CRM_POLL_EVERY_S = 10.0
#: The sandbox has done what it does with a call before it cuts it off.
SETTLE_S = 2.0
#: Longest that `--once` takes, and the pause between two looks at what stands in the CRM.
DEADLINE_S = 85.0
LOOK_S = 0.5
#: Longest that the last count waits for what is on its way.
LAST_S = 60.0
_READY_S = 20.0


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run. Everything from the sandbox's records and the driver's own, nothing from the hub."""

    events: int
    contacts: int
    notes: int
    effects: int
    expected: int
    found: int
    lost: int
    doubled: int
    uncertain: int
    rate_limited: int
    calls_per_change: float
    faults_fired: dict[str, int]
    limits: str
    #: People entered by hand who are not the same on both sides.
    unequal: int
    ack_ms: Percentiles
    end_to_end_ms: Percentiles


async def play(*, seed: int, once: bool, as_json: bool) -> Figures:
    """Run the demo; its figures. Raises ConfigurationError when another demo runs on this home."""
    home = Home.find()
    home = Home(home.path / "demo")
    screen = Screen(as_json)
    with UpLock(home), screen:
        screen.say("starting the far sides")
        async with _sandbox(seed) as told, aiohttp.ClientSession() as http:
            screen.say("starting the database")
            # A database of its own, whatever the hub of this home uses: it is emptied at each start.
            async with _fresh_database(home.path) as url, open_hub(url, home.path) as hub:
                screen.say("connecting both sides")
                await _connect(hub, told, await Far(told, http, {}).calendars())
                far = Far(told, http, before=await Far(told, http, {}).changes())
                return await _run(far, hub, screen, once=once)


@dataclass
class Far:
    """Both far sides, by their control API."""

    told: dict[str, Any]
    http: aiohttp.ClientSession
    #: What connecting changed there: it does not count.
    before: dict[str, int]
    #: Phones of people whom somebody entered by hand.
    entered: set[str] = field(default_factory=set)

    @property
    def location_of(self) -> dict[str, str]:
        """Project → location."""
        locations = (one["id"] for one in self.told["contacts"]["locations"])
        return dict(zip(self.told["nimbata"]["projects"], locations, strict=True))

    async def ask(self, side: str, method: str, path: str, body: Any = None) -> Any:
        """One control call."""
        url = f"{self.told[side]['base_url']}/_sandbox{path}"
        async with self.http.request(method, url, json=body) as answer:
            told = msgspec.json.decode(await answer.read())
            if answer.status >= 300:
                raise ConfigurationError(f"the sandbox refused {path}: {told}")
            return told

    async def found(self) -> Found:
        """What must be in the CRM, held against what is."""
        emitted, worked = (
            await self.ask("nimbata", "GET", "/emitted"),
            await self.ask("contacts", "GET", "/emitted"),
        )
        expected = expectations(emitted, await self.recordings(), self.location_of, worked)
        return compare(expected, await self.ask("contacts", "GET", "/state"), by_hand=self.entered)

    async def unequal(self) -> tuple[str, ...]:
        """Who is not the same on both sides, of those whom somebody entered by hand."""
        account, crm = await self.ask("nimbata", "GET", "/state"), await self.ask("contacts", "GET", "/state")
        return unequal(account, crm, self.location_of, self.entered)

    async def recordings(self) -> dict[str, str]:
        """Call id → address of its recording."""
        state = await self.ask("nimbata", "GET", "/state")
        return {one["id"]: one["recording_url"] for one in state["calls"] if one.get("recording_url")}

    async def calendars(self) -> dict[str, str]:
        """Location → the name of its first calendar."""
        state = await self.ask("contacts", "GET", "/state")
        return {location: holds["calendars"][0]["name"] for location, holds in state["locations"].items()}

    async def changes(self) -> dict[str, int]:
        """Calls to the CRM, and changes they made."""
        summary = await self.ask("contacts", "GET", "/audit/summary")
        return {"calls": summary["requests"], "effects": sum(summary["effects"].values())}

    async def figures(self) -> Figures:
        """The count."""
        changes = {name: count - self.before[name] for name, count in (await self.changes()).items()}
        found = await self.found()
        nimbata = await self.ask("nimbata", "GET", "/audit/summary")
        contacts = await self.ask("contacts", "GET", "/audit/summary")
        deliveries = await self.ask("nimbata", "GET", "/deliveries")
        calls = await self.ask("contacts", "GET", "/audit?limit=200000")
        return Figures(
            events=activities(await self.ask("nimbata", "GET", "/emitted")), contacts=found.contacts, notes=found.notes,
            effects=changes["effects"], expected=found.expected, found=found.found, lost=found.lost,
            doubled=max(found.doubled, len(contacts["doubled"])), uncertain=uncertain(calls),
            rate_limited=sum(contacts["limited_by_token"].values()),
            calls_per_change=round(changes["calls"] / max(changes["effects"], 1), 2),
            faults_fired=merged(nimbata["faults_fired"], contacts["faults_fired"]), limits="production",
            unequal=len(await self.unequal()),
            ack_ms=acknowledgements(deliveries),
            end_to_end_ms=end_to_end(deliveries, await self.recordings(), calls),
        )  # fmt: skip


async def _run(far: Far, hub: Hub, screen: Screen, *, once: bool) -> Figures:
    ready: asyncio.Queue[str] = asyncio.Queue(1)
    serving = asyncio.create_task(
        hub.run(ServeOptions(port=0), ready=lambda url: ready.put_nowait(url or ""))
    )
    starting = asyncio.create_task(ready.get())
    try:
        await asyncio.wait([serving, starting], return_when=asyncio.FIRST_COMPLETED, timeout=_READY_S)
        if serving.done():
            await serving
        url = starting.result()
        await _aim(far, url)
        for side in ("nimbata", "contacts"):
            await far.ask(side, "POST", "/faults", FAULTS)
        began = time.monotonic()
        playing = asyncio.create_task(_play(far, SCRIPT))
        try:
            found = await _watch(far, screen, playing, began + DEADLINE_S)
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        figures = await far.figures()
        screen.tell(figures, found, time.monotonic() - began, await far.unequal())
        if not once:
            screen.point_to(url, far.told)
            await _go_on(far, screen)
            # What was heard at the end is on its way, by webhook or by the next poll.
            screen.say("counting what is still on its way")
            await _watch(far, screen, None, time.monotonic() + LAST_S)
            figures = await far.figures()
        screen.end(figures)
        return figures
    finally:
        for task in (serving, starting):
            task.cancel()
        await asyncio.gather(serving, starting, return_exceptions=True)


async def _watch(far: Far, screen: Screen, playing: asyncio.Task[None] | None, deadline: float) -> Found:
    """Count again and again until all is there, or it is too late. Surplus would show in the count that follows."""
    while True:
        found = await far.found()
        screen.progress(found)
        if playing is None or playing.done():
            if playing is not None:
                # An error of the driver's is one of the demo's.
                playing.result()
            if found.lost == 0 and not await far.unequal():
                # Whatever were to come twice would come now.
                await asyncio.sleep(2 * LOOK_S)
                return await far.found()
        if time.monotonic() > deadline:
            return found
        await asyncio.sleep(LOOK_S)


async def _play(far: Far, script: Sequence[Step]) -> None:
    """Calls and people's handiwork, at the same time."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_drive(far, script))
        for number in range(LOCATIONS):
            group.create_task(Handwork(far.ask, far.entered, number, far.location_of).work())


async def _drive(far: Far, script: Sequence[Step]) -> None:
    """Let it happen, at its time."""
    began = time.monotonic()
    for step in script:
        await asyncio.sleep(max(began + step.at_s - time.monotonic(), 0))
        if step.side == "nimbata":
            await far.ask("nimbata", "POST", "/emit", step.wanted)
        else:
            await _work(far, step)


async def _work(far: Far, step: Step) -> None:
    """Somebody tags a contact that is there already."""
    state = await far.ask("contacts", "GET", "/state")
    for location, holds in state["locations"].items():
        # Whoever was entered by hand may be deleted again.
        callers = [one for one in holds["contacts"] if one.get("phone") not in far.entered]
        if callers:
            contact = callers[len(callers) // 2]["id"]
            await far.ask("contacts", "POST", "/emit", {**step.wanted, "location": location, "id": contact})


async def _go_on(far: Far, screen: Screen) -> None:
    """Live traffic until Ctrl-C: calls, and in each round people of another location at work on both sides."""
    working: set[asyncio.Task[None]] = set()
    try:
        for wave in count(1):
            if not any(not task.done() for task in working):
                hands = Handwork(far.ask, far.entered, wave % LOCATIONS, far.location_of, wave=wave)
                working = {asyncio.create_task(hands.work())}
            for step in LIVE:
                await far.ask("nimbata", "POST", "/emit", step.wanted)
                await asyncio.sleep(step.at_s)
                screen.progress(await far.found())
    except asyncio.CancelledError:
        # The first Ctrl-C ends the traffic; what was heard is counted once more.
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
    finally:
        for one in working:
            one.cancel()
        await asyncio.gather(*working, return_exceptions=True)


async def _aim(far: Far, url: str) -> None:
    """Have both sides deliver to the hub."""
    await far.ask("nimbata", "POST", "/webhooks", {"url": f"{url}/hooks/nimbata/calls"})
    for number, location in enumerate(far.told["contacts"]["locations"]):
        target = {"url": f"{url}/hooks/contacts/crm{number + 1}", "location": location["id"]}
        await far.ask("contacts", "POST", "/webhooks", target)


async def _connect(hub: Hub, told: dict[str, Any], calendars: dict[str, str]) -> None:
    """What a user does with `tieline connect`, `sync add` and `sync fields --create`."""
    contacts, nimbata = told["contacts"], told["nimbata"]
    projects = list(nimbata["projects"])
    await save_connection(
        hub.store, hub.vault,
        NewConnection(
            name="calls", connector="nimbata", base_url=nimbata["base_url"], account=nimbata["account"],
            credential=Credential(token=nimbata["token"], webhook_secrets={"hmac": nimbata["webhook_secret"]}),
            settings={"projects": projects, "mode": "native"},
            polls=tuple(
                NewPoll(stream=stream, project=project, every_s=POLL_EVERY_S)
                for project in projects
                for stream in ("call", "form", "text")
            ),
        ),
    )  # fmt: skip
    wanted = custom_fields_of(parse_definition(default_text()))
    async with Gateway.open(CONNECTORS) as gateway:
        for number, (location, project) in enumerate(zip(contacts["locations"], projects, strict=True), 1):
            connection = Connection(
                id=ConnectionId(-number), name=f"crm{number}", connector="contacts_api",
                base_url=contacts["base_url"], account=location["id"], token=location["token"],
            )  # fmt: skip
            for key in wanted:
                await create_field(gateway, connection, key)
            facts = await read_location(gateway, connection)
            await save_connection(
                hub.store, hub.vault,
                NewConnection(
                    name=f"crm{number}", connector="contacts_api", base_url=contacts["base_url"],
                    account=location["id"],
                    credential=Credential(
                        token=location["token"], webhook_keys=(contacts["webhook_public_key"],)
                    ),
                    settings={"settle_s": SETTLE_S, "location": msgspec.to_builtins(facts)},
                    polls=tuple(NewPoll(stream=stream, every_s=CRM_POLL_EVERY_S) for stream in ("contact", "task")),
                ),
            )  # fmt: skip
            await save_sync(
                hub.store,
                NewSync(
                    name=f"sync{number}", source="calls", project=project, target=f"crm{number}",
                    definition=both_ways(default_text(), calendars[location["id"]]),
                ),
            )  # fmt: skip
    await hub.directory.load()


@asynccontextmanager
async def _fresh_database(home: Path) -> AsyncIterator[str]:
    import psycopg

    kept = os.environ.pop("TIELINE_DATABASE_URL", None)
    try:
        async with attach_store_server(home) as url:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
                await db.execute("SET client_min_messages = error")
                await db.execute("DROP SCHEMA public CASCADE")
                await db.execute("CREATE SCHEMA public")
            await migrate(url)
            yield url
    finally:
        if kept is not None:
            os.environ["TIELINE_DATABASE_URL"] = kept


@asynccontextmanager
async def _sandbox(seed: int) -> AsyncIterator[dict[str, Any]]:
    """Both far sides under production limits; what they say of themselves."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tieline", "sandbox", "--limits", "production", "--seed", str(seed),
        "--locations", str(LOCATIONS), stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_READY_S):
            line = await process.stdout.readline()
        if not line:
            raise ConfigurationError("the sandbox did not start; what it said stands above")
        yield msgspec.json.decode(line)
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(10):
            await process.wait()
