"""What the operations give back: one record, or a page of them with where the list goes on. Pure."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET

from tieline.catalogue.paging import AnyPaging, Paging

Row = TypeVar("Row")

#: A page as it came, for whoever reads it himself.
Listing = msgspec.Raw
#: What the next page is asked by: its number, or the cursor that the account gave.
Place = int | str
Style = Literal["page", "cursor", "next_url", "none"]


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says of how its list goes on, and how this account pages."""

    style: Style = "page"
    #: Number of the first page.
    start: int = 1
    #: Rows of a full page, where nothing was asked for.
    size: int = 100
    last_page: int | None = None
    #: Page or cursor that the answer names.
    next: Place | None = None

    def after(self, at: Place, rows: int, size: int | None = None) -> Place | None:
        """Where the page after `at` begins; None after the last one. A page without rows is the last, whatever it
        says of the length of its list."""
        if not rows:
            return None
        match self.style:
            case "none":
                return None
            case "cursor" | "next_url":
                return self.next if self.next != at else None
            case "page":
                number = int(at)
                if self.last_page is not None:
                    return number + 1 if number - self.start + 1 < self.last_page else None
                return number + 1 if rows >= (size or self.size) else None


class Rows(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """One page of a list."""

    rows: tuple[Row, ...] = ()
    follow: Follow = Follow()


class One(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """One record, as it is now."""

    record: Row
    #: What the account says of keys that it did not take.
    warnings: tuple[str, ...] = ()


def _following(_: Any, given: Any, answer: Rows[Any]) -> Any | None:
    follow = answer.follow
    page = follow.start if given.page is UNSET else given.page
    at: Place = given.cursor if given.cursor is not UNSET else page
    size = None if given.per_page is UNSET else given.per_page
    place = follow.after(at, len(answer.rows), size)
    if place is None:
        return None
    if isinstance(place, int):
        return msgspec.structs.replace(given, page=place, cursor=UNSET)
    return msgspec.structs.replace(given, page=UNSET, cursor=place)


#: How all lists of the account go on: by page, cursor or address, as its settings say.
PAGED: AnyPaging = Paging(style="page", rows=lambda answer: answer.rows, following=_following)
