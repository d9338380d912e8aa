"""The set-based statements that write what many turns leave, each once for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tieline.domain.ids import LaneId, PersonId
from tieline.effects.failures import failures_of, write_failures
from tieline.store.keyring import Sealing
from tieline.store.person_rows import conflict_place, effect_place, history_place, item_places, link_places
from tieline.store.pool import Connection
from tieline.store.queries import query

if TYPE_CHECKING:
    from tieline.effects.writes import (
        ConflictRow,
        EffectRow,
        HistoryRow,
        ItemRow,
        Journalled,
        LinkRow,
        Writes,
    )


async def write(db: Connection, batch: Sequence[Writes]) -> Journalled:
    """All of it, in one exchange with the server. Gives the intents that may be sent."""
    if not batch:
        return {}
    now = datetime.now(UTC)
    intents = None
    # Of new people first: whatever is written of them is sealed with these.
    persons = [(person, one.lane_id, db.keys.make(person)) for one in batch for person in one.persons]
    keys_of = await db.keys.of_people(db, _people(batch))
    async with db.pipeline():
        if persons:
            await db.execute(query("write_persons"), _columns(persons, "ids", "lanes", "keys"))
        if erased := [event_id for one in batch for event_id in one.erased]:
            await db.execute(query("blank_events"), {"events": erased})
        if keys := [
            (one.lane_id, digest, kind, person) for one in batch for kind, digest, person in one.keys
        ]:
            await db.execute(
                query("write_person_keys"), _columns(keys, "lanes", "digests", "kinds", "persons")
            )
        if rows := [_effect(one.lane_id, row, now, keys_of) for one in batch for row in one.intents]:
            intents = await db.execute(query("write_intents"), _columns(rows, *_EFFECT))
        # The last word on each effect counts.
        if rows := list(
            {row.id: _effect(one.lane_id, row, now, keys_of) for one in batch for row in one.effects}.values()
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
            await db.execute(query("write_links"), _columns([_link(row, keys_of) for row in links], *_LINK))
        if items := list({row.id: row for one in batch for row in one.items}.values()):
            await db.execute(query("write_items"), _columns([_item(row, keys_of) for row in items], *_ITEM))
        if conflicts := list(
            {(row.consumer_id, row.key): row for one in batch for row in one.conflicts}.values()
        ):
            await db.execute(
                query("write_conflicts"), _columns([_conflict(row, keys_of) for row in conflicts], *_CONFLICT)
            )
        if history := list({row.id: row for one in batch for row in one.history}.values()):
            await db.execute(
                query("write_history"), _columns([_history(row, keys_of) for row in history], *_HISTORY)
            )
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
        await write_failures(db, failures_of(batch))
    return {} if intents is None else {row[0]: (row[1], row[2]) for row in await intents.fetchall()}


_EFFECT = (
    "ids", "keys", "lanes", "consumers", "persons", "events", "operations", "states", "inputs", "tries",
    "absences", "results", "reasons", "ends", "sides", "seals",
)  # fmt: skip
_LINK = (
    "consumers", "persons", "contacts", "states", "generations", "records", "nimbata_ids", "nimbata", "merges", "seals",
)  # fmt: skip
_ITEM = (
    "ids", "consumers", "persons", "kinds", "nimbata_ids", "contacts_api_ids", "states", "nimbata", "contacts_api",
    "merges", "seals",
)  # fmt: skip
_CONFLICT = ("consumers", "persons", "kinds", "keys", "details", "seals")
_HISTORY = (
    "ids", "consumers", "persons", "moments", "sides", "whats", "subjects", "records", "events", "fields", "seals",
)  # fmt: skip
KeysOf = Mapping[PersonId, Sealing]


def _people(batch: Sequence[Writes]) -> dict[PersonId, LaneId]:
    """Of whom something sealed is written."""
    return {
        row.person_id: one.lane_id
        for one in batch
        for rows in (one.intents, one.effects, one.links, one.items, one.history, one.conflicts)
        for row in rows
    }


def _effect(lane: LaneId, row: EffectRow, now: datetime, keys_of: KeysOf) -> tuple[Any, ...]:
    ended = now if row.state in ("confirmed", "dead", "dropped") else None
    key = keys_of[row.person_id]
    return (
        row.id, row.idempotency_key, lane, row.consumer_id, row.person_id, row.event_id, row.operation, row.state,
        key.seal(effect_place(row.idempotency_key), row.input), row.tries, row.absent_at, row.result_id, row.reason,
        ended, row.side, key.number,
    )  # fmt: skip


def _link(row: LinkRow, keys_of: KeysOf) -> tuple[Any, ...]:
    key, (contact, nimbata, merge) = keys_of[row.person_id], link_places(row.consumer_id, row.person_id)
    return (
        row.consumer_id, row.person_id, row.contact_id, row.state, row.generation, key.seal(contact, row.contact),
        row.nimbata_id, None if row.nimbata is None else key.seal(nimbata, row.nimbata),
        None if row.merge is None else key.seal(merge, row.merge), key.number,
    )  # fmt: skip


def _item(row: ItemRow, keys_of: KeysOf) -> tuple[Any, ...]:
    key, (nimbata, contacts_api, merge) = keys_of[row.person_id], item_places(row.id)
    return (
        row.id, row.consumer_id, row.person_id, row.kind, row.nimbata_id, row.contacts_api_id, row.state,
        None if row.nimbata is None else key.seal(nimbata, row.nimbata),
        None if row.contacts_api is None else key.seal(contacts_api, row.contacts_api),
        None if row.merge is None else key.seal(merge, row.merge), key.number,
    )  # fmt: skip


def _conflict(row: ConflictRow, keys_of: KeysOf) -> tuple[Any, ...]:
    key = keys_of[row.person_id]
    return (
        row.consumer_id, row.person_id, row.kind, row.key,
        key.seal(conflict_place(row.consumer_id, row.key), row.details), key.number,
    )  # fmt: skip


def _history(row: HistoryRow, keys_of: KeysOf) -> tuple[Any, ...]:
    key = keys_of[row.person_id]
    return (
        row.id, row.consumer_id, row.person_id, row.at, row.side, row.what, row.subject, row.record_id, row.event_id,
        key.seal(history_place(row.id), row.fields), key.number,
    )  # fmt: skip


def _columns(rows: Sequence[tuple[Any, ...]], *names: str) -> dict[str, list[Any]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
