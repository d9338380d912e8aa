"""One page of history, and what the reading of any needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from tieline.domain.side import Side
from tieline.store.backfill import Found

#: Who of these ids of one side is linked already.
Linked = Callable[[Side, Sequence[str]], Awaitable[set[str]]]
#: People on whom is looked side by side.
_ABREAST = 8


class PageRead(msgspec.Struct, frozen=True, kw_only=True):
    """One page."""

    found: tuple[Found, ...] = ()
    #: Where the next one begins; None = this list is read.
    cursor: dict[str, Any] | None = None
    #: Records on it, those that are left out among them.
    records: int = 0
    total: int | None = None


async def abreast(works: Sequence[Awaitable[list[Found]]]) -> list[list[Found]]:
    """What hangs on each person of a page: some read at a time, in order."""
    room = asyncio.Semaphore(_ABREAST)

    async def one(work: Awaitable[list[Found]]) -> list[Found]:
        async with room:
            return await work

    return list(await asyncio.gather(*(one(work) for work in works)))
