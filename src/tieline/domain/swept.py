"""What a sweep remembers of a record that no webhook told of: a digest of how it stood, and when it was missed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from tieline.domain.items import ItemKind
from tieline.domain.side import Side

#: What is swept; `contact` = whether a linked one is still there.
SweptStream = Literal["task", "note", "appointment", "contact"]
#: What a walk lists of each linked person, in the order of its calls. The CRM lists all tasks at once, elsewhere.
WALKED: Mapping[Side, tuple[ItemKind, ...]] = {
    "contacts_api": ("note", "appointment"), "nimbata": ("task", "note", "appointment"),
}  # fmt: skip
#: The digest of a record that is gone, and was told so.
GONE = b""


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """One record, as the last look at it left it."""

    record_id: str
    #: Whose it is, by the far side's own id.
    contact_id: str | None
    #: Keyed hash of the record; GONE where its end was told.
    digest: bytes
    #: When it was last looked for, there or not; UTC.
    seen_at: datetime
    #: When a look first missed it; None = it was there.
    missed_at: datetime | None = None


class Linked(msgspec.Struct, frozen=True, kw_only=True):
    """One person whom a walk looks at."""

    #: The walked side's own id of the person.
    record_id: str
    #: The project whose sync linked them; None where that takes every project.
    project: str | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One record as a list shows it."""

    record_id: str
    contact_id: str | None
    digest: bytes
    #: When it was made, by the far side's clock; None where the list does not say.
    added_at: datetime | None
