"""What a side says of its own records."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tieline.domain.contact import Contact
from tieline.domain.items import Item, ItemKind
from tieline.domain.side import Side


class RecordChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A side reports how a person's record stands there, or that it is gone."""

    side: Side
    #: The side's own id of the person.
    record_id: str
    #: The record as the event showed it, or showed it last; None where it did not.
    record: Contact | None = None
    #: Names that a sparse body told (fields, `custom.<key>`, "tags"); None = it told all.
    present: frozenset[str] | None = None
    removed: bool = False
    #: When it happened, by the side's clock; UTC.
    at: datetime | None = None
    #: Compare both sides as they are, whether or not anything changed.
    thorough: bool = False


class ItemChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A side reports how a task, note or appointment stands there, or that it is gone."""

    side: Side
    kind: ItemKind
    #: The side's own id of the item.
    item_id: str
    #: The side's own id of the person; None where the event does not name one.
    record_id: str | None = None
    #: The item as the event showed it; None where it did not show all: it is read by id.
    item: Item | None = None
    #: The reference line that the event showed: we wrote this one, be it a copy or a note about an activity.
    reference: str | None = None
    removed: bool = False
    #: A list shows it so, which lags, and leaves out what a record shows: it proves an echo, and no more.
    listed: bool = False
    #: It says surely that the item was made: of one that is known that is no news.
    created: bool = False
    #: When it happened, by the side's clock; UTC.
    at: datetime | None = None
