"""Everything of access that the application is made with."""

from __future__ import annotations

from litestar import Router

from tieline.server.access.admin_api import admin_routes
from tieline.server.access.guard import Guard
from tieline.server.access.principal import Clock, Digest
from tieline.server.access.session_api import session_routes
from tieline.server.access.sessions import Sessions
from tieline.server.access.tokens import Tokens
from tieline.server.access.users import Users
from tieline.store.pool import Store


class Front:
    """The guard of one process, and its own routes."""

    def __init__(self, store: Store, digest: Digest, clock: Clock, *, https: bool) -> None:
        sessions, tokens = Sessions(store, digest, clock), Tokens(store, digest, clock)
        users = Users(store, clock)
        self.guard = Guard(sessions, tokens, https=https)
        self.routes: list[Router] = [
            session_routes(sessions, users, self.guard),
            admin_routes(store, users, tokens),
        ]
