"""Loose values made strict: times, durations, money, tags, booleans; what cannot be read is None, never a guess."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2})(?:\.\d+)?", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}(?:\.\d*)?", re.ASCII)
_EPOCH = re.compile(r"-?\d{9,16}(?:\.\d{1,9})?", re.ASCII)
_AMOUNT = re.compile(r"[+-]?\d[\d.,' ]*", re.ASCII)
#: Larger integers are no value of ours, and costly to write out.
MAX_BITS = 128
#: Longer than any call.
_MAX_DURATION_S = 10_000_000
_TRUE = frozenset({"true", "1", "yes", "y", "on"})
_FALSE = frozenset({"false", "0", "no", "n", "off"})


def read_text(value: Any, empties: Collection[str]) -> str | None:
    """A scalar as trimmed text; None for the account's ways to write nothing, and for lists and records."""
    if isinstance(value, str):
        text = value.replace("\x00", "").strip()
        return None if text.casefold() in empties else text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() <= MAX_BITS else None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return None


def read_id(value: Any) -> str | None:
    """An opaque id as text; None for what is none."""
    if isinstance(value, str):
        # NUL is the one character that a text column refuses.
        return value.replace("\x00", "").strip() or None
    # A number of more digits than this is none.
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= MAX_BITS:
        return str(value)
    return None


def read_bool(value: Any) -> bool | None:
    """true or false, also as text or number."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return bool(value) if value in (0, 1) else None
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def read_moment(value: Any, formats: Sequence[str], zone: tzinfo) -> datetime | None:
    """A time in UTC from ISO 8601, one of `formats`, or an epoch in seconds, ms or µs; `zone` where it has none."""
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float):
            return _epoch(float(value))
        if not isinstance(value, str):
            return None
        text = value.strip()
        if _EPOCH.fullmatch(text):
            return _epoch(float(text))
        moment = _written(text, formats)
        if moment is None:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _epoch(number: float) -> datetime | None:
    size = abs(number)
    # Below this a number is a year or a counter rather than a time after 1973.
    if size < 1e8:
        return None
    scale = 1 if size < 1e11 else 1e3 if size < 1e14 else 1e6
    return datetime.fromtimestamp(number / scale, UTC)


def _written(text: str, formats: Sequence[str]) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for pattern in formats:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the caller gives it its zone
        except ValueError:
            continue
    return None


def read_duration_s(value: Any) -> int | None:
    """Whole seconds from "HH:MM:SS", "mm:ss" or a number of seconds."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        seconds = int(value) if 0 <= value <= _MAX_DURATION_S else None
    elif isinstance(value, str):
        text = value.strip()
        if clock := _CLOCK.fullmatch(text):
            hours, minutes, rest = (int(part or 0) for part in clock.groups())
            seconds = hours * 3600 + minutes * 60 + rest
        else:
            seconds = int(float(text)) if _SECONDS.fullmatch(text) else None
    else:
        return None
    return seconds if seconds is not None and seconds <= _MAX_DURATION_S else None


def read_money(value: Any) -> Decimal | None:
    """An amount without its currency: 350.0, "$1,234.50", "1.234,50 €"; what is not one number is None.

    A single comma or dot before exactly three digits is read as thousands for the comma, as a decimal for the dot.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(str(value)) if abs(value) < 1e15 else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    found = _AMOUNT.findall(value.replace("\u00a0", " ").replace("\u202f", " "))
    if len(found) != 1:
        return None
    digits = found[0].strip(" '").replace(" ", "").replace("'", "")
    comma, dot = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and dot >= 0:
        thousands, point = (",", ".") if dot > comma else (".", ",")
        digits = digits.replace(thousands, "").replace(point, ".")
    elif comma >= 0:
        single = digits.count(",") == 1 and len(digits) - comma - 1 != 3
        digits = digits.replace(",", "." if single else "")
    elif digits.count(".") > 1:
        digits = digits.replace(".", "")
    digits = digits.rstrip(".")
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,15})?", digits, re.ASCII):
        return None
    amount = Decimal(digits)
    negative = value.strip().startswith(("-", "(")) and amount > 0
    return -amount if negative else amount


def read_tags(value: Any, empties: Collection[str]) -> tuple[str, ...]:
    """Tags from a list (of texts, or of records with a name) or from one text with commas; repeats left out."""
    if isinstance(value, str):
        items: list[Any] = re.split(r"[,;\n]", value)
    elif isinstance(value, list):
        items = [item.get("name") if isinstance(item, dict) else item for item in value]
    else:
        return ()
    tags: dict[str, str] = {}
    for item in items:
        if isinstance(item, bool):
            continue
        text = read_text(item, empties)
        if text:
            tags.setdefault(text.casefold(), text)
    return tuple(tags.values())
