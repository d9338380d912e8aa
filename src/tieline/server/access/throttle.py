"""How often somebody may try to log in: by user and by address, with pauses that double."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import Any, Literal

import msgspec

from tieline.server.access.principal import Clock, Digest
from tieline.store.pool import Store
from tieline.store.queries import query

#: After an hour without a try, those before it count no more.
FORGET = timedelta(hours=1)


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """Of one kind of key."""

    #: Tries without a pause.
    allowed: int
    #: The longest pause: strangers must not be able to lock a user out for good.
    longest_s: float


LIMITS: dict[Literal["user", "address"], Limit] = {
    "user": Limit(allowed=5, longest_s=300.0),
    "address": Limit(allowed=20, longest_s=900.0),
}


class Throttled(Exception):
    """Too many tries; the next one may come in `wait_s`."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many tries; the next one may come in {wait_s:.0f} s")
        self.wait_s = wait_s


class Throttle:
    """Counts tries before they are made, so that many at once count as many."""

    def __init__(self, store: Store, digest: Digest, clock: Clock) -> None:
        self._store = store
        self._digest = digest
        self._clock = clock

    async def begin(self, user: str, address: str) -> None:
        """Count a try as a failure. Raises Throttled."""
        now = self._clock()
        wait_s = 0.0
        async with self._store.transaction() as db:
            for kind, key in self._keys(user, address):
                limit = LIMITS[kind]
                given = {
                    "kind": kind, "key": key, "now": now, "forgotten": now - FORGET, "allowed": limit.allowed,
                    "longest_s": limit.longest_s,
                }  # fmt: skip
                if await (await db.execute(query("try_login"), given)).fetchone() is None:
                    row = await (await db.execute(query("load_login_wait"), given)).fetchone()
                    wait_s = (row[0] - now).total_seconds() if row is not None else 0.0
                    # The address has been counted by then, and stays so.
                    break
        if wait_s > 0:
            raise Throttled(wait_s)

    async def succeeded(self, db: Any, user: str, address: str) -> None:
        """It was no failure: the user's count begins anew, the address's is what it was before."""
        (_, of_address), (_, of_user) = self._keys(user, address)
        await db.execute("DELETE FROM login_attempt WHERE kind = 'user' AND key = %s", (of_user,))
        await db.execute(
            "UPDATE login_attempt SET failures = GREATEST(failures - 1, 0), free_at = LEAST(free_at, %s)"
            " WHERE kind = 'address' AND key = %s",
            (self._clock(), of_address),
        )

    async def forgive(self, db: Any, user: str) -> None:
        """Nobody's tries with that user count any more."""
        await db.execute(
            "DELETE FROM login_attempt WHERE kind = 'user' AND key = %s", (self._digest("login user", user),)
        )

    def _keys(self, user: str, address: str) -> tuple[tuple[Literal["address", "user"], bytes], ...]:
        # One person has a whole /64 of version 6.
        return (
            ("address", self._digest("login address", _network(address))),
            ("user", self._digest("login user", user.casefold())),
        )


def _network(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)
