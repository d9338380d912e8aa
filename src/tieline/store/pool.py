"""The connections of one process to the store."""

from __future__ import annotations

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tieline.errors import StoreError
from tieline.store.refusal import explain

#: How long an opening connection may take before the server counts as unreachable, seconds.
CONNECT_TIMEOUT_S = 5

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class Store:
    """A bounded pool of PostgreSQL connections: UTC, no autocommit, statements prepared at their third run.

    A connection that the server closed while it lay in the pool is replaced before it is handed out, so after a
    restart of the database only what was running then fails, with psycopg.OperationalError.
    """

    def __init__(self, url: str, pool: AsyncConnectionPool[Connection]) -> None:
        self.url = url
        self._pool = pool

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, *, max_size: int = 8, acquire_timeout_s: float = 15
    ) -> AsyncIterator[Store]:
        """A store whose first connection stands. Raises StoreError with the next step when none can be had.

        At most `max_size` connections are open; whoever waits longer than `acquire_timeout_s` for one gets
        psycopg_pool.PoolTimeout.
        """
        await require_reachable(url)
        pool = AsyncConnectionPool(
            url,
            connection_class=Connection,
            kwargs={
                "autocommit": False,
                "prepare_threshold": 2,
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": "tieline",
            },
            min_size=1,
            max_size=max_size,
            timeout=acquire_timeout_s,
            reconnect_timeout=60,
            configure=_use_utc,
            check=_replace_if_closed,
            open=False,
            name="tieline",
        )
        try:
            await pool.open(wait=True, timeout=acquire_timeout_s)
            yield cls(url, pool)
        except PoolTimeout as error:
            if pool.closed or pool.get_stats().get("connections_num", 0) == 0:
                raise StoreError(explain(error)) from error
            raise
        finally:
            await pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the pool; an open transaction is committed at the end, or rolled back by an error."""
        async with self._pool.connection() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction of its own: committed when the block has ended, else rolled back."""
        async with self._pool.connection() as connection, connection.transaction():
            yield connection


async def require_reachable(url: str) -> int:
    """The server's version as a number (180006 = 18.6). Raises StoreError with the next step."""
    try:
        async with await psycopg.AsyncConnection.connect(
            url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name="tieline"
        ) as connection:
            return connection.info.server_version
    except psycopg.Error as error:
        raise StoreError(explain(error)) from error


async def _use_utc(connection: Connection) -> None:
    await connection.set_autocommit(True)
    await connection.execute("SET TimeZone TO 'UTC'")
    await connection.set_autocommit(False)


async def _replace_if_closed(connection: Connection) -> None:
    """An idle connection has nothing to say: one that can be read was closed, or carries news worth asking about.

    The look costs a system call, where a query would cost a round trip.
    """
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    if poller.poll(0):
        await AsyncConnectionPool.check_connection(connection)
