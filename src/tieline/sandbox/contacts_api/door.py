"""Who may come in, and to which location: tokens, versions, scopes. Source: contacts-api.md, sections 1, 2 and 4."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.book import Book
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.side import Admitted, Call, Route

_VERSIONS = frozenset({"2021-04-15", "2021-07-28", "v3"})
_BEARER = re.compile(r"(?i)Bearer +(\S+)")


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A private integration token."""

    label: str
    #: None = of the agency: every location of the company.
    location: str | None
    #: None = all.
    scopes: frozenset[str] | None = None


def admit(route: Route, call: Call, tokens: dict[str, Token], book: Book, company_id: str) -> Admitted:
    """The caller, with the location that the call concerns, where it concerns one. Raises Problem."""
    match = _BEARER.fullmatch(call.headers.get("Authorization", "").strip())
    token = tokens.get(match[1]) if match else None
    if token is None:
        raise Problem(401, "Invalid token: access token is invalid")
    version = call.headers.get("Version")
    if not version:
        raise Problem(401, "version header was not found.")
    if version not in _VERSIONS:
        raise Problem(401, "version header is invalid")
    if token.scopes is not None and not token.scopes.issuperset(route.scopes):
        raise Problem(401, "The token is not authorized for this scope.")
    named = _location_id(call)
    contact_id = call.params.get("contactId")
    home = book.location_of(contact_id) if contact_id else None
    place: Location | None = book.locations.get(named) if named else home
    if token.location is not None:
        if named is not None and named != token.location:
            raise Problem(403, "The token does not have access to this location.")
        place = book.locations[token.location]
    elif named is not None and place is None:
        raise Problem(403, "The token does not have access to this location.")
    key = place.id if place else company_id
    return Admitted(label=token.label, quota_key=key, place=key, caller=place)


def _location_id(call: Call) -> str | None:
    body: Any = call.body if isinstance(call.body, dict) else {}
    named = call.params.get("locationId") or call.query.get("locationId") or body.get("locationId")
    return named if isinstance(named, str) and named else None
