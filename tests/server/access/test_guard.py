"""Before every route: who asks, and may they?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from tests.server.access.desk import Browser, Desk, MovedClock, desk, make_hub
from tieline.server.access.scopes import KNOWN, MAY, OPEN, ROLES, declared, grants
from tieline.server.app import make_api
from tieline.store.pool import Store

#: All that answers to whoever asks.
OPEN_ROUTES = {
    "/health",
    "/oauth/callback",
    "/api/openapi.json",
    "/api/session",
}


def routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """(method, path, handler) of all that can be asked."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute), (
            f"{route.path} is nothing that the guard is known to stand before"
        )
        for handler in route.route_handlers:
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                yield method, route.path, handler


def address(path: str) -> str:
    """An address of that route, of something that there is not."""
    parts = ("1" if part.startswith("{") else part for part in path.split("/"))
    return "/".join(parts)


async def test_every_route_declares_what_it_needs(store: Store) -> None:
    """One that is forgotten is found here, and is for admins alone until then."""
    app = make_api(await make_hub(store, MovedClock()))
    found = {(method, path): declared(handler.opt) for method, path, handler in routes(app)}
    assert len(found) > 25
    assert [where for where, needed in found.items() if needed is None] == []
    open_ = {path for (_, path), needed in found.items() if needed == OPEN}
    assert open_ <= OPEN_ROUTES
    writing = {where for where in found if where[0] not in ("GET", "HEAD")}
    assert [where for where in writing if (found[where] or "").endswith(":read")] == []


async def test_each_role_reaches_what_it_may_and_nothing_else(store: Store) -> None:
    """Each role against each route; nobody at all is told to log in, and a refusal names what is missing."""
    async with desk(store) as it:
        app = make_api(it.hub)
        for role in (None, *ROLES):
            browser = Browser(it)
            if role is not None:
                assert (await browser.log_in(role)).status == 200
            for method, path, handler in routes(app):
                needed = declared(handler.opt) or ""
                if handler.operation_id == "session.close" and role is not None:
                    continue
                body: dict[str, Any] | None = {} if method in ("POST", "PUT", "PATCH") else None
                answer = await browser.ask(method, address(path), body)
                where = (role, method, path, answer.body)
                if needed == OPEN:
                    assert answer.status not in (401, 403), where
                elif role is None:
                    assert answer.status == 401, where
                    assert answer.headers["Content-Type"].startswith("application/problem+json")
                    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
                elif needed == KNOWN or grants(MAY[role], needed):
                    assert answer.status not in (401, 403), where
                else:
                    assert (answer.status, answer.body["needs"]) == (403, needed), where
                    assert needed in answer.body["detail"]


async def test_a_token_reaches_what_its_scopes_name(store: Store) -> None:
    """Whatever else it is asked for."""
    async with desk(store) as it:
        program = await it.bearer("items:read")
        assert (
            await it.ask("GET", "/api/items?connection=calls&person=%2B12015550123", **program)
        ).status == 200
        for method, path in (("POST", "/api/items"), ("GET", "/api/status"), ("GET", "/api/audit")):
            body: dict[str, Any] | None = {} if method == "POST" else None
            assert (await it.ask(method, path, body, **program)).status == 403, path
        who = await it.ask("GET", "/api/session", **program)
        assert (who.body["kind"], who.body["scopes"]) == ("token", ["items:read"])


@pytest.mark.parametrize(
    "given", ["Bearer", "Bearer nonsense", "Basic dTpw", "Bearer tl_abcdefgh_" + "x" * 43]
)
async def test_a_token_that_is_not_ours_is_refused_even_beside_a_good_session(
    store: Store, given: str
) -> None:
    """Whoever sends one means it."""
    async with desk(store) as it:
        browser = Browser(it)
        await browser.log_in()
        assert (await browser.ask("GET", "/api/status", Authorization=given)).status == 401
        assert (await browser.ask("GET", "/api/status")).status == 200


async def test_a_revoked_token_and_one_that_has_ended_are_refused_at_once(store: Store) -> None:
    """The next request asks the store anew."""
    async with desk(store) as it:
        first, second = await it.bearer("*:read", name="first"), await it.bearer("*:read", name="second")
        short = await it.tokens.add("short", ("*:read",), life=timedelta(hours=1))
        third = {"Authorization": f"Bearer {short.token}"}
        for headers in (first, second, third):
            assert (await it.ask("GET", "/api/status", **headers)).status == 200
        assert await it.tokens.revoke("first")
        assert await it.tokens.revoke(second["Authorization"][7:18])
        for headers in (first, second):
            assert (await it.ask("GET", "/api/status", **headers)).status == 401
        it.clock.move(timedelta(minutes=59))
        assert (await it.ask("GET", "/api/status", **third)).status == 200
        it.clock.move(timedelta(minutes=1))
        assert (await it.ask("GET", "/api/status", **third)).status == 401
        assert not await it.tokens.revoke("first")


async def test_no_token_stands_in_the_store_and_its_use_is_seen(store: Store) -> None:
    """Only its hash, its beginning, and when it was used last."""
    async with desk(store) as it:
        headers = await it.bearer("status:read")
        await it.ask("GET", "/api/status", **headers)
        ((row,),) = await it.rows("SELECT api_token::text FROM api_token")
        assert headers["Authorization"][7:18] in row
        assert headers["Authorization"][18:] not in row
        (token,) = await it.tokens.all()
        assert token.used_at == it.clock.now


async def test_nobody_gives_away_more_than_they_have(store: Store) -> None:
    """A token that may make tokens makes none that reach further; nor users."""
    async with desk(store) as it:
        maker = await it.bearer("tokens:write", "users:write", "items:read")
        wanted = {"name": "x", "scopes": ["items:write"]}
        refused = await it.ask("POST", "/api/tokens", wanted, **maker)
        assert (refused.status, refused.body["needs"]) == (403, "items:write")
        assert (
            await it.ask("POST", "/api/tokens", {**wanted, "scopes": ["items:read"]}, **maker)
        ).status == 201
        admin = {"name": "eve", "role": "admin", "password": "0123456789"}
        assert (await it.ask("POST", "/api/users", admin, **maker)).status == 403
        change = {"password": "0123456789"}
        assert (await it.ask("PATCH", "/api/users/admin", change, **maker)).status == 403
        assert (await _names(it)) == ["admin", "operator", "viewer"]


async def _names(it: Desk) -> list[str]:
    return [one.name for one in await it.users.all()]
