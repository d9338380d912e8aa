"""The vendor's client and OAuth: its methods, what it does with tokens that ran out, and its webhook middleware."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from tests.deliveries import deliveries
from tests.sdk.client import GHLError, Sdk, app_sdk

#: The vendor's client hands its forms to httpx in a way that httpx is giving up.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
REDIRECT = "https://hub.example/oauth/callback"
SCOPES = "contacts.readonly contacts.write locations.readonly oauth.readonly oauth.write"


async def code_of(vendor: Sdk, approve: str) -> str:
    """The code that a person brings back: the client makes the link, the sandbox has the page."""
    link = urlsplit(vendor.client.oauth.get_authorization_url(vendor.told["client_id"], REDIRECT, SCOPES))
    url = f"{vendor.told['base_url']}{link.path}?{link.query}&approve={approve}"
    async with aiohttp.ClientSession() as http, http.get(url, allow_redirects=False) as answer:
        assert answer.status == 302
        (code,) = parse_qs(urlsplit(answer.headers["Location"]).query)["code"]
    return code


async def pair_of(vendor: Sdk, approve: str, user_type: str) -> dict[str, Any]:
    """The first pair of an account, kept in the client's session storage."""
    pair: dict[str, Any] = await vendor.oauth.get_access_token(
        {
            "clientId": vendor.told["client_id"], "clientSecret": vendor.told["client_secret"],
            "grantType": "authorization_code", "code": await code_of(vendor, approve), "userType": user_type,
            "redirectUri": REDIRECT,
        }
    )  # fmt: skip
    account = pair["locationId"] if user_type == "Location" else pair["companyId"]
    await vendor.client.session_storage.set_session(account, pair)
    return pair


async def test_a_code_becomes_a_pair_that_the_client_works_with() -> None:
    """It finds the token by the location that a call names."""
    async with app_sdk() as vendor:
        pair = await pair_of(vendor, vendor.location, "Location")
        assert (pair["tokenType"], pair["userType"], pair["locationId"]) == (
            "Bearer", "Location", vendor.location,
        )  # fmt: skip
        found = await vendor.locations.get_location(vendor.location)
        assert found["location"]["id"] == vendor.location
        assert vendor.state()["access"]["installed"]


async def test_a_pair_is_renewed_once() -> None:
    """The client's own call; the second time the sandbox says no."""
    async with app_sdk() as vendor:
        pair = await pair_of(vendor, vendor.location, "Location")
        given = (
            pair["refreshToken"], vendor.told["client_id"], vendor.told["client_secret"], "refresh_token",
            "Location",
        )  # fmt: skip
        renewed = await vendor.oauth.refresh_token(*given)
        assert renewed["refreshToken"] != pair["refreshToken"]
        with pytest.raises(GHLError) as refused:
            await vendor.oauth.refresh_token(*given)
        assert refused.value.status_code == 401
        assert vendor.state()["access"]["replayed"] == 1


async def test_a_company_lists_its_locations_and_makes_their_tokens() -> None:
    """Each page with an opaque token; the location's pair opens the location."""
    async with app_sdk(locations=3) as vendor:
        company = await pair_of(vendor, "company", "Company")
        assert "locationId" not in company
        of_app = {"company_id": company["companyId"], "app_id": vendor.told["app_id"], "is_installed": True}
        first = await vendor.oauth.get_installed_location(**of_app, page_size=2)
        assert (len(first["items"]), first["pagination"]["hasNextPage"]) == (2, True)
        rest = await vendor.oauth.get_installed_location(
            **of_app, page_size=2, page_token=first["pagination"]["nextPageToken"]
        )
        found = {one["_id"] for one in (*first["items"], *rest["items"])}
        assert found == {one["id"] for one in vendor.told["locations"]}
        pair = await vendor.oauth.get_location_access_token(
            {"companyId": company["companyId"], "locationId": vendor.location}
        )
        await vendor.client.session_storage.set_session(vendor.location, pair)
        assert (await vendor.locations.get_location(vendor.location))["location"]["id"] == vendor.location


async def test_the_client_renews_a_pair_that_is_about_to_end() -> None:
    """Half a minute before, and it keeps the new one."""
    async with app_sdk() as vendor:
        pair = await pair_of(vendor, vendor.location, "Location")
        storage = vendor.client.session_storage
        await storage.set_session(vendor.location, {**pair, "expiresIn": 10, "expires_in": 10})
        assert (await vendor.locations.get_location(vendor.location))["location"]["id"] == vendor.location
        assert vendor.state()["access"]["refreshed"] == 1
        assert vendor.sandbox.contacts.audit.operations["oauth.token"] == 2


async def test_the_client_renews_a_pair_that_was_refused() -> None:
    """401 "Invalid JWT": it refreshes once, and asks again with the new token."""
    async with app_sdk() as vendor:
        await pair_of(vendor, vendor.location, "Location")
        vendor.emit(kind="token.expire", location=vendor.location)
        found = await vendor.locations.get_location(vendor.location)
        assert found["location"]["id"] == vendor.location
        assert vendor.state()["access"]["refreshed"] == 1
        statuses = [
            one.status for one in vendor.sandbox.contacts.audit.calls if one.operation == "locations.get"
        ]
        assert statuses == [401, 200]


async def test_a_revoked_pair_ends_the_clients_session() -> None:
    """Its refresh is refused too, and the caller hears of the first 401."""
    async with app_sdk() as vendor:
        await pair_of(vendor, vendor.location, "Location")
        vendor.emit(kind="token.revoke", location=vendor.location)
        with pytest.raises(GHLError) as refused:
            await vendor.locations.get_location(vendor.location)
        assert refused.value.status_code == 401
        assert vendor.state()["access"]["refreshed"] == 0


async def test_the_client_knows_our_signatures_and_who_left() -> None:
    """Its middleware takes INSTALL and UNINSTALL as signed, and forgets the session of a location that left."""
    async with app_sdk() as vendor, deliveries() as arrived:
        await pair_of(vendor, vendor.location, "Location")
        storage, told = vendor.client.session_storage, vendor.told
        vendor.sandbox.contacts.side.set_targets({"url": arrived.url})
        middleware = vendor.client.webhooks.subscribe()
        with pytest.MonkeyPatch.context() as env:
            env.setenv("CLIENT_ID", told["client_id"])
            env.setenv("WEBHOOK_SIGNATURE_PUBLIC_KEY", told["webhook_public_key"])
            vendor.emit(kind="app.uninstall", location=vendor.location)
            gone = Request(*(await arrived.next())[1:])
            forged = Request(gone.headers, gone.body.replace(b"UNINSTALL", b"INSTALL"))
            await middleware(forged)
            assert not forged.is_signature_valid
            assert await storage.get_session(vendor.location) is not None
            await middleware(gone)
            assert gone.is_signature_valid
            assert await storage.get_session(vendor.location) is None
            vendor.emit(kind="app.install", location=vendor.location)
            back = Request(*(await arrived.next())[1:])
            await middleware(back)
            assert back.is_signature_valid


class Request:
    """A delivery as the client's middleware takes it."""

    def __init__(self, headers: dict[str, str], body: bytes) -> None:
        self.method = "POST"
        self.url = "/hooks"
        self.headers = headers
        self.body = body
        self.is_signature_valid = False
