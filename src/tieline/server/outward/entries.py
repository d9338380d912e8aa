"""What user-made HTTP may reach by name: kept in the store, and obeyed by every process within a moment."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from tieline.connectors.kit.outward_guard import OutwardGuard, read_entry
from tieline.errors import ConfigurationError
from tieline.server.syncs import announce
from tieline.store.audit import acting, note
from tieline.store.directory import Directory
from tieline.store.pool import Store

#: Far more than anybody needs to name.
_MOST = 500


class OutwardEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that may be reached."""

    #: "host", "host:port", "10.1.2.0/24", "10.1.2.0/24:8080".
    entry: str
    reason: str
    added_by: str
    added_at: datetime


async def list_outward(store: Store) -> list[OutwardEntry]:
    """All of them, by name."""
    async with store.transaction() as db:
        rows = await db.execute("SELECT entry, reason, added_by, added_at FROM outward_entry ORDER BY entry")
        return [
            OutwardEntry(entry=row[0], reason=row[1], added_by=row[2], added_at=row[3])
            for row in await rows.fetchall()
        ]


async def allow_outward(store: Store, entry: str, reason: str) -> OutwardEntry:
    """Let user-made HTTP go there. Raises ConfigurationError for what is no such entry."""
    read_entry(entry)
    written = entry.strip().lower()
    async with store.transaction() as db:
        await db.execute("LOCK TABLE outward_entry IN SHARE ROW EXCLUSIVE MODE")
        counted = await (await db.execute("SELECT count(*) FROM outward_entry")).fetchone()
        if counted is not None and counted[0] >= _MOST:
            raise ConfigurationError(f"more than {_MOST} entries; name networks instead")
        rows = await db.execute(
            "INSERT INTO outward_entry (entry, reason, added_by) VALUES (%s, %s, %s)"
            " ON CONFLICT (entry) DO UPDATE SET reason = excluded.reason"
            " RETURNING entry, reason, added_by, added_at",
            (written, reason.strip(), acting().name),
        )
        row = await rows.fetchone()
        assert row is not None
        await note(db, "outward.allow", written, after={"reason": row[1]})
        await announce(db)
    return OutwardEntry(entry=row[0], reason=row[1], added_by=row[2], added_at=row[3])


async def deny_outward(store: Store, entry: str) -> bool:
    """Take a permission back. False where there was none."""
    written = entry.strip().lower()
    async with store.transaction() as db:
        rows = await db.execute("DELETE FROM outward_entry WHERE entry = %s RETURNING reason", (written,))
        row = await rows.fetchone()
        if row is not None:
            await note(db, "outward.deny", written, before={"reason": row[0]})
            await announce(db)
    return row is not None


def guard_of(directory: Directory, *, public_url: str | None = None) -> OutwardGuard:
    """The guard of this hub, which knows what is allowed at each moment."""
    own = urlsplit(public_url).hostname if public_url else None
    return OutwardGuard(lambda: directory.outward, own_hosts=(own,) if own else ())
