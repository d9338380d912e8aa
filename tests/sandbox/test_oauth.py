"""OAuth of the sandbox: each code and each refresh token is good once, and everything that is wrong is refused."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.oauth_flow import REDIRECT, SCOPES, Flow, flow
from tieline.sandbox.contacts_api.installs import SCOPES as KNOWN_SCOPES

#: A day, as long as an access token lives at most.
DAY_S = 86_400
CODE_REFUSED = {"error": "UnAuthorized!", "error_description": "Authorization code not found"}


async def test_a_person_chooses_among_the_locations_and_the_agency() -> None:
    """The page names each of them, and keeps what the link held."""
    async with flow() as app:
        for path in ("/v2/oauth/chooselocation", "/oauth/chooselocation"):
            status, _, html = await app.page(path, version_id="v1", loginWindowOpenMode="self")
            assert status == 200
            for location in app.told["locations"]:
                assert f'value="{location["id"]}"' in html
            assert 'value="company"' in html
            assert 'name="state" value="s/1 &amp;"' in html
            assert 'name="version_id" value="v1"' in html


async def test_a_person_who_approves_is_sent_back_with_code_and_state() -> None:
    """What the address held before stays in it."""
    async with flow() as app:
        status, address, _ = await app.page(redirect_uri=f"{REDIRECT}?a=1", approve=app.location)
        assert status == 302
        assert address.startswith(f"{REDIRECT}?")
        query = parse_qs(urlsplit(address).query)
        assert (query["a"], query["state"], len(query["code"])) == (["1"], ["s/1 &"], 1)
        status, address, _ = await app.page(state=None, approve=app.location)
        assert "state" not in parse_qs(urlsplit(address).query)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody-elses"},
        {"client_id": None},
        {"redirect_uri": "http://hub.example/oauth/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "https://hub.example/#fragment"},
        {"redirect_uri": "https://[hub.example"},
        {"redirect_uri": None},
        {"scope": "contacts.readonly contacts.invented"},
        {"scope": ""},
        {"scope": None},
        {"response_type": "token"},
        {"response_type": None},
        {"approve": "nowhere"},
    ],
)
async def test_a_link_that_is_wrong_sends_nobody_anywhere(changes: dict[str, str | None]) -> None:
    """A page that says why; nothing is installed."""
    async with flow() as app:
        status, address, html = await app.page(approve=changes.pop("approve", app.location), **changes)
        assert (status, address) == (400, None)
        assert "This link does not work" in html
        assert not (await app.access())["installed"]


async def test_this_machine_needs_no_https_and_what_was_asked_is_shown_as_text() -> None:
    """A page of a sandbox must not run what its link holds."""
    async with flow() as app:
        status, address, _ = await app.page(
            redirect_uri="http://127.0.0.1:8080/oauth/callback", approve=app.location
        )
        assert status == 302
        assert address.startswith("http://127.0.0.1:8080/oauth/callback?code=")
        _, _, html = await app.page(state='"><script>alert(1)</script>')
        assert "<script>" not in html
        _, _, html = await app.page(scope="<script>")
        assert "<script>" not in html


async def test_only_registered_addresses_are_returned_to_once_there_are_some() -> None:
    """Letter by letter."""
    async with flow() as app:
        await app.deed("app.redirect_uris", uris=[REDIRECT])
        assert (await app.page(approve=app.location))[0] == 302
        assert (await app.page(approve=app.location, redirect_uri=f"{REDIRECT}/"))[0] == 400
        await app.deed("app.redirect_uris")
        assert (await app.page(approve=app.location, redirect_uri=f"{REDIRECT}/"))[0] == 302


async def test_a_code_becomes_a_pair_of_the_location() -> None:
    """With every field of the spec; the token opens this location alone, with the scopes that were asked for."""
    async with flow() as app:
        pair = await app.pair()
        assert {**pair, "access_token": "", "refresh_token": "", "refreshTokenId": "", "userId": ""} == {
            "access_token": "", "token_type": "Bearer", "expires_in": 86_399, "refresh_token": "",
            "refreshTokenId": "", "scope": " ".join(sorted(SCOPES.split())), "userType": "Location",
            "companyId": app.told["company_id"], "locationId": app.location, "userId": "",
            "isBulkInstallation": False,
        }  # fmt: skip
        assert (await app.reads(pair["access_token"]))[0] == 200
        other = app.told["locations"][1]["id"]
        status, answer = await app.reads(pair["access_token"], f"/locations/{other}")
        assert (status, answer["message"]) == (403, "The token does not have access to this location.")
        status, answer = await app.reads(pair["access_token"], f"/workflows/?locationId={app.location}")
        assert (status, answer["message"]) == (401, "The token is not authorized for this scope.")


async def test_a_code_is_good_once() -> None:
    """A second use is refused in the same words as one that never was."""
    async with flow() as app:
        code = await app.code()
        assert (await app.exchange(code))[0] == 200
        assert await app.exchange(code) == (401, CODE_REFUSED)
        assert await app.exchange("never-was") == (401, CODE_REFUSED)


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://somewhere.example/oauth/callback"},
        {"client_id": "somebody-elses"},
        {"client_secret": "wrong"},
        {"user_type": "Company"},
        {"code": None},
        {"grant_type": "client_credentials"},
    ],
)
async def test_a_code_is_bound_to_whom_and_what_it_was_given_for(changes: dict[str, str | None]) -> None:
    """Another address, app, secret or kind of token: 401 in the documented form."""
    async with flow() as app:
        status, answer = await app.exchange(await app.code(), **changes)
        assert (status, answer["error"], set(answer)) == (401, "UnAuthorized!", set(CODE_REFUSED))
        assert (await app.access())["refresh_tokens"] == 0


async def test_a_wrong_address_spends_the_code_and_a_wrong_secret_does_not() -> None:
    """Whoever has a code and not the app's secret cannot take it from the app."""
    async with flow() as app:
        code = await app.code()
        assert (await app.exchange(code, client_secret="wrong"))[0] == 401
        assert (await app.exchange(code, redirect_uri="https://somewhere.example/"))[0] == 401
        assert await app.exchange(code) == (401, CODE_REFUSED)


async def test_a_code_that_nobody_fetched_runs_out() -> None:
    """Ten minutes."""
    async with flow() as app:
        early, late = await app.code(), await app.code()
        await app.wait(590)
        assert (await app.exchange(early))[0] == 200
        await app.wait(11)
        assert await app.exchange(late) == (401, CODE_REFUSED)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"client_id": None}, "client_id should not be empty"),
        ({"client_secret": ""}, "client_secret should not be empty"),
        ({"grant_type": None}, "grant_type should not be empty"),
        ({"grant_type": "password"}, "grant_type must be one of the following values"),
        ({"user_type": "Agency"}, "user_type must be one of the following values"),
        ({"audience": "x"}, "property audience should not exist"),
        ({"clientId": "x"}, "property clientId should not exist"),
    ],
)
async def test_a_request_that_the_spec_does_not_know_is_422(
    changes: dict[str, str | None], says: str
) -> None:
    """With the list of what is wrong; the code stays good."""
    async with flow() as app:
        code = await app.code()
        status, answer = await app.exchange(code, **changes)
        assert status == 422
        assert any(one.startswith(says) for one in answer["message"])
        assert (await app.exchange(code))[0] == 200


async def test_an_access_token_lasts_a_day_and_is_renewed() -> None:
    """The same account and scopes, two new secrets."""
    async with flow() as app:
        first = await app.pair()
        await app.wait(DAY_S - 5)
        assert (await app.reads(first["access_token"]))[0] == 200
        await app.wait(5)
        status, answer = await app.reads(first["access_token"])
        assert (status, answer["message"]) == (401, "Invalid JWT")
        status, second = await app.refresh(first["refresh_token"], user_type="Location")
        assert status == 200
        assert (await app.reads(second["access_token"]))[0] == 200
        for name in ("access_token", "refresh_token", "refreshTokenId"):
            assert first.pop(name) != second.pop(name)
        assert first == second


async def test_a_refresh_token_is_good_once_and_a_second_use_is_counted() -> None:
    """Trap 44: the pair of the first use stays good."""
    async with flow() as app:
        first = await app.pair()
        _, second = await app.refresh(first["refresh_token"])
        status, answer = await app.refresh(first["refresh_token"])
        assert (status, answer["error"]) == (401, "UnAuthorized!")
        assert (await app.access())["replayed"] == 1
        _, summary = await app.api.control("GET", "/audit/summary")
        assert summary["remarks"] == {"refresh token used again": 1}
        assert (await app.refresh("never-was"))[0] == 401
        assert (await app.access())["replayed"] == 1
        assert (await app.refresh(second["refresh_token"]))[0] == 200


async def test_of_many_who_refresh_at_once_one_wins() -> None:
    """Whoever comes second has lost the connection, were it not for reconnect."""
    async with flow() as app:
        pair = await app.pair()
        answers = await asyncio.gather(*(app.refresh(pair["refresh_token"]) for _ in range(20)))
        assert sorted(status for status, _ in answers) == [200] + [401] * 19
        assert (await app.access())["refreshed"] == 1
        assert (await app.access())["replayed"] == 19


@pytest.mark.parametrize(
    "changes", [{"client_secret": "wrong"}, {"client_id": "x"}, {"user_type": "Company"}]
)
async def test_a_refresh_that_is_refused_spends_nothing(changes: dict[str, str]) -> None:
    """Its token is good for whoever asks rightly."""
    async with flow() as app:
        pair = await app.pair()
        assert (await app.refresh(pair["refresh_token"], **changes))[0] == 401
        assert (await app.refresh(pair["refresh_token"]))[0] == 200


async def test_a_refresh_token_that_nobody_uses_lasts_a_year() -> None:
    """By the sandbox's clock."""
    async with flow() as app:
        early, late = await app.pair(), await app.pair()
        await app.wait(364 * DAY_S)
        assert (await app.refresh(early["refresh_token"]))[0] == 200
        await app.wait(2 * DAY_S)
        assert (await app.refresh(late["refresh_token"]))[0] == 401


@pytest.mark.parametrize("ends", [True, False])
async def test_whether_a_refresh_ends_the_old_access_token_is_a_switch(ends: bool) -> None:
    """Nobody documents it."""
    async with flow() as app:
        await app.api.control("PUT", "/quirks", {"refresh_ends_access_token": ends})
        pair, bystander = await app.pair(), await app.pair()
        await app.refresh(pair["refresh_token"])
        assert (await app.reads(pair["access_token"]))[0] == (401 if ends else 200)
        assert (await app.reads(bystander["access_token"]))[0] == 200


async def test_a_company_token_opens_no_location() -> None:
    """Trap 39: it says so by its kind, and is refused in the documented words."""
    async with flow() as app:
        pair = await app.pair("company")
        assert (pair["userType"], pair["isBulkInstallation"], "locationId" in pair) == (
            "Company",
            True,
            False,
        )
        assert pair["approvedLocations"] == [one["id"] for one in app.told["locations"]]
        assert (pair["approveAllLocations"], pair["installToFutureLocations"]) == (True, True)
        status, answer = await app.reads(pair["access_token"], f"/contacts/?locationId={app.location}")
        assert status == 401
        assert answer["message"] == "This authClass type is not allowed to access this scope."
        status, renewed = await app.refresh(pair["refresh_token"], user_type="Company")
        assert (status, renewed["userType"]) == (200, "Company")


async def test_a_location_has_a_pair_out_of_its_companys() -> None:
    """With a refresh token of its own; each call makes another pair, and the ones before stay good."""
    async with flow() as app:
        company = await app.pair("company")
        status, first = await app.location_token(company)
        assert status == 201
        assert (first["userType"], first["locationId"], first["appId"]) == (
            "Location", app.location, app.told["app_id"],
        )  # fmt: skip
        _, second = await app.location_token(company)
        for pair in (first, second):
            assert (await app.reads(pair["access_token"]))[0] == 200
            assert (await app.refresh(pair["refresh_token"], user_type="Location"))[0] == 200


async def test_only_a_company_token_makes_a_location_token() -> None:
    """Neither a private one, nor a location's own, nor one without the scope."""
    async with flow() as app:
        company = await app.pair("company")
        without = await app.pair("company", scope="contacts.readonly")
        _, location = await app.location_token(company)
        for token, says in (
            (app.told["token"], "authClass"),
            (app.told["locations"][0]["token"], "authClass"),
            (location["access_token"], "authClass"),
            (without["access_token"], "scope"),
            ("wrong", "Invalid token"),
        ):
            status, answer = await app.location_token({**company, "access_token": token})
            assert status == 401
            assert says in answer["message"]


async def test_a_location_without_the_app_has_no_token() -> None:
    """Nor has one of another company."""
    async with flow(locations=3) as app:
        chosen = [one["id"] for one in app.told["locations"][:2]]
        company = await app.pair(",".join(chosen))
        assert (company["approvedLocations"], company["approveAllLocations"]) == (chosen, False)
        assert (await app.location_token(company, chosen[1]))[0] == 201
        for location in (app.told["locations"][2]["id"], "nowhere"):
            status, answer = await app.location_token(company, location)
            assert (status, answer["message"]) == (403, "The token does not have access to this location.")
        assert (await app.location_token({**company, "companyId": "another"}))[0] == 403


async def test_a_location_token_may_come_later_than_its_event() -> None:
    """Trap 38."""
    async with flow() as app:
        await app.api.control("PUT", "/quirks", {"location_token_after_s": 30})
        company = await app.pair("company")
        assert (await app.location_token(company))[0] == 403
        await app.wait(31)
        assert (await app.location_token(company))[0] == 201


async def test_where_the_app_is_installed_is_listed_in_pages() -> None:
    """All locations of the company, each with whether it has the app."""
    async with flow(locations=5) as app:
        chosen = sorted(one["id"] for one in app.told["locations"][1:4])
        company = await app.pair(",".join(chosen))
        bearer = {"Authorization": f"Bearer {company['access_token']}"}
        of_app = {"companyId": app.told["company_id"], "appId": app.told["app_id"]}

        async def listed(**more: str) -> Any:
            status, answer = await app.api.ask(
                "GET", "/oauth/installedLocations", headers=bearer, **{**of_app, **more}
            )
            assert status == 200, answer
            return answer

        everything = await listed()
        assert (everything["count"], everything["installToFutureLocations"]) == (5, False)
        assert sorted(one["_id"] for one in everything["locations"] if one["isInstalled"]) == chosen
        assert all(("installedAt" in one) == one["isInstalled"] for one in everything["locations"])
        pages = [await listed(isInstalled="true", limit="2", skip=skip) for skip in ("0", "2", "4")]
        assert [len(one["locations"]) for one in pages] == [2, 1, 0]
        assert sorted(row["_id"] for one in pages for row in one["locations"]) == chosen
        name = app.told["locations"][0]["name"]
        assert name in [one["name"] for one in (await listed(query=name.upper()))["locations"]]
        assert (await listed(query="no such name"))["locations"] == []
        assert (await listed(onTrial="true"))["locations"] == []
        assert (await listed(locationId=chosen[0]))["count"] == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"companyId": "another"}, 403),
        ({"appId": "another"}, 400),
        ({"appId": ""}, 422),
        ({"limit": "0"}, 422),
        ({"skip": "-1"}, 422),
        ({"isInstalled": "yes"}, 422),
        ({"pageSize": "2"}, 422),
    ],
)
async def test_a_wrong_question_for_installations_is_refused(changes: dict[str, str], status: int) -> None:
    """Another company or app, numbers out of range, the names of another version."""
    async with flow() as app:
        company = await app.pair("company")
        query = {"companyId": app.told["company_id"], "appId": app.told["app_id"], **changes}
        headers = {"Authorization": f"Bearer {company['access_token']}"}
        got, answer = await app.api.ask("GET", "/oauth/installedLocations", headers=headers, **query)
        assert got == status, answer


async def test_a_lost_pair_is_recovered_by_the_apps_own_credentials() -> None:
    """A code for the account, as long as the app is installed there; it is good once as any other."""
    async with flow() as app:
        pair = await app.pair()
        lost = await app.refresh(pair["refresh_token"])
        assert lost[0] == 200
        status, answer = await reconnect(app, locationId=app.location)
        assert status == 201
        assert set(answer) == {"authorizationCode", "expiresAt", "traceId"}
        status, found = await app.exchange(answer["authorizationCode"], redirect_uri=None)
        assert (status, found["locationId"], found["scope"]) == (200, app.location, pair["scope"])
        assert (await app.exchange(answer["authorizationCode"], redirect_uri=None))[0] == 401
        assert (await app.refresh(found["refresh_token"]))[0] == 200
        company = await app.pair("company")
        _, answer = await reconnect(app, companyId=company["companyId"])
        _, found = await app.exchange(answer["authorizationCode"], redirect_uri=None)
        assert found["userType"] == "Company"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 422),
        ({"locationId": "nowhere"}, 400),
        ({"companyId": "nowhere"}, 400),
        ({"companyId": "the company", "locationId": "the location"}, 422),
        ({"companyId": "the company"}, 400),
        ({"locationId": "the location", "clientSecret": "wrong"}, 401),
        ({"locationId": "the location", "clientKey": "wrong"}, 401),
        ({"locationId": "the location", "client_id": "x"}, 422),
    ],
)
async def test_a_way_back_that_is_not_the_apps_is_refused(fields: dict[str, str], status: int) -> None:
    """The location has the app, its company has not."""
    async with flow() as app:
        await app.pair()
        named = {"the company": app.told["company_id"], "the location": app.location}
        given = {name: named.get(value, value) for name, value in fields.items()}
        assert (await reconnect(app, **given))[0] == status


async def reconnect(app: Flow, **fields: str) -> tuple[int, Any]:
    """A way back, asked for with the app's credentials."""
    told = app.told
    given = {"clientKey": told["client_id"], "clientSecret": told["client_secret"], **fields}
    headers = {"Authorization": "", "Version": ""}
    return await app.api.ask("POST", "/oauth/reconnect", given, headers=headers)


async def test_an_uninstalled_app_has_no_token_and_no_way_back() -> None:
    """Access, refresh, code, reconnect: nothing is good until it is installed anew, and then nothing old is."""
    async with flow() as app:
        pair, code = await app.pair(), await app.code()
        await app.deed("app.uninstall")
        assert (await app.reads(pair["access_token"]))[1]["message"].startswith("Invalid token")
        assert (await app.refresh(pair["refresh_token"]))[0] == 401
        assert await app.exchange(code) == (401, CODE_REFUSED)
        assert (await reconnect(app, locationId=app.location))[0] == 400
        await app.deed("app.install")
        assert (await app.refresh(pair["refresh_token"]))[0] == 401
        assert (await app.reads(pair["access_token"]))[0] == 401
        assert (await reconnect(app, locationId=app.location))[0] == 201


async def test_what_the_agency_uninstalls_is_gone_everywhere() -> None:
    """Also at locations that allowed it themselves."""
    async with flow() as app:
        own, company = await app.pair(), await app.pair("company")
        await app.deed("app.uninstall", company=True)
        for pair in (own, company):
            assert (await app.refresh(pair["refresh_token"]))[0] == 401
        assert (await app.reads(own["access_token"]))[0] == 401
        assert not (await app.access())["installed"]
        status, answer = await app.api.control("POST", "/emit", {"kind": "app.uninstall"})
        assert status == 400
        assert "not installed" in answer["error"]


async def test_revoked_tokens_are_void_and_the_way_back_stays() -> None:
    """The app is still installed; a private token stays, unless it is meant too."""
    async with flow() as app:
        pair = await app.pair()
        await app.deed("token.revoke")
        assert (await app.reads(pair["access_token"]))[0] == 401
        assert (await app.refresh(pair["refresh_token"]))[0] == 401
        private = app.told["locations"][0]["token"]
        assert (await app.reads(private))[0] == 200
        assert (await reconnect(app, locationId=app.location))[0] == 201
        await app.deed("token.revoke", private=True)
        assert (await app.reads(private))[0] == 401


async def test_tokens_that_run_out_are_renewed() -> None:
    """Of a location and of the company, each by itself; private ones have no end."""
    async with flow() as app:
        company, pair = await app.pair("company"), await app.pair()
        await app.deed("token.expire")
        assert (await app.reads(pair["access_token"]))[1]["message"] == "Invalid JWT"
        assert (await app.location_token(company))[0] == 201
        assert (await app.refresh(pair["refresh_token"]))[0] == 200
        await app.deed("token.expire", company=True)
        assert (await app.location_token(company))[0] == 401
        assert (await app.reads(app.told["locations"][0]["token"]))[0] == 200


async def test_a_replaced_client_secret_stays_good_for_the_overlap() -> None:
    """A week, unless said otherwise; then the new one alone is."""
    async with flow() as app:
        old = app.told["client_secret"]
        new = await app.deed("client.rotate_secret")
        assert app.told["client_secret"] == new != old
        pair = await app.pair()
        _, pair = await app.refresh(pair["refresh_token"], client_secret=old)
        await app.wait(7 * DAY_S + 1)
        assert (await app.refresh(pair["refresh_token"], client_secret=old))[0] == 401
        assert (await app.refresh(pair["refresh_token"]))[0] == 200
        await app.deed("client.rotate_secret", overlap_s=0)
        assert (await app.exchange(await app.code(), client_secret=new))[0] == 401


async def test_a_replaced_private_token_stays_good_for_a_week() -> None:
    """With the same scopes; the agency's too."""
    async with flow() as app:
        old = app.told["locations"][0]["token"]
        await app.deed("private_token.scopes", scopes=["locations.readonly"])
        new = await app.deed("private_token.rotate")
        assert app.told["locations"][0]["token"] == new
        for token in (old, new):
            assert (await app.reads(token))[0] == 200
            assert (await app.reads(token, f"/contacts/?locationId={app.location}"))[0] == 401
        await app.wait(7 * DAY_S + 1)
        assert (await app.reads(old))[0] == 401
        assert (await app.reads(new))[0] == 200
        agency = app.told["token"]
        await app.deed("private_token.rotate", company=True, overlap_s=0)
        assert (await app.reads(agency))[0] == 401
        assert (await app.reads(app.told["token"]))[0] == 200


async def test_scopes_of_a_private_token_change_without_a_new_one() -> None:
    """At once, and back again."""
    async with flow() as app:
        token, contacts = app.told["locations"][0]["token"], f"/contacts/?locationId={app.location}"
        await app.deed("private_token.scopes", scopes=["contacts.readonly"])
        assert (await app.reads(token, contacts))[0] == 200
        status, answer = await app.reads(token)
        assert (status, answer["message"]) == (401, "The token is not authorized for this scope.")
        await app.deed("private_token.scopes")
        assert (await app.reads(token))[0] == 200
        wanted = {"kind": "private_token.scopes", "fields": {"scopes": ["contacts.invented"]}}
        assert (await app.api.control("POST", "/emit", wanted))[0] == 400


async def test_an_apps_token_can_lose_scopes() -> None:
    """The one that is out there; a renewed one has what was allowed."""
    async with flow() as app:
        pair, company = await app.pair(), await app.pair("company")
        await app.deed("token.scopes", scopes=["contacts.readonly"])
        status, answer = await app.reads(pair["access_token"])
        assert (status, answer["message"]) == (401, "The token is not authorized for this scope.")
        assert (await app.location_token(company))[0] == 201
        _, renewed = await app.refresh(pair["refresh_token"])
        assert (await app.reads(renewed["access_token"]))[0] == 200
        await app.deed("token.scopes", scopes=["contacts.readonly"], company=True)
        assert (await app.location_token(company))[0] == 401


async def test_a_location_that_nobody_pays_for_is_refused_by_its_name() -> None:
    """The vendor's issue 249, with whatever token; other locations go on, and so does this one once it is paid."""
    async with flow() as app:
        company, pair = await app.pair("company"), await app.pair()
        await app.deed("location.deactivate")
        tokens = (pair["access_token"], app.told["locations"][0]["token"], app.told["token"])
        for token in tokens:
            status, answer = await app.reads(token, f"/contacts/?locationId={app.location}")
            assert (status, answer["message"]) == (400, "Location is not active")
        status, answer = await app.location_token(company)
        assert (status, answer["message"]) == (400, "Location is not active")
        other = app.told["locations"][1]
        assert (await app.reads(other["token"], f"/contacts/?locationId={other['id']}"))[0] == 200
        assert not (await app.access())["active"]
        await app.deed("location.activate")
        assert (await app.reads(tokens[0], f"/contacts/?locationId={app.location}"))[0] == 200


async def test_a_spent_day_is_429_until_it_is_over() -> None:
    """Whichever token asks; the headers say what is left, and other locations go on."""
    async with flow(limits="sandbox") as app:
        pair = await app.pair()
        _, done = await app.api.control("POST", "/quota", {"place": app.location, "left": 1})
        assert done == {"place": app.location, "left": 1}
        assert [(await app.reads(pair["access_token"]))[0] for _ in range(3)] == [200, 429, 429]
        url, private = f"{app.told['base_url']}/locations/{app.location}", app.told["locations"][0]["token"]
        headers = {"Authorization": f"Bearer {private}", "Version": "2021-07-28"}
        async with app.api.http.get(url, headers=headers) as answer:
            assert (answer.status, answer.headers["X-RateLimit-Daily-Remaining"]) == (200, "0")
        other = app.told["locations"][1]
        assert (await app.reads(other["token"], f"/locations/{other['id']}"))[0] == 200
        await app.wait(DAY_S)
        assert (await app.reads(private))[0] == 200
    async with flow() as app:
        assert (await app.api.control("POST", "/quota", {"place": app.location}))[0] == 400


async def test_every_scope_that_an_operation_needs_can_be_asked_for() -> None:
    """No operation is out of an app's reach."""
    async with flow() as app:
        needed = {scope for route in app.api.sandbox.contacts.side.routes for scope in route.scopes}
        assert needed <= KNOWN_SCOPES
        assert (await app.page(scope=" ".join(KNOWN_SCOPES)))[0] == 200


async def test_v3_spells_the_pair_its_own_way() -> None:
    """In and out, and in its refusals; its body may be JSON as well."""
    async with flow() as app:
        v3 = {"Version": "v3", "Authorization": ""}
        told = app.told
        given = {
            "clientId": told["client_id"], "clientSecret": told["client_secret"], "grantType": "authorization_code",
            "code": await app.code("company"), "redirectUri": REDIRECT,
        }  # fmt: skip
        status, pair = await app.api.ask("POST", "/oauth/token", given, headers=v3)
        assert (status, pair["tokenType"], pair["expiresIn"]) == (200, "Bearer", 86_399)
        assert {"accessToken", "refreshToken"} <= set(pair)
        assert not {"access_token", "refresh_token", "locationId"} & set(pair)
        status, answer = await app.api.ask("POST", "/oauth/token", given, headers=v3)
        assert (status, answer["error"]["code"]) == (401, "UNAUTHENTICATED")
        assert answer["error"]["message"] == "Authorization code not found"
        bearer = {"Version": "v3", "Authorization": f"Bearer {pair['accessToken']}"}
        body = {"companyId": told["company_id"], "locationId": app.location}
        status, location = await app.api.ask("POST", "/oauth/location-token", body, headers=bearer)
        assert (status, location["locationId"]) == (200, app.location)
        assert (await app.api.ask("POST", "/oauth/locationToken", body, headers=bearer))[0] == 400
        assert (await app.reads(location["accessToken"]))[0] == 200


async def test_v3_pages_by_opaque_tokens() -> None:
    """Forwards to the end, and back to the first page."""
    async with flow(locations=5) as app:
        company = await app.pair("company")
        headers = {"Version": "v3", "Authorization": f"Bearer {company['access_token']}"}
        query = {"companyId": app.told["company_id"], "appId": app.told["app_id"], "pageSize": "2"}
        seen: list[str] = []
        token, pages = "", []
        while True:
            more = {"pageToken": token} if token else {}
            status, page = await app.api.ask(
                "GET", "/oauth/installed-locations", headers=headers, **query, **more
            )
            assert status == 200
            pages.append(page["pagination"])
            seen += [one["_id"] for one in page["items"]]
            if not page["pagination"]["hasNextPage"]:
                break
            token = page["pagination"]["nextPageToken"]
        assert sorted(seen) == sorted(one["id"] for one in app.told["locations"])
        assert [one["currentPageSize"] for one in pages] == [2, 2, 1]
        assert [one["hasPrevPage"] for one in pages] == [False, True, True]
        assert "nextPageToken" not in pages[-1]
        for wrong, status in (
            ({"pageToken": "garbage"}, 400),
            ({"pageSize": "101"}, 422),
            ({"limit": "2"}, 422),
        ):
            assert (
                await app.api.ask("GET", "/oauth/installed-locations", headers=headers, **{**query, **wrong})
            )[0] == status
