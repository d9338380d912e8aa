"""What a turn of one person writes to the store, and the one transaction that writes it for many."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec
import psycopg
import structlog

from tieline.domain.ids import LaneId, PersonId, SyncId
from tieline.domain.items import ItemKind
from tieline.domain.side import Side
from tieline.effects.statements import write
from tieline.errors import LeaseLost
from tieline.store.group_commit import GroupCommit
from tieline.store.pool import Store
from tieline.store.queries import query

log = structlog.get_logger(__name__)

EffectState = Literal["intent", "unknown", "confirmed", "dead", "dropped"]
AssignmentState = Literal["waiting", "done", "duplicate", "stale", "skipped", "dead"]
AttemptOutcome = Literal[
    "confirmed", "adopted", "absent", "rate_limited", "unavailable", "unknown", "refused", "rejected"
]


class EffectRow(msgspec.Struct, frozen=True, kw_only=True):
    """A command's journey as it stands now."""

    id: int
    idempotency_key: str
    consumer_id: SyncId
    person_id: PersonId
    event_id: int
    operation: str
    state: EffectState
    #: The command as JSON.
    input: bytes
    #: Where it is carried out.
    side: Side = "contacts_api"
    #: Attempts so far.
    tries: int = 0
    absent_at: datetime | None = None
    result_id: str | None = None
    reason: str | None = None


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """One try."""

    effect_id: int
    number: int
    started_at: datetime
    duration_s: float
    outcome: AttemptOutcome
    status: int | None = None
    trace_id: str | None = None
    reason: str | None = None


class LinkRow(msgspec.Struct, frozen=True, kw_only=True):
    """This person is that contact."""

    consumer_id: SyncId
    person_id: PersonId
    contact_id: str
    state: Literal["open", "gone"] = "open"
    generation: int = 0
    #: The CRM's record as last seen, JSON of `domain.contact.Contact`.
    contact: bytes
    #: The call-tracking account's own id of the person, and its record as last seen, where the sync knows them.
    nimbata_id: str | None = None
    nimbata: bytes | None = None
    #: JSON of `sync.merge.MergeState`; None = nothing to remember.
    merge: bytes | None = None


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    """A task, note or appointment on both sides."""

    id: int
    consumer_id: SyncId
    person_id: PersonId
    kind: ItemKind
    nimbata_id: str | None = None
    contacts_api_id: str | None = None
    state: Literal["open", "gone"] = "open"
    #: As last seen on each side, JSON of `domain.items.Item`.
    nimbata: bytes | None = None
    contacts_api: bytes | None = None
    #: JSON of `sync.merge.MergeState`; None = nothing to remember.
    merge: bytes | None = None


class HistoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen or written, for the time line."""

    id: int
    consumer_id: SyncId
    person_id: PersonId
    at: datetime
    side: Side
    what: Literal["seen", "written", "gone"]
    subject: Literal["contact", "task", "note", "appointment"]
    record_id: str
    event_id: int
    #: JSON: the fields that changed, with their new values.
    fields: bytes


class ConflictRow(msgspec.Struct, frozen=True, kw_only=True):
    """A question that only a person can answer."""

    consumer_id: SyncId
    person_id: PersonId
    kind: Literal["identity", "field"]
    #: Keyed hash of what it is about.
    key: bytes
    #: JSON of `sync.who.conflicts.Conflict`.
    details: bytes


class AssignmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where an assignment stands after the turn."""

    event_id: int
    consumer_id: SyncId
    state: AssignmentState
    person_id: PersonId | None = None
    due_at: datetime | None = None
    tries: int = 0
    reason: str | None = None


#: Idempotency key → (effect id, tries so far) of the intents that may be sent.
Journalled = dict[str, tuple[int, int]]
#: Under load one commit in this many seconds: what a turn waits longer, every turn saves in processor time.
PACE_S = 0.012
#: Seconds between tries of a commit while the database restarts; longer than that, the lease is gone anyway.
_PAUSES_S = (0.1, 0.2, 0.5, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0)


@dataclass
class Writes:
    """Everything that one turn wants committed together, on behalf of one leased lane."""

    lane_id: LaneId
    epoch: int
    persons: list[PersonId] = field(default_factory=list)
    #: (kind, digest, person)
    keys: list[tuple[str, bytes, PersonId]] = field(default_factory=list)
    #: New intents. One whose key belongs to an effect that took place, or may have, is not written.
    intents: list[EffectRow] = field(default_factory=list)
    effects: list[EffectRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)
    links: list[LinkRow] = field(default_factory=list)
    items: list[ItemRow] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)
    conflicts: list[ConflictRow] = field(default_factory=list)
    #: (consumer, key, event)
    occurrences: list[tuple[SyncId, bytes, int]] = field(default_factory=list)
    assignments: list[AssignmentRow] = field(default_factory=list)
    #: Events about somebody who was erased: what they told is not kept.
    erased: list[int] = field(default_factory=list)


class Ledger:
    """Commits `Writes` of many turns in one transaction, for the lanes that are still ours."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._group: GroupCommit[Writes, Journalled | None] = GroupCommit(
            self._commit, batch=400, waiting=20_000, pace_s=PACE_S
        )

    async def run(self) -> None:
        """Commit until cancelled."""
        await self._group.run()

    async def commit(self, writes: Writes) -> Journalled:
        """Write it all; what became of the intents comes back. Raises LeaseLost when the lane is not ours any more."""
        journalled = await self._group.submit(writes)
        if journalled is None:
            raise LeaseLost(f"lane {writes.lane_id} was taken over; epoch {writes.epoch} is past")
        return journalled

    async def _commit(self, batch: Sequence[Writes]) -> list[Journalled | None]:
        """Repeats itself while the database is away: a second commit of the same writes changes nothing."""
        for pause_s in _PAUSES_S:
            try:
                return await self._commit_once(batch)
            except psycopg.OperationalError as error:
                log.warning("commit failed, trying again", error=str(error), pause_s=pause_s)
                await asyncio.sleep(pause_s)
        return await self._commit_once(batch)

    async def _commit_once(self, batch: Sequence[Writes]) -> list[Journalled | None]:
        leases = {(one.lane_id, one.epoch) for one in batch}
        async with self._store.transaction() as db:
            rows = await db.execute(
                query("fence_lanes"),
                {"ids": [lane for lane, _ in leases], "epochs": [epoch for _, epoch in leases]},
            )
            owned = {row[0] for row in await rows.fetchall()}
            # An older epoch of a lane that we hold again is fenced out by its number.
            current = {lane: max(epoch for one, epoch in leases if one == lane) for lane in owned}
            ours = [one for one in batch if current.get(one.lane_id) == one.epoch]
            written = await write(db, ours)
        return [
            {
                row.idempotency_key: written[row.idempotency_key]
                for row in one.intents
                if row.idempotency_key in written
            }
            if current.get(one.lane_id) == one.epoch
            else None
            for one in batch
        ]
