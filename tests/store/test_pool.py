"""The pool of connections."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import psycopg
import pytest

from tieline.store.pool import Store


async def _count(store: Store) -> int:
    async with store.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM note")).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
async def notes(store: Store) -> Store:
    """A store with an empty table `note`."""
    async with store.transaction() as connection:
        await connection.execute("CREATE TABLE note (text text NOT NULL)")
    return store


async def test_transaction_is_committed_at_its_end(notes: Store) -> None:
    """What a transaction wrote is there for the next one."""
    async with notes.transaction() as connection:
        await connection.execute("INSERT INTO note VALUES (%s)", ("größe 😀",))
    assert await _count(notes) == 1


async def test_error_takes_the_transaction_back(notes: Store) -> None:
    """An error in the block leaves nothing behind, and the store stays usable."""

    async def fail_midway() -> None:
        async with notes.transaction() as connection:
            await connection.execute("INSERT INTO note VALUES ('lost')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_midway()
    assert await _count(notes) == 0


async def test_moments_are_in_utc(store: Store) -> None:
    """A session speaks UTC and says who it is, whatever the server's default."""
    async with store.connection() as connection:
        row = await (
            await connection.execute(
                "SELECT current_setting('TimeZone'), current_setting('application_name')"
            )
        ).fetchone()
    assert row == ("UTC", "tieline")


async def test_connections_cut_while_idle_are_replaced(store: Store) -> None:
    """After the server dropped every connection of a full pool, the next transaction works, at once."""
    async with AsyncExitStack() as stack:
        for _ in range(8):
            await stack.enter_async_context(store.connection())
    async with await psycopg.AsyncConnection.connect(store.url, autocommit=True) as other:
        await other.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'"
        )
    async with asyncio.timeout(3), store.transaction() as connection:
        row = await (await connection.execute("SELECT 1")).fetchone()
    assert row == (1,)


async def test_more_callers_than_connections_take_turns(notes: Store) -> None:
    """A hundred callers at once are all served, by at most eight connections."""

    async def insert(number: int) -> None:
        async with notes.transaction() as connection:
            await connection.execute("INSERT INTO note VALUES (%s)", (str(number),))

    await asyncio.gather(*(insert(number) for number in range(100)))
    async with notes.connection() as connection:
        row = await (
            await connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            )
        ).fetchone()
    assert row is not None
    assert row[0] <= 8
    assert await _count(notes) == 100


async def test_caller_that_is_cancelled_gives_its_connection_back(store: Store) -> None:
    """Cancelled callers, waiting or working, leave the pool whole."""

    async def sleep_inside() -> None:
        async with store.transaction() as connection:
            await connection.execute("SELECT pg_sleep(30)")

    tasks = [asyncio.create_task(sleep_inside()) for _ in range(12)]
    await asyncio.sleep(0.3)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(5), store.transaction() as connection:
        await connection.execute("SELECT 1")
