"""What has ended is removed now and then: sessions, tries to log in, old entries of the audit log, old failures."""

from __future__ import annotations

import asyncio

import structlog

from tieline.server.access.audit import forget_old
from tieline.server.access.principal import Clock
from tieline.server.access.sessions import IDLE
from tieline.server.access.throttle import FORGET
from tieline.store.pool import Store
from tieline.store.queries import query

log = structlog.get_logger(__name__)

_EVERY_S = 3600.0


async def keep_tidy(store: Store, clock: Clock) -> None:
    """Every hour, until cancelled."""
    while True:
        try:
            await tidy(store, clock)
        except Exception as error:  # noqa: BLE001 - it is done in an hour as well
            log.warning("not tidied", error=str(error).partition("\n")[0])
        await asyncio.sleep(_EVERY_S)


async def tidy(store: Store, clock: Clock) -> None:
    """Once."""
    now = clock()
    async with store.transaction() as db:
        await db.execute("DELETE FROM session WHERE ends_at <= %s OR seen_at <= %s", (now, now - IDLE))
        # A pause that still lasts is never forgotten with the tries that led to it.
        await db.execute("DELETE FROM login_attempt WHERE last_at < %s AND free_at < %s", (now - FORGET, now))
        await db.execute(query("forget_failures"))
    await forget_old(store)
