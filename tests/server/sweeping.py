"""A poller between the sandbox and a real database, driven by hand: each stream is read when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.opened import event_bodies
from tieline.connectors import CONNECTORS
from tieline.connectors.kit.gateway import Gateway
from tieline.engine.polls import DuePoll
from tieline.inbox.receive import Inbox
from tieline.sandbox.app import Options, Sandbox
from tieline.server.sweeps.pollers import HubPoller
from tieline.store.directory import Credential, Directory
from tieline.store.pool import Store
from tieline.testing.builders import add_connection, add_sync
from tieline.vault.seal import Vault

#: Activities alone.
ONE_WAY = "version: 1\n"
#: People, both ways.
PEOPLE = f"{ONE_WAY}person:\n  fields:\n    - {{nimbata: phone, contacts_api: phone}}\n"
#: And all that belongs to them.
TWO_WAY = f"{PEOPLE}tasks: {{}}\nnotes: {{}}\nappointments: {{}}\n"


@dataclass
class Bench:
    """What a test needs of it."""

    store: Store
    sandbox: Sandbox
    directory: Directory
    poller: HubPoller
    location: str
    cursors: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    seen: int = 0

    async def look(
        self, stream: str, *, connection: str = "crm", every_s: float = 300.0
    ) -> list[tuple[str, Any]]:
        """Read a stream on; gives the events that came of it as (kind, body), in order."""
        stored = self.directory.connection(connection)
        assert stored is not None
        cursor = self.cursors.get((connection, stream), {})
        poll = DuePoll(
            connection_id=stored.id, stream=stream, project="", lane_id=stored.lane_id, every_s=every_s,
            cursor=cursor, failures=0,
        )  # fmt: skip
        # As a stored cursor comes back.
        after = msgspec.json.decode(msgspec.json.encode(await self.poller(poll)))
        self.cursors[connection, stream] = after
        return await self.events()

    async def look_for_gone(self, stream: str, *, connection: str = "crm") -> list[tuple[str, Any]]:
        """Of such a look, what it told as gone: what was linked a moment ago is told once more beside it."""
        told = await self.look(stream, connection=connection)
        return [(kind, body) for kind, body in told if kind.endswith(".vanished")]

    async def events(self) -> list[tuple[str, Any]]:
        """Events since the last call."""
        rows = await event_bodies(self.store, f"id > {self.seen}")
        self.seen = max((row[0] for row in rows), default=self.seen)
        return [(row[1], msgspec.json.decode(row[2])) for row in rows]

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database holds."""
        async with self.store.transaction() as db:
            return await (await db.execute(sql)).fetchall()

    def work(self, kind: str, **wanted: Any) -> str:
        """Somebody does something in the CRM; the record that came of it."""
        done = self.sandbox.contacts.side.emit({"kind": kind, "location": self.location, **wanted})
        assert isinstance(done[0], dict)
        record: str = done[0]["record"]
        return record

    def happen(self, kind: str, **wanted: Any) -> str:
        """Something happens at the call-tracking account, and no webhook tells; the record that came of it."""
        done = self.sandbox.nimbata.side.emit({"kind": kind, "deliver": False, **wanted})
        record: str = msgspec.to_builtins(done)[0]["activity_id"]
        return record

    def wait(self, minutes: float) -> None:
        """Time passes on all sides."""
        self.sandbox.contacts.clock.advance(minutes * 60)

    def calls(self, *operations: str) -> int:
        """How often the CRM was asked so."""
        return sum(self.sandbox.contacts.audit.operations[one] for one in operations)

    async def link(self, contacts: Sequence[str], people: Sequence[str] | None = None) -> None:
        """As if a sync had linked them, one after the other; `people` of the account, where it stores them."""
        async with self.store.transaction() as db:
            for number, contact in enumerate(contacts):
                await db.execute(
                    "INSERT INTO link (consumer_id, person_id, contact_id, nimbata_id, contact, updated_at)"
                    " SELECT id, nextval('person_id'), %s, %s, '{}', now() + make_interval(secs => %s) FROM sync",
                    (contact, people[number] if people else None, number),
                )


@asynccontextmanager
async def bench(
    store: Store,
    *,
    definition: str = TWO_WAY,
    options: Options | None = None,
    digest: Callable[[str, str], bytes] | None = None,
    settings: Mapping[str, Any] | None = None,
    source_settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[Bench]:
    """One location and one native account, joined by a sync of that definition; `settings` are those of both."""
    vault = Vault(bytes(32))
    async with Sandbox.start(options or Options(locations=1, limits="off")) as running:
        told = running.describe()
        (location,) = told["contacts"]["locations"]
        facts = {"country": location["country"], "timezone": location["timezone"]}
        await add_connection(
            store, vault, name="crm", connector="contacts_api", base_url=told["contacts"]["base_url"],
            account=location["id"], credential=Credential(token=location["token"]),
            settings={"location": facts, "limits": "off", **(settings or {})},
        )  # fmt: skip
        await add_connection(
            store, vault, name="calls", connector="nimbata", base_url=told["nimbata"]["base_url"],
            account=told["nimbata"]["account"], credential=Credential(token=told["nimbata"]["token"]),
            settings={"mode": "native", "limits": "off", **(settings or {}), **(source_settings or {})},
        )  # fmt: skip
        await add_sync(
            store, name="sync", source="calls", project=next(iter(told["nimbata"]["projects"])), target="crm",
            definition=definition,
        )  # fmt: skip
        directory = Directory(store, vault)
        await directory.load()
        async with looking(store, vault, running, directory, digest=digest) as one:
            yield one


@asynccontextmanager
async def looking(
    store: Store,
    vault: Vault,
    running: Sandbox,
    directory: Directory,
    *,
    digest: Callable[[str, str], bytes] | None = None,
) -> AsyncIterator[Bench]:
    """A poller by the sandbox's time, beside whatever else works on that store."""
    (location,) = running.describe()["contacts"]["locations"]
    inbox = Inbox(store, vault)
    async with Gateway.open(CONNECTORS) as gateway:
        poller = HubPoller(
            store, directory, gateway, inbox, digest or vault.digest, clock=running.contacts.clock.now
        )
        committing = asyncio.create_task(inbox.run())
        try:
            yield Bench(store, running, directory, poller, location["id"])
        finally:
            committing.cancel()
            await asyncio.gather(committing, return_exceptions=True)
