"""Many callers, one transaction: what arrives while a commit runs goes into the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

import psycopg

Item = TypeVar("Item")
Result = TypeVar("Result")


class Overloaded(Exception):
    """More is waiting for a commit than may wait; nothing was taken."""


class GroupCommit(Generic[Item, Result]):
    """Hands batches of items to `commit`, one batch at a time, and each caller the result of its own item.

    `commit` gets 1 to `batch` items and returns as many results, in order, after its transaction has ended. An
    error of the data in one item is not shared: the batch is then committed item by item.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        batch: int = 256,
        waiting: int = 4096,
        pace_s: float = 0.0,
    ) -> None:
        """At most one commit begins in `pace_s`: under load fewer and larger ones, while the first after a quiet
        moment goes at once."""
        self._commit = commit
        self._batch = batch
        self._waiting = waiting
        self._pace_s = pace_s
        self._queue: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._arrived = asyncio.Event()

    async def submit(self, item: Item) -> Result:
        """The result of `item`, once it is committed. Raises Overloaded, or what its commit raised."""
        if len(self._queue) >= self._waiting:
            raise Overloaded
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((item, future))
        self._arrived.set()
        return await future

    async def run(self) -> None:
        """Commit batches until cancelled; whoever still waits then is cancelled too."""
        loop = asyncio.get_running_loop()
        begun = float("-inf")
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while self._queue:
                    if len(self._queue) < self._batch and (early_s := begun + self._pace_s - loop.time()) > 0:
                        await asyncio.sleep(early_s)
                    begun = loop.time()
                    taken = [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]
                    await self._settle(taken)
        finally:
            for _, future in self._queue:
                future.cancel()
            self._queue.clear()

    async def _settle(self, taken: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._commit([item for item, _ in taken])
        except asyncio.CancelledError:
            for _, future in taken:
                future.cancel()
            raise
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(taken) > 1:
                for one in taken:
                    await self._settle([one])
            else:
                self._fail(taken, error)
        except Exception as error:  # noqa: BLE001 - handed to every caller that waits for this batch
            self._fail(taken, error)
        else:
            for (_, future), result in zip(taken, results, strict=True):
                if not future.done():
                    future.set_result(result)

    def _fail(self, taken: list[tuple[Item, asyncio.Future[Result]]], error: Exception) -> None:
        for _, future in taken:
            if not future.done():
                with suppress(asyncio.InvalidStateError):
                    future.set_exception(error)
