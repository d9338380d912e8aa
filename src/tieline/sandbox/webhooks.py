"""Outgoing webhooks: in order, with the faults of the hour, and with the sender's own rule for repeats."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from io import BytesIO
from random import Random
from typing import Any, Literal

import aiohttp
import msgspec

from tieline.sandbox.audit import Audit, DeliveryRecord
from tieline.sandbox.clock import Clock
from tieline.sandbox.faults import Faults

RetryRule = Literal["only_429", "any_non_2xx", "never"]
#: Ten minutes apart, six times: what the vendor of the Contacts API documents.
REALISTIC_DELAYS_S = (600.0,) * 6
#: More than this waiting to be sent is dropped and counted as `overflow`.
WAITING = 100_000
SENDERS = 8
_LARGE = 1024 * 1024


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery, ready to be signed when it leaves."""

    event_id: str
    kind: str
    #: Id of the record that it tells of.
    subject_id: str
    url: str
    body: bytes
    #: Headers, made anew for each attempt (a signature may carry the time).
    headers: Callable[[bytes], dict[str, str]]


class Webhooks:
    """Delivers what one side emits. `run` must be running."""

    def __init__(
        self,
        side: str,
        *,
        audit: Audit,
        faults: Faults,
        clock: Clock,
        rng: Random,
        retry: RetryRule,
        retry_delays_s: Sequence[float] = REALISTIC_DELAYS_S,
    ) -> None:
        self._side = side
        self._audit = audit
        self._faults = faults
        self._clock = clock
        self._rng = rng
        self.retry: RetryRule = retry
        self.retry_delays_s = tuple(retry_delays_s)
        self._queue: deque[tuple[Outgoing, DeliveryRecord]] = deque()
        self._arrived = asyncio.Event()
        self._swapped: tuple[Outgoing, DeliveryRecord] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.overflow = 0

    def send(self, outgoing: Outgoing) -> None:
        """Put a delivery on its way, or let a fault decide otherwise."""
        record = DeliveryRecord(
            event_id=outgoing.event_id, kind=outgoing.kind, subject_id=outgoing.subject_id, url=outgoing.url,
            emitted_at=self._clock.now().timestamp(), statuses=[], faults=[],
        )  # fmt: skip
        self._audit.deliveries.append(record)
        if len(self._queue) >= WAITING:
            self.overflow += 1
            return
        fault = self._faults.pick(self._side, outgoing.kind, webhook=True) if self._faults.rules else None
        if fault is None:
            self._push(outgoing, record)
            return
        record.faults.append(fault.kind)
        match fault.kind:
            case "drop":
                return
            case "duplicate":
                for _ in range(fault.params.copies):
                    self._push(outgoing, record)
            case "late":
                self._later(fault.params.delay_s, outgoing, record)
            case "reorder":
                if self._swapped is None:
                    self._swapped = (outgoing, record)
                    self._spawn(self._release(fault.params.delay_s))
                else:
                    self._push(outgoing, record)
            case _:
                self._push(outgoing, record)

    def _push(self, outgoing: Outgoing, record: DeliveryRecord) -> None:
        self._queue.append((outgoing, record))
        if self._swapped is not None:
            self._queue.append(self._swapped)
            self._swapped = None
        self._arrived.set()

    async def _release(self, delay_s: float) -> None:
        """A reordered delivery that nothing overtook leaves after all."""
        await asyncio.sleep(delay_s)
        if self._swapped is not None:
            swapped, self._swapped = self._swapped, None
            self._queue.append(swapped)
            self._arrived.set()

    def _later(self, delay_s: float, outgoing: Outgoing, record: DeliveryRecord) -> None:
        async def wait() -> None:
            await asyncio.sleep(delay_s)
            self._push(outgoing, record)

        self._spawn(wait())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self) -> None:
        """Send until cancelled."""
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            senders = [asyncio.create_task(self._sender(session)) for _ in range(SENDERS)]
            try:
                await asyncio.gather(*senders)
            finally:
                for task in [*senders, *self._tasks]:
                    task.cancel()
                await asyncio.gather(*senders, *self._tasks, return_exceptions=True)

    async def _sender(self, session: aiohttp.ClientSession) -> None:
        while True:
            while not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
            outgoing, record = self._queue.popleft()
            await self._attempt(session, outgoing, record, 0)

    async def _attempt(
        self, session: aiohttp.ClientSession, outgoing: Outgoing, record: DeliveryRecord, number: int
    ) -> None:
        began = time.perf_counter()
        status: int | None = None
        try:
            # The client warns of large bytes; a large file is as good.
            large = len(outgoing.body) >= _LARGE
            data = BytesIO(outgoing.body) if large else outgoing.body
            async with session.post(
                outgoing.url, data=data, headers=outgoing.headers(outgoing.body)
            ) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            status = None
        record.statuses.append(status)
        if status is not None and 200 <= status < 300:
            if record.acknowledged_at is None:
                record.acknowledged_at = self._clock.now().timestamp()
                record.ack_ms = (time.perf_counter() - began) * 1000
            return
        again = self.retry == "any_non_2xx" or (self.retry == "only_429" and status == 429)
        if again and number < len(self.retry_delays_s):
            delay_s = self.retry_delays_s[number] * self._rng.uniform(0.9, 1.1)

            async def repeat() -> None:
                await asyncio.sleep(delay_s)
                await self._attempt(session, outgoing, record, number + 1)

            self._spawn(repeat())
