"""An example about a task, note or appointment: how it stands, what somebody does to it, what must be written."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from tieline.domain.items import Item, ItemKind
from tieline.domain.side import Side

#: What is written to a side.
Write = Literal["nothing", "create", "update", "delete"]
ItemValue = str | bool | datetime | None


class ItemStep(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody does to the item on one side."""

    side: Side
    fields: dict[str, ItemValue] = {}
    deleted: bool = False


class ItemExample(msgspec.Struct, frozen=True, kw_only=True):
    """An item: one that stands on one side was just made there, unless something is done to it then."""

    kind: ItemKind
    records: dict[Side, Item]
    then: tuple[ItemStep, ...] = ()
    #: IANA name of the location's clock; None = UTC.
    timezone: str | None = None


class ItemWritten(msgspec.Struct, frozen=True, kw_only=True):
    """What must be written to one side."""

    write: Write
    #: None = this field is not written; those that are not named may be anything.
    fields: dict[str, ItemValue] = {}
    cleared: tuple[str, ...] = ()
    #: Of an appointment at the CRM: calendar (None = the location's only one), any_time, notify.
    booking: dict[str, str | bool | None] = {}
