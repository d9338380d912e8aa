"""Records rebuilt from what was seen and written of them. Pure.

A line of the history tells the fields that changed, with their new values. One after another they give the record at
any moment, and what each field was before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from tieline.domain.contact import CUSTOM_PREFIX, Contact
from tieline.domain.items import Item, ItemKind
from tieline.domain.side import Side

What = Literal["seen", "written", "gone"]
Subject = Literal["contact", "task", "note", "appointment"]
#: Side, subject, the side's own id; a person's record goes without its id, since a side has but one of a person.
Place = tuple[Side, Subject, str]
_ABSENT: tuple[Any, ...] = (None, False, [], ())


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history."""

    id: int
    at: datetime
    side: Side
    what: What
    subject: Subject
    record_id: str
    event_id: int
    #: Field → its new value; tags as a sorted list.
    fields: dict[str, Any]

    @property
    def place(self) -> Place:
        """Whose line it is."""
        return self.side, self.subject, "" if self.subject == "contact" else self.record_id


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One line and what it changed."""

    line: Line
    #: Nothing was known of the record before.
    first: bool
    #: Field → (before, after); only where they differ.
    changed: dict[str, tuple[Any, Any]]


@dataclass
class Rebuilt:
    """One record as the history leaves it."""

    side: Side
    subject: Subject
    record_id: str
    fields: dict[str, Any] = field(default_factory=dict)
    #: It is not there any more.
    gone: bool = False
    #: It is there, and the person is linked to it no more: what is heard of it next begins anew.
    unlinked: bool = False

    def contact(self) -> Contact:
        """As a person's record."""
        plain = {name: value for name, value in self.fields.items() if not name.startswith(CUSTOM_PREFIX)}
        custom = {
            name.removeprefix(CUSTOM_PREFIX): value
            for name, value in self.fields.items()
            if name.startswith(CUSTOM_PREFIX) and value is not None
        }
        return msgspec.convert({**plain, "id": self.record_id, "custom": custom}, Contact)

    def item(self) -> Item:
        """As a task, note or appointment."""
        return item_of(self.subject, self.record_id, self.fields)


class History:
    """Takes lines in order, and knows how every record stands after the last one."""

    def __init__(self) -> None:
        self.records: dict[Place, Rebuilt] = {}

    def take(self, line: Line) -> Step:
        """One more line; what it changed."""
        before = self.records.get(line.place)
        anew = before is None or before.gone or before.unlinked or before.record_id != line.record_id
        if line.what == "gone":
            return self._gone(line, before)
        known = {} if anew or before is None else before.fields
        changed = {
            name: (known.get(name), value)
            for name, value in line.fields.items()
            if not alike(known.get(name), value)
        }
        fields = {**known, **line.fields}
        self.records[line.place] = Rebuilt(line.side, line.subject, line.record_id, fields)
        return Step(line=line, first=anew, changed=changed)

    def _gone(self, line: Line, before: Rebuilt | None) -> Step:
        known = before.fields if before is not None and not before.gone else {}
        changed = {name: (value, None) for name, value in known.items() if not alike(value, None)}
        record = before or Rebuilt(line.side, line.subject, line.record_id)
        self.records[line.place] = Rebuilt(
            record.side, record.subject, line.record_id, record.fields, gone=True
        )
        if line.subject == "contact":
            # Whichever record went, the person is linked no more.
            for one in self.records.values():
                if one.subject == "contact" and not one.gone:
                    one.unlinked = True
        return Step(line=line, first=before is None, changed=changed)

    def record(self, side: Side) -> Rebuilt | None:
        """The person's record there; None where there is none."""
        found = self.records.get((side, "contact", ""))
        return None if found is None or found.gone else found

    def items(self) -> Iterator[Rebuilt]:
        """The tasks, notes and appointments that are there."""
        return (one for one in self.records.values() if one.subject != "contact" and not one.gone)


def rebuild(lines: Iterable[Line]) -> History:
    """How everything stands after these lines, which are in order."""
    history = History()
    for line in lines:
        history.take(line)
    return history


def item_of(kind: Subject | ItemKind, item_id: str, fields: dict[str, Any]) -> Item:
    """An item out of its fields."""
    found: Item = msgspec.convert({**fields, "type": kind, "id": item_id}, Item)
    return found


def alike(one: Any, another: Any) -> bool:
    """Equal, or both no value."""
    return bool(one == another) or (one in _ABSENT and another in _ABSENT)
