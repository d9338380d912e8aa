"""Which record is ours: by the reference line that we wrote into it, or by what it says and when it was made. Pure.

Whatever is not surely ours is somebody else's. Two equal records without a line, made by two of our own calls within
one moment, cannot be told apart: the first that is looked for takes either.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from tieline.catalogue.spec import AnyLookUp
from tieline.mapping import text
from tieline.mapping.reference import carries, with_reference

Given = TypeVar("Given", bound=msgspec.Struct)


def marked(look_up: AnyLookUp | None, given: Given, reference: str) -> Given:
    """The input with our reference line in the text that carries it; as it is where none does."""
    if look_up is None or not look_up.mark:
        return given
    written = getattr(given, look_up.mark)
    line = with_reference(None if written is UNSET else written, reference)
    return msgspec.structs.replace(given, **{look_up.mark: line})


def is_ours(
    look_up: AnyLookUp, row: Any, given: Any, *, reference: str, zone: str, since: datetime | None
) -> bool:
    """Whether a record is what `given` made, by a call that was first tried no earlier than `since`."""
    if look_up.mark:
        return carries(plain(getattr(row, look_up.mark)), reference)
    if look_up.same is None:
        return False
    made_at = look_up.made_at(row) if look_up.made_at is not None else None
    if made_at is not None and since is not None and made_at < since:
        return False
    return look_up.same(row, given, zone)


def plain(value: Any) -> str:
    """A value of a record as text; empty for what is not there."""
    return "" if value is None or value is UNSET else str(value)


def says(held: Any, wanted: Any) -> bool:
    """Whether a record holds the text that was written, white space aside; what was left out may stand as it likes."""
    return wanted is UNSET or text.clean(plain(held)) == text.clean(plain(wanted))


def names(held: Any, wanted: Any) -> bool:
    """The same of names and addresses, which far sides keep in small letters."""
    return wanted is UNSET or text.clean(plain(held)).casefold() == text.clean(plain(wanted)).casefold()


def at(held: datetime | None, wanted: datetime | Any) -> bool:
    """Whether both are one moment, in whole seconds: far sides keep no more. One without an offset is none."""
    if held is None or not isinstance(wanted, datetime) or held.tzinfo is None or wanted.tzinfo is None:
        return False
    return held.astimezone(UTC).replace(microsecond=0) == wanted.astimezone(UTC).replace(microsecond=0)
