"""What an account consists of, over the API: projects, numbers, tags, campaigns. Source: nimbata.md, A1, B2 and B3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

from tieline.sandbox.nimbata import drawn
from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.handling import A, page, refusing, skipped, unknown_keys
from tieline.sandbox.nimbata.problems import invalid
from tieline.sandbox.nimbata.records import Call as CallRow
from tieline.sandbox.nimbata.records import Contact, Form, Tag
from tieline.sandbox.nimbata.request_values import read_page
from tieline.sandbox.side import Call, Reply, Route


def lookup_routes(account: Account) -> list[Route]:
    """The four lists."""

    def listing(rows: Callable[[], Sequence[Any]]) -> Callable[[Call], Reply]:
        return refusing(account, lambda call: _page(account, call, rows()))

    return [
        Route(operation=f"nimbata.{name}.list", method="GET", path=f"{A}/{path}", handler=listing(rows))
        for name, path, rows in (
            ("project", "projects", lambda: list(account.projects.values())),
            ("tracking_number", "tracking-numbers", lambda: _all(account.numbers)),
            ("tag", "tags", lambda: list(_tags(account))),
            ("campaign", "campaigns", lambda: _all(account.campaigns)),
        )
    ]


def _all(by_project: dict[str, tuple[Any, ...]]) -> list[Any]:
    return [one for rows in by_project.values() for one in rows]


def _tags(account: Account) -> Iterator[Tag]:
    """Each project's tags: those that it offers, then those that its records bear beside them."""
    found: dict[str, dict[str, str]] = {
        project: {tag.casefold(): tag for tag in (*drawn.TAGS, "SPAM")} for project in account.projects
    }
    records: tuple[CallRow | Form | Contact, ...] = (
        *account.calls.rows(),
        *account.forms.rows(),
        *account.contacts.live(),
    )
    for record in records:
        for tag in record.tags:
            found[record.project_id].setdefault(tag.casefold(), tag)
    for project, tags in found.items():
        for key, tag in tags.items():
            digest = blake2b(f"{project}:{key}".encode(), digest_size=8).hexdigest()
            yield Tag(id=f"ntg_{digest}", project_id=project, name=tag, color=f"#{digest[:6]}")


def _page(account: Account, call: Call, rows: Sequence[Any]) -> Reply:
    fields: dict[str, list[str]] = {}
    number, per_page = read_page(call.query, fields)
    if fields:
        raise invalid(fields)
    skip = skipped(account, number, per_page)
    warnings = unknown_keys(call.query, ("page", "per_page"))
    return page(account, rows[skip : skip + per_page], len(rows), number, per_page, warnings)
