"""What a commit gives up, by cause: counted in the same commit, so that to list causes is to read a short table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from tieline.domain.causes import CauseKind, field_of, title_of
from tieline.domain.ids import SyncId
from tieline.store.pool import Connection
from tieline.store.queries import query

if TYPE_CHECKING:
    from tieline.effects.writes import AttemptRow, EffectRow, Writes


class FailureRow(msgspec.Struct, frozen=True, kw_only=True):
    """One event that could not be carried over, or understood."""

    kind: CauseKind
    event_id: int
    reason: str
    consumer_id: int = 0
    connection_id: int | None = None
    effect_id: int | None = None
    person_id: int | None = None
    operation: str | None = None
    outcome: str | None = None
    status: int | None = None
    #: What happened, as far as that was understood.
    occurrence: bytes | None = None

    @property
    def key(self) -> bytes:
        """The same for all that have the same cause."""
        named = (
            self.kind, self.consumer_id, self.connection_id, self.operation, self.outcome, self.status,
            title_of(self.reason),
        )  # fmt: skip
        return blake2b(msgspec.json.encode(named), digest_size=16).digest()


def failures_of(batch: Sequence[Writes]) -> list[FailureRow]:
    """One an event and consumer, of whatever is given up in these commits."""
    return [row for one in batch for row in _of(one)]


async def write_failures(db: Connection, rows: Sequence[FailureRow]) -> None:
    """Count them under their causes; one that failed before and was taken up again counts once more."""
    if not rows:
        return
    causes = {row.key: row for row in rows}
    await db.execute(
        query("write_causes"),
        _columns(
            [
                (
                    key, row.kind, row.consumer_id or None, row.connection_id, row.operation, row.outcome, row.status,
                    title_of(row.reason), field_of(row.reason),
                )
                for key, row in sorted(causes.items())
            ],
            "keys", "kinds", "consumers", "connections", "operations", "outcomes", "statuses", "titles", "fields",
        ),
    )  # fmt: skip
    unique = {(row.event_id, row.consumer_id): row for row in rows}
    await db.execute(
        query("write_failures"),
        _columns(
            [
                (row.key, row.event_id, row.consumer_id, row.effect_id, row.person_id, row.occurrence)
                for row in unique.values()
            ],
            "keys", "events", "consumers", "effects", "persons", "occurrences",
        ),
    )  # fmt: skip


def _of(writes: Writes) -> Iterator[FailureRow]:
    dead = [row for row in writes.assignments if row.state == "dead"]
    given_up = {(row.event_id, row.consumer_id): row for row in writes.effects if row.state == "dead"}
    if not dead and not given_up:
        return
    tries = {row.effect_id: row for row in writes.attempts}
    happened = {(event_id, consumer): key for consumer, key, event_id in writes.occurrences}
    for row in dead:
        effect = given_up.pop((row.event_id, row.consumer_id), None)
        if effect is not None:
            yield _of_effect(effect, tries.get(effect.id), row.person_id, happened)
        else:
            yield FailureRow(
                kind="event", event_id=row.event_id, consumer_id=row.consumer_id, person_id=row.person_id,
                reason=row.reason or "", occurrence=happened.get((row.event_id, row.consumer_id)),
            )  # fmt: skip
    for effect in given_up.values():
        yield _of_effect(effect, tries.get(effect.id), effect.person_id, happened)


def _of_effect(
    effect: EffectRow,
    tried: AttemptRow | None,
    person: int | None,
    happened: Mapping[tuple[int, SyncId], bytes],
) -> FailureRow:
    return FailureRow(
        kind="effect", event_id=effect.event_id, consumer_id=effect.consumer_id, effect_id=effect.id,
        person_id=person, operation=effect.operation, reason=effect.reason or "",
        outcome=tried.outcome if tried is not None else None, status=tried.status if tried is not None else None,
        occurrence=happened.get((effect.event_id, effect.consumer_id)),
    )  # fmt: skip


def _columns(rows: Sequence[tuple[Any, ...]], *names: str) -> dict[str, list[Any]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
