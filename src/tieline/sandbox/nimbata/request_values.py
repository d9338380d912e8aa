"""Values out of a request: each reader gives the value or raises ValueError with words for the sender."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import phonenumbers

#: Read as "no value" (AS-12).
_NO_VALUE = frozenset({"", "(none)", "(not set)"})
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
PER_PAGE = 50
MAX_PER_PAGE = 500
_MAX_PAGE = 10**9


def read_text(value: Any) -> str | None:
    """Trimmed text; None for null and for the words that mean no value."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("must be a text or null")
    text = value.strip()
    return None if text.casefold() in _NO_VALUE else text


def read_email(value: Any) -> str | None:
    """An address in lower case."""
    text = read_text(value)
    if text is not None and not _EMAIL.fullmatch(text):
        raise ValueError("is no e-mail address")
    return None if text is None else text.lower()


def read_phone(value: Any, country: str) -> str | None:
    """A number in E.164; without a country code it is read as one of `country`."""
    text = read_text(value)
    if text is None:
        return None
    phone = to_e164(text, country)
    if phone is None:
        raise ValueError("is no telephone number")
    return phone


def to_e164(text: str, country: str) -> str | None:
    """`text` in E.164, None where it cannot be a number."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def valid_e164(text: str, country: str) -> str | None:
    """`text` as a number that may exist, in E.164; None for any other text."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_number(value: Any) -> float | None:
    """A finite number."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e15:
        raise ValueError("must be a number or null")
    return float(value)


def read_whole(value: Any) -> int | None:
    """A whole number."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**31:
        raise ValueError("must be a whole number or null")
    return value


def read_flag(value: Any) -> bool:
    """true or false, nothing that only looks so."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def read_tags(value: Any) -> tuple[str, ...]:
    """Tag names, each once (case does not count), in their order."""
    if not isinstance(value, list):
        raise ValueError("must be a list of texts")
    tags: dict[str, str] = {}
    for one in value:
        tag = one.strip() if isinstance(one, str) else ""
        if not tag:
            raise ValueError("must hold texts that are not empty")
        tags.setdefault(tag.casefold(), tag)
    return tuple(tags.values())


def read_moment(value: Any) -> datetime:
    """ISO 8601; without a zone it is UTC (AS-11)."""
    if not isinstance(value, str):
        raise ValueError("must be a time in ISO 8601")
    try:
        # A "+" that was not escaped in a query arrives as a blank.
        moment = datetime.fromisoformat(value.strip().replace(" ", "+") if "T" in value else value.strip())
    except ValueError:
        raise ValueError("must be a time in ISO 8601") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_day(value: Any) -> date | None:
    """A day, "YYYY-MM-DD"."""
    if value is None:
        return None
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a day, YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("is no day of the calendar") from None


def read_page(values: Mapping[str, Any], fields: dict[str, list[str]]) -> tuple[int, int]:
    """`page` (from 1) and `per_page` (50, at most 500), as numbers or digits; what is wrong goes into `fields`."""
    found = []
    for name, default, most in (("page", 1, _MAX_PAGE), ("per_page", PER_PAGE, MAX_PER_PAGE)):
        value = values.get(name, default)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            fields[name] = [f"must be a whole number from 1 to {most}"]
            value = default
        found.append(value)
    return found[0], found[1]
