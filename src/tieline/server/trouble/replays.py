"""Many failures taken up again, a page at a time: previewed, watched, paused and ended by people.

A replay is a row with a cursor. Whichever hub finds one running takes a page of it under the row's lock, so that a
killed one goes on, and no failure is taken up twice. Its events are handed out in the quota class of history.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
import psycopg
import structlog
from psycopg.types.json import Jsonb

from tieline.errors import ConfigurationError
from tieline.server.trouble.edits import Edit, edited
from tieline.server.trouble.mend import Mender, Wanted, stored_edits
from tieline.store.audit import acting, note
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.seal import BrokenSeal

log = structlog.get_logger(__name__)

State = Literal["running", "paused", "done", "aborted"]
#: Failures of one page, and events under way at most: what is paused or aborted stops soon.
PAGE = 100
UNDER_WAY = 400
EVERY_S = 1.0


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Of one cause, how many would be taken up."""

    cause: int
    title: str
    operation: str | None
    count: int


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay would take up."""

    failures: int
    causes: tuple[Counted, ...]
    #: Of the first page, how many cannot be edited so.
    unedited: int


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """One replay as it stands."""

    id: int
    state: State
    wanted: Wanted
    edits: tuple[Edit, ...]
    reason: str
    begun_by: str
    #: Failures that there were, that were taken up, and whose edit could not be made.
    found: int
    taken: int
    unedited: int
    #: Of those taken up: carried over, failed again, and still under way.
    mended: int
    failed: int
    under_way: int
    started_at: datetime
    ended_at: datetime | None


_SHOWN = """
SELECT id, state, wanted, edits, reason, begun_by, found, taken, unedited,
       (SELECT count(*) FROM assignment WHERE replay_id = replay.id
            AND assignment.state NOT IN ('ready', 'waiting', 'dead')),
       (SELECT count(*) FROM assignment WHERE replay_id = replay.id AND assignment.state = 'dead'),
       (SELECT count(*) FROM assignment WHERE replay_id = replay.id AND assignment.state IN ('ready', 'waiting')),
       started_at, ended_at
FROM replay
"""


class Replays:
    """Of one store."""

    def __init__(self, store: Store, mender: Mender) -> None:
        self._store = store
        self._mender = mender

    async def preview(self, wanted: Wanted, edits: Sequence[Edit] = ()) -> Preview:
        """Sends nothing."""
        async with self._store.transaction() as db:
            rows = await db.execute(query("count_failures"), wanted.parameters())
            causes = [
                Counted(cause=row[0], title=row[1], operation=row[2], count=row[3])
                for row in await rows.fetchall()
            ]
        unedited = 0
        if edits:
            for one in await self._mender.load(wanted, limit=PAGE):
                try:
                    edited(one.body, edits)
                except ConfigurationError:
                    unedited += 1
        return Preview(failures=sum(one.count for one in causes), causes=tuple(causes), unedited=unedited)

    async def begin(self, wanted: Wanted, reason: str, edits: Sequence[Edit] = ()) -> Replay:
        """Take up what is open now, and nothing that fails later. Raises ConfigurationError where there is nothing."""
        async with self._store.transaction() as db:
            rows = await (await db.execute(query("count_failures"), wanted.parameters())).fetchall()
            found, last = sum(row[3] for row in rows), max((row[4] for row in rows), default=0)
            if not found:
                raise ConfigurationError("nothing is open that this describes; see: tieline errors list")
            started = await db.execute(
                "INSERT INTO replay (wanted, edits, reason, begun_by, last, found)"
                " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
                (
                    Jsonb(msgspec.to_builtins(wanted)), stored_edits(edits), reason, acting().name, last, found,
                ),
            )  # fmt: skip
            (number,) = await started.fetchone() or (0,)
            await note(
                db, "errors.replay", str(number),
                after={"reason": reason, "failures": found, "edited": [edit.path for edit in edits]},
            )  # fmt: skip
        shown = await self.show(number)
        assert shown is not None, "it was made a moment ago"
        return shown

    async def show(self, number: int) -> Replay | None:
        """One; None where there is none of that number."""
        found = await self._load(" WHERE id = %s", (number,))
        return found[0] if found else None

    async def youngest(self, *, limit: int = 20) -> list[Replay]:
        """The youngest first."""
        return await self._load(" ORDER BY id DESC LIMIT %s", (limit,))

    async def control(self, number: int, state: Literal["running", "paused", "aborted"]) -> Replay | None:
        """Pause it, go on with it, or end it; what was taken up already goes its way.

        Raises ConfigurationError where it has ended. None where there is none of that number.
        """
        async with self._store.transaction() as db:
            rows = await db.execute(
                "UPDATE replay SET state = %(state)s, ended_at = CASE WHEN %(state)s = 'aborted' THEN now() END"
                " WHERE id = %(id)s AND state IN ('running', 'paused') RETURNING id",
                {"id": number, "state": state},
            )
            changed = await rows.fetchone() is not None
            if changed:
                await note(db, "errors.replay", str(number), after={"state": state})
        shown = await self.show(number)
        if shown is not None and not changed:
            raise ConfigurationError(f"replay {number} is {shown.state}")
        return shown

    async def step(self) -> bool:
        """Take up one page of one running replay. False where there is nothing to do now."""
        async with self._store.transaction() as db:
            rows = await db.execute(
                "SELECT id, wanted, edits, cursor, last FROM replay WHERE state = 'running'"
                " AND (SELECT count(*) FROM assignment WHERE replay_id = replay.id"
                "      AND assignment.state IN ('ready', 'waiting')) < %s"
                " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
                (UNDER_WAY,),
            )
            row = await rows.fetchone()
            if row is None:
                return False
            wanted = msgspec.convert(row[1], Wanted)
            edits = msgspec.convert(row[2], tuple[Edit, ...])
            found = await self._mender.load(wanted, after=row[3], last=row[4], limit=PAGE)
            copies, unedited = {}, set[int]()
            for one in found if edits else ():
                try:
                    copies[one.id] = edited(one.body, edits)
                except ConfigurationError:
                    unedited.add(one.id)
            taken, refused = await self._mender.take_up_each(
                db, [one for one in found if one.id not in unedited], copies, replay=row[0]
            )
            ended = len(found) < PAGE
            await db.execute(
                "UPDATE replay SET cursor = %s, taken = taken + %s, unedited = unedited + %s,"
                " state = CASE WHEN %s THEN 'done' ELSE state END, ended_at = CASE WHEN %s THEN now() END"
                " WHERE id = %s",
                (
                    found[-1].id if found else row[4], taken, len(unedited) + refused, ended, ended, row[0],
                ),
            )  # fmt: skip
        return not ended

    async def run(self) -> None:
        """Take up whatever is running, until cancelled."""
        while True:
            more = False
            try:
                more = await self.step()
            except (psycopg.Error, BrokenSeal) as error:
                log.warning("a replay did not go on", error=str(error))
            if not more:
                await asyncio.sleep(EVERY_S)

    async def _load(self, which: str, given: tuple[Any, ...]) -> list[Replay]:
        async with self._store.transaction() as db:
            rows = await (await db.execute(_SHOWN + which, given)).fetchall()
        names = Replay.__struct_fields__
        return [msgspec.convert(dict(zip(names, row, strict=True)), Replay) for row in rows]
