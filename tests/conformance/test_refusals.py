"""For every operation of the CRM: whatever the reference says is refused, is refused, and takes no effect.

Cases are made from each operation's valid example: a required property left out, one of a wrong type, one that nobody
knows, no Version, a token without the scope, an id that is nobody's.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import pytest

from tests.conformance import specs
from tests.conformance.examples import EXAMPLES
from tests.conformance.numbers import note
from tests.conformance.ready import Ready, ready
from tieline.catalogue.spec import AnyOperation
from tieline.connectors.contacts_api import CONNECTOR
from tieline.connectors.kit.line import Line
from tieline.sandbox.contacts_api.offer import DATED, Offer

BY_ID = {operation.id: operation for operation in CONNECTOR.operations}
NOBODY = "x0000000000000000000"


@dataclass(frozen=True)
class Asked:
    """One request as it goes out."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any
    headers: tuple[tuple[str, str], ...]

    def with_headers(self, **changes: str | None) -> Asked:
        """With some headers otherwise; None leaves one out."""
        headers = {**dict(self.headers), **changes}
        return replace(self, headers=tuple((name, value) for name, value in headers.items() if value))


@dataclass(frozen=True)
class Case:
    """A request that must be refused."""

    name: str
    asked: Asked
    statuses: frozenset[int]
    #: A part of the message.
    says: str


def as_asked(operation: AnyOperation, ready_: Ready, given: Any) -> Asked:
    """The example as our own connector sends it."""
    line = Line(ready_.api.connection, CONNECTOR)
    prepared = line.prepare(operation)
    url, body = prepared.render(given)
    parts = urlsplit(str(url))
    return Asked(
        method=prepared.method,
        path=parts.path,
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        body=None if body is None else json.loads(body),
        headers=tuple(prepared.headers.items()),
    )


def refusals(operation: AnyOperation, offer: Offer, asked: Asked) -> Iterator[Case]:
    """Every case of one operation."""
    required, known = (
        (set(), set()) if offer.body is None else (set(offer.body.required), set(offer.body.allowed))
    )
    if operation.version:
        yield Case(
            "no version", asked.with_headers(Version=None), frozenset({401}), "version header was not found"
        )
        yield Case(
            "wrong version", asked.with_headers(Version="1999-01-01"), frozenset({401}), "version header"
        )
    yield Case(
        "wrong token", asked.with_headers(Authorization="Bearer pit-wrong"), frozenset({401}), "Invalid token"
    )
    if operation.path.count("{") > operation.path.count("{locationId}"):
        places = [
            place
            for place, part in enumerate(operation.path.strip("/").split("/"))
            if part.startswith("{") and part not in ("{locationId}", "{type}")
        ]
        if places:
            parts = asked.path.strip("/").split("/")
            parts[places[-1]] = NOBODY
            yield Case(
                "unknown id", replace(asked, path="/" + "/".join(parts)), frozenset({400, 404}), "not found"
            )
    if isinstance(asked.body, dict):
        yield Case(
            "unknown property", replace(asked, body={**asked.body, "tieline": 1}), frozenset({422}),
            "property tieline should not exist",
        )  # fmt: skip
        for name in asked.body:
            if name in required:
                less = {key: value for key, value in asked.body.items() if key != name}
                yield Case(f"without {name}", replace(asked, body=less), frozenset({422, 403}), name)
            if name in known and name not in _ANYTHING and name != "locationId":
                wrong = {**asked.body, name: {"wrong": ["type"]}}
                yield Case(f"{name} of a wrong type", replace(asked, body=wrong), frozenset({422}), name)
    for name, _ in asked.query:
        if name in offer.query.required:
            less_query = tuple(pair for pair in asked.query if pair[0] != name)
            yield Case(f"without ?{name}", replace(asked, query=less_query), frozenset({422, 403}), name)
    yield Case(
        "unknown parameter", replace(asked, query=(*asked.query, ("tieline", "1"))), frozenset({422}),
        "property tieline should not exist",
    )  # fmt: skip


#: Properties whose values have no one type.
_ANYTHING = frozenset({"searchAfter", "customFields", "dateOfBirth"})


def offer_of(ready_: Ready, name: str) -> Offer:
    """The operation as the sandbox offers it under a dated version."""
    return next(
        route
        for route in ready_.sandbox.contacts.side.routes
        if isinstance(route, Offer) and route.operation == name and route.versions & DATED
    )


@pytest.fixture
async def location() -> AsyncIterator[Ready]:
    """A location with something in it."""
    async with ready() as one:
        yield one


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_what_must_be_refused_is_refused(location: Ready, name: str) -> None:
    """With the documented status, a message that names the fault, and no effect at all."""
    operation = BY_ID[name]
    asked = as_asked(operation, location, await EXAMPLES[name](location))
    audit, offer = location.sandbox.contacts.audit, offer_of(location, name)
    async with aiohttp.ClientSession() as http:
        for case in refusals(operation, offer, asked):
            before = dict(audit.effects)
            status, answer = await send(http, location, case.asked)
            assert status in case.statuses, f"{name}, {case.name}: {status} {answer}"
            message = answer["message"]
            said = "; ".join(message) if isinstance(message, list) else message
            assert case.says.lower() in said.lower(), f"{name}, {case.name}: {said}"
            assert isinstance(message, list) == (status == 422)
            assert dict(audit.effects) == before
            note("refused", f"{name} {case.name}")


@pytest.mark.parametrize("name", sorted(name for name in EXAMPLES if BY_ID[name].scopes))
async def test_a_token_without_the_scope_is_refused(location: Ready, name: str) -> None:
    """401 in the words that tell it from a token that ran out; any other scope does not help."""
    operation = BY_ID[name]
    asked = as_asked(operation, location, await EXAMPLES[name](location))
    others = sorted({scope for one in BY_ID.values() for scope in one.scopes} - set(operation.scopes))
    for kind in ("private_token.scopes", "token.scopes"):
        location.sandbox.contacts.side.emit(
            {"kind": kind, "location": location.location, "fields": {"scopes": others}}
        )
    async with aiohttp.ClientSession() as http:
        status, answer = await send(http, location, asked)
    assert (status, answer["message"]) == (401, "The token is not authorized for this scope.")
    note("refused", f"{name} without the scope")


async def send(http: aiohttp.ClientSession, location: Ready, asked: Asked) -> tuple[int, Any]:
    """Status and JSON."""
    url = f"{location.told['base_url']}{asked.path}"
    if asked.query:
        url += f"?{urlencode(asked.query)}"
    data = None if asked.body is None else json.dumps(asked.body).encode()
    async with http.request(asked.method, url, data=data, headers=dict(asked.headers)) as answer:
        return answer.status, await answer.json(content_type=None)


#: What the specs call required though either of two will do, or nobody needs it: as the reference says.
_TOO_STRICT = {
    "calendars.create_block_slot": {"calendarId", "assignedUserId"},
    "calendars.update_block_slot": {"calendarId", "assignedUserId"},
    "messages.add_inbound": {"conversationId", "contactId", "conversationProviderId"},
    "messages.add_outbound_call": {"conversationId"},
    "messages.send": {"status", "subType"},
    "opportunities.search": {"additionalDetails", "searchAfter", "limit", "query", "page"},
    "opportunities.upsert": {"followers", "followersActionType", "isRemoveAllFollowers"},
}


@pytest.mark.skipif(not specs.available(), reason="the vendor's specs are not beside this checkout")
@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_nothing_is_required_less_than_the_vendors_spec_requires(location: Ready, name: str) -> None:
    """Body and query; what the specs get wrong is named."""
    offer = offer_of(location, name)
    documented = specs.dated().find(offer.method, offer.path)
    assert documented is not None
    body = documented.body()
    wanted = set(documented.required(body)) - _TOO_STRICT.get(name, set())
    if offer.body is not None:
        assert wanted <= set(offer.body.required)
    for parameter, described in documented.parameters("query").items():
        if described.get("required"):
            assert parameter in offer.query.required
