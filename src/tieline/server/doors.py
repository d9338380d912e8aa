"""Where deliveries come in: a connection's own address, or the one address of an app for all its locations."""

from __future__ import annotations

from typing import Protocol

from tieline.connectors.contacts_api import webhooks as contacts_webhooks
from tieline.connectors.kit.signatures import Refused, load_ed25519_keys
from tieline.domain.ids import ConnectionId
from tieline.server.accounts.intakes import Intake, Peeked, Request, peek_crm
from tieline.store.directory import Directory, StoredConnection
from tieline.store.errands import NewErrand
from tieline.store.grants import App

#: Of an event that belongs to no connection.
NOBODY = ConnectionId(0)
#: What the far side calls them in the body's `type` → the errand that they are.
_APP_EVENTS = {"INSTALL": "app.installed", "UNINSTALL": "app.uninstalled"}


class Door(Protocol):
    """One address."""

    @property
    def id(self) -> ConnectionId:
        """Whose refusals are counted here."""
        ...

    def verify(self, request: Request) -> str | None:
        """None when genuine, else a short reason that may be counted and shown."""
        ...

    def peek(self, request: Request) -> list[tuple[ConnectionId, Peeked]]:
        """The happenings in the body and the connection of each. Raises UnreadableError."""
        ...


class ConnectionDoor:
    """The address of one connection."""

    def __init__(self, intake: Intake, connection: StoredConnection) -> None:
        self._intake = intake
        self._connection = connection
        self.id = connection.id

    def verify(self, request: Request) -> str | None:
        """By the connection's own secrets or keys."""
        return self._intake.verify(self._connection, request)

    def peek(self, request: Request) -> list[tuple[ConnectionId, Peeked]]:
        """All of them are this connection's."""
        return [(self.id, one) for one in self._intake.peek(self._connection, request)]


class AppDoor:
    """The address of an app: the far side has one for all locations that use it."""

    def __init__(self, directory: Directory, app: App) -> None:
        self._directory = directory
        self._app = app
        self.id = NOBODY

    def verify(self, request: Request) -> str | None:
        """By one of the app's keys."""
        keys = load_ed25519_keys(self._app.secret.webhook_keys)
        verdict = contacts_webhooks.verify(keys, request.headers, request.body, now=request.now)
        return verdict.reason if isinstance(verdict, Refused) else None

    def peek(self, request: Request) -> list[tuple[ConnectionId, Peeked]]:
        """One event, for the connection of its location; installing and leaving are errands of the app."""
        seen = peek_crm(request)
        errand = _APP_EVENTS.get(seen.kind)
        if errand is not None:
            at = min(seen.occurred_at or request.now, request.now)
            given = {
                "app": self._app.id, "company": seen.company_id, "location": seen.location_id,
                "at": at.isoformat(),
            }  # fmt: skip
            left = NewErrand(lane_id=self._directory.default_lane, kind=errand, input=given)
            return [(NOBODY, self._peeked(request, seen, errands=(left,)))]
        location = seen.location_id
        connection = self._directory.connection_at(self._app.id, location) if location else None
        if connection is None:
            reason = f"no connection to location {location} by app {self._app.name}"
            return [(NOBODY, self._peeked(request, seen, reason=reason))]
        return [(connection.id, self._peeked(request, seen))]

    def _peeked(
        self,
        request: Request,
        seen: contacts_webhooks.Peek,
        *,
        reason: str | None = None,
        errands: tuple[NewErrand, ...] = (),
    ) -> Peeked:
        return Peeked(
            kind=seen.kind, delivery_id=seen.delivery_id, project=None,
            state="routed" if reason is None else "unrouted", reason=reason, body=request.body, errands=errands,
        )  # fmt: skip
