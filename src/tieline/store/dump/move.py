"""A store on its way to another server, while hubs run: they answer "later", and go on over there.

In order: the old store is told to take nothing in; its lanes are given back; every table of it is locked against
writing, copied in one transaction, and counted on both sides; then each of its tables refuses whatever still comes;
then this home points to the new one. Cut off anywhere, the same command goes on: until the old store refuses, it is the
one that counts.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from urllib.parse import quote

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tieline.errors import ConfigurationError, StoreError
from tieline.store.audit import note
from tieline.store.directory import CHANNEL
from tieline.store.dump.backup import Progress
from tieline.store.dump.tables import (
    Counted,
    Db,
    Table,
    Tally,
    count_rows,
    empty,
    is_used,
    list_sequences,
    list_tables,
    other_hubs,
    plain_text,
    read_rows,
    revision_of,
    set_sequences,
    write_rows,
)
from tieline.store.home import Home
from tieline.store.migrate import migrate
from tieline.store.pool import CONNECT_TIMEOUT_S, require_reachable
from tieline.store.refusal import explain, require_supported

#: Hubs give their lanes back within this; what they still do then waits for the lock, and is refused.
QUIET_S = 20.0


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A move that was made."""

    #: Without a password.
    target: str
    tables: dict[str, Counted]
    #: How long nothing was taken in.
    closed_s: float
    #: The copy was made before, and only the rest was done.
    resumed: bool = False


def without_password(url: str) -> str:
    """An address as it may be shown and stored, whichever way it is written. Raises psycopg.ProgrammingError."""
    given = conninfo_to_dict(url)
    user, host, port, name = (str(given.get(part) or "") for part in ("user", "host", "port", "dbname"))
    # A socket's folder is quoted, and an IPv6 address stands in brackets.
    place = f"[{host}]" if ":" in host else quote(host, safe=",")
    return (
        f"postgresql://{quote(user) + '@' if user else ''}{place}{':' + port if port else ''}/{quote(name)}"
    )


async def move(url: str, target: str, home: Home, *, progress: Progress = lambda table, rows: None) -> Moved:
    """From the store at `url` to the database at `target`. Raises StoreError and ConfigurationError, and everything is
    as it was but that the old store takes nothing in until it is called again, or cancelled."""
    require_supported(await require_reachable(target))
    try:
        async with await _connect(url) as old, await _connect(target) as new:
            await _require_other(old, new)
            began = time.monotonic()
            move_id, done = await _begin(old, without_password(target))
            if done:
                home.move_to(target)
                return Moved(target=without_password(target), tables={}, closed_s=0.0, resumed=True)
            await _require_free(new, move_id)
            await migrate(target, to=await _revision(old))
            await _quiet(old)
            counted = await _copy(old, new, move_id, without_password(target), progress)
            home.move_to(target)
            closed_s = time.monotonic() - began
    except psycopg.Error as error:
        raise StoreError(explain(error)) from error
    return Moved(target=without_password(target), tables=counted, closed_s=round(closed_s, 2))


async def cancel(url: str) -> bool:
    """Let the old store take in again. False where no move was under way. Raises StoreError where it was made."""
    try:
        async with await _connect(url) as db:
            row = await (await db.execute("SELECT state, target FROM store_move FOR UPDATE")).fetchone()
            if row is None or row[0] == "arrived":
                return False
            if row[0] == "moved":
                raise StoreError(
                    f"this store was moved to {row[1]}, and is in use there: it cannot be taken back"
                )
            await db.execute("DELETE FROM store_move")
            await note(db, "db.move", row[1], after={"cancelled": True})
            await _announce(db)
    except psycopg.Error as error:
        raise StoreError(explain(error)) from error
    return True


async def _begin(old: Db, target: str) -> tuple[str, bool]:
    """The move's id, and whether all but the last step of it was done. The old store takes nothing in from now on."""
    async with old.transaction():
        row = await (await old.execute("SELECT move_id, target, state FROM store_move FOR UPDATE")).fetchone()
        if row is not None and row[2] != "arrived":
            if row[1] != target:
                raise ConfigurationError(
                    f"a move to {row[1]} is under way; go on with it, or end it: tieline db move --cancel"
                )
            return row[0], row[2] == "moved"
        move_id = secrets.token_hex(8)
        await old.execute("DELETE FROM store_move")
        await old.execute(
            "INSERT INTO store_move (move_id, target, state) VALUES (%s, %s, 'moving')", (move_id, target)
        )
        await note(old, "db.move", target)
        await _announce(old)
    return move_id, False


async def _require_other(old: Db, new: Db) -> None:
    """Raises ConfigurationError where both are one."""
    wanted = (
        "SELECT system_identifier::text || current_database() || current_schema() FROM pg_control_system()"
    )
    try:
        one, other = [await (await db.execute(wanted)).fetchone() for db in (old, new)]
    except psycopg.errors.InsufficientPrivilege:
        one, other = [(db.info.host, db.info.port, db.info.dbname) for db in (old, new)]
    for db in (old, new):
        await db.rollback()
    if one == other:
        raise ConfigurationError("that is the database that is in use already")


async def _require_free(new: Db, move_id: str) -> None:
    """Raises StoreError where the target holds anything but a copy of this very move that was cut off."""
    if hubs := await other_hubs(new):
        raise StoreError(f"{hubs} connections of hubs are open to the target; stop them first")
    ours = False
    if await revision_of(new) is not None and await is_used(new):
        row = await (await new.execute("SELECT move_id FROM store_move WHERE state = 'arrived'")).fetchone()
        ours = row is not None and row[0] == move_id
        if not ours:
            raise StoreError("the target is in use: a store is moved into an empty database")
    await new.rollback()


async def _quiet(old: Db) -> None:
    """Wait until no lane is leased; not for ever, as what is under way then is refused later and looked up."""
    deadline = time.monotonic() + QUIET_S
    while time.monotonic() < deadline:
        row = await (
            await old.execute("SELECT count(*) FROM lane WHERE owner IS NOT NULL AND lease_until > now()")
        ).fetchone()
        await old.rollback()
        if row is None or not row[0]:
            return
        await asyncio.sleep(0.1)


async def _copy(old: Db, new: Db, move_id: str, target: str, progress: Progress) -> dict[str, Counted]:
    """All rows, under a lock that nobody writes past; afterwards nobody writes there at all."""
    async with old.transaction():
        await plain_text(old)
        tables = await list_tables(old)
        for table in tables:
            # Reading goes on.
            await old.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(sql.Identifier(table.name)))
        async with new.transaction():
            await plain_text(new)
            known = await list_tables(new)
            await _empty(new, known)
            counted = {table.name: await _table(old, new, table, progress) for table in tables}
            await set_sequences(new, await list_sequences(old))
            for table in tables:
                if (there := await count_rows(new, table)) != counted[table.name]:
                    raise StoreError(
                        f"table {table.name} did not arrive whole: {counted[table.name]} here, {there} there"
                    )
            await new.execute(
                "INSERT INTO store_move (move_id, target, state, ended_at) VALUES (%s, %s, 'arrived', now())",
                (move_id, target),
            )
        # What waited for the lock comes now, and is refused: it is told "later", and goes to the new store then.
        await old.execute("UPDATE store_move SET state = 'moved', ended_at = now()")
        for table in tables:
            await old.execute(
                sql.SQL(
                    "CREATE TRIGGER store_was_moved BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION store_was_moved()"
                ).format(sql.Identifier(table.name))
            )
        await _announce(old)
    return counted


async def _empty(new: Db, tables: list[Table]) -> None:
    """Also of a copy that was cut off between the two commits; the audit log's own guard is for those who use it."""
    await new.execute("DELETE FROM store_move")
    await new.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
    await empty(new, tables)
    await new.execute("ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_stays")
    await new.execute("ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_stays_whole")


async def _table(old: Db, new: Db, table: Table, progress: Progress) -> Counted:
    tally = Tally()

    async def rows() -> AsyncIterator[bytes]:
        async for block in read_rows(old, table):
            tally.add(block)
            if tally.rows % 10_000 == 0:
                progress(table.name, tally.rows)
            yield block

    await write_rows(new, table, rows())
    progress(table.name, tally.rows)
    return Counted(rows=tally.rows, digest=tally.digest)


async def _revision(db: Db) -> str:
    found = await revision_of(db)
    await db.rollback()
    if found is None:
        raise StoreError("there is nothing to move: this database is empty")
    return found


async def _announce(db: Db) -> None:
    await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))


async def _connect(url: str) -> Db:
    return await psycopg.AsyncConnection.connect(
        url, connect_timeout=CONNECT_TIMEOUT_S, application_name="tieline move"
    )
