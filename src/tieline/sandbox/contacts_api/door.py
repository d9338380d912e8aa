"""Who may come in, and to which location: tokens, versions, scopes. Source: contacts-api.md, sections 1, 2 and 4."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tieline.sandbox.contacts_api.offer import BOTH, V3, Offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.tokens import Token, Tokens
from tieline.sandbox.side import Admitted, Call

_BEARER = re.compile(r"(?i)Bearer +(\S+)")
#: Names under which a call may say which location it concerns.
_LOCATION = ("locationId", "location_id")


def admit(offer: Offer, call: Call, tokens: Tokens, office: Office) -> Admitted:
    """The caller, with the location that the call concerns, where it concerns one. Raises Problem."""
    if offer.open:
        return Admitted(label="open", quota_key="open", place=office.company_id)
    token = _token(call.headers, tokens)
    if not offer.unversioned:
        _require_version(offer, call)
    if token.scopes is not None and not token.scopes.issuperset(offer.scopes):
        raise Problem(401, "The token is not authorized for this scope.")
    if token.kind == "company" and not offer.by_company:
        raise Problem(401, "This authClass type is not allowed to access this scope.")
    if offer.agency_only and token.location is not None:
        raise Problem(401, "This authClass type is not allowed to access this scope.")
    place = _place(call, token, office)
    if place is not None and place.id in office.inactive and not offer.by_company:
        raise Problem(400, "Location is not active")
    key = place.id if place else office.company_id
    # An app has a quota of its own at each location.
    quota = f"{token.client_id or token.kind}:{key}"
    return Admitted(label=token.label, quota_key=quota, place=key, caller=place)


def _token(headers: Mapping[str, str], tokens: Tokens) -> Token:
    match = _BEARER.fullmatch(headers.get("Authorization", "").strip())
    token = tokens.find(match[1]) if match else None
    if token is None:
        raise Problem(401, "Invalid token: access token is invalid")
    if tokens.expired(token):
        raise Problem(401, "Invalid JWT")
    return token


def _require_version(offer: Offer, call: Call) -> None:
    version = call.headers.get("Version")
    if not version:
        raise Problem(401, "version header was not found.")
    if version not in BOTH:
        raise Problem(401, "version header is invalid")
    if version in offer.versions:
        return
    if version in V3:
        raise Problem(400, f"{call.method} {call.path} is not available in API version v3")
    raise Problem(404, f"Cannot {call.method} {call.path}")


def _place(call: Call, token: Token, office: Office) -> Location | None:
    named = _named(call)
    homes = (office.home_of(value) for value in call.params.values())
    place = office.locations.get(named) if named else next((home for home in homes if home), None)
    if token.location is not None:
        if named is not None and named != token.location:
            raise Problem(403, "The token does not have access to this location.")
        return office.locations[token.location]
    if named is not None and place is None:
        raise Problem(403, "The token does not have access to this location.")
    return place


def _named(call: Call) -> str | None:
    body: Any = call.body if isinstance(call.body, dict) else {}
    for source in (call.params, call.query, body):
        for name in _LOCATION:
            named = source.get(name)
            if isinstance(named, str) and named:
                return named
    return None
