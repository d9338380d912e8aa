"""Ids reserved in blocks, so that rows can be built before anything is written."""

from __future__ import annotations

from collections import deque

from tieline.store.pool import Store


class IdBlock:
    """Ids of one sequence, rising; a block that a crash leaves unused is a gap, which nobody minds."""

    def __init__(self, store: Store, sequence: str, *, size: int = 500) -> None:
        self._store = store
        self._sequence = sequence
        self._size = size
        self._ids: deque[int] = deque()

    async def take(self, count: int) -> list[int]:
        """`count` new ids in rising order."""
        while len(self._ids) < count:
            async with self._store.transaction() as connection:
                rows = await connection.execute(
                    "SELECT nextval(%s::regclass) FROM generate_series(1, %s)",
                    (self._sequence, max(self._size, count)),
                )
                self._ids.extend(row[0] for row in await rows.fetchall())
        return [self._ids.popleft() for _ in range(count)]
