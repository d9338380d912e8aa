"""Rows of a list and where the next page starts, in whatever shape the account answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from tieline.connectors.kit.paging import Page
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.errors import UnreadableError

#: A page as it came.
Listing = msgspec.Raw
#: What the next page is asked by: its number, or the cursor that the account gave.
Place = int | str

_Fields = dict[str, msgspec.Raw]


def read_page(raw: msgspec.Raw, config: NimbataConfig, at: Place) -> Page[bytes]:
    """The page that was asked for by `at`. An empty one ends the list, whatever it says of its length.

    Raises UnreadableError when no list stands where one should: better late than a page that nobody missed.
    """
    top = _fields(raw)
    rows = _rows(raw, top, config)
    return Page(rows=rows, next=_next(top, config, at, len(rows)) if rows else None)


def first_place(config: NimbataConfig) -> Place:
    """What the first page is asked by."""
    return "" if config.pagination.style == "cursor" else config.pagination.start


def _rows(raw: msgspec.Raw, top: _Fields | None, config: NimbataConfig) -> tuple[bytes, ...]:
    if top is None:
        found: msgspec.Raw | None = raw
    else:
        found = next((value for path in config.response.items if (value := _at(top, path)) is not None), None)
    try:
        listed = msgspec.json.decode(found, type=list[msgspec.Raw]) if found is not None else None
    except msgspec.ValidationError:
        listed = None
    if listed is None:
        where = ", ".join(config.response.items)
        raise UnreadableError(f"no list stands in the answer under any of: {where}; set response.items")
    return tuple(map(bytes, listed))


def _next(top: _Fields | None, config: NimbataConfig, at: Place, rows: int) -> Place | None:
    paging = config.pagination
    match paging.style:
        case "none":
            return None
        case "cursor":
            return _first(top, paging.cursor, str) or None
        case "next_url":
            return _place_in(_first(top, paging.next_url, str))
        case "page":
            number = int(at)
            last = _first(top, paging.last_page, int)
            more = number - paging.start + 1 < last if last is not None else rows >= paging.size
            return number + 1 if more else None


def _place_in(address: str | None) -> Place | None:
    """The page or cursor that an address of the next page names."""
    query = parse_qs(urlsplit(address).query) if address else {}
    if (page := query.get("page", [""])[0]).isdecimal():
        return int(page)
    return next((query[name][0] for name in ("cursor", "after", "page_token") if name in query), None)


def _first(top: _Fields | None, paths: Iterable[str], kind: type[Any]) -> Any:
    for path in paths:
        found = _at(top, path) if top is not None else None
        try:
            value = msgspec.json.decode(found) if found is not None else None
        except msgspec.DecodeError:
            continue
        if isinstance(value, kind) and not isinstance(value, bool):
            return value
        if kind is int and isinstance(value, str) and value.isdecimal():
            return int(value)
    return None


def _at(fields: _Fields, path: str) -> msgspec.Raw | None:
    """The value at "meta.last_page"; None where there is none."""
    head, _, rest = path.partition(".")
    found = fields.get(head)
    if found is None or not rest:
        return found
    inner = _fields(found)
    return _at(inner, rest) if inner is not None else None


def _fields(raw: msgspec.Raw) -> _Fields | None:
    """The members of an object; None for anything else."""
    try:
        return msgspec.json.decode(raw, type=_Fields)
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(f"the answer is not JSON: {error}") from error
