"""The set-based statements that write what many turns leave, each once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg import AsyncConnection

from tieline.domain.ids import LaneId
from tieline.store.queries import query

if TYPE_CHECKING:
    from tieline.effects.writes import ConflictRow, EffectRow, HistoryRow, ItemRow, Journalled, Writes


async def write(db: AsyncConnection[Any], batch: Sequence[Writes]) -> Journalled:
    """All of it, in one exchange with the server. Gives the intents that may be sent."""
    if not batch:
        return {}
    now = datetime.now(UTC)
    intents = None
    async with db.pipeline():
        if persons := [(person, one.lane_id) for one in batch for person in one.persons]:
            await db.execute(query("write_persons"), _columns(persons, "ids", "lanes"))
        if keys := [
            (one.lane_id, digest, kind, person) for one in batch for kind, digest, person in one.keys
        ]:
            await db.execute(
                query("write_person_keys"), _columns(keys, "lanes", "digests", "kinds", "persons")
            )
        if rows := [_effect(one.lane_id, row, now) for one in batch for row in one.intents]:
            intents = await db.execute(query("write_intents"), _columns(rows, *_EFFECT))
        # The last word on each effect counts.
        if rows := list(
            {row.id: _effect(one.lane_id, row, now) for one in batch for row in one.effects}.values()
        ):
            await db.execute(query("write_effects"), _columns(rows, *_EFFECT))
        if attempts := [row for one in batch for row in one.attempts]:
            await db.execute(
                query("write_attempts"),
                {
                    "effects": [row.effect_id for row in attempts],
                    "numbers": [row.number for row in attempts],
                    "starts": [row.started_at for row in attempts],
                    "durations": [float(row.duration_s * 1000) for row in attempts],
                    "outcomes": [row.outcome for row in attempts],
                    "statuses": [row.status for row in attempts],
                    "traces": [row.trace_id for row in attempts],
                    "reasons": [row.reason for row in attempts],
                },
            )
        if links := list(
            {(row.consumer_id, row.person_id): row for one in batch for row in one.links}.values()
        ):
            await db.execute(
                query("write_links"),
                {
                    "consumers": [row.consumer_id for row in links],
                    "persons": [row.person_id for row in links],
                    "contacts": [row.contact_id for row in links],
                    "states": [row.state for row in links],
                    "generations": [row.generation for row in links],
                    "records": [row.contact for row in links],
                    "nimbata_ids": [row.nimbata_id for row in links],
                    "nimbata": [row.nimbata for row in links],
                    "merges": [row.merge for row in links],
                },
            )
        if items := list({row.id: row for one in batch for row in one.items}.values()):
            await db.execute(query("write_items"), _columns([_item(row) for row in items], *_ITEM))
        if conflicts := list(
            {(row.consumer_id, row.key): row for one in batch for row in one.conflicts}.values()
        ):
            await db.execute(
                query("write_conflicts"), _columns([_conflict(row) for row in conflicts], *_CONFLICT)
            )
        if history := list({row.id: row for one in batch for row in one.history}.values()):
            await db.execute(query("write_history"), _columns([_history(row) for row in history], *_HISTORY))
        if occurrences := [row for one in batch for row in one.occurrences]:
            await db.execute(query("write_occurrences"), _columns(occurrences, "consumers", "keys", "events"))
        if ends := [row for one in batch for row in one.assignments]:
            await db.execute(
                query("write_assignments"),
                {
                    "events": [row.event_id for row in ends],
                    "consumers": [row.consumer_id for row in ends],
                    "states": [row.state for row in ends],
                    "persons": [row.person_id for row in ends],
                    "dues": [row.due_at for row in ends],
                    "tries": [row.tries for row in ends],
                    "reasons": [row.reason for row in ends],
                },
            )
    return {} if intents is None else {row[0]: (row[1], row[2]) for row in await intents.fetchall()}


_EFFECT = (
    "ids", "keys", "lanes", "consumers", "persons", "events", "operations", "states", "inputs", "tries",
    "absences", "results", "reasons", "ends", "sides",
)  # fmt: skip
_ITEM = (
    "ids", "consumers", "persons", "kinds", "nimbata_ids", "contacts_api_ids", "states", "nimbata", "contacts_api",
    "merges",
)  # fmt: skip
_CONFLICT = ("consumers", "persons", "kinds", "keys", "details")
_HISTORY = (
    "ids", "consumers", "persons", "moments", "sides", "whats", "subjects", "records", "events", "fields",
)  # fmt: skip


def _effect(lane: LaneId, row: EffectRow, now: datetime) -> tuple[Any, ...]:
    ended = now if row.state in ("confirmed", "dead", "dropped") else None
    return (
        row.id, row.idempotency_key, lane, row.consumer_id, row.person_id, row.event_id, row.operation, row.state,
        row.input, row.tries, row.absent_at, row.result_id, row.reason, ended, row.side,
    )  # fmt: skip


def _item(row: ItemRow) -> tuple[Any, ...]:
    return (
        row.id, row.consumer_id, row.person_id, row.kind, row.nimbata_id, row.contacts_api_id, row.state, row.nimbata,
        row.contacts_api, row.merge,
    )  # fmt: skip


def _conflict(row: ConflictRow) -> tuple[Any, ...]:
    return row.consumer_id, row.person_id, row.kind, row.key, row.details


def _history(row: HistoryRow) -> tuple[Any, ...]:
    return (
        row.id, row.consumer_id, row.person_id, row.at, row.side, row.what, row.subject, row.record_id, row.event_id,
        row.fields,
    )  # fmt: skip


def _columns(rows: Sequence[tuple[Any, ...]], *names: str) -> dict[str, list[Any]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
