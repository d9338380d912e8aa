"""The HTTP side of the hub: webhooks on the fast path, everything else through Litestar."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import msgspec
import psycopg
import structlog
import uvicorn
from litestar import Litestar, Response, get
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp
from psycopg_pool import PoolTimeout

from tieline import __version__
from tieline.errors import ConfigurationError
from tieline.server.access.front import Front
from tieline.server.access.given import Given
from tieline.server.access.limits import BODY_BYTES, guarded
from tieline.server.access.problems import Refusal, away, broken, misread, refused
from tieline.server.access.scopes import OPEN, needs
from tieline.server.accounts.callback import callback_route
from tieline.server.alerts.api import alert_routes
from tieline.server.backfill.api import backfill_routes
from tieline.server.catalogue.api import catalogue_routes
from tieline.server.description import description
from tieline.server.hooks import Hooks, Receive, Scope, Send
from tieline.server.keeping.erase_api import erase_routes
from tieline.server.outward.api import outward_routes
from tieline.server.people.conflicts_api import conflict_routes
from tieline.server.people.items_api import item_routes
from tieline.server.people.people_api import people_routes
from tieline.server.sweeps.report import sweeps_route
from tieline.server.trouble.api import error_routes
from tieline.store.queries import query

if TYPE_CHECKING:
    from tieline.server.hub import Hub, ServeOptions

log = structlog.get_logger(__name__)


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How the hub stands."""

    version: str
    connections: int
    syncs: int
    #: Assignments not ended yet, by state.
    ready: int
    waiting: int
    dead: int
    open_effects: int


def make_app(
    hub: Hub, hooks: Hooks, *, public_url: str | None = None
) -> Callable[[Scope, Receive, Send], Any]:
    """The ASGI application; `public_url` tells whether browsers reach it by https."""
    https = (public_url or "").lower().startswith("https://")
    litestar = cast(ASGIApp, make_api(hub, https=https))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/hooks/"):
            await hooks(scope, receive, send)
        else:
            await litestar(cast(Any, scope), cast(Any, receive), cast(Any, send))

    return guarded(app, https=https)


def make_api(hub: Hub, *, https: bool = False) -> Litestar:
    """Everything but the webhooks; each route declares what it needs (`needs`), and the guard stands before all."""
    store, directory = hub.store, hub.directory
    front = Front(store, hub.vault.digest, hub.clock, https=https)

    @get("/health", operation_id="health", sync_to_thread=False, opt=needs(OPEN))
    def health() -> dict[str, str]:
        """Says that the process answers; asks nothing of the database."""
        return {"status": "ok", "version": __version__}

    @get("/api/status", operation_id="status", opt=needs("status:read"))
    async def status() -> Status:
        """Counts of what is under way; the figures that the command line shows."""
        async with store.transaction() as db:
            row = await (await db.execute(query("count_work"))).fetchone()
        if row is None:
            raise ConfigurationError("the store gave no counts")
        return Status(
            version=__version__,
            connections=len(directory.connections),
            syncs=len(directory.syncs),
            ready=row[0],
            waiting=row[1],
            dead=row[2],
            open_effects=row[3],
        )

    @get("/api/openapi.json", operation_id="openapi", include_in_schema=False, sync_to_thread=False,
         opt=needs(OPEN))  # fmt: skip
    def openapi() -> Response[bytes]:
        """All of this, described."""
        return Response(described(), media_type="application/json")

    app = Litestar(
        [
            health,
            status,
            openapi,
            sweeps_route(hub),
            callback_route(hub),
            *conflict_routes(hub),
            item_routes(hub),
            backfill_routes(hub),
            people_routes(hub),
            error_routes(hub),
            erase_routes(hub),
            catalogue_routes(hub),
            outward_routes(hub),
            alert_routes(hub),
            *front.routes,
        ],
        guards=[front.guard],
        request_class=Given,
        exception_handlers={
            psycopg.OperationalError: away,
            PoolTimeout: away,
            Refusal: refused,
            HTTPException: misread,
            500: broken,
        },
        request_max_body_size=BODY_BYTES,
        # Litestar would send everybody's log lines its own way.
        logging_config=None,
        # What it tells of itself is not what it takes and gives; see `description`.
        openapi_config=None,
    )
    described = cache(lambda: msgspec.json.encode(description(app)))
    return app


class _Server(uvicorn.Server):
    """Leaves signals to the command that runs it."""

    def install_signal_handlers(self) -> None:
        return None


class Http:
    """Serves the application until cancelled."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Any], options: ServeOptions) -> None:
        self._options = options
        self._config = uvicorn.Config(
            cast(Any, app),
            host=options.host or "127.0.0.1",
            port=options.port,
            # An access log would show ?key=; what came in stands in the events.
            access_log=False,
            log_config=None,
            lifespan="on",
            proxy_headers=bool(options.trusted_proxies),
            forwarded_allow_ips=list(options.trusted_proxies) or None,
            server_header=False,
            # An open stream would otherwise keep the server from stopping.
            timeout_graceful_shutdown=1,
            backlog=2048,
        )

    async def run(self, ready: Callable[[str], Awaitable[None]]) -> None:
        """Serve; `ready` is called with the base URL once requests are answered. Raises ConfigurationError when
        the address cannot be had."""
        server = _Server(self._config)
        serving = asyncio.create_task(server._serve())
        try:
            while not server.started:
                if serving.done():
                    await serving
                    raise ConfigurationError(
                        f"cannot serve on {self._options.host}:{self._options.port}; is the port taken?"
                    )
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            await ready(f"http://{self._options.host}:{port}")
            await asyncio.shield(serving)
        except SystemExit as exit_:
            raise ConfigurationError(
                f"cannot serve on {self._options.host}:{self._options.port}; is the port taken?"
            ) from exit_
        finally:
            server.should_exit = True
            await asyncio.gather(serving, return_exceptions=True)
