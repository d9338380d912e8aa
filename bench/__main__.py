"""make bench: `python -m bench [--quick] [--json]`; `--backfill N` measures a backfill of N people instead."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import uvloop

from bench import backfill, calls_per_change, cpu
from bench.load import Acks, Callers, deliver, rank
from bench.stage import Stage, stage, started

LOCATIONS = 20
#: Each call changes one field and leaves no note: the one-write load that other engines were measured with.
ONE_WRITE = """
version: 1
contact:
  create: true
  fields:
    - {to: phone, from: phone, when: empty}
    - {to: first_name, from: first_name, when: empty}
    - {to: source, from: attribution.campaign, when: always}
"""


def main(arguments: Sequence[str]) -> int:
    """Measure, and print the figures as the last line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the events")
    parser.add_argument("--json", action="store_true", help="nothing on stdout but the figures")
    parser.add_argument(
        "--backfill", type=int, metavar="N", nargs="?", const=20_000, help="20,000 where N is left out"
    )
    options = parser.parse_args(arguments)
    if options.backfill:
        return _backfill(options.backfill)
    figures = uvloop.run(_measure(options.quick))
    if not options.json:
        _show(figures)
    print(json.dumps(figures))
    return (
        0
        if all(figures[name]["lost"] == figures[name]["doubled"] == 0 for name in ("hub", "one_write"))
        else 1
    )


def _backfill(people: int) -> int:
    """Not well, if anything is lost or doubled."""
    _say(f"a backfill of {people} people")
    found = uvloop.run(backfill.measure(people))
    print(json.dumps(found))
    return 0 if found["as_wanted"] and not found["doubled"] and not found["dead"] else 1


async def _measure(quick: bool) -> dict[str, Any]:
    count = 1_000 if quick else 10_000
    _say(f"full profile: default mapping, a note for each call; {count} events")
    full = await _profile(None, count, notes=True)
    _say(f"one-write profile: {count} events")
    one_write = await _profile(ONE_WRITE, count, notes=False)
    _say("relay without durability")
    relay = await _relay(count)
    base = 100 if quick else 500
    _say(f"cost at {base}, {10 * base} and {100 * base} events and contacts")
    scale = await _scale(base)
    _say("an event that wakes an idle hub")
    wake = await _wake(20 if quick else 100)
    _say("calls per change, beside a flow that searches, writes and reads back")
    per_change = await calls_per_change.measure(90 if quick else 300)
    return {
        "hub": full, "one_write": one_write, "relay": relay, "scale": scale, "wake_ms": wake,
        "calls_per_change": per_change,
    }  # fmt: skip


async def _profile(definition: str | None, count: int, *, notes: bool) -> dict[str, Any]:
    async with stage(locations_count=LOCATIONS, definition=definition) as measured:
        callers = Callers(measured.projects, seed=1)
        # People who called before, and a hub that is warm.
        await _run(measured, callers, callers.strangers(max(count // 5, 200)), notes=notes)
        return await _run(measured, callers, callers.events(count), notes=notes)


async def _run(measured: Stage, callers: Callers, events: Sequence[bytes], *, notes: bool) -> dict[str, Any]:
    """Deliver, wait until all is done, and take the difference of every count."""
    before, effects, requests = measured.spent(), await measured.effects(), await measured.requests()
    began = time.perf_counter()
    acks = await deliver(measured.webhook, events)
    await measured.settled()
    seconds = time.perf_counter() - began
    after = measured.spent()
    changed = {name: n - effects.get(name, 0) for name, n in (await measured.effects()).items()}
    spent = {part: after[part] - before[part] for part in after}
    written = changed.get("notes.create", 0)
    lost = max(len(events) - written, 0) if notes else await measured.unwritten(callers)
    surplus = max(written - len(events), 0) if notes else 0
    return {
        "events": len(events),
        "events_per_s": round(len(events) / seconds, 1),
        "cpu_ms_per_event": round((spent["hub"] + spent["database"]) * 1000 / len(events), 3),
        "cpu_ms_per_event_of": {part: round(spent[part] * 1000 / len(events), 3) for part in spent},
        "ack_ms": _acks(acks),
        "peak_rss_mb": round(cpu.peak_rss_mb(measured.hub.pid), 1),
        "calls": await measured.requests() - requests,
        "notes": written,
        "locations": LOCATIONS,
        "lost": lost,
        "doubled": surplus + await measured.doubled(),
    }


async def _relay(count: int) -> dict[str, Any]:
    arguments = ("-m", "tieline", "sandbox", "--limits", "off", "--no-bodies", "--locations", "1")
    async with started(*arguments) as sandbox:
        contacts = sandbox.told["contacts"]
        given = (contacts["base_url"], contacts["token"], contacts["location_id"])
        async with started("-m", "bench.relay", *given) as relay:
            callers = Callers(["any"], seed=2)
            url = relay.told["url"]
            await deliver(url, callers.strangers(200))
            events = callers.events(count)
            before, began = cpu.spent_s(relay.pid), time.perf_counter()
            acks = await deliver(url, events)
            seconds = time.perf_counter() - began
            spent = cpu.spent_s(relay.pid) - before
            return {
                "events_per_s": round(count / seconds, 1),
                "cpu_ms_per_event": round(spent * 1000 / count, 3),
                "ack_ms": _acks(acks),
                "peak_rss_mb": round(cpu.peak_rss_mb(relay.pid), 1),
            }


async def _scale(base: int) -> list[dict[str, Any]]:
    """The same hub with ever more behind it: what an event costs must not rise with what is stored."""
    found = []
    async with stage(locations_count=LOCATIONS, definition=None) as measured:
        callers = Callers(measured.projects, seed=3)
        total, sample = 0, 2 * base
        for factor in (1, 10, 100):
            grow = factor * base - total
            await _run(measured, callers, callers.strangers(grow), notes=True)
            step = await _run(measured, callers, callers.events(sample), notes=True)
            total += grow + sample
            found.append(
                {
                    "stored_events": factor * base,
                    "events_per_s": step["events_per_s"],
                    "cpu_ms_per_event": step["cpu_ms_per_event"],
                }
            )
    return found


async def _wake(count: int) -> dict[str, float]:
    """From the moment a call is sent to a hub at rest to the moment its note stands in the CRM, in milliseconds."""
    async with stage(locations_count=1, definition=None, bodies=True) as measured:
        callers = Callers(measured.projects, seed=4)
        project, phone = callers.new()
        await deliver(measured.webhook, [callers.call(project, phone)])
        await measured.settled()
        sent = []
        for number in range(count):
            # Some find the lane warm, some at rest, some given back.
            await asyncio.sleep(3.5 if number % 10 == 9 else (0.15, 0.6)[number % 2])
            sent.append(time.time())
            await deliver(measured.webhook, [callers.call(project, phone)])
        await measured.settled()
        took = sorted(
            (written - began) * 1000
            for began, written in zip(sent, (await measured.first_writes())[1:], strict=True)
        )
        return {"p50": round(rank(took, 0.5), 1), "p99": round(rank(took, 0.99), 1)}


def _acks(acks: Acks) -> dict[str, float]:
    return {"p50": acks.p50, "p99": acks.p99}


def _say(line: str) -> None:
    print(f"bench: {line}", file=sys.stderr, flush=True)


def _show(figures: dict[str, Any]) -> None:
    print(f"{'':12}{'events/s':>10}{'CPU ms':>9}{'ack p50':>9}{'ack p99':>9}{'RSS MB':>8}")
    for name in ("hub", "one_write", "relay"):
        row = figures[name]
        acks = row["ack_ms"]
        print(
            f"{name:12}{row['events_per_s']:>10.0f}{row['cpu_ms_per_event']:>9.2f}{acks['p50']:>9.1f}"
            f"{acks['p99']:>9.1f}{row['peak_rss_mb']:>8.0f}"
        )
    wake = figures["wake_ms"]
    print(f"an idle hub: {wake['p50']:.0f} ms from webhook to note (p99 {wake['p99']:.0f} ms)")
    for step in figures["scale"]:
        print(
            f"with {step['stored_events']:>6} events behind it: {step['events_per_s']:.0f} events/s, "
            f"{step['cpu_ms_per_event']:.2f} ms of CPU each"
        )
    calls_per_change.show(figures["calls_per_change"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
