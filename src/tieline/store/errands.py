"""Errands as stored: left by whoever makes no outside call of its own, and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NewType

import msgspec
from psycopg import AsyncConnection

from tieline.domain.ids import LaneId
from tieline.store.key_table import seal_credential
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.seal import Vault

ErrandId = NewType("ErrandId", int)
#: The lane of what belongs to no account.
DEFAULT_LANE = "default"


class NewErrand(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done."""

    lane_id: LaneId
    kind: str
    input: Mapping[str, Any]


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How one stands."""

    #: "ready" = not ended yet.
    state: str
    output: dict[str, Any] | None
    reason: str | None


async def default_lane(db: AsyncConnection[Any]) -> LaneId:
    """The lane of what belongs to no account."""
    row = await (await db.execute("SELECT id FROM lane WHERE name = %s", (DEFAULT_LANE,))).fetchone()
    assert row is not None, "the migration makes it"
    return LaneId(row[0])


async def leave(db: AsyncConnection[Any], vault: Vault, errands: Sequence[NewErrand]) -> list[ErrandId]:
    """Put errands into their lanes and wake those, within the caller's transaction."""
    left = await db.execute(
        query("leave_errands"),
        {
            "lanes": [one.lane_id for one in errands],
            "kinds": [one.kind for one in errands],
            "inputs": [await _sealed(db, vault, one.kind, one.input) for one in errands],
        },
    )
    rows = await left.fetchall()
    lanes = sorted({one.lane_id for one in errands})
    await db.execute(query("lock_lanes"), {"lanes": lanes})
    await db.execute(query("wake_lanes"), {"lanes": lanes})
    return [ErrandId(row[0]) for row in rows]


async def advance(
    db: AsyncConnection[Any], vault: Vault, errand: ErrandId, kind: str, given: Mapping[str, Any]
) -> None:
    """Have an errand that is tried again go on from here, once the caller's transaction is committed."""
    sealed = await _sealed(db, vault, kind, given)
    await db.execute("UPDATE errand SET input = %s WHERE id = %s", (sealed, errand))


async def _sealed(db: AsyncConnection[Any], vault: Vault, kind: str, given: Mapping[str, Any]) -> bytes:
    return await seal_credential(db, vault, msgspec.json.encode(given), context=f"errand {kind}")


async def wait_for(store: Store, errand: ErrandId, *, within_s: float) -> Ended:
    """How the errand ended, or stands after `within_s`."""
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        async with store.transaction() as db:
            row = await (
                await db.execute("SELECT state, output, reason FROM errand WHERE id = %s", (errand,))
            ).fetchone()
        assert row is not None
        if row[0] != "ready" or asyncio.get_running_loop().time() >= deadline:
            return Ended(state=row[0], output=row[1], reason=row[2])
        await asyncio.sleep(0.1)
