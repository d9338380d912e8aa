"""The location itself. Source: contacts-api.md, section 8, and locations.json in both versions."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located, whole
from tieline.sandbox.contacts_api.checks import Check
from tieline.sandbox.contacts_api.offer import V3, Offer, body, nested, offer, query
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.places import PERMISSIONS, PlaceBook
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.side import Call, Reply

_READ, _WRITE = ("locations.readonly",), ("locations.write",)
_SEARCH = query(
    companyId=checks.text, skip=checks.digits, limit=checks.digits, order=checks.one_of("asc", "desc"),
    email=checks.text,
)  # fmt: skip
_SETTINGS = body(
    allowDuplicateContact=checks.boolean, allowDuplicateOpportunity=checks.boolean,
    allowFacebookNameMerge=checks.boolean, disableContactTimezone=checks.boolean,
)  # fmt: skip
_SOCIAL = body(
    facebookUrl=checks.text, googlePlus=checks.text, linkedIn=checks.text, foursquare=checks.text,
    twitter=checks.text, yelp=checks.text, instagram=checks.text, youtube=checks.text, pinterest=checks.text,
    blogRss=checks.text, googlePlacesId=checks.text,
)  # fmt: skip
_OWNER = body(
    ("firstName", "lastName", "email"), firstName=checks.filled, lastName=checks.filled, email=checks.filled
)


def _country(value: Any) -> str | None:
    fits = isinstance(value, str) and re.fullmatch("[A-Z]{2}", value)
    return None if fits else "must be a valid ISO31661 Alpha2 code"


def _features(value: Any) -> str | None:
    if problem := checks.texts(value):
        return problem
    unknown = sorted(set(value) - set(PERMISSIONS))
    return f"each value must be one of the known permissions, not {', '.join(unknown)}" if unknown else None


_UPDATE = body(
    ("companyId",), name=checks.filled, phone=checks.text, companyId=checks.filled, address=checks.text,
    city=checks.text, state=checks.text, country=_country, postalCode=checks.text, website=checks.text,
    timezone=checks.text, prospectInfo=nested(_OWNER), settings=nested(_SETTINGS), social=nested(_SOCIAL),
    twilio=checks.record, mailgun=checks.record, snapshot=checks.record,
)  # fmt: skip
_PERMISSIONS = body(("permissions",), permissions=_features)
_CHANNEL: Check = checks.one_of("SMS", "Email")


class Locations:
    """The handlers."""

    def __init__(self, office: Office, places: PlaceBook) -> None:
        self._office = office
        self._places = places

    def offers(self) -> list[Offer]:
        """The location, with what it is allowed; only the agency changes it."""
        one = "/locations/{locationId}"
        permissions = f"{one}/permissions"
        return [
            offer(
                "locations.search", "GET", "/locations/search", self._search, _READ, query=_SEARCH, by_company=True
            ),
            offer("locations.get", "GET", one, self._get, _READ, by_company=True),
            offer(
                "locations.update", "PUT", one, self._update, _WRITE, body=_UPDATE, agency_only=True,
                by_company=True,
            ),
            offer("locations.list_timezones", "GET", f"{one}/timezones", self._timezones, _READ),
            offer(
                "locations.get_permissions", "GET", permissions, self._permissions, _WRITE, versions=V3,
                agency_only=True, by_company=True,
            ),
            offer(
                "locations.update_permissions", "PUT", permissions, self._permit, _WRITE, versions=V3,
                body=_PERMISSIONS, agency_only=True, by_company=True,
            ),
            offer(
                "locations.get_conversation_channel", "GET", f"{one}/conversationChannels/{{type}}", self._channel,
                _READ, versions=V3,
            ),
        ]  # fmt: skip

    def _search(self, call: Call) -> Reply:
        """A token of one location finds that one."""
        company, email = call.query.get("companyId"), call.query.get("email")
        rows = [call.caller] if call.caller else list(self._office.locations.values())
        found = [
            one
            for one in rows
            if company in (None, "", one.company_id)
            and email in (None, "", self._places.place(one).fields.get("email"))
        ]
        found.sort(key=lambda one: (one.name.casefold(), one.id), reverse=call.query.get("order") == "desc")
        skip, limit = whole(call, "skip", 0), whole(call, "limit", 10)
        shown = [self._places.out(one) for one in found[skip : skip + limit]]
        return Reply(status=200, body={"locations": shown})

    def _get(self, call: Call) -> Reply:
        return Reply(status=200, body={"location": self._places.whole(located(call))})

    def _update(self, call: Call) -> Reply:
        location, given = located(call), call.body
        if given["companyId"] != location.company_id:
            raise Problem(403, "The token does not have access to this location.")
        self._places.update(location, given)
        return Reply(status=200, body=self._places.out(location), effect=True, result_id=location.id)

    def _timezones(self, call: Call) -> Reply:
        """No spec says how the answer is built."""
        located(call)
        return Reply(status=200, body={"timeZones": _all_zones()})

    def _permissions(self, call: Call) -> Reply:
        return Reply(status=200, body={"permissions": self._places.place(located(call)).permissions})

    def _permit(self, call: Call) -> Reply:
        location, wanted = located(call), list(dict.fromkeys(call.body["permissions"]))
        self._places.place(location).permissions = wanted
        return Reply(status=200, body={"permissions": wanted}, effect=True, result_id=location.id)

    def _channel(self, call: Call) -> Reply:
        """Of each kind the one provider that a new location comes with."""
        located(call)
        kind = call.params["type"]
        if problem := _CHANNEL(kind):
            raise Problem(422, [f"type {problem}"])
        provider = {"_id": f"{kind.lower()}_provider", "name": "LC Phone", "type": kind, "default": True}
        if kind == "Email":
            provider["name"] = "LC Email"
        return Reply(status=200, body={"conversationChannel": {kind: [{"conversationProvider": provider}]}})


@cache
def _all_zones() -> list[str]:
    return sorted(available_timezones())
