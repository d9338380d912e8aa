"""Which PostgreSQL server a command uses: the one that is named, else the embedded one of its home."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from tieline.ending import end
from tieline.errors import StoreError
from tieline.store.embedded import EmbeddedServer
from tieline.store.home import Home
from tieline.store.migrate import load_alembic
from tieline.store.pool import require_reachable
from tieline.store.refusal import require_supported

log = structlog.get_logger(__name__)

#: How often the server's process is looked at, seconds: a killed one is back within about this and its recovery.
_WATCH_S = 0.5
_LONGEST_PAUSE_S = 15.0


@asynccontextmanager
async def attach_store_server(home: Path | None = None, url: str | None = None) -> AsyncIterator[str]:
    """The URL of a database that stands: `url`, else $TIELINE_DATABASE_URL, else where this home's database was moved
    to, else the embedded server of `home`.

    An embedded server is started when needed, started again when it is killed, and stopped by the last one out.
    Raises StoreError or ConfigurationError with the next step.
    """
    named = url or os.environ.get("TIELINE_DATABASE_URL") or Home.find(home).moved_to()
    if named:
        require_supported(await require_reachable(named))
        yield named
        return
    server = EmbeddedServer(home)
    try:
        if server.home.location.exists():
            embedded = await asyncio.to_thread(server.attach)
        else:
            # A new database is migrated next: what that needs is loaded while initdb runs.
            embedded, _ = await asyncio.gather(
                asyncio.to_thread(server.attach), asyncio.to_thread(load_alembic)
            )
        watch = asyncio.create_task(_watch(server), name="tieline database watch")
        try:
            yield embedded
        finally:
            await end([watch])
    finally:
        # A thread cannot be cancelled: where the attaching was, this waits for it and then leaves.
        await asyncio.shield(asyncio.to_thread(server.detach))


async def _watch(server: EmbeddedServer) -> None:
    pause_s = _WATCH_S
    while True:
        await asyncio.sleep(pause_s)
        try:
            if await asyncio.to_thread(server.ensure_running):
                log.warning("the database server was gone and has been started again")
            pause_s = _WATCH_S
        except StoreError as error:
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            log.error("the database server is gone and cannot be started again", error=str(error))
