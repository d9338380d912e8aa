"""The hub of the demo: on a database that is emptied at each start, and connected to both sides."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from tieline.connectors import CONNECTORS
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.demo.script import both_ways
from tieline.domain.ids import ConnectionId
from tieline.server.access.tokens import Tokens
from tieline.server.accounts.connections import NewConnection, NewPoll, read_location, save_connection
from tieline.server.hub import Hub, open_hub
from tieline.server.syncs import NewSync, create_field, custom_fields_of, save_sync
from tieline.store.directory import Credential
from tieline.store.migrate import migrate
from tieline.store.server import attach_store_server
from tieline.sync.files.definition import default_text, parse_definition

#: Nimbata's assumed quota is 60 calls a minute: three lists of three projects every so often leave room for pages, and
#: for what people change in the CRM.
POLL_EVERY_S = 30.0
CRM_POLL_EVERY_S = 10.0
#: The sandbox has done what it does with a call before it cuts it off.
SETTLE_S = 2.0


@asynccontextmanager
async def fresh_hub(home: Path) -> AsyncIterator[Hub]:
    """On a database of its own, whatever the hub of this home uses."""
    async with _fresh_database(home) as url, open_hub(url, home) as hub:
        yield hub


async def reading_token(hub: Hub) -> str:
    """What whoever watches may look at the hub with, as `tieline tokens add` makes it; it goes with the database."""
    made = await Tokens(hub.store, hub.vault.digest, hub.clock).add(
        "demo", ("*:read",), life=timedelta(days=1)
    )
    return made.token


async def connect_both(hub: Hub, told: dict[str, Any], calendars: dict[str, str]) -> None:
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
