"""One run: both far sides, database, hub and workers as processes; traffic and strikes; rest; and the count."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psycopg

from tieline.chaos.driver import Driver
from tieline.chaos.far import NAMES, Far
from tieline.chaos.joined import Joined
from tieline.chaos.judge import Findings, judge
from tieline.chaos.kinds import LAG, rules
from tieline.chaos.mutants import VARIABLE
from tieline.chaos.order import out_of_order
from tieline.chaos.outcome import Counts, Outcome, wrong
from tieline.chaos.plan import Plan, plan
from tieline.chaos.processes import Database, Service, environment
from tieline.chaos.storm import Storm
from tieline.chaos.tally import lagged, uncertain, wasted
from tieline.chaos.trace import dump, write_trace
from tieline.domain.side import SIDES
from tieline.server.hub import open_hub
from tieline.store.migrate import migrate
from tieline.store.queries import query

LOCATIONS = 2
#: Longest that both sides may take to be as they must be once nothing is broken any more.
REST_S = 120.0
#: Nothing may change within this after they are.
_CALM_S = 3.0
_LOOK_S = 1.0

#: Hears in words what is done now, then (acknowledged deeds, seconds that passed, seconds in all).
Say = Callable[[str], None]
Tell = Callable[[int, float, float], None]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is asked for."""

    seed: int
    minutes: float
    kinds: tuple[str, ...]
    workers: int = 3
    #: The guard that the hub does without.
    mutant: str | None = None
    #: Where the trace of a red run is written.
    traces: Path


@dataclass
class _Stage:
    """Everything that runs."""

    options: Options
    plan: Plan
    far: Far
    database: Database
    services: list[Service]
    driver: Driver
    storm: Storm
    logs: Path

    async def busy(self) -> tuple[bool, int]:
        """Whether something is under way, and how many dead letters there are."""
        try:
            async with await psycopg.AsyncConnection.connect(self.database.url, connect_timeout=2) as db:
                row = await (await db.execute(query("count_work"))).fetchone()
        except psycopg.OperationalError:
            return True, 0
        assert row is not None
        return bool(row[0] or row[1] or row[3]), row[2]

    async def findings(self) -> Findings:
        """How both sides stand now."""
        return judge(self.driver.record, await self.far.seen(), self.far.locations)


async def run(options: Options, say: Say, tell: Tell) -> Outcome:
    """Raises ConfigurationError or StoreError where it cannot be set up."""
    folder = Path(tempfile.mkdtemp(prefix="tieline-chaos-"))
    try:
        async with AsyncExitStack() as stack:
            stage = await _set_up(options, folder, stack, say)
            return await _play(stage, say, tell)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _set_up(options: Options, folder: Path, stack: AsyncExitStack, say: Say) -> _Stage:
    home, logs = folder / "home", folder / "logs"
    logs.mkdir()
    database = Database(home)
    say("starting the database")
    url = await database.start()
    stack.push_async_callback(database.end)
    await migrate(url)
    more = {VARIABLE: options.mutant} if options.mutant else {}
    around = environment(home, url, more)
    say("starting the far sides")
    sides = Service("far-sides", ("far-sides", str(options.seed), str(LOCATIONS)), around, logs)
    await _keep(stack, sides)
    http = await stack.enter_async_context(aiohttp.ClientSession())
    far = Far(await sides.ready(), http)
    # Its port is known after its first start; whoever starts it again must find it there.
    port = str(_free_port())
    hub_process = Service("hub", ("server", "--port", port, "--json"), around, logs)
    workers = [
        Service(f"worker{number + 1}", ("worker", "--json"), around, logs)
        for number in range(options.workers)
    ]
    state = await far.ask("contacts", "GET", "/state")
    calendars = [state["locations"][location]["calendars"][0]["name"] for location in far.locations]
    async with open_hub(url, home) as hub:
        joined = Joined(hub, far.told, calendars)
        await joined.first()
        say("starting hub and workers")
        for service in (hub_process, *workers):
            await _keep(stack, service)
        for service in (hub_process, *workers):
            await service.ready()
        address = hub_process.told["url"]
        await far.aim(address, await joined.others(address, http))
    drawn = plan(options.seed, options.minutes * 60, options.kinds)
    driver = Driver(far, joined.plan_fields, drawn.deeds)
    storm = Storm(far, database, hub_process, workers, around)
    return _Stage(options, drawn, far, database, [hub_process, *workers], driver, storm, logs)


async def _keep(stack: AsyncExitStack, service: Service) -> None:
    task = asyncio.create_task(service.run(), name=service.name)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)


async def _play(stage: _Stage, say: Say, tell: Tell) -> Outcome:
    for side in SIDES:
        name = NAMES[side]
        if wanted := rules(name, stage.options.kinds):
            await stage.far.ask(name, "POST", "/faults", wanted)
    began = time.monotonic()
    recovery: list[tuple[float, int]] = []
    say("people at work, and everything going wrong that can")
    watching = asyncio.create_task(_watch(stage, began, recovery))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(
                stage.driver.play(
                    began, lambda count: tell(count, time.monotonic() - began, stage.plan.length_s)
                )
            )
            group.create_task(stage.storm.blow(began, stage.plan.strikes))
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    for side in SIDES:
        await stage.far.ask(NAMES[side], "DELETE", "/faults")
    for service in stage.services:
        await service.ready()
    say("letting it come to rest")
    recover_s, findings = await _rest(stage, began, recovery)
    say("counting")
    return await _count(stage, recover_s, findings, recovery)


async def _watch(stage: _Stage, began: float, recovery: list[tuple[float, int]]) -> None:
    """How far both sides are from what they must be, meanwhile."""
    while True:
        await asyncio.sleep(3 * _LOOK_S)
        found = await stage.findings()
        recovery.append((round(time.monotonic() - began, 1), len(found.lines())))


async def _rest(
    stage: _Stage, began: float, recovery: list[tuple[float, int]]
) -> tuple[float | None, Findings]:
    """Seconds until all was as it must be, and stayed so; None = within the limit it was not."""
    since = time.monotonic()
    good_since: float | None = None
    while True:
        findings, (busy, _) = await stage.findings(), await stage.busy()
        now = time.monotonic()
        recovery.append((round(now - began, 1), len(findings.lines())))
        if not findings.clean:
            good_since = None
        elif good_since is None:
            good_since = now
        if good_since is not None and not busy and now - good_since >= _CALM_S:
            return round(good_since - since, 1), findings
        if now - since > REST_S:
            return None, findings
        await asyncio.sleep(_LOOK_S)


async def _count(
    stage: _Stage, recover_s: float | None, findings: Findings, recovery: list[tuple[float, int]]
) -> Outcome:
    far, record, storm = stage.far, stage.driver.record, stage.storm
    calls = {side: await far.calls(side) for side in SIDES}
    summaries = {side: await far.summary(side) for side in SIDES}
    everything = [one for side in SIDES for one in calls[side]]
    deliveries = await far.deliveries("nimbata")
    findings.out_of_order += out_of_order(record, calls, deliveries)
    fired: Counter[str] = Counter(storm.fired)
    for summary in summaries.values():
        fired.update(summary["faults_fired"])
    fired[LAG] = lagged(calls["contacts_api"])
    _, dead = await stage.busy()
    there = {one.id for held in (await far.seen()).people.values() for one in held}
    for_nothing = [one for side in SIDES for one in wasted(calls[side], there=there, ends=storm.ends)]
    counts = Counts(
        seed=stage.options.seed, events=record.events, kills=storm.kills,
        faults_fired={kind: fired[kind] for kind in stage.options.kinds},
        lost=len(findings.lost), doubled=len(findings.doubled), unequal=len(findings.unequal),
        out_of_order=len(findings.out_of_order), uncertain=uncertain(everything),
        rate_limited=sum(sum(one["limited_by_token"].values()) for one in summaries.values()),
        wasted_calls=len(for_nothing), recover_s=recover_s,
    )  # fmt: skip
    lines = (*findings.lines(), *map(_for_nothing, for_nothing))
    outcome = Outcome(
        counts=counts, wrong=wrong(counts, stage.options.kinds, dead, lines),
        length_s=stage.plan.length_s, recovery=tuple(recovery), strikes=tuple(storm.log),
    )  # fmt: skip
    if not outcome.green:
        told: dict[str, Any] = {
            "outcome": outcome, "mutant": stage.options.mutant, "deeds": record.log, "calls": calls,
            "deliveries": {side: await far.deliveries(side) for side in SIDES},
            "state": {NAMES[side]: await far.ask(NAMES[side], "GET", "/state") for side in SIDES},
            "hub": await dump(stage.database.url),
        }  # fmt: skip
        write_trace(stage.options.traces, stage.options.seed, told, stage.logs)
    return outcome


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def _for_nothing(call: Mapping[str, Any]) -> str:
    where = f"{call.get('path', '')} at {call['at']:.1f}"
    return f"for nothing: {call['operation']} {where}, answered with {call['status']}"
