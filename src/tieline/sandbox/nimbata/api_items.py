"""Tasks, notes and appointments over the API, as an account in `native` mode may have them. Source: B3 (assumption)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tieline.sandbox.nimbata import changes
from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.handling import A, Tell, body_of, one, page, refusing, skipped, unknown_keys
from tieline.sandbox.nimbata.item_changes import KINDS, Kind, change_item, create_item, delete_item, item_of
from tieline.sandbox.nimbata.problems import invalid
from tieline.sandbox.nimbata.request_values import read_moment, read_page
from tieline.sandbox.side import Call, Reply, Route


class ContactItems:
    """The handlers, on one account."""

    def __init__(self, account: Account, tell: Tell) -> None:
        self._account = account
        self._tell = tell

    def routes(self) -> list[Route]:
        """What is offered, the same for each kind."""
        offered: list[tuple[str, str, str, Callable[[Call], Reply]]] = []
        for kind in KINDS:
            items = f"{A}/contacts/{{id}}/{kind.plural}"
            item = f"{items}/{{{kind.name}}}"
            offered += [
                (f"{kind.name}.list", "GET", items, partial(self._list, kind)),
                (f"{kind.name}.create", "POST", items, partial(self._create, kind)),
                (f"{kind.name}.update", "PUT", item, partial(self._update, kind)),
                (f"{kind.name}.delete", "DELETE", item, partial(self._delete, kind)),
            ]
        return [
            Route(
                operation=f"nimbata.{name}", method=method, path=path, handler=refusing(self._account, handler)
            )
            for name, method, path, handler in offered
        ]  # fmt: skip

    def _list(self, kind: Kind[Any], call: Call) -> Reply:
        """Oldest change first (AS-05)."""
        contact = changes.live_contact(self._account, call.params["id"])
        fields: dict[str, list[str]] = {}
        number, per_page = read_page(call.query, fields)
        since = None
        if call.query.get("updated_since"):
            try:
                since = read_moment(call.query["updated_since"])
            except ValueError as error:
                fields["updated_since"] = [str(error)]
        if call.query.get("sort", "updated_at") != "updated_at":
            fields["sort"] = ["must be updated_at"]
        if fields:
            raise invalid(fields)
        rows = kind.book(self._account).of(contact.id)
        if since is not None:
            rows = [row for row in rows if row.updated_at >= since]
        skip = skipped(self._account, number, per_page)
        warnings = unknown_keys(call.query, ("updated_since", "sort", "page", "per_page"))
        return page(self._account, rows[skip : skip + per_page], len(rows), number, per_page, warnings)

    def _create(self, kind: Kind[Any], call: Call) -> Reply:
        contact = changes.live_contact(self._account, call.params["id"])
        key = call.headers.get("Idempotency-Key")
        scope = f"{kind.name} of {contact.id}"
        made = kind.book(self._account).get(contact.id, self._account.created_before(scope, key) or "")
        if made is not None:
            return one(made, status=201, effect=False, result_id=made.id)
        item, warnings, event = create_item(self._account, kind, contact, body_of(call))
        self._account.remember_created(scope, key, item.id)
        self._tell(event)
        return one(item, warnings, status=201, effect=True, result_id=item.id)

    def _update(self, kind: Kind[Any], call: Call) -> Reply:
        contact = changes.live_contact(self._account, call.params["id"])
        item = item_of(self._account, kind, contact, call.params[kind.name])
        after, warnings, event = change_item(self._account, kind, contact, item, body_of(call))
        if event is not None:
            self._tell(event)
        return one(after, warnings, effect=event is not None, result_id=after.id)

    def _delete(self, kind: Kind[Any], call: Call) -> Reply:
        contact = changes.live_contact(self._account, call.params["id"])
        item = item_of(self._account, kind, contact, call.params[kind.name])
        self._tell(delete_item(self._account, kind, contact, item))
        return Reply(status=204, effect=True, result_id=item.id)
