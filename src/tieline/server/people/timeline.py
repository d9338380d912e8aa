"""A person's time line: what was told, what was decided, what changed and which calls were made, in one order."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from tieline.domain.side import Side
from tieline.errors import ConfigurationError
from tieline.server.listing import ShownAttempt
from tieline.server.people.people import People, Person
from tieline.server.people.words import decision_words
from tieline.store.keyring import Keys
from tieline.store.person_rows import history_place, open_value
from tieline.store.pool import Connection
from tieline.store.queries import query
from tieline.sync.record_history import Line, Subject, What

#: Sorts of entries as the query numbers them.
_EVENT, _CHANGE, _CALL, _DECISION = range(4)
_fields = msgspec.json.Decoder(dict[str, Any])


class Told(msgspec.Struct, frozen=True, kw_only=True, tag="event", tag_field="entry"):
    """An event, and who told of it."""

    at: datetime
    event: int
    #: "webhook", "poll", "manual", "replay"; None = the event was dropped since.
    source: str | None
    kind: str | None
    connection: str | None


class Change(msgspec.Struct, frozen=True, kw_only=True, tag="change", tag_field="entry"):
    """Fields of a record that were seen to change, or were written; or that it is gone."""

    at: datetime
    sync: str
    #: By it, it can be undone.
    id: int
    event: int
    side: Side
    what: What
    subject: Subject
    record_id: str
    #: The fields that changed, with their new values.
    fields: dict[str, Any]


class Call(msgspec.Struct, frozen=True, kw_only=True, tag="call", tag_field="entry"):
    """An effect, with its tries."""

    at: datetime
    sync: str
    effect: int
    event: int
    side: Side
    operation: str
    state: str
    result_id: str | None
    reason: str | None
    attempts: tuple[ShownAttempt, ...]


class Decision(msgspec.Struct, frozen=True, kw_only=True, tag="decision", tag_field="entry"):
    """What became of an event."""

    at: datetime
    sync: str
    event: int
    state: str
    reason: str | None
    #: Both in plain words.
    words: str
    tries: int


Entry = Told | Change | Call | Decision


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some of a time line, the oldest first."""

    person: Person
    entries: tuple[Entry, ...]
    #: Give it back for what was before; None = that was all.
    before: str | None


Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """An entry's place."""

    at: datetime
    sort: Literal[0, 1, 2, 3]
    id: Number
    consumer: Number


async def timeline(people: People, person: Person, *, before: str | None = None, limit: int = 100) -> Page:
    """The youngest entries, or those before a mark. Raises ConfigurationError for a mark that is none."""
    mark = read_mark(before)
    names: dict[int, str] = {one.id: one.name for one in people.of(person)}
    async with people.store.transaction() as db:
        rows = await db.execute(
            query("list_timeline"),
            {
                "person": person.id, "consumers": [*names], "limit": limit + 1,
                "at": mark and mark.at, "sort": mark and mark.sort, "id": mark and mark.id,
                "consumer": mark and mark.consumer,
            },
        )  # fmt: skip
        marks = [Mark(*row) for row in await rows.fetchall()]
        shown = marks[:limit]
        found = await _Filled.of(db, shown, names)
    entries = tuple(entry for one in reversed(shown) if (entry := found.entry(one)) is not None)
    more = len(marks) > limit
    return Page(person=person, entries=entries, before=_write_mark(shown[-1]) if more else None)


class _Filled:
    """What the entries of one page say."""

    def __init__(self, names: dict[int, str]) -> None:
        self._names = names
        self._told: dict[int, tuple[Any, ...]] = {}
        self._lines: dict[int, Line] = {}
        self._calls: dict[int, tuple[Any, ...]] = {}
        self._attempts: dict[int, list[ShownAttempt]] = {}
        self._decisions: dict[tuple[int, int], tuple[Any, ...]] = {}

    @classmethod
    async def of(cls, db: Connection, marks: list[Mark], names: dict[int, str]) -> _Filled:
        """Four small queries, whatever is on the page."""
        found = cls(names)
        ids = {sort: [one.id for one in marks if one.sort == sort] for sort in range(4)}
        found._told = await told_of(db, ids[_EVENT])
        rows = await db.execute(query("load_lines"), {"lines": ids[_CHANGE]})
        found._lines = {row[0]: line_of(row, db.keys) for row in await rows.fetchall()}
        rows = await db.execute(query("load_calls"), {"effects": ids[_CALL]})
        found._calls = {row[0]: row for row in await rows.fetchall()}
        rows = await db.execute(query("load_attempts"), {"effects": ids[_CALL]})
        for effect, *attempt in await rows.fetchall():
            shown = ShownAttempt(**dict(zip(ShownAttempt.__struct_fields__, attempt, strict=True)))
            found._attempts.setdefault(effect, []).append(shown)
        rows = await db.execute(query("load_decisions"), {"events": ids[_DECISION], "consumers": [*names]})
        found._decisions = {(row[0], row[1]): row for row in await rows.fetchall()}
        return found

    def entry(self, mark: Mark) -> Entry | None:
        """The entry of that place; None where it was dropped in this moment."""
        sync = self._names[mark.consumer]
        if mark.sort == _EVENT:
            _, connection, source, kind, _ = self._told.get(mark.id, (mark.id, None, None, None, None))
            return Told(at=mark.at, event=mark.id, source=source, kind=kind, connection=connection)
        if mark.sort == _CHANGE and (line := self._lines.get(mark.id)) is not None:
            return Change(
                at=mark.at, sync=sync, id=line.id, event=line.event_id, side=line.side, what=line.what,
                subject=line.subject, record_id=line.record_id, fields=line.fields,
            )  # fmt: skip
        if mark.sort == _CALL and (call := self._calls.get(mark.id)) is not None:
            return Call(
                at=mark.at, sync=sync, effect=call[0], event=call[1], operation=call[2], side=call[3],
                state=call[4], result_id=call[6], reason=call[7], attempts=tuple(self._attempts.get(mark.id, ())),
            )  # fmt: skip
        if mark.sort == _DECISION and (row := self._decisions.get((mark.id, mark.consumer))) is not None:
            return Decision(
                at=mark.at, sync=sync, event=row[0], state=row[2], reason=row[3], tries=row[4],
                words=decision_words(row[2], row[3], row[5]),
            )  # fmt: skip
        return None


async def told_of(db: Connection, events: list[int]) -> dict[int, tuple[Any, ...]]:
    """Event → (id, connection, source, kind, received_at)."""
    rows = await db.execute(query("load_told"), {"events": events})
    return {row[0]: row for row in await rows.fetchall()}


def line_of(row: tuple[Any, ...], keys: Keys) -> Line:
    """A row of the history."""
    return Line(
        id=row[0], at=row[1], side=row[2], what=row[3], subject=row[4], record_id=row[5], event_id=row[6],
        fields=_fields.decode(open_value(keys, history_place(row[0]), row[7], row[8], row[9])),
    )  # fmt: skip


def _write_mark(mark: Mark) -> str:
    return "_".join((mark.at.isoformat(), str(mark.sort), str(mark.id), str(mark.consumer)))


def read_mark(text: str | None) -> Mark | None:
    """The place that a page named. Raises ConfigurationError."""
    if text is None:
        return None
    try:
        # A `+` that was not escaped in an address came as a space.
        at, *numbers = text.replace(" ", "+").split("_")
        return msgspec.convert([at, *map(int, numbers)], Mark)
    except ValueError as error:
        raise ConfigurationError(
            f"{text!r} is no place in a time line; give back `before` as it came"
        ) from error
