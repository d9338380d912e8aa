"""`format.text`: tidied, cut, replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tieline.catalogue.builtins.function import LONGEST, Function, Given, text_of
from tieline.errors import MappingError
from tieline.mapping.text import clean
from tieline.mapping.transforms import Transform, build

Change = Literal["trim", "lower", "upper", "title", "truncate", "replace", "split", "first_name", "last_name"]


class FormatText(msgspec.Struct, frozen=True, kw_only=True):
    """A text, and what is done with it."""

    text: Annotated[
        Given, Meta(title="Text", description="The text to change.", examples=["  ada   LOVELACE "])
    ]
    change: Annotated[
        Change,
        Meta(
            title="Change",
            description="What is done with it; trim tidies white space, title writes first letters large.",
            examples=["title"],
        ),
    ]
    length: (
        Annotated[
            int,
            Meta(
                title="Length",
                description="Of truncate: at most so many characters.",
                ge=1,
                le=LONGEST,
                examples=[40],
            ),
        ]
        | UnsetType
    ) = UNSET
    find: Annotated[
        str,
        Meta(title="Find", description="Of replace: the text to replace, each time. Of split: what stands between.",
             max_length=1_000, examples=[","]),
    ] | UnsetType = UNSET  # fmt: skip
    replace_with: Annotated[
        str, Meta(title="Replace with", description="Of replace: what stands there instead.", max_length=1_000,
                  examples=[" "])
    ] = ""  # fmt: skip
    default: Annotated[
        str, Meta(title="Otherwise", description="What it is where nothing is left.", max_length=LONGEST,
                  examples=["Unknown"])
    ] = ""  # fmt: skip


class FormattedText(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    text: Annotated[str, Meta(title="Text", examples=["Ada Lovelace"])]
    #: Of `split` each part, otherwise the one text.
    parts: Annotated[list[str], Meta(title="Parts", examples=[["Ada Lovelace"]])]
    length: Annotated[int, Meta(title="Length", examples=[12])]


def format_text(given: FormatText) -> FormattedText:
    """Raises MappingError where a part of the change is missing, or the result is too long."""
    text = text_of(given.text, "text")
    if given.change == "split":
        between = given.find if isinstance(given.find, str) and given.find else ","
        parts = [part for one in text.split(between) if (part := clean(one))]
        changed = ", ".join(parts)
    else:
        changed = _CHANGES[given.change](text, given)
        parts = [changed] if changed else []
    changed = text_of(changed or given.default, "text")
    return FormattedText(
        text=changed, parts=parts or [one for one in (given.default,) if one], length=len(changed)
    )


def _by(name: str) -> Callable[[str, FormatText], str]:
    (apply,) = build((Transform(name=name),))
    return lambda text, _: str(apply(text, None) or "")


def _title(text: str, given: FormatText) -> str:
    return _by("title")(clean(text), given)


def _truncate(text: str, given: FormatText) -> str:
    if given.length is UNSET:
        raise MappingError("truncate needs a length", path="length")
    (apply,) = build((Transform(name="truncate", argument=given.length),))
    return str(apply(text, None) or "")


def _replace(text: str, given: FormatText) -> str:
    if not isinstance(given.find, str) or not given.find:
        raise MappingError("replace needs a text to find", path="find")
    times = text.count(given.find)
    if len(text) + times * len(given.replace_with) > 2 * LONGEST:
        raise MappingError(f"the replacement makes more than {LONGEST} characters", path="text")
    return text.replace(given.find, given.replace_with)


_CHANGES: Mapping[str, Callable[[str, FormatText], str]] = {
    "trim": _by("trim"), "lower": _by("lower"), "upper": _by("upper"), "first_name": _by("first_name"),
    "last_name": _by("last_name"), "title": _title, "truncate": _truncate, "replace": _replace,
}  # fmt: skip

FORMAT_TEXT = Function[FormatText, FormattedText](
    id="format.text", title="Format a text",
    description="Tidies a text, writes it large or small, cuts it, replaces in it, or splits it into parts.",
    input=FormatText, output=FormattedText, run=format_text,
)  # fmt: skip
