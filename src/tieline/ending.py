"""Tasks that are to end, and do.

One `cancel()` is not always enough: `asyncio.wait_for` of Python 3.11, which the database's pool waits with, forgets a
cancellation that comes in the moment in which what it waits for is there. Whoever forgot is told again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

#: Longer than whatever a task has to put away first.
AGAIN_S = 5.0


async def end(tasks: Iterable[asyncio.Task[Any]], *, again_s: float = AGAIN_S) -> None:
    """Cancel them, and wait until they have ended; what they raised is theirs."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_s)
