"""Errands: what others ask a worker to do, in the lane whose quota and credential it takes.

The server process makes no outside call of its own; it leaves an errand, and waits for its end if a person waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import msgspec
import psycopg
import structlog
from psycopg.types.json import Jsonb

from tieline.connectors.kit.backoff import RetryPolicy
from tieline.domain.ids import LaneId
from tieline.ending import end
from tieline.engine.lane import OwnedLane
from tieline.errors import TielineError, TransientError
from tieline.store.errands import ErrandId
from tieline.store.key_table import open_credential
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.seal import Vault

log = structlog.get_logger(__name__)

#: An errand that fails for now is tried again over about a day; a person who waits for it has long been told.
_BACKOFF = RetryPolicy(first_s=1.0, factor=2.0, max_s=3600.0, max_attempts=30)
#: Longest that an errand may take: well within a lease that is renewed.
LONGEST_S = 120.0


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """One that is due."""

    id: ErrandId
    lane_id: LaneId
    kind: str
    input: dict[str, Any]
    tries: int


class Runner(Protocol):
    """Does errands of any kind."""

    async def __call__(self, errand: Errand, /) -> dict[str, Any]:
        """What came of it. Raises TransientError to be asked again later, another TielineError to give it up."""
        ...


class Errands:
    """Starts what is due in leased lanes, at most one task an errand."""

    def __init__(self, store: Store, vault: Vault, runner: Runner, *, nudge: Callable[[], None]) -> None:
        self._store = store
        self._vault = vault
        self._runner = runner
        self._nudge = nudge
        self._running: dict[ErrandId, asyncio.Task[None]] = {}

    async def start_due(self, lanes: Sequence[OwnedLane]) -> None:
        """Begin those that are due and not running."""
        by_id = {lane.id: lane for lane in lanes}
        async with self._store.transaction() as db:
            rows = await (await db.execute(query("load_due_errands"), {"lanes": list(by_id)})).fetchall()
            rows = [row for row in rows if row[0] not in self._running]
            inputs = [
                await open_credential(db, self._vault, bytes(row[3]), context=f"errand {row[2]}")
                for row in rows
            ]
        for row, opened in zip(rows, inputs, strict=True):
            errand = Errand(
                id=row[0], lane_id=row[1], kind=row[2], input=msgspec.json.decode(opened), tries=row[4]
            )
            lane = by_id[errand.lane_id]
            task = asyncio.create_task(self._run(errand))
            self._running[errand.id] = task
            lane.polls.add(task)
            task.add_done_callback(partial(self._ended, errand, lane))

    def _ended(self, errand: Errand, lane: OwnedLane, task: asyncio.Task[None]) -> None:
        lane.polls.discard(task)
        del self._running[errand.id]
        if not task.cancelled() and task.exception() is not None:
            log.error("errand not recorded", kind=errand.kind, error=str(task.exception()))
        self._nudge()

    async def _run(self, errand: Errand) -> None:
        tries = errand.tries + 1
        try:
            async with asyncio.timeout(LONGEST_S):
                output = await self._runner(errand)
        except (TransientError, psycopg.OperationalError, TimeoutError) as error:
            reason = f"{type(error).__name__}: {error}"
            wait_s = _BACKOFF.delay_s(tries) if tries < _BACKOFF.max_attempts else None
            log.info("an errand is not done yet", kind=errand.kind, tries=tries, reason=reason)
            await self._record(
                errand, "ready" if wait_s is not None else "failed", tries, None, reason, wait_s
            )
        except TielineError as error:
            await self._record(errand, "failed", tries, None, str(error), None)
        except Exception as error:  # whatever it is, whoever waits must be told
            log.exception("an errand failed", kind=errand.kind)
            await self._record(errand, "failed", tries, None, f"internal error: {type(error).__name__}", None)
        else:
            await self._record(errand, "done", tries, output, None, None)

    async def _record(
        self,
        errand: Errand,
        state: str,
        tries: int,
        output: dict[str, Any] | None,
        reason: str | None,
        wait_s: float | None,
    ) -> None:
        async with self._store.transaction() as db:
            await db.execute(
                query("record_errand"),
                {
                    "id": errand.id, "state": state, "tries": tries, "reason": reason, "wait_s": wait_s or 0.0,
                    "output": None if output is None else Jsonb(output),
                },
            )  # fmt: skip

    async def close(self) -> None:
        """Stop every one; it stands as before and is done by the next worker."""
        await end(self._running.values(), again_s=1.0)
