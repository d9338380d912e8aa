"""The calls of OAuth. Source: contacts-api.md, section 2, oauth.json and oauth-v3.json."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from tieline.sandbox.contacts_api import checks, oauth_page
from tieline.sandbox.contacts_api.installs import SCOPES, Installs
from tieline.sandbox.contacts_api.oauth import Grants, Pair, Refused
from tieline.sandbox.contacts_api.offer import DATED, V3, Offer, Shape, body, offer, query
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.places import PlaceBook
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location, shown, stamp
from tieline.sandbox.contacts_api.tokens import ACCESS_LIFE, Token, Tokens
from tieline.sandbox.contacts_api.versions import is_v3
from tieline.sandbox.side import Call, Reply

#: The audit counts these apart.
REPLAYED = "refresh token used again"
_GRANT_TYPES = checks.one_of("authorization_code", "refresh_token", "client_credentials")
_USER_TYPES = checks.one_of("Location", "Company")
#: v3 → dated, of the token's request and answer.
_SPELLED = {
    "clientId": "client_id", "clientSecret": "client_secret", "grantType": "grant_type", "code": "code",
    "refreshToken": "refresh_token", "userType": "user_type", "redirectUri": "redirect_uri",
}  # fmt: skip
_V3_ANSWER = {
    "access_token": "accessToken", "token_type": "tokenType", "expires_in": "expiresIn",
    "refresh_token": "refreshToken",
}  # fmt: skip
_CHECKS: dict[str, checks.Check] = {
    "client_id": checks.filled, "client_secret": checks.filled, "grant_type": _GRANT_TYPES, "code": checks.text,
    "refresh_token": checks.text, "user_type": _USER_TYPES, "redirect_uri": checks.text,
}  # fmt: skip
_TOKEN = Shape(_CHECKS, ("client_id", "client_secret", "grant_type"))
_V3_TOKEN = Shape(
    {v3: _CHECKS[dated] for v3, dated in _SPELLED.items()}, ("clientId", "clientSecret", "grantType")
)
_LOCATION_TOKEN = body(("companyId", "locationId"), companyId=checks.filled, locationId=checks.filled)
_RECONNECT = body(
    ("clientKey", "clientSecret"), clientKey=checks.filled, clientSecret=checks.filled, locationId=checks.text,
    companyId=checks.text,
)  # fmt: skip
_FILTERS: dict[str, checks.Check] = {
    "companyId": checks.filled, "appId": checks.filled, "query": checks.text, "isInstalled": checks.flag,
    "versionId": checks.text, "onTrial": checks.flag, "planId": checks.text, "locationId": checks.text,
}  # fmt: skip
_INSTALLED = query(("companyId", "appId"), **_FILTERS, skip=checks.digits, limit=checks.digits)
_V3_INSTALLED = query(
    ("companyId", "appId"), **_FILTERS, pageSize=checks.digits, pageToken=checks.text,
    restrictToUserLocations=checks.flag,
)  # fmt: skip


class _Page(Shape, frozen=True):
    """A link for people, which may hold anything."""

    def problems(self, given: object) -> list[str]:
        return []


class OauthApi:
    """The handlers."""

    def __init__(
        self, office: Office, tokens: Tokens, installs: Installs, grants: Grants, places: PlaceBook
    ) -> None:
        self._office = office
        self._tokens = tokens
        self._installs = installs
        self._grants = grants
        self._places = places

    def offers(self) -> list[Offer]:
        """The page, the token endpoints, and where the app is installed."""
        page = offer(
            "oauth.authorize", "GET", "/v2/oauth/chooselocation", self._authorize, (), open=True, unversioned=True,
            query=_Page({}),
        )  # fmt: skip
        of_location = offer(
            "oauth.location_token", "POST", "/oauth/locationToken", self._location_token, ("oauth.write",),
            body=_LOCATION_TOKEN, by_company=True, agency_only=True, versions=DATED,
        )  # fmt: skip
        installed = offer(
            "oauth.list_installed", "GET", "/oauth/installedLocations", self._list_installed, ("oauth.readonly",),
            query=_INSTALLED, v3_query=_V3_INSTALLED, by_company=True, agency_only=True, versions=DATED,
        )  # fmt: skip
        return [
            page,
            msgspec.structs.replace(page, path="/oauth/chooselocation"),
            offer(
                "oauth.token", "POST", "/oauth/token", self._token, (), open=True, unversioned=True, body=_TOKEN,
                v3_body=_V3_TOKEN,
            ),
            of_location,
            msgspec.structs.replace(of_location, path="/oauth/location-token", versions=V3),
            installed,
            msgspec.structs.replace(installed, path="/oauth/installed-locations", versions=V3),
            offer(
                "oauth.reconnect", "POST", "/oauth/reconnect", self._reconnect, (), open=True, unversioned=True,
                body=_RECONNECT,
            ),
        ]  # fmt: skip

    def _authorize(self, call: Call) -> Reply:
        """The page; with `approve`, what its buttons do."""
        asked = call.query
        if asked.get("client_id") != self._installs.app.client_id:
            return oauth_page.error("There is no app with this client_id.")
        address = asked.get("redirect_uri", "")
        if not self._installs.may_return_to(address):
            return oauth_page.error(
                "redirect_uri is not one of the app's: it must be https, or this machine."
            )
        if asked.get("response_type") != "code":
            return oauth_page.error("response_type must be code.")
        scopes = frozenset(asked.get("scope", "").split())
        if not scopes or not scopes <= SCOPES:
            unknown = ", ".join(sorted(scopes - SCOPES))
            return oauth_page.error(f"Unknown scope: {unknown}." if unknown else "scope is missing.")
        approved = asked.get("approve")
        if approved is None:
            return oauth_page.choice(asked, self._office.locations.values(), scopes)
        chosen = approved.split(",")
        if approved != oauth_page.COMPANY and not all(one in self._office.locations for one in chosen):
            return oauth_page.error("There is no such location.")
        location = None
        if approved == oauth_page.COMPANY or len(chosen) > 1:
            picked = None if approved == oauth_page.COMPANY else tuple(chosen)
            self._installs.install_in_bulk(scopes, picked, future=picked is None)
        else:
            location = self._office.locations[approved]
            self._installs.install(location, scopes)
        code, _ = self._grants.code(location, redirect_uri=address)
        return oauth_page.back(address, code, asked.get("state"))

    def _token(self, call: Call) -> Reply:
        v3 = is_v3(call.headers)
        given: dict[str, str] = {_SPELLED[name] if v3 else name: value for name, value in call.body.items()}
        code, refresh = given.get("code", ""), given.get("refresh_token", "")
        try:
            if not self._installs.knows(given["client_id"], given["client_secret"]):
                raise Refused("Authorization code not found")
            if given["grant_type"] == "authorization_code":
                pair = self._grants.exchange(
                    code, redirect_uri=given.get("redirect_uri"), user_type=given.get("user_type")
                )
            elif given["grant_type"] == "refresh_token":
                pair = self._grants.refresh(refresh, user_type=given.get("user_type"))
            else:
                raise Refused("The app may not ask for tokens by its credentials alone")
        except Refused as refused:
            return self._unauthorized(
                str(refused), v3, remark=REPLAYED if self._grants.was_used(refresh) else None
            )
        return self._answer(pair, v3=v3)

    def _location_token(self, call: Call) -> Reply:
        """Before it can be made the answer is that of a location without the app: nobody says how it is in life."""
        token, location = self._bearer(call), call.caller
        if token.kind != "company":
            raise Problem(401, "This authClass type is not allowed to access this scope.")
        if call.body["companyId"] != self._office.company_id or not self._installs.ready(location):
            raise Problem(403, "The token does not have access to this location.")
        if location.id in self._office.inactive:
            raise Problem(400, "Location is not active")
        v3 = is_v3(call.headers)
        pair = self._grants.of_location(location, token)
        reply = self._answer(pair, v3=v3)
        more = {"appId": self._installs.app.id, "versionId": self._installs.app.version_id}
        # The dated spec says 200 and leaves the refresh token out, and is wrong in both.
        return msgspec.structs.replace(reply, status=200 if v3 else 201, body={**reply.body, **more})

    def _list_installed(self, call: Call) -> Reply:
        asked = call.query
        if asked["companyId"] != self._office.company_id:
            raise Problem(403, "The token does not have access to this company.")
        if asked["appId"] != self._installs.app.id:
            raise Problem(400, f"App with id {asked['appId']} not found")
        rows = [self._row(one) for one in self._office.locations.values() if self._wanted(one, asked)]
        rows.sort(key=lambda row: (row["name"].casefold(), row["_id"]))
        company = self._installs.at(self._office.company_id)
        more = {"installToFutureLocations": company is not None and company.future}
        if is_v3(call.headers):
            return Reply(status=200, body={**_page(rows, asked), **more})
        skip, limit = int(asked.get("skip") or 0), int(asked.get("limit") or 20)
        if skip < 0:
            raise Problem(422, ["skip must not be less than 0"])
        if limit < 1:
            raise Problem(422, ["limit must not be less than 1"])
        return Reply(status=200, body={"locations": rows[skip : skip + limit], "count": len(rows), **more})

    def _reconnect(self, call: Call) -> Reply:
        given = call.body
        location_id, company_id = given.get("locationId"), given.get("companyId")
        if bool(location_id) == bool(company_id):
            raise Problem(422, ["either locationId or companyId should not be empty"])
        if not self._installs.knows(given["clientKey"], given["clientSecret"]):
            return self._unauthorized("Client not found", is_v3(call.headers))
        location = self._office.locations.get(location_id) if location_id else None
        if (location_id and location is None) or (company_id and company_id != self._office.company_id):
            raise Problem(400, "The app is not installed there")
        try:
            code, ends_at = self._grants.code(location, redirect_uri=None)
        except Refused as refused:
            raise Problem(400, "The app is not installed there") from refused
        return Reply(
            status=201, body={"authorizationCode": code, "expiresAt": stamp(ends_at)}, effect=True,
            result_id=location_id or company_id,
        )  # fmt: skip

    def _answer(self, pair: Pair, *, v3: bool) -> Reply:
        grant = pair.grant
        location = self._office.locations[grant.location] if grant.location else None
        told: dict[str, Any] = {
            "access_token": pair.access_token, "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()), "refresh_token": pair.refresh_token,
            "refreshTokenId": pair.refresh_token_id, "scope": " ".join(sorted(grant.scopes)),
            "userType": grant.user_type, "companyId": self._office.company_id,
            "userId": self._installs.person(location), "isBulkInstallation": False,
        }  # fmt: skip
        if location is not None:
            told["locationId"] = location.id
        else:
            held = self._installs.at(self._office.company_id)
            chosen = None if held is None else held.chosen
            told |= {
                "approvedLocations": list(chosen or self._office.locations), "isBulkInstallation": True,
                "approveAllLocations": chosen is None, "installToFutureLocations": held is not None and held.future,
            }  # fmt: skip
        body = {_V3_ANSWER.get(name, name): value for name, value in told.items()} if v3 else told
        account = grant.location or self._office.company_id
        return Reply(status=200, body=body, effect=True, result_id=account, traced=False)

    def _unauthorized(self, why: str, v3: bool, *, remark: str | None = None) -> Reply:
        body = {"error": "UnAuthorized!", "error_description": why}
        return Reply(status=401, body={**body, "message": why} if v3 else body, traced=False, remark=remark)

    def _bearer(self, call: Call) -> Token:
        token = self._tokens.find(call.headers["Authorization"].split()[-1])
        assert token is not None, "the door lets nobody in without"
        return token

    def _row(self, location: Location) -> dict[str, Any]:
        held = self._installs.at(location.id)
        return shown(
            _id=location.id, name=location.name, address=self._places.place(location).fields.get("address", ""),
            isInstalled=held is not None, versionId=self._installs.app.version_id if held else None,
            installedAt=stamp(held.installed_at) if held else None,
        )  # fmt: skip

    def _wanted(self, location: Location, asked: dict[str, str]) -> bool:
        """The app is free, so nobody has it on trial or under a plan."""
        installed = self._installs.at(location.id) is not None
        return (
            asked.get("isInstalled") in (None, "true" if installed else "false")
            and asked.get("query", "").casefold() in location.name.casefold()
            and asked.get("locationId") in (None, "", location.id)
            and asked.get("versionId") in (None, "", self._installs.app.version_id)
            and asked.get("onTrial") != "true"
            and not asked.get("planId")
        )


def _page(rows: list[dict[str, Any]], asked: dict[str, str]) -> dict[str, Any]:
    """As v3 pages: by opaque tokens."""
    size, start = int(asked.get("pageSize") or 20), _start(asked.get("pageToken") or "")
    if not 1 <= size <= 100:
        raise Problem(422, ["pageSize must be between 1 and 100"])
    shown_rows = rows[start : start + size]
    more, less = start + size < len(rows), start > 0
    pagination = shown(
        totalRecords=len(rows), hasNextPage=more, hasPrevPage=less, currentPageSize=len(shown_rows),
        nextPageToken=_page_token(start + size) if more else None,
        prevPageToken=_page_token(max(start - size, 0)) if less else None,
    )  # fmt: skip
    return {"items": shown_rows, "pagination": pagination}


def _page_token(start: int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode({"offset": start})).decode().rstrip("=")


def _start(page_token: str) -> int:
    if not page_token:
        return 0
    try:
        padded = page_token + "=" * (-len(page_token) % 4)
        read = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=dict[str, int])
        return max(read["offset"], 0)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise Problem(400, "pageToken is invalid") from error
