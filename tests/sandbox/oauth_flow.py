"""OAuth as an app and its person go through it, over HTTP and with nothing of the connectors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.sandbox.crm import Crm, crm

REDIRECT = "https://hub.example/oauth/callback"
SCOPES = "contacts.readonly contacts.write locations.readonly oauth.readonly oauth.write"


@dataclass
class Flow:
    """The sandbox with one app, and a person who may allow it."""

    api: Crm

    @property
    def told(self) -> dict[str, Any]:
        """What the sandbox tells of itself now: secrets change."""
        told: dict[str, Any] = self.api.sandbox.describe()["contacts"]
        return told

    @property
    def location(self) -> str:
        """Id of the first location."""
        return self.api.location

    async def page(self, path: str | None = None, **changes: str | None) -> tuple[int, Any, str]:
        """Status, address of the redirect if any, and HTML of the page; None leaves a parameter out."""
        query = {
            "response_type": "code", "client_id": self.told["client_id"], "redirect_uri": REDIRECT,
            "scope": SCOPES, "state": "s/1 &", **changes,
        }  # fmt: skip
        given = {name: value for name, value in query.items() if value is not None}
        url = self.told["base_url"] + (path or "/v2/oauth/chooselocation")
        async with self.api.http.get(url, params=given, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location"), await answer.text()

    async def code(self, approve: str | None = None, **changes: str | None) -> str:
        """The code that a person brings back from the page."""
        status, address, _ = await self.page(approve=approve or self.location, **changes)
        assert status == 302
        (code,) = parse_qs(urlsplit(str(address)).query)["code"]
        return code

    async def form(self, path: str, token: str | None = None, **fields: str | None) -> tuple[int, Any]:
        """Status and JSON of a form that is posted."""
        headers = {"Version": "2021-07-28", **({"Authorization": f"Bearer {token}"} if token else {})}
        given = {name: value for name, value in fields.items() if value is not None}
        async with self.api.http.post(self.told["base_url"] + path, data=given, headers=headers) as answer:
            return answer.status, await answer.json()

    async def exchange(self, code: str, /, **changes: str | None) -> tuple[int, Any]:
        """A pair for a code."""
        return await self.form("/oauth/token", **{
            **self.credentials, "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **changes,
        })  # fmt: skip

    async def refresh(self, refresh_token: str, /, **changes: str | None) -> tuple[int, Any]:
        """A pair for a refresh token."""
        return await self.form("/oauth/token", **{
            **self.credentials, "grant_type": "refresh_token", "refresh_token": refresh_token, **changes,
        })  # fmt: skip

    @property
    def credentials(self) -> dict[str, str]:
        """The app's."""
        told = self.told
        return {"client_id": told["client_id"], "client_secret": told["client_secret"]}

    async def pair(self, approve: str | None = None, **changes: str | None) -> dict[str, Any]:
        """The first pair of an account: a location, or "company"."""
        status, pair = await self.exchange(await self.code(approve, **changes))
        assert status == 200, pair
        found: dict[str, Any] = pair
        return found

    async def location_token(self, company: dict[str, Any], location: str | None = None) -> tuple[int, Any]:
        """A location's pair out of its company's."""
        return await self.form(
            "/oauth/locationToken", company["access_token"], companyId=company["companyId"],
            locationId=location or self.location,
        )  # fmt: skip

    async def reads(self, token: str, path: str | None = None) -> tuple[int, Any]:
        """What the token gets where it asks for its location."""
        return await self.api.ask(
            "GET", path or f"/locations/{self.location}", headers={"Authorization": f"Bearer {token}"}
        )

    async def deed(self, kind: str, *, location: str | None = None, **fields: Any) -> str:
        """Somebody in the CRM does something; the record that came of it."""
        wanted = {"kind": kind, "location": location or self.location, "fields": fields}
        status, done = await self.api.control("POST", "/emit", wanted)
        assert status == 200, done
        record: str = done[0]["record"]
        return record

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await self.api.control("POST", "/clock", {"advance_s": seconds})

    async def access(self) -> dict[str, Any]:
        """What the CRM knows of the app at the first location."""
        _, state = await self.api.control("GET", "/state")
        held: dict[str, Any] = state["locations"][self.location]["access"]
        return held


@asynccontextmanager
async def flow(**options: Any) -> AsyncIterator[Flow]:
    """A sandbox with two locations and no limits, unless told otherwise."""
    async with crm(**options) as api:
        yield Flow(api)
