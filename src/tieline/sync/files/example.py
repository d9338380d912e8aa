"""An example of a definition file: something that happens, and what must come of it."""

from __future__ import annotations

import msgspec

from tieline.domain.activity import Activity
from tieline.domain.contact import Contact
from tieline.domain.side import Side
from tieline.sync.files.item_example import ItemExample, ItemWritten


class NoteLike(msgspec.Struct, frozen=True, kw_only=True):
    """What a note must be like."""

    exactly: str | None = None
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What must be written to one side; None = anything, or nothing."""

    #: None = this field is not written.
    fields: dict[str, str | None] = {}
    cleared: tuple[str, ...] = ()
    add_tags: frozenset[str] | None = None
    remove_tags: frozenset[str] | None = None
    #: Nothing at all is written.
    nothing: bool = False


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What must come of an example."""

    #: A text must stand in the reason.
    skip: bool | str = False
    fields: dict[str, str | None] = {}
    tags: frozenset[str] | None = None
    #: False = no note.
    note: NoteLike | bool | None = None
    to: dict[Side, Written] = {}
    #: What is written of a task, note or appointment.
    items: dict[Side, ItemWritten] = {}
    ask: tuple[str, ...] | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody changes on one side."""

    side: Side
    fields: dict[str, str | None]
    tags: frozenset[str] | None = None


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happens, and what must come of it."""

    name: str
    #: Where it stands in the file.
    line: int
    activity: Activity | None = None
    #: How a person stands on either side.
    records: dict[Side, Contact] = {}
    then: tuple[Change, ...] = ()
    item: ItemExample | None = None
    country: str
    expect: Expected
