"""Whatever is wrong with an account has a name, rests its lane, keeps what comes in, and is mended without loss."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from tests.waiting import until
from tests.world import World, world
from tieline.sandbox.app import Options
from tieline.server.accounts.connections import refresh_location
from tieline.server.accounts.rotation import change_token
from tieline.server.accounts.shown import Shown, list_connections
from tieline.store.directory import StoredConnection
from tieline.store.pool import Store
from tieline.vault.seal import Vault

ADA = "+12015550123"
Act = Callable[[World], Awaitable[None]]


def crm(world_: World) -> StoredConnection:
    """The connection of the only location."""
    stored = world_.hub.directory.connection("crm0")
    assert stored is not None
    return stored


def deed(world_: World, kind: str, **fields: Any) -> str:
    """Something is done on the CRM's screens; the record that came of it."""
    done = world_.work(kind=kind, location=crm(world_).account, fields=fields)
    record: str = done[0]["record"]
    return record


async def refresh(world_: World) -> None:
    """What `tieline connect refresh` does."""
    async with world_.hub.gateway() as (gateway, _):
        await refresh_location(world_.hub.store, gateway, crm(world_))


async def resting(store: Store) -> Shown:
    """The first location's connection, once its lane rests."""

    async def rests() -> bool:
        return (await list_connections(store, "crm0"))[0].state != "ready"

    await until(rests)
    (shown,) = await list_connections(store, "crm0")
    return shown


async def _arrived(world_: World) -> bool:
    return world_.found().found > 0


async def rotate(world_: World) -> None:
    """What `tieline connect token` does, with a token made at the far side."""
    await change_token(world_.hub.store, Vault(bytes(32)), "crm0", deed(world_, "private_token.rotate"))


async def revoke(world_: World) -> None:
    """Somebody took the token back."""
    deed(world_, "token.revoke", private=True)


async def narrow(world_: World) -> None:
    """Somebody took scopes away."""
    deed(world_, "private_token.scopes", scopes=["locations.readonly", "locations/customFields.readonly"])


async def widen(world_: World) -> None:
    """And gave them back."""
    deed(world_, "private_token.scopes", scopes=None)
    await refresh(world_)


async def stop_paying(world_: World) -> None:
    """The location is switched off."""
    deed(world_, "location.deactivate")


async def pay(world_: World) -> None:
    """And on again."""
    deed(world_, "location.activate")
    await refresh(world_)


async def take_anothers(world_: World) -> None:
    """The token of another location is entered."""
    other = world_.sandbox.describe()["contacts"]["locations"][1]["token"]
    await change_token(world_.hub.store, Vault(bytes(32)), "crm0", other)


@pytest.mark.parametrize(
    ("breaks", "state", "mends"),
    [
        pytest.param(revoke, "revoked", rotate, id="revoked"),
        pytest.param(narrow, "scope_missing", widen, id="scope_missing"),
        pytest.param(stop_paying, "inactive_location", pay, id="inactive_location"),
        pytest.param(take_anothers, "no_access", rotate, id="no_access"),
    ],
)
async def test_events_wait_in_a_named_state_and_go_out_once_it_is_mended(
    store: Store, breaks: Act, state: str, mends: Act
) -> None:
    """Each of them once, in the order in which they came."""
    async with world(store, sandbox=Options(locations=2, limits="off"), echoes=False) as world_:
        await breaks(world_)
        project = next(iter(world_.location_of))
        for number in range(5):
            world_.emit(
                kind="call", caller=ADA, caller_name=f"Ada {number}", outcome="ANSWERED", project=project
            )
        shown = await resting(store)
        assert shown.state == state
        assert shown.state_reason
        assert world_.found().found == 0
        await mends(world_)
        await world_.settled()
        found = world_.found()
        assert (found.missing, found.doubled) == ((), 0)
        assert (await list_connections(store, "crm0"))[0].state == "ready"


async def test_a_day_whose_calls_are_spent_keeps_what_comes_in_for_the_next(store: Store) -> None:
    """The lane rests for a while by itself; nobody has to do anything."""
    async with world(
        store, sandbox=Options(locations=1), settings={"limits": "production"}, echoes=False
    ) as world_:
        async with world_.http.post(
            f"{world_.sandbox.describe()['contacts']['base_url']}/_sandbox/quota",
            json={"place": crm(world_).account, "left": 0},
        ) as answer:
            assert answer.status == 200, await answer.text()
        for _ in range(5):
            world_.emit(kind="call", caller=ADA, outcome="ANSWERED")
        assert (await resting(store)).state == "quota_spent"
        ((until_,),) = await world_.rows(
            "SELECT held_until - now() FROM lane WHERE held_state = 'quota_spent'"
        )
        assert timedelta() < until_ <= timedelta(days=1)
        waiting = await world_.rows("SELECT count(*) FROM assignment WHERE state IN ('waiting', 'ready')")
        assert waiting == [(5,)]


@asynccontextmanager
async def elsewhere() -> AsyncIterator[str]:
    """A host that sends everybody on."""

    async def moved(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=301, headers={"Location": "https://elsewhere.example/"})

    runner = web.ServerRunner(web.Server(moved))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        assert site.name
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def test_a_host_that_sends_us_on_is_never_followed_with_a_token(store: Store) -> None:
    """It is the wrong one, and says so."""
    async with world(store, echoes=False) as world_, elsewhere() as wrong:
        right = crm(world_).base_url
        await _move(store, wrong)
        world_.emit(kind="call", caller=ADA, outcome="ANSWERED")
        shown = await resting(store)
        assert shown.state == "wrong_host"
        await _move(store, right)
        await world_.hub.directory.load()
        await refresh(world_)
        await world_.settled()
        assert world_.found().missing == ()


async def _move(store: Store, base_url: str) -> None:
    async with store.transaction() as db:
        await db.execute(
            "UPDATE connection SET base_url = %s, version = version + 1 WHERE name = 'crm0'", (base_url,)
        )
        await db.execute("SELECT pg_notify('tieline_directory', '')")


async def test_a_private_token_is_changed_under_traffic_and_nothing_rests(store: Store) -> None:
    """The far side takes the old one for a while longer; the new one is in use at once."""
    async with world(store, echoes=False) as world_:
        for number in range(4):
            world_.emit(kind="call", count=20, known_share=0.5)
            token = deed(world_, "private_token.rotate", overlap_s=30)
            await change_token(world_.hub.store, Vault(bytes(32)), "crm0", token)
            assert (await list_connections(store, "crm0"))[0].state == "ready", number
        await world_.settled()
        found = world_.found()
        assert (found.lost, found.doubled) == (0, 0)
        assert found.expected >= 80


async def test_a_connection_that_waits_does_not_hinder_another(store: Store) -> None:
    """Each has a lane of its own."""
    async with world(store, sandbox=Options(locations=2, limits="off"), echoes=False) as world_:
        await revoke(world_)
        for project in world_.location_of:
            world_.emit(kind="call", caller=ADA, outcome="ANSWERED", project=project)
        await resting(store)
        await until(partial(_arrived, world_))
        assert {one.name: one.state for one in await list_connections(store)}["crm1"] == "ready"
