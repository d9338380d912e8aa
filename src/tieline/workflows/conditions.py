"""Conditions: data that hold or do not, of what a run knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import UNSET

from tieline.errors import MappingError
from tieline.workflows.definition import COMPARISONS, Condition
from tieline.workflows.values import render

#: How deep conditions may be nested.
DEEPEST = 10


def holds(condition: Condition | None, scope: Mapping[str, Any], *, path: str = "where") -> bool:
    """Whether it does; none always does. What is compared and is no number, or no moment, is not above or below any.

    Raises MappingError where a template fails.
    """
    if condition is None:
        return True
    if condition.all is not None:
        return all(holds(one, scope, path=f"{path}.all[{at}]") for at, one in enumerate(condition.all))
    if condition.any is not None:
        return any(holds(one, scope, path=f"{path}.any[{at}]") for at, one in enumerate(condition.any))
    if condition.not_ is not None:
        return not holds(condition.not_, scope, path=f"{path}.not")
    left = render(condition.left, scope, path=f"{path}.left")
    return all(
        _compare(name, left, render(wanted, scope, path=f"{path}.{name.rstrip('_')}"), path)
        for name in COMPARISONS
        if (wanted := getattr(condition, name)) is not UNSET and wanted is not None
    )


def compared(condition: Condition) -> list[str]:
    """The comparisons that a condition makes itself."""
    return [
        name for name in COMPARISONS if (given := getattr(condition, name)) is not UNSET and given is not None
    ]


def _compare(name: str, left: Any, right: Any, path: str) -> bool:
    match name:
        case "is_":
            return _same(left, right)
        case "is_not":
            return not _same(left, right)
        case "contains":
            return _contains(left, right)
        case "not_contains":
            return not _contains(left, right)
        case "starts_with":
            return _text(left).startswith(_text(right))
        case "ends_with":
            return _text(left).endswith(_text(right))
        case "like":
            return _like(_text(left), _text(right))
        case "greater" | "at_least" | "less" | "at_most":
            return _ordered(name, left, right)
        case "before" | "after":
            ours, theirs = moment_of(left), moment_of(right)
            if ours is None or theirs is None:
                return False
            return ours < theirs if name == "before" else ours > theirs
        case "among":
            if not isinstance(right, list):
                raise MappingError("`in` wants a list", path=f"{path}.in")
            return any(_same(left, one) for one in right)
        case _:
            return (left is None or left in ("", [], {})) is bool(right)


def moment_of(value: Any) -> datetime | None:
    """A moment as JSON has it: ISO 8601, by UTC where it names no offset; a date is its midnight. None for no such."""
    if isinstance(value, bool) or not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _ordered(name: str, left: Any, right: Any) -> bool:
    ours, theirs = _number(left), _number(right)
    if ours is None or theirs is None:
        return False
    match name:
        case "greater":
            return ours > theirs
        case "at_least":
            return ours >= theirs
        case "less":
            return ours < theirs
        case _:
            return ours <= theirs


def _same(left: Any, right: Any) -> bool:
    """Forms know texts alone: "5" is 5, "true" is true; letters of either case are the same."""
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return bool(left == right)
    ours, theirs = _number(left), _number(right)
    if ours is not None and theirs is not None:
        # A phone or a code is no number that 007 and 7 could both be.
        if isinstance(left, str) and isinstance(right, str):
            return left.strip() == right.strip()
        return ours == theirs
    return _text(left) == _text(right)


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, list):
        return any(_same(one, right) for one in left)
    if isinstance(left, dict):
        return str(right) in left
    return left is not None and _text(right) in _text(left)


def _like(text: str, pattern: str) -> bool:
    """By its pieces between stars, each taken where it is met first: no pattern takes long."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    if not text.startswith(first):
        return False
    at = len(first)
    *middle, last = rest
    for piece in middle:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - len(last) >= at and text.endswith(last)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value).strip().casefold()


def _number(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool | list | dict):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
