"""How an account is connected by OAuth, and what becomes of it when it leaves."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.server.apps import NAME, AppWorld, app_world, code_of
from tests.waiting import until
from tieline.errors import ConfigurationError
from tieline.sandbox.faults import Rule
from tieline.server.accounts.authorize import NewApp, list_apps, redirect_address, save_app
from tieline.server.accounts.shown import Shown
from tieline.server.listing import ListedEvent, list_events
from tieline.store.pool import Store


async def test_a_person_who_allows_the_app_connects_the_location(store: Store) -> None:
    """With its name, country and time zone; it is ready, and its polls are there."""
    async with app_world(store) as world:
        link = await world.link()
        query = parse_qs(urlsplit(link).query)
        assert query["version_id"] == ["v1"]
        assert query["redirect_uri"] == [f"{world.url}/oauth/callback"]
        status, page = await world.back(await world.allowed(world.crm.location, link))
        assert status == 200, page
        (shown,) = (await world.shown()).values()
        first = world.crm.told["locations"][0]
        assert (shown.account, shown.state, shown.app) == (first["id"], "ready", NAME)
        assert shown.name in page
        facts = shown.settings["location"]
        assert (facts["country"], facts["timezone"]) == (first["country"], first["timezone"])
        assert [poll.stream for poll in shown.polls] == ["contact", "form_submission", "task", "walk"]
        (listed,) = await list_apps(store)
        assert (listed["locations"], listed["companies"]) == (1, 0)


async def test_an_agency_that_allows_the_app_connects_every_location_of_it(store: Store) -> None:
    """One by one out of the company's pair; what the CRM tells of the installation beside changes nothing."""
    async with app_world(store) as world:
        await world.connect("company")
        await world.errands()
        await world.hub.directory.load()
        shown = await world.shown()
        assert set(shown) == {one["id"] for one in world.crm.told["locations"]}
        assert {one.state for one in shown.values()} == {"ready"}
        company = world.grant()
        assert {world.grant(location).parent_id for location in shown} == {company.id}
        assert {state for _, state in await world.errands()} == {"done"}
        assert len(await world.shown()) == 2


async def test_a_person_comes_back_once_and_in_time(store: Store) -> None:
    """Another time, with another's state, or too late, the page says so, and nothing is asked of the CRM."""
    async with app_world(store) as world:
        address = await world.allowed(world.crm.location)
        assert (await world.back(address))[0] == 200
        asked = world.asked("oauth.token")
        for wrong in (
            address,
            f"{world.url}/oauth/callback?code={code_of(address)}&state=guessed",
            f"{world.url}/oauth/callback?code={code_of(address)}",
            f"{world.url}/oauth/callback?state=guessed",
        ):
            status, page = await world.back(wrong)
            assert (status, "Not connected" in page) == (400, True)
        late = await world.allowed(world.crm.location)
        async with store.transaction() as db:
            await db.execute("UPDATE authorization_request SET expires_at = now() - interval '1 second'")
        assert (await world.back(late))[0] == 400
        assert world.asked("oauth.token") == asked


async def test_a_person_who_refuses_changes_nothing_and_reads_why(store: Store) -> None:
    """What the CRM says is shown as text."""
    async with app_world(store) as world:
        status, page = await world.back(
            f"{world.url}/oauth/callback?error=access_denied&error_description=<b>no</b>&state=x"
        )
        assert status == 400
        assert "&lt;b&gt;no&lt;/b&gt;" in page
        assert await world.shown() == {}


async def test_a_code_that_the_crm_does_not_take_is_said_on_the_page(store: Store) -> None:
    """And the errand has ended."""
    async with app_world(store) as world:
        link = await world.link()
        (state,) = parse_qs(urlsplit(link).query)["state"]
        status, page = await world.back(f"{world.url}/oauth/callback?code=invented&state={state}")
        assert status == 502
        assert "Authorization code not found" in page
        assert await world.errands() == [("oauth.exchange", "failed")]
        assert await world.shown() == {}


async def test_a_hub_of_the_open_web_needs_https() -> None:
    """The far side sends codes nowhere else; this machine is the exception."""
    assert redirect_address("https://hub.example/") == "https://hub.example/oauth/callback"
    assert redirect_address("http://127.0.0.1:8080").endswith(":8080/oauth/callback")
    for wrong in ("http://hub.example", "hub.example", ""):
        with pytest.raises(ConfigurationError, match="https"):
            redirect_address(wrong)


async def test_an_app_that_is_installed_at_one_more_location_connects_it(store: Store) -> None:
    """By the webhook alone, once the CRM makes tokens of it: not at first."""
    async with app_world(store) as world:
        world.api.sandbox.contacts.side.set_quirks({"location_token_after_s": 2.0})
        first, second = (one["id"] for one in world.crm.told["locations"])
        await world.crm.deed("app.install", company=True, locations=[first], scopes=list(world.app.scopes))
        await world.crm.wait(60)
        await world.connect("company")
        # The agency installs it at the second location too.
        await world.crm.deed("app.install", location=second, scopes=list(world.app.scopes))
        await _until(world, lambda shown: second in shown)
        assert {one.state for one in (await world.shown()).values()} == {"ready"}


async def _until(world: AppWorld, done: Callable[[dict[str, Shown]], bool]) -> None:
    async def look() -> bool:
        return done(await world.shown())

    await until(look)


async def test_a_location_that_leaves_rests_and_goes_on_when_it_comes_back(store: Store) -> None:
    """Its connection says so; coming back by the same way sets it going, under its old name."""
    async with app_world(store) as world:
        await world.connect()
        (before,) = (await world.shown()).values()
        await world.crm.deed("app.uninstall")
        await _until(world, lambda shown: shown[before.account].state == "uninstalled")
        shown = (await world.shown())[before.account]
        assert "uninstalled at the far side" in str(shown.state_reason)
        await world.connect()
        (after,) = (await world.shown()).values()
        assert (after.name, after.state) == (before.name, "ready")


async def test_an_agency_that_leaves_takes_all_its_locations_along(store: Store) -> None:
    """One event of the company rests them all."""
    async with app_world(store) as world:
        await world.connect("company")
        await world.errands()
        await world.crm.deed("app.uninstall", company=True)
        await _until(world, lambda shown: {one.state for one in shown.values()} == {"uninstalled"})


async def test_each_event_at_the_apps_address_goes_to_its_location(store: Store) -> None:
    """One of a location that is not connected is kept, with the reason."""
    async with app_world(store) as world:
        await world.connect()
        known, other = world.crm.told["locations"]
        world.api.sandbox.contacts.side.emit({"kind": "contact.create", "location": known["id"]})
        await world.crm.deed("app.install", location=other["id"], scopes=list(world.app.scopes))
        world.api.sandbox.contacts.side.emit({"kind": "contact.create", "location": other["id"]})

        async def changes() -> list[ListedEvent]:
            return [one for one in await list_events(store) if one.kind == "ContactCreate"]

        async def both_came() -> bool:
            return len(await changes()) == 2

        await until(both_came)
        events = await changes()
        (name,) = [one.name for one in (await world.shown()).values()]
        assert {one.connection for one in events} == {name, None}
        (stray,) = [one for one in events if one.connection is None]
        assert stray.state == "unrouted"
        assert other["id"] in str(stray.reason)


async def test_a_client_secret_is_replaced_without_a_moment_in_which_none_works(store: Store) -> None:
    """The new one first here or first there: either is tried."""
    async with app_world(store) as world:
        told = world.crm.told
        new = await world.crm.deed("client.rotate_secret", overlap_s=0)
        assert new != told["client_secret"]
        link = await world.link()
        status, _ = await world.back(await world.allowed(world.crm.location, link))
        assert status == 502
        await _register(world, new)
        await world.connect()
        # Here first: the CRM takes the old one still.
        await _register(world, "not-there-yet")
        await world.connect()


async def _register(world: AppWorld, secret: str) -> None:
    told = world.crm.told
    await save_app(
        world.hub.store, world.hub.vault,
        NewApp(
            name=NAME, base_url=told["base_url"], client_id=told["client_id"], client_secret=secret,
            webhook_keys=(told["webhook_public_key"],), install_url=world.app.install_url,
        ),
    )  # fmt: skip
    await world.hub.directory.load()


async def test_an_app_keeps_its_client_and_needs_an_address(store: Store) -> None:
    """What would make the grants of one app another's is refused."""
    async with app_world(store) as world:
        known = NewApp(
            name=NAME, base_url=world.app.base_url, client_id="another", client_secret="x",
            install_url=world.app.install_url, webhook_keys=(world.crm.told["webhook_public_key"],),
        )  # fmt: skip
        with pytest.raises(ConfigurationError, match="another app"):
            await save_app(store, world.hub.vault, known)
        with pytest.raises(ConfigurationError, match="address"):
            await save_app(
                store, world.hub.vault,
                NewApp(
                    name="b", base_url="https://x", client_id="c", client_secret="d", install_url="not one",
                    webhook_keys=(world.crm.told["webhook_public_key"],),
                ),
            )  # fmt: skip


async def test_an_errand_waits_for_the_far_side_to_come_back(store: Store) -> None:
    """The person is told that it takes longer; a 503 on the way is tried again and the account is connected."""
    async with app_world(store) as world:
        world.api.sandbox.contacts.faults.add([Rule(kind="503", operation="locations.get", count=2)])
        await world.connect()
        (shown,) = (await world.shown()).values()
        assert shown.state == "ready"
