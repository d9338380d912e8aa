"""Users: made, changed, removed, and the first of them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from tieline.errors import ConfigurationError
from tieline.server.access.passwords import hash_password, new_password, require_password
from tieline.server.access.principal import Clock
from tieline.server.access.scopes import Role
from tieline.store.audit import note
from tieline.store.pool import Store

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,62}")
#: Who is there at the first start.
FIRST = "admin"


class User(msgspec.Struct, frozen=True, kw_only=True):
    """One user, without the password."""

    name: str
    role: Role
    created_at: datetime
    password_at: datetime


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """A user that is gone."""

    removed: str
    #: Tokens that they made and that still work: whoever knows them may go on.
    tokens: tuple[str, ...]


class Users:
    """The users of one hub. Whoever's role or password changes is logged out everywhere."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def all(self) -> list[User]:
        """By name."""
        async with self._store.transaction() as db:
            rows = await db.execute(
                "SELECT name, role, created_at, password_at FROM account_user ORDER BY name"
            )
            return [
                User(name=row[0], role=row[1], created_at=row[2], password_at=row[3])
                for row in await rows.fetchall()
            ]

    async def add(self, name: str, role: Role, password: str) -> User:
        """A new user. Raises ConfigurationError."""
        if NAME.fullmatch(name) is None:
            raise ConfigurationError(
                f"the name {name!r} cannot be used: lower-case letters, digits and . _ @ + -, at most 63"
            )
        hashed = await hash_password(require_password(password, user=name))
        async with self._store.transaction() as db:
            made = await self._insert(db, name, role, hashed)
            if made is None:
                raise ConfigurationError(f"there is a user {name} already")
            await note(db, "users.add", name, after={"role": role})
        return made

    async def first(self) -> str | None:
        """Make the first admin where there is no user; gives its password, which is told this once."""
        if await self.all():
            return None
        password = new_password()
        hashed = await hash_password(password)
        async with self._store.transaction() as db:
            # Of several processes that start at once one makes it.
            await db.execute("LOCK TABLE account_user IN SHARE ROW EXCLUSIVE MODE")
            if await (await db.execute("SELECT 1 FROM account_user LIMIT 1")).fetchone():
                return None
            await self._insert(db, FIRST, "admin", hashed)
            await note(db, "users.add", FIRST, after={"role": "admin"})
        return password

    async def change_role(self, name: str, role: Role) -> User | None:
        """None when there is no such user. Raises ConfigurationError for the last admin."""
        async with self._store.transaction() as db:
            await db.execute("LOCK TABLE account_user IN SHARE ROW EXCLUSIVE MODE")
            before = await self._one(db, name)
            if before is None:
                return None
            await _keep_an_admin(db, before, role)
            await db.execute("UPDATE account_user SET role = %s WHERE name = %s", (role, name))
            await _log_out(db, name)
            await note(db, "users.role", name, before={"role": before.role}, after={"role": role})
        return msgspec.structs.replace(before, role=role)

    async def change_password(self, name: str, password: str) -> User | None:
        """None when there is no such user. Raises ConfigurationError."""
        hashed = await hash_password(require_password(password, user=name))
        async with self._store.transaction() as db:
            await db.execute(
                "UPDATE account_user SET password = %s, password_at = %s WHERE name = %s",
                (hashed, self._clock(), name),
            )
            after = await self._one(db, name)
            if after is None:
                return None
            await _log_out(db, name)
            await note(db, "users.password", name)
        return after

    async def remove(self, name: str) -> Removed | None:
        """None when there is no such user. Raises ConfigurationError for the last admin."""
        async with self._store.transaction() as db:
            await db.execute("LOCK TABLE account_user IN SHARE ROW EXCLUSIVE MODE")
            before = await self._one(db, name)
            if before is None:
                return None
            await _keep_an_admin(db, before, None)
            rows = await db.execute(
                "SELECT name FROM api_token WHERE created_by = %s AND revoked_at IS NULL"
                " AND (expires_at IS NULL OR expires_at > %s) ORDER BY name",
                (name, self._clock()),
            )
            tokens = tuple(row[0] for row in await rows.fetchall())
            await db.execute("DELETE FROM account_user WHERE name = %s", (name,))
            await note(db, "users.remove", name, before={"role": before.role})
        return Removed(removed=name, tokens=tokens)

    async def _insert(self, db: Any, name: str, role: Role, hashed: str) -> User | None:
        now = self._clock()
        row = await (
            await db.execute(
                "INSERT INTO account_user (name, role, password, created_at, password_at)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (name) DO NOTHING RETURNING id",
                (name, role, hashed, now, now),
            )
        ).fetchone()
        return None if row is None else User(name=name, role=role, created_at=now, password_at=now)

    async def _one(self, db: Any, name: str) -> User | None:
        row = await (
            await db.execute(
                "SELECT name, role, created_at, password_at FROM account_user WHERE name = %s", (name,)
            )
        ).fetchone()
        return None if row is None else User(name=row[0], role=row[1], created_at=row[2], password_at=row[3])


async def _keep_an_admin(db: Any, user: User, role: Role | None) -> None:
    if user.role != "admin" or role == "admin":
        return
    row = await (
        await db.execute(
            "SELECT 1 FROM account_user WHERE role = 'admin' AND name <> %s LIMIT 1", (user.name,)
        )
    ).fetchone()
    if row is None:
        raise ConfigurationError(f"{user.name} is the last admin; make another one first")


async def _log_out(db: Any, name: str) -> None:
    await db.execute(
        "DELETE FROM session USING account_user WHERE user_id = account_user.id AND name = %s", (name,)
    )
