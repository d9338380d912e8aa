"""`/api/users`, `/api/tokens`, `/api/audit`: who may come in, and who did what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Router, delete, get, patch, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from tieline.errors import ConfigurationError
from tieline.server.access.audit import (
    LEAST_DAYS,
    MOST_DAYS,
    Page,
    Wanted,
    keep_days,
    kept_days,
    list_entries,
)
from tieline.server.access.given import NumberWanted, zoned
from tieline.server.access.passwords import MAX_LENGTH, MIN_LENGTH
from tieline.server.access.problems import Refusal, refused, refused_as, told
from tieline.server.access.scopes import ALL, ANY, MAY, SCOPES, Role, beyond, needs
from tieline.server.access.session_api import Ask
from tieline.server.access.tokens import NAME as TOKEN_NAME
from tieline.server.access.tokens import Made, Token, Tokens
from tieline.server.access.users import NAME as USER_NAME
from tieline.server.access.users import Removed, User, Users
from tieline.store.pool import Store

#: Described here; who refuses them says what can be used instead.
UserName = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{USER_NAME.pattern}$"})]
TokenName = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{TOKEN_NAME.pattern}$"})]
OneScope = Annotated[str, msgspec.Meta(extra_json_schema={"enum": [*SCOPES, f"{ANY}:read", ALL]})]
Days = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": LEAST_DAYS, "maximum": MOST_DAYS})]
NewSecret = Annotated[
    str, msgspec.Meta(min_length=1, max_length=MAX_LENGTH, extra_json_schema={"minLength": MIN_LENGTH})
]


class UserWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new user."""

    name: UserName
    role: Role
    password: NewSecret


class UserChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be otherwise: absent stays."""

    role: Role | None = None
    password: NewSecret | None = None


class TokenWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new token."""

    name: TokenName
    scopes: tuple[OneScope, ...]
    #: Its life; None = without an end.
    days: Annotated[float, msgspec.Meta(gt=0, le=36_500)] | None = 365.0


class Keeping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the audit log is kept."""

    days: Days


def admin_routes(store: Store, users: Users, tokens: Tokens) -> Router:
    """The handlers."""

    @get("/api/users", operation_id="users.list", opt=needs("users:read"))
    async def list_users() -> list[User]:
        """All users, by name."""
        return await users.all()

    @post("/api/users", operation_id="users.add", opt=needs("users:write"))
    async def add_user(data: JSONBody[UserWanted], request: Ask) -> User:
        """A new user, of a role that goes no further than one's own scopes."""
        _within(request, MAY[data.role])
        return await users.add(data.name, data.role, data.password)

    @patch(
        "/api/users/{name:str}", operation_id="users.change", opt=needs("users:write"), responses=told(404)
    )
    async def change_user(name: FromPath[str], data: JSONBody[UserChange], request: Ask) -> User:
        """Another role or password; the user is logged out everywhere."""
        known = next((one for one in await users.all() if one.name == name), None)
        if known is None:
            raise Refusal(404, f"there is no user {name}")
        # Whoever gives somebody a password can be that user.
        _within(request, MAY[known.role])
        changed: User | None = known
        if data.role is not None:
            _within(request, MAY[data.role])
            changed = await users.change_role(name, data.role)
        if data.password is not None:
            changed = await users.change_password(name, data.password)
        if changed is None:
            raise Refusal(404, f"there is no user {name}")
        return changed

    @delete(
        "/api/users/{name:str}",
        operation_id="users.remove",
        opt=needs("users:write"),
        status_code=200,
        responses=told(404),
    )
    async def remove_user(name: FromPath[str]) -> Removed:
        """Remove a user, who is logged out everywhere; tokens that they made are named."""
        gone = await users.remove(name)
        if gone is None:
            raise Refusal(404, f"there is no user {name}")
        return gone

    @get("/api/tokens", operation_id="tokens.list", opt=needs("tokens:read"))
    async def list_tokens() -> list[Token]:
        """All tokens, those that do not work any more among them; without what they are."""
        return await tokens.all()

    @post("/api/tokens", operation_id="tokens.add", opt=needs("tokens:write"))
    async def add_token(data: JSONBody[TokenWanted], request: Ask) -> Made:
        """A new token, shown this once, with scopes that go no further than one's own."""
        _within(request, data.scopes)
        life = None if data.days is None else timedelta(days=data.days)
        return await tokens.add(data.name, data.scopes, life=life)

    @delete(
        "/api/tokens/{name:str}", operation_id="tokens.revoke", opt=needs("tokens:write"), responses=told(404)
    )
    async def revoke_token(name: FromPath[str]) -> None:
        """End a token at once."""
        if not await tokens.revoke(name):
            raise Refusal(404, f"no token that works is named {name}")

    @get("/api/audit", operation_id="audit.list", opt=needs("audit:read"))
    async def list_audit(
        actor: FromQuery[str | None] = None,
        action: FromQuery[str | None] = None,
        subject: FromQuery[str | None] = None,
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
        before: NumberWanted = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> Page:
        """The youngest entries; `before` of a page gives the next one."""
        since, until = since and zoned("since", since), until and zoned("until", until)
        wanted = Wanted(actor=actor, action=action, subject=subject, since=since, until=until, before=before)
        return await list_entries(store, wanted, limit=limit)

    @get("/api/audit/keeping", operation_id="audit.keeping", opt=needs("audit:read"))
    async def show_keeping() -> Keeping:
        """How long entries are kept."""
        return Keeping(days=await kept_days(store))

    @put("/api/audit/keeping", operation_id="audit.keep", opt=needs("audit:write"))
    async def change_keeping(data: JSONBody[Keeping]) -> Keeping:
        """Keep entries for so long, 30 days at least."""
        await keep_days(store, data.days)
        return data

    handlers: list[Any] = [
        list_users, add_user, change_user, remove_user, list_tokens, add_token, revoke_token, list_audit,
        show_keeping, change_keeping,
    ]  # fmt: skip
    return Router(
        "/", route_handlers=handlers,
        exception_handlers={Refusal: refused, ConfigurationError: refused_as(400)},
    )  # fmt: skip


def _within(request: Ask, wanted: tuple[str, ...]) -> None:
    """Nobody gives away more than they have. Raises Refusal."""
    if missing := beyond(request.user.scopes, wanted):
        raise Refusal(403, f"you do not have {', '.join(missing)} yourself", needs=missing[0])
