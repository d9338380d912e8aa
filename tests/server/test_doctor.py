"""The doctor finds what is wrong with an account, and says what to do about each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.world import World, world
from tieline.connectors.contacts_api.scopes import PROBES
from tieline.connectors.kit.connection import ACCEPT_UNVERIFIED
from tieline.sandbox.app import Options
from tieline.server.accounts.doctor import examine
from tieline.server.accounts.finding import Finding
from tieline.store.pool import Store


async def found(world_: World, *, public_url: str | None = None) -> dict[str, Finding]:
    """What the doctor says, by subject; the last of several."""
    async with world_.hub.gateway() as (gateway, _):
        findings = await examine(world_.hub.store, world_.hub.directory, gateway, public_url=public_url)
    return {one.subject: one for one in findings}


def deed(world_: World, kind: str, **fields: Any) -> None:
    """Something is done on the CRM's screens."""
    world_.work(kind=kind, location=next(iter(world_.location_of.values())), fields=fields)


async def test_a_sound_hub_has_nothing_to_complain_of(store: Store) -> None:
    """Every scope, both clocks, the location and the quota are looked at."""
    async with world(
        store, sandbox=Options(locations=1), settings={"limits": "production"}, echoes=False
    ) as world_:
        findings = await found(world_, public_url=world_.url)
        complained = {subject for subject, one in findings.items() if one.verdict != "ok"}
        # This test's hub has a local address and knows no project.
        assert complained == {"public URL", "connection calls"}, findings
        assert findings["scopes of crm0"].text == f"all {len(PROBES)} are granted"
        assert "calls are left today" in findings["quota of crm0"].text
        assert findings["clock against crm0"].verdict == "ok"
        assert "this machine's own" in findings["public URL"].text


async def test_deliveries_that_nobody_proves_are_told(store: Store) -> None:
    """For as long as they are taken."""
    settings = {ACCEPT_UNVERIFIED: True, "webhooks": {"auth": [{"type": "none"}]}}
    async with world(store, source_settings=settings, echoes=False) as world_:
        told = (await found(world_))["deliveries to calls"]
        assert (told.verdict, "whoever knows the address" in told.text) == ("warning", True)


async def test_each_scope_that_is_missing_is_named_with_what_it_is_for(store: Store) -> None:
    """Those without which nothing works are wrong, the others warned of."""
    async with world(store, echoes=False) as world_:
        deed(
            world_, "private_token.scopes",
            scopes=sorted({one.scope for one in PROBES} - {"contacts.write", "calendars.readonly"}),
        )  # fmt: skip
        async with world_.hub.gateway() as (gateway, _):
            findings = [
                one
                for one in await examine(store, world_.hub.directory, gateway)
                if one.subject == "scopes of crm0"
            ]
        told = {one.text.partition(" ")[0]: one.verdict for one in findings}
        assert told == {"contacts.write": "wrong", "calendars.readonly": "warning"}
        assert all("add it to the token" in one.next_step for one in findings)
        before = world_.sandbox.contacts.audit.effects.total()
        await found(world_)
        assert world_.sandbox.contacts.audit.effects.total() == before, "looking changes nothing"


async def test_what_changed_at_the_location_is_told(store: Store) -> None:
    """Country, time zone, duplicate setting or custom fields."""
    async with world(store, echoes=False) as world_:
        async with store.transaction() as db:
            await db.execute(
                "UPDATE connection SET settings = jsonb_set(settings, '{location,timezone}', '\"Asia/Tokyo\"')"
                " WHERE name = 'crm0'"
            )
        await world_.hub.directory.load()
        finding = (await found(world_))["location crm0"]
        assert finding.verdict == "warning"
        assert "timezone" in finding.text
        assert finding.next_step == "tieline connect refresh crm0"


async def test_a_token_that_grows_old_is_reminded_of(store: Store) -> None:
    """Before the day on which the vendor wants it changed."""
    async with world(store, echoes=False) as world_:
        async with store.transaction() as db:
            await db.execute("UPDATE connection SET token_since = now() - interval '81 days'")
        await world_.hub.directory.load()
        finding = (await found(world_))["token of crm0"]
        assert finding.verdict == "warning"
        assert "81 days" in finding.text
        assert "tieline connect token crm0" in finding.next_step


async def test_a_token_that_was_taken_back_and_a_lane_that_rests_are_wrong(store: Store) -> None:
    """Both are told; the rest of the location is not asked for."""
    async with world(store, echoes=False) as world_:
        deed(world_, "token.revoke", private=True)
        findings = await found(world_)
        assert findings["connection crm0"].verdict == "wrong"
        assert "--name crm0" in findings["connection crm0"].next_step
        assert "location crm0" not in findings


@asynccontextmanager
async def somebody(answer: web.Response) -> AsyncIterator[str]:
    """A server of somebody else."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=answer.status, text=answer.text)

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def test_a_public_url_that_does_not_lead_here_is_found(store: Store) -> None:
    """Nobody answers, or somebody else does."""
    async with world(store, echoes=False) as world_:
        silent = (await found(world_, public_url="http://127.0.0.1:9"))["public URL"]
        assert "does not answer" in silent.text
        assert "TIELINE_PUBLIC_URL" in silent.next_step
        for answer in (
            web.Response(text="hello"),
            web.Response(text='{"status": "no"}'),
            web.Response(status=404),
        ):
            async with somebody(answer) as url:
                other = (await found(world_, public_url=url))["public URL"]
                assert other.verdict == "wrong"
                assert "somebody else" in other.text


async def test_a_quota_that_runs_out_is_warned_of(store: Store) -> None:
    """With what becomes of the work."""
    async with world(
        store, sandbox=Options(locations=1), settings={"limits": "production"}, echoes=False
    ) as world_:
        location = next(iter(world_.location_of.values()))
        async with world_.http.post(
            f"{world_.sandbox.describe()['contacts']['base_url']}/_sandbox/quota",
            json={"place": location, "left": 1000},
        ) as answer:
            assert answer.status == 200
        finding = (await found(world_))["quota of crm0"]
        assert finding.verdict == "warning"
        assert "live traffic" in finding.next_step


async def test_what_a_derived_account_cannot_hold_is_told_by_name(store: Store) -> None:
    """It has no people whose e-mail could be changed."""
    async with world(store, echoes=False) as world_:
        told = (await found(world_))["sync sync0"]
        assert told.verdict == "ok"
        assert "email" in told.text
        assert "taking tags off is not available on this Nimbata account" in told.text


async def test_what_a_native_account_lacks_is_told_by_name(store: Store) -> None:
    """Single operations may be switched off."""
    lacking = {"mode": "native", "capabilities": {"nimbata.task.create": False}}
    async with world(store, echoes=False, source_settings=lacking) as world_:
        told = (await found(world_))["sync sync0"]
        assert told.verdict == "warning"
        assert "nimbata.task.create is not available on this Nimbata account" in told.text
