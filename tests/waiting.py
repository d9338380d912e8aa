"""Waiting for what others do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def until(done: Callable[[], Awaitable[bool]], within_s: float = 20.0) -> None:
    """Look again and again until it is so. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while True:
            if await done():
                return
            await asyncio.sleep(0.05)
