"""`table.look_up`: a value by its key, out of a table that the step carries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tieline.catalogue.builtins.function import Function, Given, text_of
from tieline.errors import MappingError
from tieline.mapping.text import clean

MOST_ROWS = 5_000


class LookUpInTable(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for, and where."""

    key: Annotated[Given, Meta(title="Key", description="What is looked for.", examples=["Google Ads"])]
    table: Annotated[
        dict[str, Any],
        Meta(title="Table", description="By key, the value: a text, a number, or a record of several.",
             max_length=MOST_ROWS, examples=[{"google ads": "Paid search", "organic": "Search"}]),
    ]  # fmt: skip
    match: Annotated[
        Literal["alike", "exact", "begins"],
        Meta(title="Match", description="alike leaves case and white space aside; begins takes the longest key with "
             "which the text begins.", examples=["alike"]),
    ] = "alike"  # fmt: skip
    default: Annotated[Any, Meta(title="Otherwise", description="The value where there is no such key.",
                                 examples=["Other"])] = None  # fmt: skip


class FoundInTable(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    found: Annotated[bool, Meta(title="Found", examples=[True])]
    value: Annotated[Any, Meta(title="Value", examples=["Paid search"])]
    #: As the table writes it.
    key: Annotated[str, Meta(title="Key", examples=["google ads"])] = ""


def look_up(given: LookUpInTable) -> FoundInTable:
    """Raises MappingError for two keys that are alike: nobody could tell which is meant."""
    wanted = text_of(given.key, "key")
    if given.match == "exact":
        known = {one: one for one in given.table}
    else:
        wanted = _alike(wanted)
        known = {}
        for one in given.table:
            if (alike := _alike(one)) in known:
                raise MappingError(f"{known[alike]!r} and {one!r} are the same key", path="table")
            known[alike] = one
    key: str | None
    if given.match == "begins":
        fits = [alike for alike in known if alike and wanted.startswith(alike)]
        key = known[max(fits, key=len)] if fits else None
    else:
        key = known.get(wanted)
    if key is None:
        return FoundInTable(found=False, value=given.default)
    return FoundInTable(found=True, value=given.table[key], key=key)


def _alike(text: str) -> str:
    return clean(text).casefold()


LOOK_UP = Function[LookUpInTable, FoundInTable](
    id="table.look_up", title="Look up in a table",
    description="Gives the value of a key out of a table of the step's own: a source's name, an area's team.",
    input=LookUpInTable, output=FoundInTable, run=look_up,
)  # fmt: skip
