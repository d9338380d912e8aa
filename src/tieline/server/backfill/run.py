"""Runs what is asked for of a sync's history, inside its lane: backfill and reconcile tell it to the lane page by page,
preview and drift only look.

The next page is read while few of the last ones' assignments are open, so that memory, and the room that history takes
in the lane, stay small. All calls, and those of the turns that follow, are of the lowest quota class.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import structlog

from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.quota_class import at_most
from tieline.domain.ids import SyncId
from tieline.ending import end
from tieline.engine.polls import DuePoll
from tieline.errors import ConfigurationError, RejectedError, StoreError, TielineError
from tieline.server.backfill.page import PageRead
from tieline.server.backfill.pages import ENDING, HistoryPages, onward
from tieline.server.preview.drift import measure
from tieline.server.preview.run import preview
from tieline.store.backfill import (
    LAST,
    Run,
    advance,
    count_ended,
    count_open,
    fail_run,
    linked_among,
    load_run,
)
from tieline.store.directory import Directory, StoredSync
from tieline.store.pool import Store

log = structlog.get_logger(__name__)

#: Assignments of history that are open at most before another page is read.
OPEN = 500
#: As long as this a run goes on before the lane is asked again.
SLICE_S = 10.0
#: Between two looks whether there is room for a page.
_LOOK_S = 0.05


class Backfills:
    """All runs of one worker."""

    def __init__(
        self, store: Store, directory: Directory, gateway: Gateway, digest: Callable[[str, str], bytes]
    ) -> None:
        self._store = store
        self._directory = directory
        self._gateway = gateway
        self._digest = digest
        #: Previews and drifts write nothing for the lane, and outlive a lease of it.
        self._looking: dict[tuple[SyncId, str], asyncio.Task[None]] = {}

    async def __call__(self, poll: DuePoll) -> None:
        """Go on with one that is due."""
        assert poll.sync_id is not None
        kind: Any = poll.stream
        run = await load_run(self._store, kind, sync=poll.sync_id)
        if run is None or run.state != "running":
            return
        if poll.sync_id not in self._directory.syncs:
            await self._directory.load()
        sync = self._directory.syncs.get(poll.sync_id)
        if sync is None:
            return
        with at_most("backfill"):
            if run.kind in ("backfill", "reconcile"):
                await self._failing(run, self._tell(run, sync))
            elif (key := (sync.id, run.kind)) not in self._looking:
                task = self._looking[key] = asyncio.create_task(self._failing(run, self._look(run, sync)))
                task.add_done_callback(partial(self._ended, key))

    def _ended(self, key: tuple[SyncId, str], task: asyncio.Task[None]) -> None:
        self._looking.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a look at all people failed; it begins anew", kind=key[1], error=repr(error))

    async def close(self) -> None:
        """Stop what looks; it begins anew when another worker takes it up."""
        await end(self._looking.values(), again_s=1.0)

    async def _failing(self, run: Run, work: Any) -> None:
        """What cannot get better by itself ends the run, with its reason."""
        try:
            await work
        except StoreError:
            raise
        except (ConfigurationError, RejectedError) as error:
            await fail_run(self._store, run, str(error))

    async def _look(self, run: Run, sync: StoredSync) -> None:
        try:
            if run.kind == "preview":
                await preview(self._store, self._directory, self._gateway, self._digest, run, sync)
            else:
                await measure(self._store, self._directory, self._gateway, run, sync)
        except (ConfigurationError, RejectedError):
            raise
        except TielineError as error:
            # It is due again when its time is up, and begins anew.
            log.warning("a look at all people stopped", kind=run.kind, sync=sync.name, error=str(error))

    async def _tell(self, run: Run | None, sync: StoredSync) -> None:
        assert run is not None
        pages = HistoryPages(
            self._directory, self._gateway, sync, kind=run.kind, since=run.since,
            linked=lambda side, ids: linked_among(self._store, sync.id, side, ids),
        )  # fmt: skip
        until, sent = time.monotonic() + SLICE_S, self._sent(sync)
        while run is not None and run.state == "running" and time.monotonic() < until:
            still = await count_open(self._store, run, limit=OPEN)
            ending = run.phase == ENDING
            if still.count >= OPEN or (run.cursor.get("settle") and still.due) or (ending and still.count):
                await asyncio.sleep(_LOOK_S)
                continue
            page = PageRead() if ending else await pages.read(run.phase or pages.phases()[0], run.cursor)
            upto = still.first_event - 1 if still.first_event is not None else run.tally.get(LAST, 0)
            tally = await count_ended(self._store, run, upto=upto)
            following = msgspec.structs.replace(run, tally=tally, counted=max(run.counted, upto))
            if ending:
                following = msgspec.structs.replace(following, state="done", cursor={})
            else:
                following = onward(following, page, pages.phases())
            now_sent = self._sent(sync)
            run = await advance(self._store, following, calls=now_sent - sent, page=page.found)
            sent = now_sent

    def _sent(self, sync: StoredSync) -> int:
        places = (sync.source_id, sync.target_id)
        return sum(self._gateway.sent[place, "backfill"] for place in places)
