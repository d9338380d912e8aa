"""Choices that an account knows, read from it: calendars, users, stages of a pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tieline.catalogue.options import OptionSource
from tieline.catalogue.spec import AnyOperation
from tieline.connectors import operation as operation_of
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.paging import each_page
from tieline.server.accounts.connections import opened
from tieline.server.accounts.intakes import account_config
from tieline.store.directory import StoredConnection

#: Pages that are read, and choices that are shown: nobody looks through more.
_PAGES, MOST = 10, 1_000


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One choice."""

    #: What is written.
    value: str
    #: What people see.
    label: str


async def fetch_options(
    gateway: Gateway, stored: StoredConnection, source: OptionSource, *, within: str | None = None
) -> list[Option]:
    """The choices, by label; `within`: what was chosen in the field that narrows them. Raises ConnectorError."""
    if source.operation == "nimbata.project.list":
        config = account_config(stored)
        if not config.offers(source.operation):
            # The account lists none over its API; those that it was connected with are known.
            return [Option(value=one, label=one) for one in config.projects]
    given: dict[str, Any] = dict(source.given)
    for name, (first, path) in source.first.items():
        spec = operation_of(first)
        answer = (await gateway.call(opened(stored), spec, spec.input(), "interactive")).value
        for part in path:
            answer = getattr(answer, part)
        given[name] = str(answer)
    found: dict[str, Option] = {}
    async for answer in _answers(gateway, stored, operation_of(source.operation), given):
        for row in _rows(answer, source.rows, source, within):
            value, label = getattr(row, source.value), getattr(row, source.label)
            if value is not None:
                found[str(value)] = Option(value=str(value), label=str(label or value))
    return sorted(found.values(), key=lambda one: (one.label.casefold(), one.value))[:MOST]


async def _answers(
    gateway: Gateway, stored: StoredConnection, spec: AnyOperation, given: dict[str, Any]
) -> Any:
    async def ask(at: Any) -> Any:
        return (await gateway.call(opened(stored), spec, at, "interactive")).value

    if spec.paging is None:
        yield await ask(spec.input(**given))
        return
    async for answer in each_page(ask, spec.paging, spec.input(**given), max_pages=_PAGES):
        yield answer


def _rows(answer: Any, path: Sequence[str], source: OptionSource, within: str | None) -> Iterable[Any]:
    """The rows at the end of the path; of lists on the way, all, or the one that was chosen."""
    held: list[Any] = [answer]
    for depth, name in enumerate(path):
        if depth and within is not None and source.within:
            held = [one for one in held if one.id == within]
        held = [row for one in held for row in getattr(one, name) or ()]
    return held
