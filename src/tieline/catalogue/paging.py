"""How lists go on, as data beside the operation: eight styles, since the far sides know as many. Pure.

Every style bounds itself: a page without rows, or one that points back at itself, is the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET

In = TypeVar("In")
Out = TypeVar("Out")

Style = Literal[
    "start_after", "search_after", "start_after_date", "last_id", "cursor", "skip", "page", "offset", "window"
]
Rows = Callable[[Any], Sequence[Any]]


class Paging(msgspec.Struct, Generic[In, Out], frozen=True, kw_only=True):
    """How one list is read to its end."""

    style: Style
    #: The rows of an answer.
    rows: Callable[[Out], Sequence[Any]]
    #: (what was asked for at first, what this page was asked for, its answer) → what to ask for next; None = it was
    #: the last page.
    following: Callable[[In, In, Out], In | None]
    #: What to ask for first.
    first: Callable[[In], In] = lambda given: given


AnyPaging = Paging[Any, Any]


def _next(given: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(given, **changes)


def start_after(rows: Rows) -> AnyPaging:
    """`startAfter` and `startAfterId` out of the answer's `meta`; the rest of the query is repeated."""

    def following(_: Any, given: Any, answer: Any) -> Any | None:
        after, after_id = answer.meta.start_after, answer.meta.start_after_id
        if not rows(answer) or after is None or after_id is None or after_id == given.start_after_id:
            return None
        return _next(given, start_after=after, start_after_id=after_id)

    return Paging(style="start_after", rows=rows, following=following)


def search_after(rows: Rows) -> AnyPaging:
    """`searchAfter` of the last row. Page numbers, which reach 10,000 rows, are never used beside it."""

    def following(_: Any, given: Any, answer: Any) -> Any | None:
        found = rows(answer)
        after = getattr(found[-1], "search_after", None) if found else None
        if not after or after == given.search_after:
            return None
        return _next(given, search_after=after, page=UNSET)

    return Paging(style="search_after", rows=rows, following=following)


def start_after_date(rows: Rows, date_of: Callable[[Any], Any]) -> AnyPaging:
    """The sort value of the last row."""

    def following(_: Any, given: Any, answer: Any) -> Any | None:
        found = rows(answer)
        date = date_of(found[-1]) if found else None
        full = given.limit is UNSET or len(found) >= given.limit
        return (
            _next(given, start_after_date=date) if full and date and date != given.start_after_date else None
        )

    return Paging(style="start_after_date", rows=rows, following=following)


def last_id(rows: Rows, more: Callable[[Any], Any], id_of: Callable[[Any], Any]) -> AnyPaging:
    """The id of the last row, while the answer says that there is more."""

    def following(_: Any, given: Any, answer: Any) -> Any | None:
        last = id_of(answer)
        go_on = rows(answer) and more(answer) and last and last != given.last_message_id
        return _next(given, last_message_id=last) if go_on else None

    return Paging(style="last_id", rows=rows, following=following)


def cursor(rows: Rows, cursor_of: Callable[[Any], Any]) -> AnyPaging:
    """A cursor that the answer hands over."""

    def following(_: Any, given: Any, answer: Any) -> Any | None:
        found = cursor_of(answer)
        return _next(given, cursor=found) if rows(answer) and found and found != given.cursor else None

    return Paging(style="cursor", rows=rows, following=following)


def skip(rows: Rows, *, default_limit: int) -> AnyPaging:
    """`skip` rows; a page that is not full is the last."""

    def following(_: Any, given: Any, answer: Any) -> Any | None:
        limit = default_limit if given.limit is UNSET else given.limit
        count = len(rows(answer))
        done = 0 if given.skip is UNSET else given.skip
        return _next(given, skip=done + count) if count and count >= limit else None

    return Paging(style="skip", rows=rows, following=following)


def page(rows: Rows, *, default_limit: int) -> AnyPaging:
    """Page numbers from 1 on; a page that is not full is the last."""

    def following(_: Any, given: Any, answer: Any) -> Any | None:
        limit = default_limit if given.limit is UNSET else given.limit
        count = len(rows(answer))
        return (
            _next(given, page=(1 if given.page is UNSET else given.page) + 1) if count >= limit > 0 else None
        )

    return Paging(style="page", rows=rows, following=following)


def offset(rows: Rows, more: Callable[[Any], Any]) -> AnyPaging:
    """`offset` rows, while the answer says that there are more."""

    def following(_: Any, given: Any, answer: Any) -> Any | None:
        count = len(rows(answer))
        return _next(given, offset=given.offset + count) if count and more(answer) else None

    return Paging(style="offset", rows=rows, following=following)


def window(rows: Rows, *, start: str, end: str, longest: timedelta) -> AnyPaging:
    """A span of time in pieces that the far side takes; `start` and `end` name the input's moments."""

    def clipped(given: Any, since: datetime, until: datetime) -> Any:
        return _next(given, **{start: since, end: min(since + longest, until)})

    def following(asked: Any, given: Any, _: Any) -> Any | None:
        since, until = getattr(given, end), getattr(asked, end)
        return clipped(asked, since, until) if since < until else None

    return Paging(
        style="window", rows=rows, following=following,
        first=lambda given: clipped(given, getattr(given, start), getattr(given, end)),
    )  # fmt: skip
