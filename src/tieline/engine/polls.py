"""Polls that are due, run inside their lane: its quota and its credential are local to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import msgspec
import psycopg
import structlog

from tieline.connectors.kit.backoff import RetryPolicy
from tieline.domain.ids import ConnectionId, LaneId, SyncId
from tieline.effects.decide import AT_ONCE, HoldLane, decide
from tieline.ending import end
from tieline.engine.lane import Leases, OwnedLane
from tieline.errors import ConnectorError, RateLimited, TielineError
from tieline.store.pool import Store
from tieline.store.queries import query

log = structlog.get_logger(__name__)

#: Between two looks of a backfill that waits for what it told already.
RUN_EVERY_S = 0.2

_BACKOFF = RetryPolicy(first_s=5.0, factor=2.0, max_s=900.0, max_attempts=1_000_000)


class DuePoll(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of one connection, due to be read."""

    connection_id: ConnectionId
    stream: str
    project: str
    lane_id: LaneId
    every_s: float
    #: How far it has read; {} at first.
    cursor: dict[str, Any]
    failures: int
    #: The sync whose history it is, where it is no list of a connection alone.
    sync_id: SyncId | None = None


class Poller(Protocol):
    """Reads one stream from its cursor on and puts what it finds into the inbox."""

    async def __call__(self, poll: DuePoll) -> dict[str, Any]:
        """The cursor after everything that was read is stored."""
        ...


class Polls:
    """Starts what is due, at most one task a stream."""

    def __init__(self, store: Store, poller: Poller, leases: Leases, *, nudge: Callable[[], None]) -> None:
        self._leases = leases
        self._store = store
        self._poller = poller
        self._nudge = nudge
        self._running: dict[tuple[int, str, str], asyncio.Task[None]] = {}

    async def start_due(self, lanes: Sequence[OwnedLane]) -> None:
        """Begin the polls of these lanes that are due and not running."""
        by_id = {lane.id: lane for lane in lanes}
        async with self._store.transaction() as db:
            rows = await db.execute(query("load_due_polls"), {"lanes": list(by_id)})
            due = [
                DuePoll(
                    connection_id=row[0], stream=row[1], project=row[2], lane_id=row[3], every_s=row[4],
                    cursor=row[5], failures=row[6],
                )
                for row in await rows.fetchall()
            ]  # fmt: skip
            runs = await db.execute(query("load_due_backfills"), {"lanes": list(by_id)})
            due += [
                DuePoll(
                    connection_id=row[0], stream=row[1], project=str(row[4]), lane_id=row[2], every_s=RUN_EVERY_S,
                    cursor={}, failures=row[3], sync_id=row[4],
                )
                for row in await runs.fetchall()
            ]  # fmt: skip
        for poll in due:
            key = (poll.connection_id, poll.stream, poll.project)
            if key in self._running:
                continue
            lane = by_id[poll.lane_id]
            task = asyncio.create_task(self._run(poll, lane))
            self._running[key] = task
            lane.polls.add(task)
            task.add_done_callback(partial(self._ended, key, lane))

    def _ended(self, key: tuple[int, str, str], lane: OwnedLane, task: asyncio.Task[None]) -> None:
        lane.polls.discard(task)
        self._running.pop(key, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("poll not recorded", stream=key[1], error=str(task.exception()))
        self._nudge()

    async def _run(self, poll: DuePoll, lane: OwnedLane) -> None:
        try:
            cursor = await self._poller(poll)
        except (TielineError, psycopg.Error, TimeoutError) as error:
            wait_s = _BACKOFF.delay_s(poll.failures + 1)
            reason = f"{type(error).__name__}: {error}"
            if not isinstance(error, ConnectorError):
                log.warning("poll failed", stream=poll.stream, error=reason)
            await self._record(poll, None, wait_s, reason)
            if isinstance(error, ConnectorError):
                await self._hold(lane, error)
        else:
            await self._record(poll, cursor, poll.every_s, None)

    async def _hold(self, lane: OwnedLane, error: ConnectorError) -> None:
        """What keeps one stream from being read keeps the whole lane from working: it rests until that is mended.
        But what our own governor denied to a poll, it may well allow to live traffic."""
        if isinstance(error, RateLimited) and error.status is None:
            return
        match decide(error, at_once=AT_ONCE, turn=1):
            case HoldLane() as hold:
                await self._leases.hold(lane, hold, str(error))
                lane.leaving = True
            case _:
                pass

    async def _record(
        self, poll: DuePoll, cursor: dict[str, Any] | None, wait_s: float, reason: str | None
    ) -> None:
        if poll.sync_id is not None:
            async with self._store.transaction() as db:
                await db.execute(
                    query("record_backfill"),
                    {"sync": poll.sync_id, "kind": poll.stream, "wait_s": wait_s, "reason": reason},
                )
            return
        async with self._store.transaction() as db:
            await db.execute(
                query("record_poll"),
                {
                    "connection": poll.connection_id,
                    "stream": poll.stream,
                    "project": poll.project,
                    "cursor": None if cursor is None else msgspec.json.encode(cursor).decode(),
                    "wait_s": wait_s,
                    "reason": reason,
                },
            )

    async def close(self) -> None:
        """Stop every poll; its cursor stays where it was."""
        await end(self._running.values(), again_s=1.0)
