"""What every test may ask for: one real PostgreSQL for the whole run, and a fresh database for each test."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
import structlog
from psycopg import sql

from tieline.store.embedded import EmbeddedServer
from tieline.store.locks import FileLock
from tieline.store.migrate import migrate
from tieline.store.pool import Store

pytest_plugins = ["tests.conformance.report"]
# Every exchange would be written down otherwise, as at the debug level; and a failure would be drawn with all that its
# frames hold, which keeps the event loop from everything else for many seconds.
structlog.configure(
    wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ],
)
_TEMPLATE = "tieline_template"


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The URL of the run's server, which all workers share; a migrated template database is on it."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder if worker_id == "master" else folder.parent
    server = EmbeddedServer(shared / "store")
    url = server.attach()
    try:
        _make_template(url, shared)
        yield url
    finally:
        server.detach(remove=True)


@pytest.fixture
async def database_url(database_server: str) -> AsyncIterator[str]:
    """The URL of a database of this test's own, migrated and empty; dropped afterwards."""
    async with _database(
        database_server, sql.SQL("TEMPLATE {} STRATEGY wal_log").format(sql.Identifier(_TEMPLATE))
    ) as url:
        yield url


@pytest.fixture
async def empty_url(database_server: str) -> AsyncIterator[str]:
    """The URL of another database of this test's own, without any table; dropped afterwards."""
    async with _database(database_server) as url:
        yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store on a fresh database."""
    async with Store.open(database_url) as store:
        yield store


@asynccontextmanager
async def _database(server: str, like: sql.Composable | None = None) -> AsyncIterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    known = sql.Identifier(name)
    async with await psycopg.AsyncConnection.connect(server, autocommit=True) as connection:
        await connection.execute(sql.SQL("CREATE DATABASE {} {}").format(known, like or sql.SQL("")))
        try:
            yield named(server, name)
        finally:
            await connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(known))


def named(url: str, database: str) -> str:
    """`url` with another database on the same server."""
    return url.replace("/tieline?", f"/{database}?")


def _make_template(url: str, shared: Path) -> None:
    """Once a run: the workers queue for the lock, and whoever comes later finds it done."""
    lock = FileLock(shared / "template.lock")
    assert lock.take(wait_s=60), "another worker hangs while it makes the template database"
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT datistemplate FROM pg_database WHERE datname = %s", (_TEMPLATE,)
            )
            if found.fetchone() == (True,):
                return
            template = sql.Identifier(_TEMPLATE)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(template))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(template))
            asyncio.run(migrate(named(url, _TEMPLATE)))
            connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(template))
    finally:
        lock.release()
