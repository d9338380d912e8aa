"""Calls, forms and texts over the API. Source: nimbata.md, A1 (the list of calls) and B3 (the rest, assumed)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tieline.sandbox.nimbata import changes, records
from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.call_input import WRITABLE, read_call
from tieline.sandbox.nimbata.handling import (
    A,
    Tell,
    body_of,
    one,
    page,
    project_of,
    refusing,
    skipped,
    tags_of,
    unknown_keys,
)
from tieline.sandbox.nimbata.problems import invalid, not_found
from tieline.sandbox.nimbata.request_values import read_day, read_page, read_tags
from tieline.sandbox.nimbata.shelf import Shelf
from tieline.sandbox.side import Call, Reply, Route

_ACTIVITY = f"{A}/project/{{project}}/activity"


class Activities:
    """The handlers, on one account."""

    def __init__(self, account: Account, tell: Tell) -> None:
        self._account = account
        self._tell = tell

    def routes(self) -> list[Route]:
        """What is offered."""
        account, call = self._account, f"{_ACTIVITY}/call"
        offered: list[tuple[str, str, str, Callable[[Call], Reply]]] = [
            ("call.list", "POST", call, partial(self._list, account.calls, "call_date")),
            ("form.list", "POST", f"{_ACTIVITY}/form", partial(self._list, account.forms, "form_date")),
            ("sms.list", "POST", f"{_ACTIVITY}/sms", partial(self._list, account.texts, "sms_date")),
            ("call.get", "GET", f"{call}/{{id}}", self._get),
            ("call.update", "PUT", f"{call}/{{id}}", self._update),
            ("call.tag", "POST", f"{call}/{{id}}/tag", self._tag),
            ("call.comment", "POST", f"{call}/{{id}}/comment", self._comment),
        ]
        return [
            Route(
                operation=f"nimbata.{name}", method=method, path=path, handler=refusing(account, handler),
                reads=name.endswith(".list"),
            )
            for name, method, path, handler in offered
        ]  # fmt: skip

    def _list(self, shelf: Shelf[Any], date_filter: str, call: Call) -> Reply:
        """One page of the days asked for, UTC, both included; all days where none is named. Oldest first."""
        project = project_of(self._account, call)
        body = {} if call.body is None else body_of(call)
        warnings = unknown_keys(body, ("filters", "page", "per_page"))
        fields: dict[str, list[str]] = {}
        number, per_page = read_page(body, fields)
        filters = body.get("filters") or {}
        days: dict[str, Any] = {}
        if not isinstance(filters, dict) or not isinstance(filters.get(date_filter) or {}, dict):
            fields["filters"] = [f'must be a record: {{"{date_filter}": {{"from": ..., "to": ...}}}}']
        else:
            given = filters.get(date_filter) or {}
            warnings += [f"filters.{text}" for text in unknown_keys(filters, (date_filter,))]
            warnings += [f"filters.{date_filter}.{text}" for text in unknown_keys(given, ("from", "to"))]
            for name in ("from", "to"):
                try:
                    days[name] = read_day(given.get(name))
                except ValueError as error:
                    fields[f"filters.{date_filter}.{name}"] = [str(error)]
        if fields:
            raise invalid(fields)
        skip = skipped(self._account, number, per_page)
        rows, total = shelf.page(project.id, days["from"], days["to"], skip=skip, count=per_page)
        return page(self._account, rows, total, number, per_page, warnings)

    def _get(self, call: Call) -> Reply:
        return one(self._call(call), effect=False)

    def _update(self, call: Call) -> Reply:
        before = self._call(call)
        values, warnings = read_call(body_of(call), WRITABLE)
        after, event = changes.change_call(self._account, before, **values)
        return self._answer(after, event, warnings)

    def _tag(self, call: Call) -> Reply:
        before = self._call(call)
        tags, warnings = tags_of(call, read_tags)
        after, event = changes.change_call(
            self._account, before, tags=changes.with_tags(before.tags, tags, add=True)
        )
        return self._answer(after, event, warnings)

    def _comment(self, call: Call) -> Reply:
        before = self._call(call)
        body = body_of(call)
        text = body.get("body")
        if not isinstance(text, str) or not text.strip():
            raise invalid({"body": ["must be a text that is not empty"]})
        key = call.headers.get("Idempotency-Key")
        scope = f"comment of {before.id}"
        known = self._account.created_before(scope, key)
        made = next((comment for comment in before.comments if comment.id == known), None)
        if made is not None:
            return one(made, status=201, effect=False, result_id=made.id)
        comment, event = changes.comment_call(self._account, before, text)
        self._account.remember_created(scope, key, comment.id)
        self._tell(event)
        return one(comment, unknown_keys(body, ("body",)), status=201, effect=True, result_id=comment.id)

    def _answer(self, after: records.Call, event: records.Event | None, warnings: list[str]) -> Reply:
        if event is not None:
            self._tell(event)
        return one(after, warnings, effect=event is not None, result_id=after.id)

    def _call(self, call: Call) -> records.Call:
        project = project_of(self._account, call)
        found = self._account.calls.get(project.id, call.params["id"])
        if found is None:
            raise not_found("call")
        return found
