"""What a store consists of, and what proves that a copy of it is whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from graphlib import TopologicalSorter
from hashlib import blake2b
from typing import Any

import msgspec
import psycopg
from psycopg import sql

Db = psycopg.AsyncConnection[Any]
#: They say what the store is itself, not what it holds.
_APART = ("alembic_version", "store_move")
#: The same text for the same value, whoever's settings a server or a user has.
_PLAIN = (
    "SET LOCAL datestyle = 'ISO, YMD'", "SET LOCAL intervalstyle = 'postgres'", "SET LOCAL timezone = 'UTC'",
    "SET LOCAL bytea_output = 'hex'", "SET LOCAL extra_float_digits = 1", "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)  # fmt: skip
_WHOLE = 2**128


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table, with the columns that hold something of their own."""

    name: str
    columns: tuple[str, ...]


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sequence stands."""

    name: str
    last: int
    called: bool


class Tally:
    """Rows of a table, counted, and a hash of them that does not depend on their order."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, block: bytes) -> None:
        """Whole lines of COPY's text."""
        for line in block.split(b"\n")[:-1]:
            self.rows += 1
            self._sum = (self._sum + int.from_bytes(blake2b(line, digest_size=16).digest())) % _WHOLE

    @property
    def digest(self) -> str:
        """Hex."""
        return f"{self._sum:032x}"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What a table holds."""

    rows: int
    digest: str


async def plain_text(db: Db) -> None:
    """Within this transaction values are written the same way everywhere."""
    for statement in _PLAIN:
        await db.execute(statement)


async def list_tables(db: Db) -> list[Table]:
    """All tables of the schema, those first that others refer to."""
    rows = await db.execute(
        "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position)"
        " FILTER (WHERE is_generated = 'NEVER') FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name <> ALL(%s)"
        " GROUP BY 1 ORDER BY 1",
        (list(_APART),),
    )
    tables = {row[0]: Table(name=row[0], columns=tuple(row[1])) for row in await rows.fetchall()}
    references = await db.execute(
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint"
        " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conrelid <> confrelid"
    )
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(tables, ()))
    for one, other in await references.fetchall():
        order.add(one, other)
    return [tables[name] for name in order.static_order()]


async def list_sequences(db: Db) -> list[Counter]:
    """Where all of them stand; those that were never used are left out."""
    rows = await db.execute(
        "SELECT sequencename::text, last_value FROM pg_sequences WHERE schemaname = current_schema()"
        " AND last_value IS NOT NULL ORDER BY 1"
    )
    return [Counter(name=row[0], last=row[1], called=True) for row in await rows.fetchall()]


async def set_sequences(db: Db, found: Sequence[Counter]) -> None:
    """Go on behind what was given out."""
    for one in found:
        await db.execute("SELECT setval(%s::regclass, %s, %s)", (_quoted(one.name), one.last, one.called))


async def read_rows(db: Db, table: Table) -> AsyncIterator[bytes]:
    """The rows, as COPY's text: whole lines."""
    wanted = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(_columns(table), sql.Identifier(table.name))
    async with db.cursor() as cursor, cursor.copy(wanted) as copy:
        async for block in copy:
            yield bytes(block)


async def count_rows(db: Db, table: Table) -> Counted:
    """What stands there, read whole."""
    tally = Tally()
    async for block in read_rows(db, table):
        tally.add(block)
    return Counted(rows=tally.rows, digest=tally.digest)


async def write_rows(db: Db, table: Table, blocks: AsyncIterator[bytes]) -> None:
    """Put them in, within the caller's transaction; identity columns keep their values."""
    wanted = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), _columns(table))
    async with db.cursor() as cursor, cursor.copy(wanted) as copy:
        async for block in blocks:
            await copy.write(block)


async def empty(db: Db, tables: Sequence[Table]) -> None:
    """Take away what a new schema brings along, so that exactly what comes stands there."""
    for table in reversed(tables):
        await db.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))


async def is_used(db: Db) -> bool:
    """Whether somebody has begun to keep something there."""
    found = await (await db.execute("SELECT to_regclass('event') IS NOT NULL")).fetchone()
    if found is None or not found[0]:
        return False
    row = await (
        await db.execute(
            "SELECT EXISTS (SELECT FROM connection) OR EXISTS (SELECT FROM event) OR EXISTS (SELECT FROM vault_key)"
            " OR EXISTS (SELECT FROM audit_entry) OR EXISTS (SELECT FROM account_user)"
        )
    ).fetchone()
    return row is not None and bool(row[0])


async def revision_of(db: Db) -> str | None:
    """Of the schema; None = there is none."""
    found = await (await db.execute("SELECT to_regclass('alembic_version') IS NOT NULL")).fetchone()
    if found is None or not found[0]:
        return None
    row = await (await db.execute("SELECT version_num FROM alembic_version")).fetchone()
    return None if row is None else str(row[0])


async def other_hubs(db: Db) -> int:
    """Connections of processes of ours to this database, beside those that only look after it."""
    row = await (
        await db.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'tieline' AND pid <> pg_backend_pid()"
        )
    ).fetchone()
    return 0 if row is None else int(row[0])


def _columns(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, table.columns))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
