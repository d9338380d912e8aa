"""What an account consists of, over the API: projects and tracking numbers. Source: nimbata.md, A1 and B3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.handling import A, page, refusing, unknown_keys
from tieline.sandbox.nimbata.problems import invalid
from tieline.sandbox.nimbata.request_values import read_page
from tieline.sandbox.side import Call, Reply, Route


def lookup_routes(account: Account) -> list[Route]:
    """The two lists."""

    def projects(call: Call) -> Reply:
        return _page(call, list(account.projects.values()))

    def tracking_numbers(call: Call) -> Reply:
        return _page(call, [number for numbers in account.numbers.values() for number in numbers])

    return [
        Route(
            operation=f"nimbata.{name}.list",
            method="GET",
            path=f"{A}/{path}",
            handler=refusing(account, handler),
        )
        for name, path, handler in (
            ("project", "projects", projects),
            ("tracking_number", "tracking-numbers", tracking_numbers),
        )
    ]


def _page(call: Call, rows: Sequence[Any]) -> Reply:
    fields: dict[str, list[str]] = {}
    number, per_page = read_page(call.query, fields)
    if fields:
        raise invalid(fields)
    skip = (number - 1) * per_page
    warnings = unknown_keys(call.query, ("page", "per_page"))
    return page(rows[skip : skip + per_page], len(rows), number, per_page, warnings)
