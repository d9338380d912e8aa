"""The totals of a preview: writes by operation, calls, and how long they take at the side's quota."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tieline.connectors.kit.budget import RESERVE
from tieline.connectors.kit.gateway import Gateway
from tieline.server.accounts.connections import opened
from tieline.server.sweeps.sweep import DAILY_CALLS
from tieline.store.directory import StoredConnection
from tieline.store.pool import Store
from tieline.store.queries import query


class SideReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one side would be asked."""

    connection: str
    #: By operation.
    writes: dict[str, int]
    #: Creations and updates that are answered with a record in their way, and change nothing.
    refused: int
    reads: int
    calls: int
    #: At the quota that live traffic leaves; None = there is no limit.
    minutes: float | None
    #: Of a day's calls; None = its day has no limit that we know.
    share_of_day: float | None


class PreviewReport(msgspec.Struct, frozen=True, kw_only=True):
    """Of both sides."""

    writes: int
    refused: int
    calls: int
    nimbata: SideReport
    contacts_api: SideReport
    #: How the events of history would end: done, skipped, dead; waiting = that cannot be said yet.
    ends: dict[str, int]


class ShownWrite(msgspec.Struct, frozen=True, kw_only=True):
    """One write that would be sent."""

    number: int
    side: str
    operation: str
    method: str
    path: str
    record_id: str | None
    #: A record is in its way: the answer names it, and nothing changes.
    refused: bool
    #: As it would be sent.
    body: str


def side_report(
    gateway: Gateway, stored: StoredConnection, writes: Mapping[str, int], refused: int, reads: int
) -> SideReport:
    """The totals of one side; its quota is as the last answers showed it."""
    governor = gateway.governor(opened(stored))
    calls, capacity, daily = reads + refused + sum(writes.values()), governor.capacity, governor.daily
    minutes = None
    if capacity is not None:
        minutes = round(calls / max(1.0, capacity * (1 - RESERVE)) * governor.interval_s / 60, 2)
    a_day = daily[1] if daily else DAILY_CALLS if stored.connector == "contacts_api" else None
    return SideReport(
        connection=stored.name, writes=dict(sorted(writes.items())), refused=refused, reads=reads,
        calls=calls, minutes=minutes, share_of_day=None if a_day is None else round(calls / a_day, 4),
    )  # fmt: skip


async def list_previewed(store: Store, name: str, *, after: int = 0, limit: int = 1000) -> list[ShownWrite]:
    """A page of the writes that the last preview of a sync found."""
    async with store.transaction() as db:
        given = {"name": name, "after": after, "limit": limit}
        rows = await (await db.execute(query("list_previewed"), given)).fetchall()
    await store.keys.learn({row[9] for row in rows})
    return [
        ShownWrite(
            number=row[0], side=row[1], operation=row[2], method=row[3], path=row[4], record_id=row[5], refused=row[6],
            body=store.keys.of_day(row[9]).open(preview_place(row[8], row[0]), row[7]).decode("utf-8", "replace"),
        )
        for row in rows
    ]  # fmt: skip


def preview_place(sync: int, number: int) -> str:
    """What a write is bound to."""
    return f"preview_write.body:{sync}:{number}"
