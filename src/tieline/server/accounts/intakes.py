"""What the webhook handler asks of a connector: is it genuine, and where does it belong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tieline.connectors.contacts_api import webhooks as contacts_webhooks
from tieline.connectors.contacts_api.triggers.recognition import recognise
from tieline.connectors.kit.connection import ACCEPT_UNVERIFIED, GENERAL_SETTINGS, NO_WEBHOOKS
from tieline.connectors.kit.signatures import Refused, load_ed25519_keys
from tieline.connectors.nimbata import webhooks as nimbata_webhooks
from tieline.connectors.nimbata.config import NimbataConfig, Unproved
from tieline.connectors.nimbata.config import build as build_config
from tieline.domain.ids import ConnectionId
from tieline.inbox.receive import EventState
from tieline.store.directory import StoredConnection
from tieline.store.errands import NewErrand

Made = TypeVar("Made")


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
    #: What a worker is asked to do because of it.
    errands: tuple[NewErrand, ...] = ()


class Intake(Protocol):
    """One connector's side of the intake."""

    def verify(self, connection: StoredConnection, request: Request) -> str | None:
        """None when genuine, else a short reason that may be counted and shown."""
        ...

    def peek(self, connection: StoredConnection, request: Request) -> list[Peeked]:
        """The happenings in the body. Raises UnreadableError."""
        ...


def account_config(connection: StoredConnection) -> NimbataConfig:
    """How this call-tracking account is. Raises ConfigurationError, which names the setting."""
    own = {name: value for name, value in connection.settings.items() if name not in GENERAL_SETTINGS}
    return build_config(own)


class _PerConnection(Generic[Made]):
    """What is made once out of a connection's row, and again when the row or a retired secret's time changes it."""

    def __init__(self, make: Callable[[StoredConnection, datetime], Made]) -> None:
        self._make = make
        self._made: dict[ConnectionId, tuple[int, datetime | None, Made]] = {}

    def of(self, connection: StoredConnection, now: datetime) -> Made:
        """What it is at `now`."""
        known = self._made.get(connection.id)
        if known is None or known[0] != connection.version or (known[1] is not None and known[1] <= now):
            ends = connection.credential.changes_after(now)
            known = self._made[connection.id] = (connection.version, ends, self._make(connection, now))
        return known[2]


class NimbataIntake:
    """Deliveries of a call-tracking account."""

    def __init__(self) -> None:
        self._ready = _PerConnection(_nimbata_checks)

    def verify(self, connection: StoredConnection, request: Request) -> str | None:
        """Every proof that the connection demands must hold."""
        _, checks = self._ready.of(connection, request.now)
        verdict = nimbata_webhooks.verify(checks, request.headers, request.query, request.body, request.now)
        return verdict.reason if isinstance(verdict, Refused) else None

    def peek(self, connection: StoredConnection, request: Request) -> list[Peeked]:
        """One a happening: the body may hold several."""
        config, _ = self._ready.of(connection, request.now)
        found = []
        for item in nimbata_webhooks.split(request.body, request.headers.get("content-type", "")):
            seen = nimbata_webhooks.peek(item, request.event, config)
            found.append(
                Peeked(
                    kind=seen.kind,
                    delivery_id=seen.delivery_id,
                    project=seen.project_id or request.query.get("project"),
                    state="test" if seen.test else "routed",
                    reason="a test of the far side's; kept, not synced" if seen.test else None,
                    body=item,
                )
            )
        return found


def _nimbata_checks(
    connection: StoredConnection, now: datetime
) -> tuple[NimbataConfig, tuple[nimbata_webhooks.Check, ...]]:
    config, secrets = account_config(connection), connection.credential.secrets_at(now)
    if not secrets and connection.settings.get(NO_WEBHOOKS) is True:
        # Nothing can prove itself to it, so that whatever comes is refused.
        return config, ()
    unproved = any(isinstance(one, Unproved) for one in config.webhooks.auth or ())
    if unproved and connection.settings.get(ACCEPT_UNVERIFIED) is not True:
        # However its settings came to be so: nobody said that this is meant.
        return config, ()
    return config, nimbata_webhooks.checks(config, secrets)


def peek_crm(request: Request) -> contacts_webhooks.Peek:
    """What a delivery of the CRM is. Some say no name: then the address may, or the fields. Raises UnreadableError."""
    seen = contacts_webhooks.peek(request.body, request.headers)
    if seen.kind:
        return seen
    found = recognise(request.body, event=request.event or "")
    name = found.candidates[0].event if found.sure else request.event
    return msgspec.structs.replace(seen, kind=name or "")


class ContactsIntake:
    """Deliveries of the CRM."""

    def __init__(self) -> None:
        self._keys = _PerConnection(_contacts_keys)

    def verify(self, connection: StoredConnection, request: Request) -> str | None:
        """Signed by one of the connection's keys, and not older than a day."""
        keys = self._keys.of(connection, request.now)
        verdict = contacts_webhooks.verify(keys, request.headers, request.body, now=request.now)
        return verdict.reason if isinstance(verdict, Refused) else None

    def peek(self, connection: StoredConnection, request: Request) -> list[Peeked]:
        """One event a delivery; one of another location is kept and goes nowhere."""
        seen = peek_crm(request)
        elsewhere = seen.location_id is not None and seen.location_id != connection.account
        return [
            Peeked(
                kind=seen.kind,
                delivery_id=seen.delivery_id,
                project=None,
                state="unrouted" if elsewhere else "routed",
                reason="it is about another location than this connection's" if elsewhere else None,
                body=request.body,
            )
        ]


def _contacts_keys(connection: StoredConnection, now: datetime) -> tuple[Ed25519PublicKey, ...]:
    return load_ed25519_keys(connection.credential.keys_at(now))
