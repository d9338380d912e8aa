"""Both far sides, by their control API."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import msgspec

from tieline.chaos.shown import Shown, account_people, location_people
from tieline.domain.side import Side
from tieline.errors import ConfigurationError

#: How the sandbox names its sides.
NAMES: Mapping[Side, str] = {"nimbata": "nimbata", "contacts_api": "contacts"}
_MOST = 200_000


class Refused(Exception):
    """The far side did not do it: what was to be changed is not there any more, or stands so already."""


@dataclass
class Seen:
    """What both sides hold at one moment."""

    people: dict[Side, list[Shown]]
    #: Location → bodies of all its notes, with whose they are.
    notes: dict[str, list[tuple[str, str]]]

    def of(self, label: str) -> dict[Side, Shown | None]:
        """One person, where each side shows it."""
        return {
            side: next((one for one in held if one.label == label), None)
            for side, held in self.people.items()
        }


@dataclass
class Far:
    """The two sandboxes of a run."""

    told: dict[str, Any]
    http: aiohttp.ClientSession

    def __post_init__(self) -> None:
        self.projects: Sequence[str] = list(self.told["nimbata"]["projects"])
        #: Phone → whose it is: who called has no name that could tell.
        self.labels: dict[str, str] = {}
        self.locations: Sequence[str] = [one["id"] for one in self.told["contacts"]["locations"]]

    async def ask(self, side: str, method: str, path: str, body: Any = None) -> Any:
        """One control call. Raises Refused for what cannot be done."""
        url = f"{self.told[side]['base_url']}/_sandbox{path}"
        async with self.http.request(method, url, json=body) as answer:
            raw = await answer.read()
            if answer.status == 400:
                raise Refused(msgspec.json.decode(raw)["error"])
            if answer.status >= 300:
                raise ConfigurationError(f"the sandbox refused {path}: {raw.decode(errors='replace')}")
            return msgspec.json.decode(raw)

    async def aim(self, url: str, connections: Sequence[str]) -> None:
        """Have both sides deliver to the hub at `url`; `connections` are those of the locations, in order."""
        await self.ask("nimbata", "POST", "/webhooks", {"url": f"{url}/hooks/nimbata/calls"})
        for location, name in zip(self.locations, connections, strict=True):
            await self.ask(
                "contacts", "POST", "/webhooks", {"url": f"{url}/hooks/contacts/{name}", "location": location}
            )

    async def seen(self) -> Seen:
        """Everything that both sides hold now."""
        account = await self.ask("nimbata", "GET", "/state")
        crm = (await self.ask("contacts", "GET", "/state"))["locations"]
        return Seen(
            people={
                "nimbata": self._labelled(account_people(account)),
                "contacts_api": self._labelled(
                    [one for held in crm.values() for one in location_people(held, _plan_field(held))]
                ),
            },
            notes={
                location: [(note["contactId"], note["body"] or "") for note in held["notes"]]
                for location, held in crm.items()
            },
        )

    def _labelled(self, people: list[Shown]) -> list[Shown]:
        return [
            replace(one, label=self.labels.get(one.fields["phone"], one.fields["phone"])) for one in people
        ]

    async def calls(self, side: Side) -> list[dict[str, Any]]:
        """Every call, in order."""
        found: list[dict[str, Any]] = await self.ask(NAMES[side], "GET", f"/audit?limit={_MOST}")
        return found

    async def deliveries(self, side: Side) -> list[dict[str, Any]]:
        """Every webhook, in the order in which it happened."""
        found: list[dict[str, Any]] = await self.ask(NAMES[side], "GET", "/deliveries")
        return found

    async def summary(self, side: Side) -> dict[str, Any]:
        """Counts."""
        found: dict[str, Any] = await self.ask(NAMES[side], "GET", "/audit/summary")
        return found

    async def now(self) -> float:
        """The far sides' own time, Unix seconds."""
        clock = await self.ask("nimbata", "GET", "/clock")
        return time.time() + float(clock["offset_s"])


def _plan_field(location: Mapping[str, Any]) -> str:
    return next(
        (str(one["id"]) for one in location.get("custom_fields", ()) if one["name"].lower() == "plan"), ""
    )
