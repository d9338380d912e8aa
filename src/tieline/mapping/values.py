"""Values as they travel through rules, and how each is written as text."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

#: What a field of an activity can hold; several texts are a tuple.
Value = str | int | Decimal | datetime | tuple[str, ...] | None


def to_text(value: Value) -> str | None:
    """`value` as one text; None for nothing and for text that is blank.

    Times are ISO 8601 in UTC ("2026-09-01T22:14:07Z"), numbers plain ("350", "12.5"), texts joined by ", ".
    """
    match value:
        case None:
            return None
        case str():
            return value if value and not value.isspace() else None
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case Decimal():
            return plain_number(value)
        case tuple():
            return ", ".join(item for item in value if item.strip()) or None
        case _:
            return str(value)


def plain_number(value: Decimal) -> str | None:
    """A decimal without exponent and trailing zeros; None for what is not finite, or absurdly large or small."""
    if not value.is_finite() or abs(value.adjusted()) > 30:
        return None
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
