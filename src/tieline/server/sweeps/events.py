"""What a sweep's event says: something looks otherwise, or is not to be seen. It is always read by id before it counts:
lists lag, and leave out what a record shows."""

from __future__ import annotations

import re

import msgspec

from tieline.domain.change import ItemChanged, RecordChanged
from tieline.domain.items import ItemKind
from tieline.domain.side import Side
from tieline.engine.drain import Loaded
from tieline.errors import UnreadableError
from tieline.mapping.reference import split_reference

_NAME = re.compile(r"(task|note|appointment|contact)\.(swept|vanished)")


class _Row(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Of a row, whom and what it is about."""

    id: str
    contact_id: str | None = None
    #: Of a note or task: its text, with our mark where we wrote it.
    body: object = None


_row = msgspec.json.Decoder(_Row)


def swept_change(loaded: Loaded, side: Side) -> RecordChanged | ItemChanged | None:
    """What the event of a sweep of that side asks to be read; None for any other event. Raises UnreadableError."""
    named = _NAME.fullmatch(loaded.kind)
    if named is None:
        return None
    try:
        row = _row.decode(loaded.body)
    except msgspec.DecodeError as error:
        raise UnreadableError(f"this row of a sweep cannot be read: {error}") from error
    if named[1] == "contact":
        return RecordChanged(side=side, record_id=row.id)
    kind: ItemKind = "task" if named[1] == "task" else "note" if named[1] == "note" else "appointment"
    text = row.body if isinstance(row.body, str) else None
    return ItemChanged(
        side=side, kind=kind, item_id=row.id, record_id=row.contact_id, reference=split_reference(text)[1]
    )
