"""A hub with users of every role, and a clock that a test moves."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec

from tests.world import serving
from tieline.server.access.scopes import ROLES
from tieline.server.access.sessions import Sessions
from tieline.server.access.tokens import Tokens
from tieline.server.access.users import Users
from tieline.server.hub import Hub, ServeOptions
from tieline.store.directory import Credential, Directory
from tieline.store.pool import Store
from tieline.testing.builders import add_connection, add_sync
from tieline.vault.seal import Vault

PASSWORD = "correct horse battery"


@dataclass
class MovedClock:
    """Stands until it is moved."""

    now: datetime = datetime(2026, 11, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def move(self, by: timedelta) -> None:
        """On."""
        self.now += by


@dataclass
class Answer:
    """What the hub said."""

    status: int
    headers: Any
    body: Any
    #: Lines of Set-Cookie.
    cookies: list[str]


@dataclass
class Browser:
    """Keeps cookies, and sends the header of a page of ours along."""

    desk: Desk
    jar: dict[str, str] = field(default_factory=dict)
    csrf: str | None = None

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request with what it keeps."""
        own = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items())} if self.jar else {}
        if self.csrf is not None:
            own["X-CSRF-Token"] = self.csrf
        answer = await self.desk.ask(method, path, body, **{**own, **headers})
        for line in answer.cookies:
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0].strip('"')
            self.jar.pop(name, None)
            if value and "Max-Age=0" not in line:
                self.jar[name] = value
        return answer

    async def log_in(self, name: str = "admin", password: str = PASSWORD) -> Answer:
        """By name and password."""
        answer = await self.ask("POST", "/api/session", {"name": name, "password": password})
        if answer.status == 200:
            self.csrf = answer.body["csrf"]
        return answer


@dataclass
class Desk:
    """The hub, and who may come in."""

    hub: Hub
    clock: MovedClock
    url: str
    http: aiohttp.ClientSession
    users: Users
    tokens: Tokens
    sessions: Sessions

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request of nobody, unless the headers say."""
        data = None if body is None else io.BytesIO(msgspec.json.encode(body))
        if body is not None:
            headers = {"Content-Type": "application/json", **headers}
        async with self.http.request(method, f"{self.url}{path}", headers=headers, data=data) as answer:
            raw = await answer.read()
            told = msgspec.json.decode(raw) if raw and "json" in answer.content_type else raw
            return Answer(answer.status, answer.headers, told, answer.headers.getall("Set-Cookie", []))

    async def bearer(self, *scopes: str, name: str = "program") -> dict[str, str]:
        """Headers of a program that may do that."""
        made = await self.tokens.add(name, scopes, life=None)
        return {"Authorization": f"Bearer {made.token}"}

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the hub's database holds."""
        async with self.hub.store.transaction() as db:
            return await (await db.execute(sql.encode())).fetchall()


async def make_hub(store: Store, clock: MovedClock) -> Hub:
    """A `derived` account, a location and a sync; nothing is worked off."""
    vault = Vault(bytes(32))
    far: dict[str, Any] = {"base_url": "http://localhost:1", "credential": Credential(token="t")}
    await add_connection(
        store, vault, name="calls", connector="nimbata", account="acc", settings={"mode": "derived"}, **far
    )
    await add_connection(
        store, vault, name="crm", connector="contacts_api", account="l",
        settings={"location": {"country": "US"}}, **far,
    )  # fmt: skip
    await add_sync(store, name="main", source="calls", project="p1", target="crm")
    async with store.transaction() as db:
        await db.execute("UPDATE lane SET ready_at = 'infinity'")
    directory = Directory(store, vault)
    await directory.load()
    return Hub(store=store, vault=vault, directory=directory, clock=clock)


@asynccontextmanager
async def desk(store: Store, **options: Any) -> AsyncIterator[Desk]:
    """Served, with a user of each role, named as it is."""
    clock = MovedClock()
    hub = await make_hub(store, clock)
    users, digest = Users(store, clock), hub.vault.digest
    for role in ROLES:
        await users.add(role, role, PASSWORD)
    async with (
        serving(hub, ServeOptions(port=0, work=False, **options)) as url,
        # Cookies are the browser's alone.
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        yield Desk(hub, clock, url, http, users, Tokens(store, digest, clock), Sessions(store, digest, clock))
