"""Brings the schema of a store to the one that this code was written for."""

from __future__ import annotations

import asyncio
import re
import time
from importlib.resources import files
from pathlib import Path

import msgspec
import psycopg

from tieline.errors import StoreError
from tieline.store.pool import CONNECT_TIMEOUT_S, require_reachable
from tieline.store.refusal import explain, require_supported

#: The advisory lock that one migrating process holds; any number will do that no other program uses.
LOCK_KEY = 0x7469656C696E65
#: How long another process may migrate before we give up, seconds.
WAIT_S = 120

_REVISION = re.compile(r"^revision(?:: str)? = [\"']([^\"']+)[\"']", re.MULTILINE)


class Migrated(msgspec.Struct, frozen=True):
    """From which revision to which; equal when there was nothing to do, None = an empty database."""

    before: str | None
    after: str | None


async def migrate(url: str, *, to: str | None = None) -> Migrated:
    """Apply what is missing, in one transaction, while other processes that come to the same wait.

    `to` is a revision that is not gone beyond, for data that was written by an older version.

    Raises StoreError with the next step, the schema being as it was before: server unreachable or older than 15,
    schema newer than the code, or another process that does not get done.
    """
    require_supported(await require_reachable(url))
    return await asyncio.to_thread(_migrate, url, revisions(script_folder()), to)


def script_folder() -> Path:
    """The folder that Alembic calls script location."""
    return Path(str(files("tieline.store"))) / "migrations"


def revisions(folder: Path) -> list[str]:
    """Revisions of the code, oldest first: files sort by their number, and the history has no branches.

    Read without Alembic, whose import alone would cost each start half a second.
    """
    found = []
    for path in sorted((folder / "versions").glob("[0-9]*.py")):
        match = _REVISION.search(path.read_text("utf-8"))
        if match is None:
            raise StoreError(f"{path.name} names no revision; the installation is damaged, install it again")
        found.append(match.group(1))
    return found


def _migrate(url: str, known: list[str], to: str | None = None) -> Migrated:
    head = to or (known[-1] if known else None)
    try:
        with psycopg.connect(
            url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name="tieline migrate"
        ) as connection:
            before = _revision(connection)
            _refuse_newer(before, known)
            if before == head:
                return Migrated(before, head)
            _lock(connection)
            before = _revision(connection)
            _refuse_newer(before, known)
            if before != head:
                _upgrade(url, head or "head")
            return Migrated(before, head)
    except psycopg.Error as error:
        raise StoreError(explain(error)) from error


def _revision(connection: psycopg.Connection) -> str | None:
    row = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    if row is None or row[0] is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _refuse_newer(revision: str | None, known: list[str]) -> None:
    if revision is not None and revision not in known:
        newest = known[-1] if known else "none"
        raise StoreError(
            f"the database has schema {revision}, which this version of Tieline does not know (its newest is {newest})."
            " Start the newer Tieline that wrote it, or restore a backup; nothing was changed"
        )


def _lock(connection: psycopg.Connection) -> None:
    deadline = time.monotonic() + WAIT_S
    while True:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,)).fetchone()
        if row is not None and row[0]:
            return
        if time.monotonic() > deadline:
            raise StoreError(
                f"another process has been migrating this database for over {WAIT_S} s."
                " Look for it in pg_stat_activity (application_name 'tieline migrate'), then start again"
            )
        time.sleep(0.05)


def load_alembic() -> None:
    """Import what a migration needs, which takes about as long as initdb does."""
    import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401


def _upgrade(url: str, to: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    def connect() -> psycopg.Connection:
        return psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S, application_name="tieline migrate")

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(script_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    except DBAPIError as error:
        raise StoreError(f"the migration failed and was taken back: {error.orig}") from error
    finally:
        engine.dispose()
