"""A person's records of both sides, as they stood at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from tieline.domain.items import ItemKind
from tieline.domain.side import SIDES, Side
from tieline.errors import ConfigurationError
from tieline.server.people.people import People, Person
from tieline.server.people.timeline import line_of
from tieline.store.pool import Connection
from tieline.store.queries import query
from tieline.sync.record_history import Line, Rebuilt, Subject, rebuild

#: Lines of one person in one sync that are looked through at most: years of a lively one.
MOST = 100_000


class RecordThen(msgspec.Struct, frozen=True, kw_only=True):
    """One record as it stood."""

    record_id: str
    fields: dict[str, Any]
    #: False = the other side's record was deleted, and nothing is known of this one since.
    linked: bool


class ItemThen(msgspec.Struct, frozen=True, kw_only=True):
    """A task, note or appointment as it stood on one side."""

    side: Side
    kind: Subject
    record_id: str
    fields: dict[str, Any]


class StandingThen(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides in one sync."""

    sync: str
    #: None = there was no record, or none that was known.
    nimbata: RecordThen | None
    contacts_api: RecordThen | None
    items: tuple[ItemThen, ...]


class AsOf(msgspec.Struct, frozen=True, kw_only=True):
    """How a person stood at a moment."""

    person: Person
    at: datetime
    syncs: tuple[StandingThen, ...]


async def as_of(people: People, person: Person, moment: datetime) -> AsOf:
    """The records of both sides, rebuilt from what was seen and written until then."""
    found = []
    async with people.store.transaction() as db:
        for sync in people.of(person):
            lines = await load_lines(db, person.id, sync.id)
            then = rebuild(line for line in lines if line.at <= moment)
            records = {side: _record(then.record(side)) for side in SIDES}
            items = tuple(
                ItemThen(side=one.side, kind=one.subject, record_id=one.record_id, fields=one.fields)
                for one in then.items()
            )
            if any(records.values()) or items:
                found.append(StandingThen(sync=sync.name, items=items, **records))
    return AsOf(person=person, at=moment, syncs=tuple(found))


async def load_lines(db: Connection, person: int, consumer: int) -> list[Line]:
    """All that was seen and written of a person in one sync, in order. Raises ConfigurationError for too much."""
    rows = await db.execute(
        query("load_history"), {"person": person, "consumer": consumer, "limit": MOST + 1}
    )
    found = [line_of(row, db.keys) for row in await rows.fetchall()]
    if len(found) > MOST:
        raise ConfigurationError(
            f"person:{person} has more than {MOST:,} changes, too many to be looked through"
        )
    return found


async def load_pairs(db: Connection, person: int, consumer: int) -> list[tuple[ItemKind, Mapping[Side, str]]]:
    """Which tasks, notes and appointments of both sides are one."""
    rows = await db.execute(query("list_pairs"), {"person": person, "consumer": consumer})
    found: list[tuple[ItemKind, Mapping[Side, str]]] = []
    for kind, *ids in await rows.fetchall():
        found.append((kind, {side: one for side, one in zip(SIDES, ids, strict=True) if one is not None}))
    return found


def _record(found: Rebuilt | None) -> RecordThen | None:
    if found is None:
        return None
    shown = {name: value for name, value in found.fields.items() if value not in (None, [])}
    return RecordThen(record_id=found.record_id, fields=shown, linked=not found.unlinked)
