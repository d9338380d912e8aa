"""Sessions: a user logs in and out; a session ends when it is not used, and in any case."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

import msgspec

from tieline.server.access.passwords import verify_password
from tieline.server.access.principal import Clock, Digest, Principal
from tieline.server.access.scopes import MAY
from tieline.server.access.throttle import Throttle
from tieline.store.audit import Actor, acting_as, note
from tieline.store.pool import Store
from tieline.store.queries import query

IDLE = timedelta(hours=1)
LIFE = timedelta(hours=12)
#: How exactly the last use is known.
_EVERY = timedelta(minutes=1)


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A session, as its browser is given it."""

    secret: str
    csrf: str
    principal: Principal
    ends_at: datetime


class Sessions:
    """The sessions of one hub."""

    def __init__(self, store: Store, digest: Digest, clock: Clock) -> None:
        self._store = store
        self._digest = digest
        self._clock = clock
        self._throttle = Throttle(store, digest, clock)

    async def open(
        self, name: str, password: str, address: str, *, before: str | None = None
    ) -> Opened | None:
        """A new session, with a secret that nobody knew; the one that the browser had `before` ends. None for a wrong
        name or password, which take equally long. Raises Throttled."""
        await self._throttle.begin(name, address)
        async with self._store.transaction() as db:
            row = await (
                await db.execute("SELECT id, role, password FROM account_user WHERE name = %s", (name,))
            ).fetchone()
        if not await verify_password(row[2] if row is not None else None, password) or row is None:
            return None
        secret, now = secrets.token_urlsafe(32), self._clock()
        key = self._digest("session", secret)
        async with self._store.transaction() as db:
            # Who lost the role or changed the password while it was checked, has to log in again.
            still = await db.execute(
                "SELECT 1 FROM account_user WHERE id = %s AND role = %s AND password = %s FOR SHARE", row
            )
            if await still.fetchone() is None:
                return None
            await self._throttle.succeeded(db, name, address)
            if before is not None:
                await db.execute("DELETE FROM session WHERE digest = %s", (self._digest("session", before),))
            await db.execute(
                "INSERT INTO session (digest, user_id, address, created_at, seen_at, ends_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (key, row[0], address, now, now, now + LIFE),
            )
            with acting_as(Actor(kind="user", name=name, address=address)):
                await note(db, "sessions.open", name)
        principal = Principal(
            kind="user", name=name, scopes=MAY[row[1]], role=row[1], session=key, ends_at=now + LIFE
        )
        return Opened(secret=secret, csrf=self.csrf(key), principal=principal, ends_at=now + LIFE)

    async def find(self, secret: str) -> Principal | None:
        """Whose session it is; None where there is none, or it has ended."""
        key, now = self._digest("session", secret), self._clock()
        async with self._store.transaction() as db:
            row = await (
                await db.execute(query("load_session"), {"digest": key, "now": now, "idle_since": now - IDLE})
            ).fetchone()
            if row is not None and row[3] < now - _EVERY:
                await db.execute(query("touch_session"), {"digest": key, "now": now})
        if row is None:
            return None
        return Principal(
            kind="user", name=row[0], scopes=MAY[row[1]], role=row[1], session=key, ends_at=row[2]
        )

    async def close(self, principal: Principal) -> None:
        """Log out."""
        async with self._store.transaction() as db:
            await db.execute("DELETE FROM session WHERE digest = %s", (principal.session,))
            await note(db, "sessions.close", principal.name)

    async def is_password(self, name: str, password: str, address: str) -> bool:
        """Whether it is the user's, for a change that asks for it again. Raises Throttled."""
        await self._throttle.begin(name, address)
        async with self._store.transaction() as db:
            row = await (
                await db.execute("SELECT password FROM account_user WHERE name = %s", (name,))
            ).fetchone()
        if not await verify_password(row[0] if row is not None else None, password):
            return False
        async with self._store.transaction() as db:
            await self._throttle.succeeded(db, name, address)
        return True

    def csrf(self, session: bytes) -> str:
        """What a page of ours sends along with its writes: another site's cannot know it, nor keep it for the next
        session."""
        return self._digest("csrf", session.hex()).hex()

    def is_csrf(self, principal: Principal, given: str) -> bool:
        """Whether it is the session's own."""
        own = self.csrf(principal.session or b"")
        return principal.session is not None and hmac.compare_digest(own.encode(), given.encode())
