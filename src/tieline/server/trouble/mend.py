"""Failures taken up again, with or without an edit, or left alone for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from tieline.domain.ids import ConnectionId, LaneId, SyncId
from tieline.errors import ConfigurationError, UnreadableError
from tieline.server.access.given import Moment, RowNumber
from tieline.server.accounts.intakes import ContactsIntake, Intake, NimbataIntake, Request
from tieline.server.trouble.edits import Edit, edited
from tieline.store.audit import acting, note
from tieline.store.directory import Directory
from tieline.store.event_bodies import event_place, open_body
from tieline.store.event_ids import number_events
from tieline.store.pool import Connection, Store
from tieline.store.queries import query

#: Of the failures of one statement.
MOST = 1000


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken up again."""

    failures: int
    #: The edited copies, in their place.
    events: tuple[int, ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One open failure, ready to be taken up."""

    id: int
    event_id: int
    #: None = nobody had it: it could not be read.
    consumer_id: SyncId | None
    kind: str
    connection_id: ConnectionId
    project: str | None
    body: bytes


class Wanted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which failures; what is left out restricts nothing."""

    cause: RowNumber | None = None
    consumer: RowNumber | None = None
    connection: RowNumber | None = None
    person: RowNumber | None = None
    since: Moment | None = None
    until: Moment | None = None

    def parameters(self) -> dict[str, Any]:
        """Of the queries that find them."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class Mender:
    """Takes failures up again."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory
        self._intakes: Mapping[str, Intake] = {
            "nimbata": NimbataIntake(), "contacts_api": ContactsIntake(),
        }  # fmt: skip

    async def retry(self, failures: Sequence[int], edits: Sequence[Edit] = ()) -> Taken:
        """These, at once, each with the edits. Raises ConfigurationError where one is not open, or cannot be edited."""
        found = [one for one in await self.load(Wanted(), among=failures) if one.id in failures]
        if missing := sorted(set(failures) - {one.id for one in found}):
            raise ConfigurationError(
                f"no failure is open under {', '.join(map(str, missing))}; see: tieline errors list"
            )
        copies = {one.id: edited(one.body, edits) for one in found} if edits else {}
        async with self._store.transaction() as db:
            taken = await self.take_up(db, found, copies, replay=None)
            await note(
                db, "errors.retry", ",".join(str(one.id) for one in found),
                after={"edited": [edit.path for edit in edits]} if edits else None,
            )  # fmt: skip
        return taken

    async def take_up(
        self, db: Connection, found: Sequence[Found], copies: Mapping[int, bytes], *, replay: int | None
    ) -> Taken:
        """Within the caller's transaction: those with an edited body as a copy, the rest as they are."""
        if not found:
            return Taken(failures=0)
        # Nobody had them, so that there is nothing to wake: they come in anew.
        anew = [one for one in found if one.id in copies or one.consumer_id is None]
        routed = [self._route(one, copies.get(one.id, one.body)) for one in anew]
        lanes = sorted({lane for routes in routed for _, lane in routes.routes})
        numbers = await number_events(db, lanes, len(anew)) if anew else []
        sealing = await db.keys.today()
        for number, one, route in zip(numbers, anew, routed, strict=True):
            body = sealing.seal(event_place(number), copies.get(one.id, one.body))
            await db.execute(
                "INSERT INTO event (id, connection_id, source, kind, project, state, body, seal)"
                " VALUES (%s, %s, 'replay', %s, %s, 'routed', %s, %s)",
                (number, one.connection_id, route.kind, route.project, body, sealing.number),
            )
            for consumer, lane in route.routes:
                await db.execute(
                    "INSERT INTO assignment (event_id, consumer_id, lane_id, state, due_at, replay_id)"
                    " VALUES (%s, %s, %s, 'waiting', now(), %s)",
                    (number, consumer, lane, replay),
                )
        by_failure = {one.id: number for number, one in zip(numbers, anew, strict=True)}
        rows = await db.execute(
            query("take_up_failures"),
            {
                "failures": [one.id for one in found],
                "copies": [by_failure.get(one.id) for one in found],
                "replay": replay,
            },
        )
        woken = sorted({*lanes, *(row[0] for row in await rows.fetchall())})
        if woken:
            await db.execute(query("lock_lanes"), {"lanes": woken})
            await db.execute(query("wake_lanes"), {"lanes": woken})
        return Taken(failures=len(found), events=tuple(numbers))

    async def take_up_each(
        self, db: Connection, found: Sequence[Found], copies: Mapping[int, bytes], *, replay: int
    ) -> tuple[int, int]:
        """As `take_up`, but one that cannot be taken up keeps nobody else from it: how many were, and were not."""
        good = []
        for one in found:
            if one.id in copies or one.consumer_id is None:
                try:
                    self._route(one, copies.get(one.id, one.body))
                except ConfigurationError:
                    continue
            good.append(one)
        taken = await self.take_up(db, good, copies, replay=replay)
        return taken.failures, len(found) - len(good)

    async def load(
        self,
        wanted: Wanted,
        *,
        among: Sequence[int] | None = None,
        after: int = 0,
        last: int = 2**62,
        limit: int = MOST,
    ) -> list[Found]:
        """Open failures behind a cursor, in order."""
        if among:
            after, last = min(among) - 1, max(among)
        async with self._store.transaction() as db:
            rows = await db.execute(
                query("load_failures"),
                {
                    **wanted.parameters(), "after": after, "last": last, "limit": limit,
                    # A tuple would go as a row.
                    "among": None if among is None else list(among),
                },
            )  # fmt: skip
            found = await rows.fetchall()
        keys = self._store.keys
        await keys.learn({row[12] for row in found})
        return [
            Found(
                id=row[0], event_id=row[1], consumer_id=row[2] or None, kind=row[8], connection_id=row[9],
                project=row[10], body=open_body(keys, row[1], row[12], row[11]),
            )
            for row in found
        ]  # fmt: skip

    async def ignore(self, cause: int, reason: str) -> int | None:
        """Nobody is asked about this cause, nor told of it; how many failures are open. None = there is no such one."""
        async with self._store.transaction() as db:
            rows = await db.execute(
                "UPDATE cause SET ignored_at = now(), ignored_by = %s, ignored_reason = %s WHERE id = %s"
                " RETURNING open",
                (acting().name, reason, cause),
            )
            row = await rows.fetchone()
            if row is not None:
                await note(db, "errors.ignore", str(cause), after={"reason": reason, "open": row[0]})
        return None if row is None else int(row[0])

    async def heed(self, cause: int) -> bool:
        """It is listed and told of again. False where there is no such cause."""
        async with self._store.transaction() as db:
            rows = await db.execute(
                "UPDATE cause SET ignored_at = NULL, ignored_by = NULL, ignored_reason = NULL WHERE id = %s"
                " RETURNING id",
                (cause,),
            )
            found = await rows.fetchone() is not None
            if found:
                await note(db, "errors.heed", str(cause))
        return found

    async def leave(self, failures: Sequence[int], reason: str) -> int:
        """These are left as they are for good; how many were open."""
        async with self._store.transaction() as db:
            rows = await db.execute(query("ignore_failures"), {"failures": list(failures), "cause": None})
            left = sum(int(row[0]) for row in await rows.fetchall())
            await note(
                db, "errors.leave", ",".join(map(str, failures)), after={"reason": reason, "failures": left}
            )
        return left

    def _route(self, one: Found, body: bytes) -> _Route:
        """Whom a copy goes to: the consumer that failed; what nobody could read, to all who want it today."""
        if one.consumer_id is not None:
            sync = self._directory.syncs.get(one.consumer_id)
            if sync is None:
                raise ConfigurationError(f"the sync of event {one.event_id} is gone")
            return _Route(kind=one.kind, project=one.project, routes=((sync.id, sync.lane_id),))
        connection = self._directory.connections.get(one.connection_id)
        if connection is None:
            raise ConfigurationError(f"the connection of event {one.event_id} is gone")
        request = Request(
            headers={"content-type": "application/json"}, query={}, body=body, event=one.kind or None,
            now=datetime.now(UTC),
        )  # fmt: skip
        try:
            (seen,) = self._intakes[connection.connector].peek(connection, request)
        except UnreadableError as error:
            raise ConfigurationError(f"event {one.event_id} still cannot be read: {error}") from error
        except ValueError:
            raise ConfigurationError(f"event {one.event_id} holds several: it cannot be taken up") from None
        syncs = self._directory.consumers(connection.id, seen.project)
        if not syncs:
            raise ConfigurationError(f"no sync wants event {one.event_id} as it reads now")
        return _Route(
            kind=seen.kind, project=seen.project, routes=tuple((sync.id, sync.lane_id) for sync in syncs)
        )


class _Route(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    project: str | None
    routes: tuple[tuple[SyncId, LaneId], ...]


def stored_edits(edits: Sequence[Edit]) -> Jsonb:
    """As a replay keeps them."""
    return Jsonb(msgspec.to_builtins(list(edits)))
