"""Before every route: who asks, and may they?"""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from tieline.server.access.given import require_kept
from tieline.server.access.principal import Principal
from tieline.server.access.problems import Refusal
from tieline.server.access.scopes import ALL, KNOWN, OPEN, declared, grants
from tieline.server.access.sessions import Sessions
from tieline.server.access.tokens import Tokens
from tieline.store.audit import acts

CSRF_HEADER = "X-CSRF-Token"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
Connection = ASGIConnection[Any, Any, Any, Any]


class Guard:
    """One a process. `https`: browsers reach this hub so, whatever the last proxy speaks."""

    def __init__(self, sessions: Sessions, tokens: Tokens, *, https: bool) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._https = https

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Let the request pass, and say who it is from. Raises Refusal."""
        needed = declared(handler.opt)
        if needed == OPEN:
            return
        principal = await self._who(connection)
        # A route that forgot to say what it needs must not be open for it.
        wanted = needed or ALL
        if wanted != KNOWN and not grants(principal.scopes, wanted):
            whose = f"the role {principal.role}" if principal.role else f"the token {principal.name}"
            raise Refusal(403, f"this needs the scope {wanted}, which {whose} does not have", needs=wanted)
        require_kept(connection.scope["path"], connection.scope["query_string"].decode("latin-1"))
        connection.scope["user"] = principal
        acts(principal.actor(address_of(connection)))

    def is_https(self, connection: Connection) -> bool:
        """Whether cookies can be kept from the open wire."""
        return self._https or connection.scope["scheme"] == "https"

    def cookie(self, connection: Connection) -> str:
        """Name of the session's cookie; over https one that no other host can set."""
        return "__Host-tieline_session" if self.is_https(connection) else "tieline_session"

    async def _who(self, connection: Connection) -> Principal:
        given = connection.headers.get("authorization")
        if given is not None:
            kind, _, token = given.partition(" ")
            found = await self._tokens.find(token.strip()) if kind.lower() == "bearer" else None
            if found is None:
                raise _unknown("the token is not one of this hub's, was revoked, or has ended")
            return found
        secret = connection.cookies.get(self.cookie(connection))
        found = await self._sessions.find(secret) if secret else None
        if found is None:
            raise _unknown("log in, or send a token: Authorization: Bearer …")
        if connection.scope.get("method", "") not in _READING and not self._sessions.is_csrf(
            found, connection.headers.get(CSRF_HEADER, "")
        ):
            raise Refusal(
                403, f"the header {CSRF_HEADER} is missing, or is another session's", needs=CSRF_HEADER
            )
        return found


def address_of(connection: Connection) -> str:
    """Where a request comes from, as far as trusted proxies tell."""
    client = connection.client
    return client.host if client is not None else ""


def _unknown(detail: str) -> Refusal:
    return Refusal(401, detail, headers={"WWW-Authenticate": 'Bearer realm="tieline"'})
