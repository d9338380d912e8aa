"""Rows that tests need: connections, polls and syncs, as the command line would make them."""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from tieline.store.directory import CHANNEL, Credential
from tieline.store.pool import Store
from tieline.sync.definition import default_text
from tieline.vault.seal import Vault


async def add_connection(
    store: Store,
    vault: Vault,
    *,
    name: str,
    connector: str,
    base_url: str,
    account: str,
    credential: Credential,
    settings: dict[str, Any] | None = None,
    polls: tuple[tuple[str, str, float], ...] = (),
) -> int:
    """One connection with a lane of its own; `polls` are (stream, project, every seconds)."""
    sealed = vault.seal(msgspec.json.encode(credential), context=f"connection {name}")
    async with store.transaction() as db:
        lane = await (
            await db.execute(
                "INSERT INTO lane (name, ready_at) VALUES (%s, %s) RETURNING id",
                (name, "now" if polls else "infinity"),
            )
        ).fetchone()
        assert lane is not None
        row = await (
            await db.execute(
                "INSERT INTO connection (name, connector, base_url, account, lane_id, credential, settings)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
                (name, connector, base_url, account, lane[0], sealed, Jsonb(settings or {})),
            )
        ).fetchone()
        assert row is not None
        for stream, project, every_s in polls:
            await db.execute(
                "INSERT INTO poll (connection_id, stream, project, lane_id, every_s) VALUES (%s, %s, %s, %s, %s)",
                (row[0], stream, project, lane[0], every_s),
            )
        await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
    return int(row[0])


async def add_sync(
    store: Store, *, name: str, source: int, project: str, target: int, definition: str | None = None
) -> int:
    """One sync in its target's lane."""
    async with store.transaction() as db:
        row = await (
            await db.execute(
                "WITH made AS (INSERT INTO consumer (kind, lane_id)"
                " SELECT 'sync', lane_id FROM connection WHERE id = %(target)s RETURNING id)"
                " INSERT INTO sync (id, name, source_connection_id, project, target_connection_id, definition)"
                " SELECT id, %(name)s, %(source)s, %(project)s, %(target)s, %(definition)s FROM made RETURNING id",
                {
                    "name": name,
                    "source": source,
                    "project": project,
                    "target": target,
                    "definition": definition or default_text(),
                },
            )
        ).fetchone()
        assert row is not None
        await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
    return int(row[0])
