"""API tokens: for programs, with scopes and an end, shown once."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from psycopg.errors import UniqueViolation

from tieline.errors import ConfigurationError
from tieline.server.access.principal import Clock, Digest, Principal
from tieline.server.access.scopes import require_scopes
from tieline.store.audit import acting, note
from tieline.store.pool import Store
from tieline.store.queries import query

#: What every token begins with, so that scanners for leaked secrets can tell it.
MARK = "tl_"
_SHAPE = re.compile(r"tl_[a-z0-9]{8}_[A-Za-z0-9_-]{43}")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_LETTERS = string.ascii_lowercase + string.digits
_EVERY = timedelta(minutes=1)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """One token, as a list shows it."""

    name: str
    #: Its beginning.
    prefix: str
    scopes: tuple[str, ...]
    created_by: str
    created_at: datetime
    #: None = it has no end.
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


class Made(Token, frozen=True, kw_only=True):
    """A new one."""

    #: Shown this once.
    token: str


class Tokens:
    """The tokens of one hub."""

    def __init__(self, store: Store, digest: Digest, clock: Clock) -> None:
        self._store = store
        self._digest = digest
        self._clock = clock

    async def add(self, name: str, scopes: Sequence[str], *, life: timedelta | None) -> Made:
        """A new token; `life` None = without an end. Raises ConfigurationError."""
        if NAME.fullmatch(name) is None:
            raise ConfigurationError(
                f"the name {name!r} cannot be used: lower-case letters, digits and . _ -, at most 63"
            )
        allowed = require_scopes(scopes)
        if life is not None and life <= timedelta(0):
            raise ConfigurationError("a token that has ended would be of no use; give it a longer life")
        prefix = MARK + "".join(secrets.choice(_LETTERS) for _ in range(8))
        token = f"{prefix}_{secrets.token_urlsafe(32)}"
        now = self._clock()
        made = Made(
            name=name, prefix=prefix, scopes=allowed, created_by=_maker(), created_at=now,
            expires_at=None if life is None else now + life, used_at=None, revoked_at=None, token=token,
        )  # fmt: skip
        try:
            async with self._store.transaction() as db:
                await db.execute(
                    "INSERT INTO api_token (name, digest, prefix, scopes, created_by, created_at, expires_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    (
                        name, self._digest("api token", token), prefix, list(allowed), made.created_by, now,
                        made.expires_at,
                    ),
                )  # fmt: skip
                await note(
                    db, "tokens.add", name,
                    after={"prefix": prefix, "scopes": allowed, "expires_at": made.expires_at},
                )  # fmt: skip
        except UniqueViolation:
            raise ConfigurationError(f"a token is named {name} already; revoke it first") from None
        return made

    async def find(self, token: str) -> Principal | None:
        """Whose token it is; None for one that there is not, that was revoked or has ended. Asked of the store each
        time, so that revoking takes effect at once."""
        if _SHAPE.fullmatch(token) is None:
            return None
        now = self._clock()
        async with self._store.transaction() as db:
            given = {"digest": self._digest("api token", token), "now": now}
            row = await (await db.execute(query("load_token"), given)).fetchone()
            if row is None:
                return None
            if row[3] is None or row[3] < now - _EVERY:
                await db.execute(query("touch_token"), {"id": row[0], "now": now})
        return Principal(kind="token", name=row[1], scopes=tuple(row[2]))

    async def all(self) -> list[Token]:
        """Those that work, and those that did; the youngest first."""
        async with self._store.transaction() as db:
            rows = await db.execute(
                "SELECT name, prefix, scopes, created_by, created_at, expires_at, used_at, revoked_at FROM api_token"
                " ORDER BY id DESC"
            )
            return [
                Token(**dict(zip(Token.__struct_fields__, (*row[:2], tuple(row[2]), *row[3:]), strict=True)))
                for row in await rows.fetchall()
            ]

    async def revoke(self, name: str) -> bool:
        """End a token at once; False when there is none of that name, or of that beginning, that works."""
        async with self._store.transaction() as db:
            row = await (
                await db.execute(
                    "UPDATE api_token SET revoked_at = %(now)s WHERE revoked_at IS NULL"
                    " AND (name = %(name)s OR prefix = %(name)s) RETURNING name, prefix",
                    {"now": self._clock(), "name": name},
                )
            ).fetchone()
            if row is not None:
                await note(db, "tokens.revoke", row[0], before={"prefix": row[1]})
        return row is not None


def _maker() -> str:
    actor = acting()
    return actor.name if actor.kind == "user" else f"{actor.kind.replace('_', ' ')} {actor.name}"
