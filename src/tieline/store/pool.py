"""The connections of one process to the store."""

from __future__ import annotations

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tieline.errors import StoreError
from tieline.store.arrays import ArrayDumper
from tieline.store.keyring import Keys
from tieline.store.refusal import explain

if TYPE_CHECKING:
    from tieline.store.key_table import KeyTable

#: How long an opening connection may take before the server counts as unreachable, seconds.
CONNECT_TIMEOUT_S = 5


class Connection(psycopg.AsyncConnection[tuple[Any, ...]]):
    """A connection with the keys of its store at hand."""

    keys: Keys = Keys()
    key_table: KeyTable | None = None


class Store:
    """A bounded pool of PostgreSQL connections: UTC, no autocommit, statements prepared at their third run.

    A connection that the server closed while it lay in the pool is replaced before it is handed out, so after a
    restart of the database only what was running then fails, with psycopg.OperationalError.
    """

    def __init__(self, url: str, pool: AsyncConnectionPool[Connection]) -> None:
        self.url = url
        self._pool = pool
        #: What rows are sealed with: none, until the store's vault is opened.
        self.keys = Keys()
        self.key_table: KeyTable | None = None

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
            # Given up soon, since the next request tries at once, where a longer series would pause ever longer.
            reconnect_timeout=4,
            configure=_prepare,
            open=False,
            name="tieline",
        )
        try:
            try:
                await pool.open(wait=True, timeout=acquire_timeout_s)
            except PoolTimeout as error:
                raise StoreError(explain(error)) from error
            yield cls(url, pool)
        finally:
            await pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the pool; an open transaction is committed at the end, or rolled back by an error."""
        connection = await self._take()
        try:
            connection.keys, connection.key_table = self.keys, self.key_table
            async with connection:
                yield connection
        finally:
            await self._pool.putconn(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction of its own: committed when the block has ended, else rolled back."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def _take(self) -> Connection:
        """An open connection. The pool's own check would pause a second and more after each dead one."""
        while not _is_open(connection := await self._pool.getconn()):
            await self._pool.putconn(connection)
        return connection


async def require_reachable(url: str) -> int:
    """The server's version as a number (180006 = 18.6). Raises StoreError with the next step."""
    try:
        async with await psycopg.AsyncConnection.connect(
            url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name="tieline"
        ) as connection:
            return connection.info.server_version
    except psycopg.Error as error:
        raise StoreError(explain(error)) from error


async def _prepare(connection: Connection) -> None:
    connection.adapters.register_dumper(list, ArrayDumper)
    await connection.set_autocommit(True)
    await connection.execute("SET TimeZone TO 'UTC'")
    await connection.set_autocommit(False)


def _is_open(connection: Connection) -> bool:
    """Whether the server is still at the other end of an idle connection, for the price of a system call.

    A closed one is readable; so is one with a notice, which is read here, and whatever it says first.
    """
    poller = select.poll()
    try:
        poller.register(connection.pgconn.socket, select.POLLIN)
        while poller.poll(0):
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return False
    return True
