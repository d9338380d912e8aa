"""The catalogue as programs and people read it: filters, pages, one entry whole. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from tieline.catalogue.entry import Call, Entry, Kind
from tieline.catalogue.fields import Field, example_of
from tieline.catalogue.registry import Catalogue


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One entry in a list."""

    id: str
    kind: Kind
    app: str
    title: str
    #: One of the 126 that are promised.
    mission: bool
    #: Of triggers: told at once; null for what is none.
    instant: bool | None
    #: Of triggers: seconds between two looks for it, told or not.
    checked_every_s: float | None
    #: What the far side must have granted.
    scopes: tuple[str, ...]
    #: Requests that one call takes from the quota.
    quota_cost: int
    #: Sending it twice leaves what sending it once leaves.
    idempotent: bool
    #: The conformance suite carried it out as it stands here.
    proved: bool


class ShownEntry(Listed, frozen=True, kw_only=True):
    """One entry, whole."""

    description: str
    #: Who carries it out: "operation" a far side, "function" and "engine" the hub; "told" and "own" begin a workflow.
    call: Call
    #: It changes something at a far side.
    writes: bool
    #: How an unknown outcome is found out; empty where sending again is harmless.
    look_up: str
    #: "documented" or "assumption"; empty for what is ours.
    status: str
    source: str
    fields: tuple[Field, ...]
    output_fields: tuple[Field, ...]
    #: An input with all that is required.
    example: dict[str, Any]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some entries, by id."""

    entries: tuple[Listed, ...]
    #: What to ask for next, as `after`; null after the last page.
    after: str | None


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for; all of it must hold."""

    app: str | None = None
    kind: Kind | None = None
    mission: bool | None = None
    proved: bool | None = None
    #: Words that must stand in id, title or description.
    search: str | None = None


def listed(entry: Entry) -> Listed:
    """As a list shows it."""
    return Listed(**{name: getattr(entry, name) for name in Listed.__struct_fields__})


def shown(entry: Entry) -> ShownEntry:
    """All of it."""
    names = (name for name in ShownEntry.__struct_fields__ if name != "example")
    return ShownEntry(**{name: getattr(entry, name) for name in names}, example=example_of(entry.fields))


def chosen(catalogue: Catalogue, filters: Filters) -> list[Entry]:
    """The entries that fit, by id."""
    return [one for one in catalogue.list() if _fits(one, filters)]


def page(entries: Iterable[Entry], *, after: str | None, limit: int) -> Page:
    """Those behind `after`, at most `limit`."""
    rest = [one for one in entries if after is None or one.id > after]
    found = rest[:limit]
    return Page(entries=tuple(map(listed, found)), after=found[-1].id if len(rest) > limit else None)


def _fits(entry: Entry, filters: Filters) -> bool:
    text = f"{entry.id} {entry.title} {entry.description}".casefold()
    return (
        filters.app in (None, entry.app)
        and filters.kind in (None, entry.kind)
        and filters.mission in (None, entry.mission)
        and filters.proved in (None, entry.proved)
        and all(word in text for word in (filters.search or "").casefold().split())
    )
