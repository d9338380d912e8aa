"""A whole store in one file: one snapshot, while hubs run, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg

from tieline import __version__
from tieline.errors import StoreError
from tieline.store.dump.frames import FORMAT, FrameWriter
from tieline.store.dump.passphrase import seal_key
from tieline.store.dump.tables import (
    Counted,
    Table,
    Tally,
    list_sequences,
    list_tables,
    plain_text,
    read_rows,
    revision_of,
)
from tieline.store.pool import CONNECT_TIMEOUT_S
from tieline.store.refusal import explain

#: Bytes of rows in one frame.
_PIECE = 1 << 18
#: Told of what goes on: the table, and rows of it so far.
Progress = Callable[[str, int], None]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is of."""

    format: int
    #: Of the schema.
    revision: str
    made_at: datetime
    #: Of Tieline.
    version: str
    #: Fingerprints of the master keys that open it, hex; the keys are not in it.
    masters: tuple[str, ...]
    with_key: bool = False


class TableEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What a table held."""

    name: str
    rows: int
    digest: str


class BackedUp(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was made."""

    file: str
    bytes: int
    sha256: str
    manifest: Manifest
    tables: dict[str, Counted]


async def back_up(
    url: str,
    path: Path,
    *,
    key: tuple[bytes, str] | None = None,
    progress: Progress = lambda table, rows: None,
) -> BackedUp:
    """Write the store at `url` to `path`, which is there only when it is whole. `key`: a master key that goes with it,
    and the passphrase that seals it. Raises StoreError."""
    sealed = seal_key(*key) if key is not None else None
    counted = {}
    try:
        async with await psycopg.AsyncConnection.connect(
            url, connect_timeout=CONNECT_TIMEOUT_S, application_name="tieline backup"
        ) as db:
            await db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await plain_text(db)
            revision = await revision_of(db)
            if revision is None:
                raise StoreError("there is nothing to back up: this database is empty")
            rows = await db.execute(
                "SELECT DISTINCT encode(master, 'hex') FROM vault_key WHERE state <> 'dropped'"
            )
            manifest = Manifest(
                format=FORMAT, revision=revision, made_at=datetime.now(UTC), version=__version__,
                masters=tuple(sorted(row[0] for row in await rows.fetchall())), with_key=sealed is not None,
            )  # fmt: skip
            with FrameWriter(path) as file:
                file.write(b"H", msgspec.json.encode(manifest))
                if sealed is not None:
                    file.write(b"K", msgspec.json.encode(sealed))
                for table in await list_tables(db):
                    counted[table.name] = await _table(db, table, file, progress)
                # Behind the rows: what was given out meanwhile is not given out again.
                file.write(b"S", msgspec.json.encode(await list_sequences(db)))
                digest, size = file.finish()
    except psycopg.Error as error:
        raise StoreError(explain(error)) from error
    return BackedUp(file=str(path), bytes=size, sha256=digest, manifest=manifest, tables=counted)


async def _table(
    db: psycopg.AsyncConnection[object], table: Table, file: FrameWriter, progress: Progress
) -> Counted:
    file.write(b"T", msgspec.json.encode(table))
    tally, piece = Tally(), bytearray()
    async for block in read_rows(db, table):
        tally.add(block)
        piece += block
        if len(piece) >= _PIECE:
            file.write(b"R", bytes(piece))
            piece.clear()
            progress(table.name, tally.rows)
    if piece:
        file.write(b"R", bytes(piece))
    progress(table.name, tally.rows)
    file.write(b"E", msgspec.json.encode(TableEnd(name=table.name, rows=tally.rows, digest=tally.digest)))
    return Counted(rows=tally.rows, digest=tally.digest)
