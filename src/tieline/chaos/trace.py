"""What a red run leaves behind, so that its failure can be found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import psycopg

#: Decisions, without the sealed columns.
_TABLES = {
    "assignments": "SELECT a.*, e.kind, e.source, e.received_at FROM assignment a JOIN event e ON e.id = a.event_id",
    "effects": "SELECT id, idempotency_key, person_id, event_id, operation, side, state, tries, result_id, reason,"
    " created_at FROM effect",
    "attempts": "SELECT * FROM attempt",
    "links": "SELECT consumer_id, person_id, contact_id, nimbata_id, state FROM link",
    "polls": "SELECT * FROM poll",
    "lanes": "SELECT * FROM lane",
}
#: Of a process's log.
_LOG_BYTES = 400_000


def write_trace(folder: Path, seed: int, told: Mapping[str, Any], logs: Path) -> Path:
    """One file a seed, `chaos-SEED.trace.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"chaos-{seed}.trace.json"
    said = {
        one.stem: one.read_bytes()[-_LOG_BYTES:].decode(errors="replace").splitlines()
        for one in logs.iterdir()
    }
    path.write_bytes(msgspec.json.encode({**told, "logs": said}))
    return path


async def dump(url: str) -> dict[str, Any]:
    """What the hub's store says of its decisions; a table that cannot be read says why."""
    found: dict[str, Any] = {}
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        for name, statement in _TABLES.items():
            try:
                rows = await db.execute(f"SELECT to_jsonb(one) FROM ({statement}) one".encode())  # noqa: S608
            except psycopg.Error as error:
                found[name] = str(error)
            else:
                found[name] = [row[0] for row in await rows.fetchall()]
    return found
