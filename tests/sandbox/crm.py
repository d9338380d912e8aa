"""A client of the sandbox's CRM side, over HTTP and with nothing of the connectors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tieline.sandbox.app import Options, Sandbox


@dataclass
class Crm:
    """The running sandbox and a session at its first location."""

    sandbox: Sandbox
    told: dict[str, Any]
    http: aiohttp.ClientSession

    @property
    def location(self) -> str:
        """Id of the first location."""
        location: str = self.told["location_id"]
        return location

    async def ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: str
    ) -> tuple[int, Any]:
        """Status and JSON of one request with the location's token; a None header is left out."""
        given = {"Authorization": f"Bearer {self.told['locations'][0]['token']}", "Version": "2021-07-28"}
        given = {name: value for name, value in {**given, **(headers or {})}.items() if value}
        url = self.told["base_url"] + path
        async with self.http.request(method, url, json=body, params=query, headers=given) as answer:
            return answer.status, await answer.json(content_type=None)

    async def create(self, **fields: Any) -> dict[str, Any]:
        """A new contact."""
        status, answer = await self.ask("POST", "/contacts/", {"locationId": self.location, **fields})
        assert status == 201, answer
        contact: dict[str, Any] = answer["contact"]
        return contact

    async def get(self, contact: dict[str, Any]) -> dict[str, Any]:
        """The contact as it stands now."""
        status, answer = await self.ask("GET", f"/contacts/{contact['id']}")
        assert status == 200, answer
        found: dict[str, Any] = answer["contact"]
        return found

    async def search(self, **body: Any) -> Any:
        """A search's answer."""
        status, answer = await self.ask(
            "POST", "/contacts/search", {"locationId": self.location, "pageLimit": 100, **body}
        )
        assert status == 200, answer
        return answer

    async def control(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One control call."""
        url = f"{self.told['base_url']}/_sandbox{path}"
        async with self.http.request(method, url, json=body) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def crm(**options: Any) -> AsyncIterator[Crm]:
    """A sandbox with two locations and no limits, unless told otherwise."""
    async with (
        Sandbox.start(Options(**{"locations": 2, "limits": "off", **options})) as running,
        aiohttp.ClientSession() as http,
    ):
        yield Crm(running, running.describe()["contacts"], http)
