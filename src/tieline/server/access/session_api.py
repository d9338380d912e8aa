"""`/api/session`: log in, who am I, log out, and one's own password."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, delete, get, post, put
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from tieline.errors import ConfigurationError
from tieline.server.access.guard import Guard, address_of
from tieline.server.access.passwords import MAX_LENGTH
from tieline.server.access.principal import Principal
from tieline.server.access.problems import Refusal, refused, refused_as, told
from tieline.server.access.scopes import KNOWN, OPEN, Role, needs
from tieline.server.access.sessions import LIFE, Opened, Sessions
from tieline.server.access.throttle import Throttled
from tieline.server.access.users import Users

Ask = Request[Any, Any, Any]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_LENGTH)]
#: Readable by our own pages, which send it back as a header.
CSRF_COOKIE = "tieline_csrf"


class Login(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who somebody says they are."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    password: Secret


class NewPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another password for whoever knows the present one."""

    current: Secret
    new: Secret


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever asks, and what they may do."""

    kind: str
    name: str
    role: Role | None
    scopes: tuple[str, ...]
    #: Of a session: its end, and what its writes carry in the header X-CSRF-Token.
    ends_at: datetime | None = None
    csrf: str | None = None


def session_routes(sessions: Sessions, users: Users, guard: Guard) -> Router:
    """The handlers."""

    @post(
        "/api/session",
        operation_id="session.open",
        opt=needs(OPEN),
        status_code=200,
        responses=told(401, 429),
    )
    async def open_(data: JSONBody[Login], request: Ask) -> Response[Who]:
        """Log in. The session is a cookie; a wrong name and a wrong password are one answer."""
        before = request.cookies.get(guard.cookie(request))
        opened = await sessions.open(data.name, data.password, address_of(request), before=before)
        if opened is None:
            raise Refusal(401, "there is no such user with this password")
        return Response(_who(sessions, opened.principal), cookies=_cookies(guard, request, opened))

    @get("/api/session", operation_id="session.show", opt=needs(KNOWN))
    async def show(request: Ask) -> Who:
        """Who asks, by session or token."""
        return _who(sessions, request.user)

    @delete("/api/session", operation_id="session.close", opt=needs(KNOWN), status_code=200)
    async def close(request: Ask) -> Response[None]:
        """Log out."""
        principal = _by_session(request)
        await sessions.close(principal)
        return Response(None, cookies=_cookies(guard, request, None))

    @put("/api/session/password", operation_id="session.password", opt=needs(KNOWN), responses=told(429))
    async def password(data: JSONBody[NewPassword], request: Ask) -> Response[None]:
        """Another password of one's own; every session of the user ends, this one too."""
        principal = _by_session(request)
        if not await sessions.is_password(principal.name, data.current, address_of(request)):
            raise Refusal(403, "the present password is another one")
        await users.change_password(principal.name, data.new)
        return Response(None, cookies=_cookies(guard, request, None))

    return Router(
        "/", route_handlers=[open_, show, close, password],
        exception_handlers={
            Throttled: _later, Refusal: refused, ConfigurationError: refused_as(400),
        },
    )  # fmt: skip


def _by_session(request: Ask) -> Principal:
    principal: Principal = request.user
    if principal.session is None:
        raise Refusal(400, "a token has no session and no password; revoke it instead")
    return principal


def _who(sessions: Sessions, principal: Principal) -> Who:
    csrf = None if principal.session is None else sessions.csrf(principal.session)
    return Who(
        kind=principal.kind, name=principal.name, role=principal.role, scopes=principal.scopes,
        ends_at=principal.ends_at, csrf=csrf,
    )  # fmt: skip


def _cookies(guard: Guard, request: Ask, opened: Opened | None) -> list[Cookie]:
    """What the browser keeps; None takes it away."""
    secure = guard.is_https(request)
    life = int(LIFE.total_seconds()) if opened is not None else 0
    secret, csrf = (opened.secret, opened.csrf) if opened is not None else ("", "")
    return [
        Cookie(
            key=guard.cookie(request), value=secret, path="/", max_age=life, secure=secure, httponly=True,
            samesite="lax",
        ),
        Cookie(key=CSRF_COOKIE, value=csrf, path="/", max_age=life, secure=secure, samesite="lax"),
    ]  # fmt: skip


def _later(request: Ask, error: Throttled) -> Response[bytes]:
    wait = {"Retry-After": str(math.ceil(error.wait_s))}
    return refused(request, Refusal(429, str(error), headers=wait))
