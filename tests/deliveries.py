"""Somewhere webhooks go: an HTTP server that hands over what arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class Deliveries:
    """What arrived, in order, and not yet taken."""

    def __init__(self) -> None:
        self._arrived: asyncio.Queue[tuple[str, dict[str, str], bytes]] = asyncio.Queue()
        #: Where to send to; any path below it is taken too.
        self.url = ""

    async def next(self) -> tuple[str, dict[str, str], bytes]:
        """Path, headers with names in lower case, and raw body of the next one. Raises TimeoutError."""
        async with asyncio.timeout(8):
            return await self._arrived.get()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Take one."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._arrived.put_nowait((request.path, headers, await request.read()))
        return web.Response()


@asynccontextmanager
async def deliveries() -> AsyncIterator[Deliveries]:
    """A server on this machine."""
    found = Deliveries()
    runner = web.ServerRunner(web.Server(found.answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()
