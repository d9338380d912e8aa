"""What every handler of the account shares: reading the request, answering, and refusing in the account's own shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.problems import Problem, invalid, not_found
from tieline.sandbox.nimbata.records import Event, Project
from tieline.sandbox.side import Call, Handler, Reply

#: Where events go once something changed.
Tell = Callable[[Event], None]
A = "/v1/a/{account}"


def refusing(account: Account, handler: Handler) -> Handler:
    """The handler, its Problems answered."""

    @wraps(handler)
    def guarded(call: Call) -> Reply:
        try:
            return handler(call)
        except Problem as problem:
            return refusal(account, problem)

    return guarded


def refusal(account: Account, problem: Problem) -> Reply:
    """The answer that a problem becomes."""
    return Reply(status=problem.status, body=problem.body(account.mint("req")))


def body_of(call: Call) -> dict[str, Any]:
    """The request's JSON object. Raises Problem 400."""
    if not isinstance(call.body, dict):
        raise Problem(400, "bad_request", "the body must be a JSON object")
    return call.body


def project_of(account: Account, call: Call) -> Project:
    """The project that the path names. Raises Problem 404."""
    project = account.projects.get(call.params["project"])
    if project is None:
        raise not_found("project")
    return project


def tags_of(call: Call, reader: Callable[[Any], tuple[str, ...]]) -> tuple[tuple[str, ...], list[str]]:
    """`tags` of the body, and warnings about other keys. Raises Problem 400 or 422."""
    body = body_of(call)
    try:
        tags = reader(body.get("tags"))
    except ValueError as error:
        raise invalid({"tags": [str(error)]}) from None
    if not tags:
        raise invalid({"tags": ["must hold at least one tag"]})
    return tags, unknown_keys(body, ("tags",))


def unknown_keys(given: Iterable[str], known: Sequence[str]) -> list[str]:
    """Warnings about keys that mean nothing here."""
    return [f"{key}: unknown key, ignored" for key in given if key not in known]


def one(
    data: Any, warnings: Sequence[str] = (), *, status: int = 200, effect: bool, result_id: str = ""
) -> Reply:
    """An answer with one record."""
    return Reply(
        status=status,
        body=_with_warnings({"data": data}, warnings),
        effect=effect,
        result_id=result_id or None,
    )


def skipped(account: Account, number: int, per_page: int) -> int:
    """Rows before page `number`; with a drift each page begins with the last rows of the one before."""
    return (number - 1) * (per_page - _drift(account, per_page))


def page(
    account: Account,
    rows: Sequence[Any],
    total: int,
    number: int,
    per_page: int,
    warnings: Sequence[str] = (),
) -> Reply:
    """An answer with one page of a list (AS-04)."""
    drift = _drift(account, per_page)
    last = 1 + max(-(-(total - per_page) // (per_page - drift)), 0)
    # Rows that came in between make the list longer.
    meta = {"page": number, "per_page": per_page, "total": total + drift * (last - 1), "last_page": last}
    return Reply(status=200, body=_with_warnings({"data": rows, "meta": meta}, warnings))


def _drift(account: Account, per_page: int) -> int:
    return min(account.quirks.page_drift, per_page - 1)


def _with_warnings(body: dict[str, Any], warnings: Sequence[str]) -> Mapping[str, Any]:
    return {**body, "warnings": warnings} if warnings else body
