"""What the webhook handler asks of a connector: is it genuine, and where does it belong."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from tieline.inbox.receive import EventState
from tieline.store.directory import StoredConnection


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as it came."""

    #: Names in lower case.
    headers: dict[str, str]
    query: dict[str, str]
    body: bytes
    #: The event that the address names, where it does.
    event: str | None
    now: datetime


class Peeked(msgspec.Struct, frozen=True, kw_only=True):
    """One happening of a delivery, read just far enough to route it."""

    kind: str
    delivery_id: str | None
    project: str | None
    state: EventState
    reason: str | None = None
    #: The raw bytes of this happening.
    body: bytes


class Intake(Protocol):
    """One connector's side of the intake."""

    def verify(self, connection: StoredConnection, request: Request) -> str | None:
        """None when genuine, else a short reason that may be counted and shown."""
        ...

    def peek(self, connection: StoredConnection, request: Request) -> list[Peeked]:
        """The happenings in the body. Raises UnreadableError."""
        ...
