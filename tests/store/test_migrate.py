"""Migrations run by themselves, once, and refuse what they do not know."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory

from tieline.errors import StoreError
from tieline.store import migrate as module
from tieline.store.migrate import Migrated, migrate, revisions, script_folder


async def _tables(url: str) -> set[str]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        rows = await connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row[0] for row in await rows.fetchall()}


def test_revisions_read_from_the_files_are_alembics_own() -> None:
    """Our quick look at the folder and Alembic's agree on every revision and their order."""
    known = [script.revision for script in ScriptDirectory(str(script_folder())).walk_revisions()]
    assert revisions(script_folder()) == known[::-1]
    assert known


async def test_empty_database_gets_the_schema_and_a_second_run_nothing(empty_url: str) -> None:
    """The first run brings it to the newest revision; the second finds nothing to do."""
    head = revisions(script_folder())[-1]
    assert await migrate(empty_url) == Migrated(None, head)
    tables = await _tables(empty_url)
    assert {"event", "assignment", "lane", "alembic_version"} <= tables
    assert await migrate(empty_url) == Migrated(head, head)
    assert await _tables(empty_url) == tables


async def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    """Four at once: all come through, and the schema is applied one time."""
    head = revisions(script_folder())[-1]
    done = await asyncio.gather(*(migrate(empty_url) for _ in range(4)))
    assert [one.after for one in done] == [head] * 4
    assert sorted(str(one.before) for one in done)[-1] == "None"


async def test_newer_schema_than_the_code_is_refused_unchanged(database_url: str) -> None:
    """An older Tieline on a newer database says so and changes nothing."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
        before = await _tables(database_url)
        with pytest.raises(
            StoreError, match=r"schema 9999, which this version of Tieline does not know.*nothing was"
        ):
            await migrate(database_url)
        row = await (await connection.execute("SELECT version_num FROM alembic_version")).fetchone()
    assert row == ("9999",)
    assert await _tables(database_url) == before


async def test_failing_migration_is_taken_back_as_a_whole(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of two revisions fails: not even the first stays."""
    versions = tmp_path / "versions"
    versions.mkdir()
    (tmp_path / "env.py").write_text((script_folder() / "env.py").read_text())
    for number, before, statement in (("0001", None, "CREATE TABLE one ()"), ("0002", "0001", "SELECT 1/0")):
        (versions / f"{number}_x.py").write_text(
            f"from alembic import op\nrevision = '{number}'\ndown_revision = {before!r}\n"
            f"def upgrade():\n    op.execute({statement!r})\n"
        )
    monkeypatch.setattr(module, "script_folder", lambda: tmp_path)
    with pytest.raises(StoreError, match="migration failed and was taken back: division by zero"):
        await migrate(empty_url)
    assert await _tables(empty_url) == set()


async def test_a_migration_that_hangs_elsewhere_is_not_waited_for_for_ever(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds the lock too long is named as the thing to look for."""
    monkeypatch.setattr(module, "WAIT_S", 0.2)
    async with await psycopg.AsyncConnection.connect(empty_url, autocommit=True) as other:
        await other.execute("SELECT pg_advisory_lock(%s)", (module.LOCK_KEY,))
        with pytest.raises(StoreError, match="another process has been migrating"):
            await migrate(empty_url)
    assert await _tables(empty_url) == set()
