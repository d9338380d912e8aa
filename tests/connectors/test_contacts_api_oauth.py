"""The operations of OAuth against the sandbox, with our own client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.sandbox.oauth_flow import REDIRECT, Flow, flow
from tieline.connectors.contacts_api.client import ContactsApi
from tieline.connectors.contacts_api.operations import locations, oauth
from tieline.errors import CredentialError


@asynccontextmanager
async def client(app: Flow, token: str = "none yet") -> AsyncIterator[ContactsApi]:
    """Our client with that token."""
    async with ContactsApi.open(
        token=token, location=app.location, base_url=app.told["base_url"], limits=False
    ) as api:
        yield api


def asks(app: Flow, **more: Any) -> oauth.GetToken:
    """A question to the token endpoint."""
    told = app.told
    return oauth.GetToken(client_id=told["client_id"], client_secret=told["client_secret"], **more)


async def test_a_code_a_renewal_and_a_way_back_give_pairs() -> None:
    """A second use of either is a CredentialError, which no one repeats."""
    async with flow() as app, client(app) as api:
        code = await app.code()
        by_code = asks(app, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
        first = await api.call(oauth.TOKEN, by_code)
        assert (first.user_type, first.location_id, first.expires_in) == ("Location", app.location, 86_399)
        with pytest.raises(CredentialError):
            await api.call(oauth.TOKEN, by_code)
        renewal = asks(
            app, grant_type="refresh_token", refresh_token=first.refresh_token, user_type="Location"
        )
        second = await api.call(oauth.TOKEN, renewal)
        with pytest.raises(CredentialError):
            await api.call(oauth.TOKEN, renewal)
        async with client(app, second.access_token) as renewed:
            assert (await renewed.call(locations.GET, locations.LocationId())).location.id == app.location
        told = app.told
        back = await api.call(
            oauth.RECONNECT,
            oauth.Reconnect(
                client_key=told["client_id"], client_secret=told["client_secret"], location_id=app.location
            ),
        )
        third = await api.call(
            oauth.TOKEN, asks(app, grant_type="authorization_code", code=back.authorization_code)
        )
        assert third.location_id == app.location


async def test_a_company_finds_its_locations_page_by_page_and_makes_their_pairs() -> None:
    """All that have the app, none twice."""
    async with flow(locations=5) as app, client(app) as api:
        code = await app.code("company")
        company = await api.call(
            oauth.TOKEN, asks(app, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
        )
        assert company.location_id is None
        async with client(app, company.access_token) as agency:
            wanted = oauth.ListInstalled(
                company_id=str(company.company_id), app_id=app.told["app_id"], is_installed=True, limit=2
            )
            pages = [page async for page in agency.pages(oauth.LIST_INSTALLED, wanted)]
            found = [one.id for page in pages for one in page.locations]
            assert sorted(found) == sorted(one["id"] for one in app.told["locations"])
            assert len(pages) >= 3
            pair = await agency.call(
                oauth.LOCATION_TOKEN,
                oauth.GetLocationToken(company_id=str(company.company_id), location_id=app.location),
            )
            assert pair.refresh_token
            with pytest.raises(CredentialError) as refused:
                await agency.call(
                    oauth.LOCATION_TOKEN,
                    oauth.GetLocationToken(company_id=str(company.company_id), location_id="nowhere"),
                )
            assert refused.value.fault == "place"
