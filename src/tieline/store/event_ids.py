"""The numbers of events: in each lane they rise in the order in which the events become visible.

Effects of one person are begun in the order of these numbers, and whoever loads a lane looks behind the highest one
seen. So they are given out under the lanes' locks, which are held until the commit: a lower number that is not
committed yet keeps every higher one waiting, whichever process gave it out.
"""

from __future__ import annotations

from collections.abc import Sequence

from tieline.domain.ids import LaneId
from tieline.store.pool import Connection
from tieline.store.queries import query


async def number_events(db: Connection, lanes: Sequence[LaneId], count: int) -> list[int]:
    """So many new numbers, in rising order; `lanes` are those that the events are assigned in. First of all in its
    transaction."""
    async with db.pipeline():
        if lanes:
            await db.execute(query("lock_lanes"), {"lanes": sorted(lanes)})
        rows = await db.execute("SELECT nextval('event_id') FROM generate_series(1, %s)", (count,))
    return [row[0] for row in await rows.fetchall()]
