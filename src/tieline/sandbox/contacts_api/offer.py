"""What the CRM offers: one operation as data. The door and the white list go by it, and so do the tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.checks import Check
from tieline.sandbox.side import Handler, Route

#: Versions by date; any of them works on any dated path. Source: contacts-api.md, section 1.
DATED = frozenset({"2021-04-15", "2021-07-28", "2023-02-21"})
V3 = frozenset({"v3"})
BOTH = DATED | V3

CONTACTS_READ, CONTACTS_WRITE = ("contacts.readonly",), ("contacts.write",)


class Shape(msgspec.Struct, frozen=True):
    """The properties that may be given, each with its check, and those that must be."""

    allowed: Mapping[str, Check]
    required: tuple[str, ...] = ()

    def problems(self, given: object) -> list[str]:
        """Every message that `given` earns; none = it is fine."""
        return checks.problems(given, self.allowed, self.required)


#: No property at all.
NOTHING = Shape({})
#: Every list of a location names it.
OF_LOCATION = Shape({"locationId": checks.filled}, ("locationId",))


def query(required: tuple[str, ...] = (), **allowed: Check) -> Shape:
    """The shape of a query string."""
    return Shape(allowed, required)


def body(required: tuple[str, ...] = (), **allowed: Check) -> Shape:
    """The shape of a JSON body."""
    return Shape(allowed, required)


def nested(shape: Shape) -> Check:
    """A property that is an object of that shape."""

    def check(value: Any) -> str | None:
        found = shape.problems(value)
        return f"is not valid: {'; '.join(found)}" if found else None

    return check


class Offer(Route, frozen=True, kw_only=True):
    """One operation of the API."""

    #: Under which versions the path exists.
    versions: frozenset[str] = BOTH
    query: Shape = NOTHING
    #: None = it takes no body; one that comes all the same is not looked at.
    body: Shape | None = None
    #: Needs no token.
    open: bool = False
    #: Needs no Version header.
    unversioned: bool = False
    #: The same under v3, where its properties have other names or are more.
    v3_query: Shape | None = None
    v3_body: Shape | None = None
    #: Which kinds of token may call it.
    by_company: bool = False
    #: Only those of the company: its private ones, and of an app where `by_company` is set.
    agency_only: bool = False

    def shapes(self, v3: bool) -> tuple[Shape, Shape | None]:
        """Query and body under that version."""
        if not v3:
            return self.query, self.body
        return self.v3_query or self.query, self.v3_body or self.body


def in_both(offer: Offer, v3_path: str) -> tuple[Offer, Offer]:
    """An operation whose path is another one in v3."""
    return (
        msgspec.structs.replace(offer, versions=offer.versions & DATED),
        msgspec.structs.replace(offer, path=v3_path, versions=V3),
    )


def offer(
    operation: str, method: str, path: str, handler: Handler, scopes: tuple[str, ...], **more: Any
) -> Offer:
    """One line of a subject's table; `more` as in Offer."""
    return Offer(operation=operation, method=method, path=path, handler=handler, scopes=scopes, **more)
