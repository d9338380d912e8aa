"""A backup brought back: all of it or nothing, into a database that nobody uses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from tieline.errors import ConfigurationError, StoreError
from tieline.store.dump.backup import Manifest, Progress, TableEnd
from tieline.store.dump.frames import FORMAT, decoded, read_frames
from tieline.store.dump.passphrase import SealedKey
from tieline.store.dump.tables import (
    Counted,
    Counter,
    Table,
    Tally,
    empty,
    is_used,
    list_tables,
    other_hubs,
    plain_text,
    set_sequences,
    write_rows,
)
from tieline.store.migrate import migrate, revisions, script_folder
from tieline.store.pool import CONNECT_TIMEOUT_S
from tieline.store.refusal import explain

#: Where what stood there before is kept until the backup is in.
_ASIDE = "tieline_before_restore"


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that is in."""

    manifest: Manifest
    #: Of the schema now.
    revision: str
    tables: dict[str, Counted]


def read_manifest(path: Path) -> tuple[Manifest, SealedKey | None]:
    """What a file is a backup of, and the key in it. Raises StoreError for a format that is newer than ours."""
    frames = read_frames(path)
    kind, held = next(frames)
    if kind != b"H":
        raise StoreError(f"{path} is damaged: it does not begin with what it is")
    told = decoded(held, dict[str, Any])
    if told.get("format") != FORMAT:
        raise StoreError(
            f"{path} was written in format {told.get('format')}, and this version reads {FORMAT}"
        )
    manifest: Manifest = decoded(held, Manifest)
    if manifest.revision not in revisions(script_folder()):
        raise StoreError(
            f"{path} holds schema {manifest.revision}, which this version does not know: restore it with Tieline"
            f" {manifest.version} or newer"
        )
    key: SealedKey | None = None
    if manifest.with_key:
        kind, held = next(frames)
        if kind != b"K":
            raise StoreError(f"{path} is damaged: its key is missing")
        key = decoded(held, SealedKey)
    return manifest, key


def require_key(manifest: Manifest, held: list[str], where: str) -> None:
    """Raises ConfigurationError where none of the master keys that are `held` (fingerprints, hex) opens the backup."""
    if manifest.masters and not set(manifest.masters) & set(held):
        raise ConfigurationError(
            f"this backup is sealed under master key {' or '.join(manifest.masters)}, and {where} holds"
            f" {', '.join(held) or 'none'}. Put the key that was in use then there; a backup made with --with-key"
            " brings it along"
        )


async def restore(
    path: Path, url: str, *, replace: bool = False, progress: Progress = lambda table, rows: None
) -> Restored:
    """Bring `path` into the database at `url`; what stands there is put aside with `replace`, and taken away when all
    is in. Raises StoreError, and the database is as it was."""
    manifest, _ = read_manifest(path)
    # Once through the whole file before anything is changed.
    for _ in read_frames(path):
        pass
    try:
        aside = await _make_room(url, replace=replace)
        try:
            await migrate(url, to=manifest.revision)
            counted = await _load(url, path, progress)
        except BaseException:
            await _put_back(url, aside)
            raise
        await _forget(url, aside)
    except psycopg.Error as error:
        raise StoreError(explain(error)) from error
    done = await migrate(url)
    return Restored(manifest=manifest, revision=done.after or manifest.revision, tables=counted)


async def _make_room(url: str, *, replace: bool) -> str | None:
    """The schema that what stood there was put aside in; None where nothing did."""
    async with await _connect(url) as db:
        if hubs := await other_hubs(db):
            raise StoreError(f"{hubs} connections of hubs are open to this database; stop them first")
        left = await (
            await db.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", (_ASIDE,))
        ).fetchone()
        if left is not None:
            now = await _schema(db)
            raise StoreError(
                f"an earlier restore was cut off: what stood here before is in schema {left[0]}. Bring it back (DROP"
                f" SCHEMA {now} CASCADE; ALTER SCHEMA {left[0]} RENAME TO {now};), or drop it"
            )
        if not await is_used(db):
            return None
        if not replace:
            raise StoreError(
                "this database is in use: a backup goes into an empty one. Name one with --to, or replace what stands"
                " there with --replace"
            )
        name = f"{_ASIDE}_{datetime.now(UTC):%Y%m%d%H%M%S}"
        schema = await _schema(db)
        await db.execute(
            sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(schema), sql.Identifier(name))
        )
        await db.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    return name


async def _put_back(url: str, aside: str | None) -> None:
    if aside is None:
        return
    async with await _connect(url) as db:
        schema = sql.Identifier(await _schema(db))
        await db.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(schema))
        await db.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(aside), schema))


async def _forget(url: str, aside: str | None) -> None:
    if aside is not None:
        async with await _connect(url) as db:
            await db.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(aside)))


async def _load(url: str, path: Path, progress: Progress) -> dict[str, Counted]:
    """Everything, in one transaction."""
    counted = {}
    async with await _connect(url) as db:
        await plain_text(db)
        known = {table.name: table for table in await list_tables(db)}
        await empty(db, list(known.values()))
        frames = read_frames(path)
        for kind, held in frames:
            match kind:
                case b"T":
                    table: Table = decoded(held, Table)
                    if table.name not in known or not set(table.columns) <= set(known[table.name].columns):
                        raise StoreError(f"the backup has a table {table.name} that its schema does not have")
                    counted[table.name] = await _table(db, table, frames, progress)
                case b"S":
                    await set_sequences(db, decoded(held, list[Counter]))
                case b"H" | b"K":
                    pass
                case _:
                    raise StoreError(f"{path} is damaged: a frame that is none")
    return counted


async def _table(
    db: psycopg.AsyncConnection[Any], table: Table, frames: Iterator[tuple[bytes, bytes]], progress: Progress
) -> Counted:
    tally = Tally()
    ended: list[TableEnd] = []

    async def rows() -> AsyncIterator[bytes]:
        for kind, held in frames:
            if kind == b"E":
                ended.append(decoded(held, TableEnd))
                return
            tally.add(held)
            progress(table.name, tally.rows)
            yield held

    await write_rows(db, table, rows())
    found = Counted(rows=tally.rows, digest=tally.digest)
    if not ended or (ended[0].rows, ended[0].digest) != (found.rows, found.digest):
        raise StoreError(f"the backup is damaged: table {table.name} is not what it says")
    return found


async def _connect(url: str) -> psycopg.AsyncConnection[Any]:
    return await psycopg.AsyncConnection.connect(
        url, connect_timeout=CONNECT_TIMEOUT_S, application_name="tieline restore"
    )


async def _schema(db: psycopg.AsyncConnection[Any]) -> str:
    row = await (await db.execute("SELECT current_schema()")).fetchone()
    return str(row[0]) if row is not None and row[0] is not None else "public"
