"""Notifications of the database, over any number of lost connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import structlog
from psycopg import sql

log = structlog.get_logger(__name__)


async def listen(url: str, *channels: str) -> AsyncIterator[str]:
    """Payloads as they come. After a lost connection one empty payload says that some may have been missed."""
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5)
            async with connection:
                for channel in channels:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                yield ""
                async for notification in connection.notifies():
                    yield notification.payload
        except psycopg.OperationalError as error:
            log.warning("listening was cut, trying again", error=str(error))
        await asyncio.sleep(0.5)
