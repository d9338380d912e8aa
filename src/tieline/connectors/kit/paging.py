"""Reading list after list without ever reading for ever: pages in order, each list bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec

from tieline.catalogue.paging import Paging

Row = TypeVar("Row")
Out = TypeVar("Out")

#: A list that is longer than this is read in slices, by whoever keeps a cursor.
MAX_PAGES = 1000


class Page(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """One page and where the next one starts."""

    rows: tuple[Row, ...]
    #: What to ask the next page by; None = this was the last.
    next: Any = None


async def each_page(
    call: Callable[[Any], Awaitable[Out]], paging: Paging[Any, Out], given: Any, *, max_pages: int = MAX_PAGES
) -> AsyncIterator[Out]:
    """Every answer of a list, from `given` on; `call` asks for one page. Ends after `max_pages` at the latest."""
    at = paging.first(given)
    for _ in range(max_pages):
        answer = await call(at)
        yield answer
        following = paging.following(given, at, answer)
        if following is None:
            return
        at = following


async def pages(
    fetch: Callable[[Any], Awaitable[Page[Row]]], start: Any = None, *, max_pages: int = MAX_PAGES
) -> AsyncIterator[Page[Row]]:
    """Every page from `start` on; ends with the last one, with an empty one, after `max_pages`, or where a page
    points back at itself. `Page.next` of the last one given is where a later run goes on."""
    at = start
    for _ in range(max_pages):
        page = await fetch(at)
        yield page
        if page.next is None or not page.rows or page.next == at:
            return
        at = page.next
