"""What a person wants to be put back: written to one side, from where the merge carries it to the other."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.domain.items import ItemKind
from tieline.domain.side import Side

#: The kind of the event that asks for it.
UNDO_EVENT = "record.undo"


class FieldBack(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a record or an item."""

    name: str
    #: How it is to stand; None clears it. Of an item's field, as the history tells it.
    value: Any = None
    #: How it stood when this was decided: what somebody changed since is left as it is.
    expected: Any = None


class RecordBack(msgspec.Struct, frozen=True, kw_only=True):
    """A person's record on one side."""

    side: Side
    record_id: str
    fields: tuple[FieldBack, ...] = ()
    add_tags: frozenset[str] = frozenset()
    remove_tags: frozenset[str] = frozenset()


class ItemBack(msgspec.Struct, frozen=True, kw_only=True):
    """A task, note or appointment on one side."""

    side: Side
    kind: ItemKind
    #: The side's own id of it; of one that is made anew, the id that it had.
    item_id: str
    fields: tuple[FieldBack, ...] = ()
    #: It is gone, and is made anew with these fields.
    anew: bool = False
    #: It was made by what is undone, and is deleted.
    delete: bool = False


class RecordUndo(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written of one person. It reaches the other side as any change does."""

    person: int
    #: The CRM's id of the person, by which its turn is found.
    contact_id: str
    records: tuple[RecordBack, ...] = ()
    items: tuple[ItemBack, ...] = ()
    #: Write also what somebody changed since.
    force: bool = False

    @property
    def nothing(self) -> bool:
        """There is nothing to put back."""
        return not (self.records or self.items)
