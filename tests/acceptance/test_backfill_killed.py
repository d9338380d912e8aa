"""A backfill whose worker is killed again and again brings everybody over once."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import Line
from tests.opened import event_bodies
from tieline.sandbox.app import Options, Sandbox
from tieline.server.backfill.status import RunStatus, begin, show
from tieline.server.hub import Hub, open_hub
from tieline.store.directory import Credential
from tieline.testing.builders import add_connection, add_sync

PEOPLE, KILLS = 1500, 6
DEFINITION = """
version: 1
contact: {create: true}
person:
  direction: both
  fields:
    - {nimbata: first_name, contacts_api: first_name}
    - {nimbata: last_name, contacts_api: last_name}
    - {nimbata: email, contacts_api: email}
    - {nimbata: phone, contacts_api: phone}
    - {nimbata: company, contacts_api: company}
"""
pytestmark = pytest.mark.acceptance


async def test_killed_between_any_two_steps_nothing_is_lost_and_nothing_doubled(
    tmp_path: Path, database_url: str
) -> None:
    """Of ten people, one lacks on either side and one has a company that the CRM does not know."""
    rng = random.Random(11)
    async with Sandbox.start(Options(locations=1, limits="off", virtual=PEOPLE)) as sandbox:
        line = Line(tmp_path / "home", database_url, sandbox.describe())
        async with open_hub(database_url, line.home) as hub:
            await join(hub, line.told)
            await begin(hub.store, "sync0", "backfill")
            kills = 0
            status = await stands(hub)
            while status.state == "running":
                process = await line.start("up", "--port", "0", "--json")
                assert process.stdout is not None
                await process.stdout.readline()
                try:
                    async with asyncio.timeout(rng.uniform(0.05, 0.4) if kills < KILLS else 90):
                        await to_its_end(hub)
                except TimeoutError:
                    kills += 1
                finally:
                    process.kill()
                    await process.communicate()
                await free_lanes(database_url)
                status = await stands(hub)
            assert kills >= KILLS
            assert status.state == "done", status
            told = [body for _, _, body in await event_bodies(hub.store, "source = 'backfill'")]
            assert len(told) == len(set(told))
        for side, wanted in (
            (sandbox.contacts, {"contacts.create": PEOPLE // 10, "contacts.update": PEOPLE // 10}),
            (sandbox.nimbata, {"nimbata.contact.create": PEOPLE // 10}),
        ):
            assert side.side.doubled() == []
            assert {name: side.audit.effects[name] for name in wanted} == wanted
        async with await psycopg.AsyncConnection.connect(database_url) as db:
            rows = await db.execute("SELECT count(*) FROM link WHERE state = 'open' AND nimbata IS NOT NULL")
            assert await rows.fetchone() == (PEOPLE,)


async def stands(hub: Hub) -> RunStatus:
    """How far it is."""
    status = await show(hub.store, "sync0", "backfill")
    assert status is not None
    return status


async def to_its_end(hub: Hub) -> None:
    """Until it is not running any more."""
    status = await stands(hub)
    while status.state == "running":
        await asyncio.sleep(0.05)
        status = await stands(hub)


async def free_lanes(url: str) -> None:
    """A killed worker's lease would run out by itself, 15 s later."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        await db.execute("UPDATE lane SET lease_until = '-infinity'")


async def join(hub: Hub, told: dict[str, Any]) -> None:
    """A sync between the sandbox's first project and location."""
    contacts, nimbata = told["contacts"], told["nimbata"]
    (location,) = contacts["locations"]
    source = await add_connection(
        hub.store, hub.vault, name="calls", connector="nimbata", base_url=nimbata["base_url"],
        account=nimbata["account"], credential=Credential(token=nimbata["token"]),
        settings={"mode": "native", "limits": "off", "settle_s": 0.4},
    )  # fmt: skip
    facts = {"country": location["country"], "timezone": location["timezone"], "allow_duplicates": False}
    target = await add_connection(
        hub.store, hub.vault, name="crm0", connector="contacts_api", base_url=contacts["base_url"],
        account=location["id"], credential=Credential(token=location["token"]),
        settings={"limits": "off", "settle_s": 0.4, "location": facts},
    )  # fmt: skip
    await add_sync(
        hub.store, name="sync0", source=source, project=nimbata["projects"][0], target=target,
        definition=DEFINITION,
    )  # fmt: skip
