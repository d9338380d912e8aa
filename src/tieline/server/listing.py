"""What came in and what was done about it, for people: lists, details, and the way back from a dead letter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from tieline.connectors.kit.redact import redact_body, redact_text
from tieline.engine.lane import CHANNEL as LANE_CHANNEL
from tieline.store.audit import note
from tieline.store.directory import Directory
from tieline.store.event_bodies import open_body
from tieline.store.person_rows import effect_place, open_value
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.seal import BrokenSeal

#: How an event stands: as it was stored, or, once routed, as its assignments do (the worst of them).
EVENT_STATES = (
    "ready", "waiting", "done", "duplicate", "stale", "skipped", "dead", "unrouted", "unreadable", "test",
)  # fmt: skip
EFFECT_STATES = ("intent", "unknown", "confirmed", "dead", "dropped")
_STANDING = """
SELECT event.id, connection.name, source, kind, project, received_at,
       COALESCE(standing.state, event.state), COALESCE(standing.reason, event.reason), standing.sync
FROM event
LEFT JOIN connection ON connection.id = connection_id
LEFT JOIN LATERAL (
    SELECT assignment.state, reason, sync.name AS sync FROM assignment LEFT JOIN sync ON sync.id = consumer_id
    WHERE event_id = event.id
    ORDER BY array_position(ARRAY['dead', 'waiting', 'ready', 'done', 'stale', 'skipped', 'duplicate'],
                            assignment.state)
    LIMIT 1
) AS standing ON true
"""


class ListedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event in a list."""

    id: int
    connection: str | None
    source: str
    kind: str
    project: str | None
    received_at: datetime
    state: str
    reason: str | None
    sync: str | None


class ListedEffect(msgspec.Struct, frozen=True, kw_only=True):
    """One effect in a list."""

    id: int
    event_id: int
    sync: str | None
    operation: str
    state: str
    tries: int
    result_id: str | None
    reason: str | None
    created_at: datetime


class ShownAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try of an effect."""

    number: int
    started_at: datetime
    duration_ms: float
    outcome: str
    status: int | None
    trace_id: str | None
    reason: str | None


class ShownEffect(ListedEffect, frozen=True, kw_only=True):
    """One effect with all that was tried."""

    idempotency_key: str
    input: Any
    attempts: tuple[ShownAttempt, ...]


class ShownEvent(ListedEvent, frozen=True, kw_only=True):
    """One event with its body and its effects."""

    #: Parsed where it is JSON, else as text.
    body: Any
    effects: tuple[ListedEffect, ...]


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay set going."""

    event_id: int
    #: Syncs that have the event in hand again.
    syncs: int
    #: Why nothing was, in words.
    reason: str | None = None


async def list_events(
    store: Store, *, state: str | None = None, connection: str | None = None, limit: int = 50
) -> list[ListedEvent]:
    """The youngest events, at most `limit`."""
    async with store.transaction() as db:
        rows = await db.execute(
            _STANDING
            + " WHERE (%(state)s::text IS NULL OR COALESCE(standing.state, event.state) = %(state)s)"
            " AND (%(connection)s::text IS NULL OR connection.name = %(connection)s)"
            " ORDER BY event.id DESC LIMIT %(limit)s",
            {"state": state, "connection": connection, "limit": limit},
        )
        return [ListedEvent(**_event(row)) for row in await rows.fetchall()]


async def show_event(store: Store, event_id: int) -> ShownEvent | None:
    """One event; None when there is none of that number."""
    async with store.transaction() as db:
        row = await (await db.execute(_STANDING + " WHERE event.id = %(id)s", {"id": event_id})).fetchone()
        if row is None:
            return None
        stored = await (
            await db.execute("SELECT seal, body FROM event WHERE id = %s", (event_id,))
        ).fetchone()
    seal, sealed = stored or (0, b"")
    await store.keys.learn([seal])
    effects = await list_effects(store, event_id=event_id, limit=1000)
    return ShownEvent(
        **_event(row),
        body=_shown(lambda: open_body(store.keys, event_id, seal, sealed)),
        effects=tuple(effects),
    )


async def list_effects(
    store: Store, *, state: str | None = None, event_id: int | None = None, limit: int = 50
) -> list[ListedEffect]:
    """The youngest effects, at most `limit`."""
    async with store.transaction() as db:
        rows = await db.execute(
            "SELECT effect.id, event_id, sync.name, operation, state, tries, result_id, reason, effect.created_at"
            " FROM effect LEFT JOIN sync ON sync.id = consumer_id"
            " WHERE (%(state)s::text IS NULL OR state = %(state)s)"
            " AND (%(event)s::bigint IS NULL OR event_id = %(event)s) ORDER BY effect.id DESC LIMIT %(limit)s",
            {"state": state, "event": event_id, "limit": limit},
        )
        return [ListedEffect(**_effect(row)) for row in await rows.fetchall()]


async def show_effect(store: Store, effect_id: int) -> ShownEffect | None:
    """One effect with its attempts; None when there is none of that number."""
    async with store.transaction() as db:
        row = await (
            await db.execute(
                "SELECT effect.id, event_id, sync.name, operation, state, tries, result_id, reason,"
                " effect.created_at, idempotency_key, input, seal, person.key"
                " FROM effect LEFT JOIN sync ON sync.id = consumer_id LEFT JOIN person ON person.id = seal"
                " WHERE effect.id = %s",
                (effect_id,),
            )
        ).fetchone()
        if row is None:
            return None
        attempts = await (
            await db.execute(
                "SELECT number, started_at, duration_ms, outcome, status, trace_id, reason FROM attempt"
                " WHERE effect_id = %s ORDER BY number",
                (effect_id,),
            )
        ).fetchall()
    names = ShownAttempt.__struct_fields__
    return ShownEffect(
        **_effect(row),
        idempotency_key=row[9],
        input=_shown(lambda: open_value(store.keys, effect_place(row[9]), row[10], row[11], row[12])),
        attempts=tuple(ShownAttempt(**dict(zip(names, one, strict=True))) for one in attempts),
    )


async def replay_event(store: Store, directory: Directory, event_id: int) -> Replayed | None:
    """Take up an event again: a dead letter is planned anew, from what is known now and without doubling what took
    effect; one that no sync wanted goes to those that want it today. None when there is none of that number."""
    async with store.transaction() as db:
        event = await (
            await db.execute(
                "SELECT state, connection_id, project FROM event WHERE id = %s FOR UPDATE", (event_id,)
            )
        ).fetchone()
        if event is None:
            return None
        if event[0] == "routed":
            lanes = await _revive(db, event_id)
            reason = None if lanes else "it is not a dead letter"
        elif event[0] == "unrouted":
            syncs = directory.consumers(event[1], event[2])
            for sync in syncs:
                await db.execute(
                    "INSERT INTO assignment (event_id, consumer_id, lane_id, state, due_at)"
                    " VALUES (%s, %s, %s, 'waiting', now())",
                    (event_id, sync.id, sync.lane_id),
                )
            lanes = [sync.lane_id for sync in syncs]
            if lanes:
                await db.execute(
                    "UPDATE event SET state = 'routed', reason = NULL WHERE id = %s", (event_id,)
                )
            reason = None if lanes else "there is still no sync that wants it"
        else:
            lanes, reason = [], f"an event that is {event[0]} cannot be carried over"
        if lanes:
            await note(db, "events.replay", str(event_id), after={"syncs": len(lanes)})
            await db.execute(
                "UPDATE lane SET ready_at = LEAST(ready_at, now()) WHERE id = ANY(%(lanes)s)"
                " RETURNING pg_notify(%(channel)s, id::text)",
                {"lanes": lanes, "channel": LANE_CHANNEL},
            )
    return Replayed(event_id=event_id, syncs=len(lanes), reason=reason)


async def _revive(db: Any, event_id: int) -> list[int]:
    """Dead assignments wait again, due now; gives their lanes."""
    rows = await db.execute("SELECT id FROM failure WHERE event_id = %s AND state = 'open'", (event_id,))
    failures = [row[0] for row in await rows.fetchall()]
    given = {"failures": failures, "copies": [None] * len(failures), "replay": None}
    return [row[0] for row in await (await db.execute(query("take_up_failures"), given)).fetchall()]


def _event(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(ListedEvent.__struct_fields__, row[:9], strict=True))


def _effect(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(ListedEffect.__struct_fields__, row[:9], strict=True))


def _shown(opened: Callable[[], bytes]) -> Any:
    """What it says; what cannot be read any more says why."""
    try:
        raw = opened()
    except BrokenSeal as error:
        return {"unreadable": str(error)}
    try:
        return redact_body(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return redact_text(raw.decode("utf-8", "replace"))
