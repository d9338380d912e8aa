"""Whoever a request is from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from tieline.server.access.scopes import Role
from tieline.store.audit import Actor

Digest = Callable[[str, str], bytes]
Clock = Callable[[], datetime]


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A user with a session, or a token."""

    kind: Literal["user", "token"]
    name: str
    scopes: tuple[str, ...]
    #: Of a user.
    role: Role | None = None
    #: Keyed hash of the session; None of a token.
    session: bytes | None = None
    #: When that session ends at the latest.
    ends_at: datetime | None = None

    def actor(self, address: str | None) -> Actor:
        """As the audit log names them."""
        return Actor(kind=self.kind, name=self.name, address=address)


def utc_now() -> datetime:
    """The clock that there is when no test moves one."""
    return datetime.now(UTC)
