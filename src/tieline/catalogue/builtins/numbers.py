"""`format.number`: read out of a text, rounded, and written as people read it."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tieline.catalogue.builtins.function import Function, Given, Name, text_of
from tieline.errors import MappingError
from tieline.mapping.transforms import Transform, build

_ROUNDING = {"half_up": ROUND_HALF_UP, "up": ROUND_UP, "down": ROUND_DOWN}
#: As many digits as the largest number that is read has with all its decimals.
_WIDE = Context(prec=60)
(_read,) = build((Transform(name="number"),))


class FormatNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number, and how it is written."""

    number: Annotated[
        Given, Meta(title="Number", description="A number, or a text that holds one.", examples=["$ 1,234.5"])
    ]
    decimals: Annotated[
        int,
        Meta(title="Decimals", description="Digits behind the point; as many as it has where left out.", ge=0, le=10,
             examples=[2]),
    ] | UnsetType = UNSET  # fmt: skip
    rounding: Annotated[
        Literal["half_up", "up", "down"],
        Meta(title="Rounding", description="half_up to the nearest; up away from zero, down towards it.",
             examples=["half_up"]),
    ] = "half_up"  # fmt: skip
    thousands: Annotated[
        Literal[",", ".", " ", "'", ""],
        Meta(
            title="Between thousands",
            description="What stands between groups of three digits.",
            examples=[","],
        ),
    ] = ","
    point: Annotated[
        Literal[".", ","],
        Meta(title="Decimal point", description="What stands before decimals.", examples=["."]),
    ] = "."
    before: Annotated[Name, Meta(title="Before", description="A text before it.", examples=["$"])] = ""
    after: Annotated[Name, Meta(title="After", description="A text after it.", examples=[" per call"])] = ""


class FormattedNumber(msgspec.Struct, frozen=True, kw_only=True):
    """The number, and how it is written."""

    number: Annotated[int | float, Meta(title="Number", examples=[1234.5])]
    text: Annotated[str, Meta(title="Text", examples=["$1,234.50 per call"])]


def format_number(given: FormatNumber) -> FormattedNumber:
    """Raises MappingError for what holds no number, or one that no account would keep."""
    if given.thousands == given.point:
        raise MappingError("thousands and decimals would look alike", path="thousands")
    plain = _read(text_of(given.number, "number"), None)
    if plain is None:
        raise MappingError(f"{given.number!r} holds no number", path="number")
    value = Decimal(str(plain))
    if given.decimals is not UNSET:
        value = value.quantize(Decimal(1).scaleb(-given.decimals), _ROUNDING[given.rounding], _WIDE)
    if value == 0:
        # Nobody reads "-0".
        value = abs(value)
    whole, _, decimals = f"{value:,f}".partition(".")
    text = whole.replace(",", given.thousands) + (given.point + decimals if decimals else "")
    number = int(value) if value == value.to_integral_value() else float(value)
    return FormattedNumber(number=number, text=f"{given.before}{text}{given.after}")


FORMAT_NUMBER = Function[FormatNumber, FormattedNumber](
    id="format.number", title="Format a number",
    description="Reads a number out of a text, rounds it, and writes it with separators, a currency or a unit.",
    input=FormatNumber, output=FormattedNumber, run=format_number,
)  # fmt: skip
