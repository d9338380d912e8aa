"""A hub with an app and no connection, and the CRM where the app can be allowed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from tests.sandbox.crm import Crm
from tests.sandbox.oauth_flow import Flow, flow
from tests.waiting import until
from tests.world import serving
from tieline.server.accounts.authorize import NewApp, begin, save_app
from tieline.server.accounts.shown import Shown, list_connections
from tieline.server.hub import Hub
from tieline.store.directory import Directory
from tieline.store.errands import wait_for
from tieline.store.grants import App, Grant
from tieline.store.pool import Store
from tieline.vault.seal import Vault

NAME = "agency-app"


@dataclass
class AppWorld:
    """Both, and a person's browser."""

    hub: Hub
    crm: Flow
    #: Where the hub answers.
    url: str
    http: aiohttp.ClientSession

    @property
    def api(self) -> Crm:
        """The CRM as a client sees it."""
        return self.crm.api

    @property
    def app(self) -> App:
        """As the hub knows it."""
        app = self.hub.directory.app(NAME)
        assert app is not None
        return app

    async def link(self) -> str:
        """Where a person is sent."""
        return await begin(self.hub.store, self.app, self.url)

    async def allowed(self, approve: str, link: str | None = None) -> str:
        """A person follows the link and allows the app there; the address that they are sent back to."""
        async with self.http.get(
            f"{link or await self.link()}&approve={approve}", allow_redirects=False
        ) as answer:
            assert answer.status == 302, await answer.text()
            return answer.headers["Location"]

    async def back(self, address: str) -> tuple[int, str]:
        """Status and page of the hub when the person is back."""
        async with self.http.get(address) as answer:
            return answer.status, await answer.text()

    async def connect(self, approve: str | None = None) -> Grant:
        """The whole way; what the account granted. Nothing is polled afterwards: tokens are used by the test alone."""
        account = approve or self.crm.location
        status, page = await self.back(await self.allowed(account))
        assert status == 200, page
        await self.errands()
        await until(self._polled)
        await self.hub.directory.load()
        return self.grant(None if approve == "company" else account)

    async def _polled(self) -> bool:
        """Remove the polls that have run; whether there are no others."""
        async with self.hub.store.transaction() as db:
            await db.execute("DELETE FROM poll WHERE ok_at IS NOT NULL")
            return await (await db.execute("SELECT 1 FROM poll")).fetchone() is None

    def grant(self, location: str | None = None) -> Grant:
        """What the location granted; None = the company."""
        (found,) = [
            one for one in self.hub.directory.grants.values()
            if (one.user_type, one.account) == (
                ("Location", location) if location else ("Company", self.crm.told["company_id"])
            )
        ]  # fmt: skip
        return found

    async def shown(self) -> dict[str, Shown]:
        """Every connection, by its location."""
        return {one.account: one for one in await list_connections(self.hub.store)}

    async def errands(self) -> list[tuple[str, str]]:
        """Kind and state of each, once all have ended."""
        async with self.hub.store.transaction() as db:
            ids = await (await db.execute("SELECT id FROM errand ORDER BY id")).fetchall()
        for (errand,) in ids:
            await wait_for(self.hub.store, errand, within_s=20)
        async with self.hub.store.transaction() as db:
            return [
                (row[0], row[1])
                for row in await (await db.execute("SELECT kind, state FROM errand ORDER BY id")).fetchall()
            ]

    def asked(self, operation: str) -> int:
        """How often the CRM was asked for it."""
        return self.api.sandbox.contacts.audit.operations[operation]


def code_of(address: str) -> str:
    """The code in an address that a person is sent back to."""
    (code,) = parse_qs(urlsplit(address).query)["code"]
    return code


@asynccontextmanager
async def app_world(store: Store, **options: Any) -> AsyncIterator[AppWorld]:
    """The CRM has two locations; its webhooks of both go to the app's one address."""
    vault = Vault(bytes(32))
    async with flow(**options) as crm, aiohttp.ClientSession() as http:
        told = crm.told
        await save_app(
            store, vault,
            NewApp(
                name=NAME, base_url=told["base_url"], client_id=told["client_id"],
                client_secret=told["client_secret"], webhook_keys=(told["webhook_public_key"],),
                install_url=f"{told['base_url']}/v2/oauth/chooselocation?version_id=v1",
            ),
        )  # fmt: skip
        directory = Directory(store, vault)
        await directory.load()
        hub = Hub(store=store, vault=vault, directory=directory)
        async with serving(hub) as url:
            crm.api.sandbox.contacts.side.set_targets({"url": f"{url}/hooks/contacts/{NAME}"})
            yield AppWorld(hub, crm, url, http)
