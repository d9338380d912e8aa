"""Rows of a list and how it goes on, in whatever shape the account answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from tieline.connectors.kit.paging import Page
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.rows import Follow, Listing, Place
from tieline.errors import UnreadableError

_Fields = dict[str, msgspec.Raw]


def read_page(raw: msgspec.Raw, config: NimbataConfig, at: Place, operation: str = "") -> Page[bytes]:
    """The page that was asked for by `at`. An empty one ends the list, whatever it says of its length.

    Raises UnreadableError when no list stands where one should: better late than a page that nobody missed.
    """
    rows, follow = read_listing(raw, config, operation)
    return Page(rows=rows, next=follow.after(at, len(rows)))


def read_listing(
    raw: msgspec.Raw, config: NimbataConfig, operation: str = ""
) -> tuple[tuple[bytes, ...], Follow]:
    """The rows of an answer to `operation`, and what it says of those that follow. Raises UnreadableError."""
    top = fields_of(raw)
    return _rows(raw, top, config), _follow(top, config, operation)


def first_place(config: NimbataConfig) -> Place:
    """What the first page is asked by."""
    return "" if config.pagination.style == "cursor" else config.pagination.start


def read_item(raw: msgspec.Raw, config: NimbataConfig) -> tuple[bytes, tuple[str, ...]]:
    """The record of an answer, and the account's warnings. Raises UnreadableError."""
    top = fields_of(raw)
    if top is None:
        raise UnreadableError("the answer is no JSON object")
    for path in config.response.item:
        found = raw if path == "." else _at(top, path)
        if found is not None and bytes(memoryview(found)[:1]) == b"{":
            return bytes(found), _first_texts(top.get("warnings"))
    where = ", ".join(config.response.item)
    raise UnreadableError(f"no record stands in the answer under any of: {where}; set response.item")


def _first_texts(raw: msgspec.Raw | None) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(raw, type=tuple[str, ...]) if raw is not None else ()
    except msgspec.ValidationError:
        return ()


def _rows(raw: msgspec.Raw, top: _Fields | None, config: NimbataConfig) -> tuple[bytes, ...]:
    if top is None:
        found: msgspec.Raw | None = raw
    else:
        found = next((value for path in config.response.items if (value := _at(top, path)) is not None), None)
    try:
        listed = msgspec.json.decode(found, type=list[msgspec.Raw]) if found is not None else None
    except msgspec.ValidationError:
        listed = None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(f"the answer is not JSON: {error}") from error
    if listed is None:
        where = ", ".join(config.response.items)
        raise UnreadableError(f"no list stands in the answer under any of: {where}; set response.items")
    return tuple(map(bytes, listed))


def _follow(top: _Fields | None, config: NimbataConfig, operation: str) -> Follow:
    paging = config.pagination
    style = "none" if config.comes_whole(operation) else paging.style
    last_page, following = None, None
    match style:
        case "cursor":
            following = _first(top, paging.cursor, str) or None
        case "next_url":
            following = _place_in(_first(top, paging.next_url, str))
        case "page":
            last_page = _first(top, paging.last_page, int)
    return Follow(
        style=style, start=paging.start, size=paging.size, last_page=last_page, next=following
    )  # fmt: skip


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
    inner = fields_of(found)
    return _at(inner, rest) if inner is not None else None


def fields_of(raw: msgspec.Raw) -> _Fields | None:
    """The members of an object; None for anything else. Raises UnreadableError where it is no JSON."""
    try:
        return msgspec.json.decode(raw, type=_Fields)
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(f"the answer is not JSON: {error}") from error


__all__ = ["Listing", "Place", "fields_of", "first_place", "read_item", "read_listing", "read_page"]
