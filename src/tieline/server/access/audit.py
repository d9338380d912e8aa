"""The audit log for people: pages of it, and how long it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tieline.errors import ConfigurationError
from tieline.store.audit import ActorKind, note
from tieline.store.pool import Store
from tieline.store.queries import query

LEAST_DAYS, MOST_DAYS = 30, 36_500


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what, when, and from where."""

    id: int
    at: datetime
    actor_kind: ActorKind
    actor: str
    address: str | None
    #: As "connections.change".
    action: str
    #: What it was done to.
    subject: str
    #: Of both only what differs; secrets are left out.
    before: Any
    after: Any


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The youngest entries, of those asked for."""

    entries: tuple[Entry, ...]
    #: Where the next page begins; None = there are no older ones.
    before: int | None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries; None = whatever it is."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    #: Older than this one.
    before: int | None = None


_SELECT = "SELECT id, at, actor_kind, actor, address, action, subject, before, after FROM audit_entry"
_WHERE = {
    "actor": "actor = %(actor)s", "action": "action = %(action)s", "subject": "subject = %(subject)s",
    "since": "at >= %(since)s", "until": "at < %(until)s", "before": "id < %(before)s",
}  # fmt: skip


def statement(wanted: Wanted) -> str:
    """The query for those filters alone, so that each has its index."""
    parts = [_WHERE[name] for name, value in msgspec.structs.asdict(wanted).items() if value is not None]
    where = f" WHERE {' AND '.join(parts)}" if parts else ""
    return f"{_SELECT}{where} ORDER BY id DESC LIMIT %(limit)s"


async def list_entries(store: Store, wanted: Wanted, *, limit: int = 100) -> Page:
    """The youngest of those wanted, at most `limit`."""
    async with store.transaction() as db:
        given = {**msgspec.structs.asdict(wanted), "limit": limit + 1}
        rows = await (await db.execute(statement(wanted), given)).fetchall()
    entries = tuple(Entry(**dict(zip(Entry.__struct_fields__, row, strict=True))) for row in rows[:limit])
    return Page(entries=entries, before=entries[-1].id if len(rows) > limit else None)


async def kept_days(store: Store) -> int:
    """How long entries are kept."""
    async with store.transaction() as db:
        row = await (await db.execute("SELECT keep_days FROM audit_keeping")).fetchone()
    assert row is not None, "the migration made it"
    return int(row[0])


async def keep_days(store: Store, days: int) -> None:
    """Keep entries so long, from now on. Raises ConfigurationError."""
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise ConfigurationError(f"the audit log is kept for {LEAST_DAYS} to {MOST_DAYS} days")
    async with store.transaction() as db:
        row = await (await db.execute("SELECT keep_days FROM audit_keeping FOR UPDATE")).fetchone()
        await db.execute("UPDATE audit_keeping SET keep_days = %s", (days,))
        await note(db, "audit.keep", "audit", before={"days": row[0] if row else None}, after={"days": days})


async def forget_old(store: Store) -> int:
    """Remove what is older than that; gives how many entries."""
    removed = 0
    while True:
        async with store.transaction() as db:
            gone = (await db.execute(query("forget_audit"))).rowcount
        removed += gone
        if not gone:
            return removed
