"""The far sides of the demo: a sandbox in a process of its own, and what its control API is asked."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

from tieline.demo.equal import unequal
from tieline.demo.expect import Found, activities, compare, expectations
from tieline.demo.measure import Figures, acknowledgements, end_to_end, merged, uncertain
from tieline.demo.script import LOCATIONS
from tieline.errors import ConfigurationError

#: Longest that a process may take to start.
READY_S = 20.0


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

    async def aim(self, url: str) -> None:
        """Have both sides deliver to the hub at `url`."""
        await self.ask("nimbata", "POST", "/webhooks", {"url": f"{url}/hooks/nimbata/calls"})
        for number, location in enumerate(self.told["contacts"]["locations"]):
            target = {"url": f"{url}/hooks/contacts/crm{number + 1}", "location": location["id"]}
            await self.ask("contacts", "POST", "/webhooks", target)

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


@asynccontextmanager
async def far_sides(seed: int) -> AsyncIterator[dict[str, Any]]:
    """Both far sides under production limits; what they say of themselves."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tieline", "sandbox", "--limits", "production", "--seed", str(seed),
        "--locations", str(LOCATIONS), stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(READY_S):
            line = await process.stdout.readline()
        if not line:
            raise ConfigurationError("the sandbox did not start; what it said stands above")
        yield msgspec.json.decode(line)
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(10):
            await process.wait()
