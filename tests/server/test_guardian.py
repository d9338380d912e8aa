"""A pair of tokens that can be used once is never used twice, and none that was given is lost for good."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

import pytest

from tests.server.apps import AppWorld, app_world
from tests.waiting import until
from tieline.connectors.contacts_api.operations import locations
from tieline.connectors.kit.connection import Connection
from tieline.errors import CredentialError, Unavailable
from tieline.sandbox.faults import Params, Rule
from tieline.server.accounts.connections import opened
from tieline.server.accounts.guardian import EARLY, LAST
from tieline.store.grants import Grant
from tieline.store.pool import Store

PROCESSES, CALLERS = 3, 17


async def opened_one(world: AppWorld, location: str | None = None) -> Connection:
    """The connection of the location, as it is known now."""
    await world.hub.directory.load()
    stored = world.hub.directory.connection_at(world.app.id, location or world.crm.location)
    assert stored is not None
    return opened(stored)


async def stored_grant(world: AppWorld, location: str | None = None) -> Grant:
    """What is stored of its tokens."""
    await world.hub.directory.load()
    return world.grant(location or world.crm.location)


async def left(store: Store, time: timedelta) -> None:
    """Have every pair end so soon."""
    async with store.transaction() as db:
        await db.execute("UPDATE oauth_grant SET expires_at = now() + %s, version = version + 1", (time,))


async def test_fifty_callers_in_several_processes_renew_a_pair_once(store: Store, database_url: str) -> None:
    """Every caller gets the winner's token; no refresh token is shown twice to the far side."""
    async with app_world(store) as world:
        await world.connect()
        connection = await opened_one(world)
        await world.crm.deed("token.expire")
        asked = world.asked("oauth.token")
        renewers = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.server.renewer", database_url, connection.name, str(CALLERS),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )
            for _ in range(PROCESSES)
        ]  # fmt: skip
        async with asyncio.timeout(60):
            for one in renewers:
                assert one.stdout is not None
                assert await one.stdout.readline() == b"ready\n"
            told = await asyncio.gather(*(one.communicate(b"go\n") for one in renewers))
        assert [one.returncode for one in renewers] == [0] * PROCESSES
        lines = [line.split() for out, _ in told for line in out.decode().splitlines()]
        tokens = [words[1] for words in lines if words[0] == "token"]
        assert len(tokens) == PROCESSES * CALLERS
        assert set(tokens) == {(await stored_grant(world)).pair.access_token}
        assert world.asked("oauth.token") - asked == 1
        assert world.api.sandbox.contacts.audit.remarks.get("refresh_replayed", 0) == 0


async def test_a_token_that_the_far_side_refuses_is_renewed_and_the_call_goes_through(store: Store) -> None:
    """Whoever called notices nothing."""
    async with app_world(store) as world:
        before = await world.connect()
        await world.crm.deed("token.expire")
        async with world.hub.gateway() as (gateway, _):
            answer = await gateway.call(
                await opened_one(world), locations.GET, locations.LocationId(), "interactive"
            )
        assert answer.value.location.id == world.crm.location
        after = await stored_grant(world)
        assert after.version == before.version + 1
        assert after.pair.access_token != before.pair.access_token


async def test_a_pair_that_ends_soon_is_renewed_in_passing(store: Store) -> None:
    """The call does not wait for it while the old token is good."""
    async with app_world(store) as world:
        before = await world.connect()
        await left(store, EARLY - timedelta(minutes=1))
        async with world.hub.gateway() as (_, guardian):
            given = await guardian.good(await opened_one(world))
            assert given.token == before.pair.access_token
        assert (await stored_grant(world)).pair.access_token != before.pair.access_token


async def test_a_pair_that_is_over_is_waited_for(store: Store) -> None:
    """A token that would be refused is not tried."""
    async with app_world(store) as world:
        before = await world.connect()
        await left(store, LAST / 2)
        async with world.hub.gateway() as (_, guardian):
            given = await guardian.good(await opened_one(world))
        assert given.token not in ("", before.pair.access_token)


@pytest.mark.parametrize("approve", ["location", "company"])
async def test_a_pair_that_was_given_and_never_stored_is_recovered(store: Store, approve: str) -> None:
    """A crash between the two: a location's is made out of its company's, others by the app's own credentials."""
    async with app_world(store) as world:
        await world.connect("company" if approve == "company" else None)
        await world.errands()
        lost = await stored_grant(world)
        # The far side gave the next pair; whoever asked for it died.
        status, _ = await world.crm.refresh(lost.pair.refresh_token)
        assert status == 200
        await world.crm.deed("token.expire")
        async with world.hub.gateway() as (gateway, _):
            await gateway.call(await opened_one(world), locations.GET, locations.LocationId(), "interactive")
        assert world.asked("oauth.reconnect") == (0 if approve == "company" else 1)
        assert (await stored_grant(world)).version > lost.version


async def test_an_answer_that_is_cut_off_is_recovered_too(store: Store) -> None:
    """The far side has spent the refresh token; nobody has what it gave."""
    async with app_world(store) as world:
        await world.connect()
        await world.crm.deed("token.expire")
        world.api.sandbox.contacts.faults.add([Rule(kind="cut_after", operation="oauth.token", count=1)])
        async with world.hub.gateway() as (gateway, _):
            await gateway.call(await opened_one(world), locations.GET, locations.LocationId(), "interactive")
        assert world.asked("oauth.reconnect") == 1


async def test_a_store_that_goes_away_while_a_pair_is_fetched_loses_nothing(store: Store) -> None:
    """The transaction that held the lock is gone; the pair is stored by the next, not asked for again."""
    async with app_world(store) as world:
        before = await world.connect()
        await world.crm.deed("token.expire")
        world.api.sandbox.contacts.faults.add(
            [Rule(kind="latency", operation="oauth.token", count=1, params=Params(latency_s=1.5))]
        )
        asked = world.asked("oauth.token")
        async with world.hub.gateway() as (_, guardian):
            refused = await guardian.good(await opened_one(world))
            renewing = asyncio.create_task(guardian.renewed(refused))
            await until(lambda: _end_holder(store))
            given = await renewing
        after = await stored_grant(world)
        assert given.token == after.pair.access_token != before.pair.access_token
        assert world.asked("oauth.token") - asked == 1


async def _end_holder(store: Store) -> bool:
    """End the session that holds the grant's row, if there is one."""
    async with store.transaction() as db:
        ended = await db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'"
            " AND query LIKE '%oauth_grant%' AND query LIKE '%FOR UPDATE%'"
        )
        return ended.rowcount > 0


async def test_a_far_side_that_is_away_is_no_reason_to_give_up_a_grant(store: Store) -> None:
    """While the token is good calls go on; once it is not they are tried later."""
    async with app_world(store) as world:
        before = await world.connect()
        world.api.sandbox.contacts.faults.add([Rule(kind="503", operation="oauth.*")])
        async with world.hub.gateway() as (_, guardian):
            await left(store, LAST / 2)
            given = await guardian.good(await opened_one(world))
            assert given.token == before.pair.access_token
        async with world.hub.gateway() as (_, guardian):
            await left(store, timedelta(seconds=-1))
            with pytest.raises(Unavailable):
                await guardian.good(await opened_one(world))
        assert (await world.shown())[world.crm.location].state in ("ready", "refreshing")


async def test_a_grant_that_was_taken_back_rests_its_lane_until_it_is_given_again(store: Store) -> None:
    """With a reason in words; events meanwhile wait, and go on when somebody allows the app anew."""
    async with app_world(store) as world:
        await world.connect()
        await world.crm.deed("app.uninstall")
        async with world.hub.gateway() as (gateway, _):
            with pytest.raises(CredentialError, match="no access"):
                await gateway.call(
                    await opened_one(world), locations.GET, locations.LocationId(), "interactive"
                )


async def test_a_caller_who_gives_up_does_not_take_the_pair_along(store: Store) -> None:
    """It is stored all the same."""
    async with app_world(store) as world:
        before = await world.connect()
        await world.crm.deed("token.expire")
        world.api.sandbox.contacts.faults.add(
            [Rule(kind="latency", operation="oauth.token", count=1, params=Params(latency_s=0.5))]
        )
        async with world.hub.gateway() as (_, guardian):
            refused = await guardian.good(await opened_one(world))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await guardian.renewed(refused)
        assert (await stored_grant(world)).version == before.version + 1
