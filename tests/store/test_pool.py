"""The pool of connections."""

from __future__ import annotations

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
    """After the server dropped every connection of the pool, the next transaction works at the first try."""
    async with await psycopg.AsyncConnection.connect(store.url, autocommit=True) as other:
        for _ in range(3):
            async with store.transaction() as connection:
                await connection.execute("SELECT 1")
            await other.execute(
                "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
    async with store.transaction() as connection:
        row = await (await connection.execute("SELECT 1")).fetchone()
    assert row == (1,)
