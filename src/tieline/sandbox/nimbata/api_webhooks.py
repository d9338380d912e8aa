"""Webhook targets over the API: offered by the sandbox alone. Source: nimbata.md, B3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.handling import A, body_of, one, page, refusing, skipped
from tieline.sandbox.nimbata.hook_target import HookTarget, read_target
from tieline.sandbox.nimbata.problems import invalid, not_found
from tieline.sandbox.nimbata.request_values import read_page
from tieline.sandbox.side import Call, Reply, Route


class HookTargets:
    """The handlers, and the list that both they and the control API write to."""

    def __init__(self, account: Account, targets: list[HookTarget]) -> None:
        self._account = account
        self._targets = targets

    def routes(self) -> list[Route]:
        """What is offered."""
        offered: list[tuple[str, str, str, Callable[[Call], Reply]]] = [
            ("list", "GET", f"{A}/webhooks", self._list),
            ("create", "POST", f"{A}/webhooks", self._create),
            ("delete", "DELETE", f"{A}/webhooks/{{id}}", self._delete),
        ]
        return [
            Route(
                operation=f"nimbata.webhook.{name}",
                method=method,
                path=path,
                handler=refusing(self._account, handler),
            )
            for name, method, path, handler in offered
        ]

    def add(self, target: HookTarget) -> HookTarget:
        """Register a target; a missing secret is the account's."""
        target = msgspec.structs.replace(
            target, id=self._account.mint("nwh"), secret=target.secret or self._account.webhook_secret
        )
        self._targets.append(target)
        return target

    def _list(self, call: Call) -> Reply:
        fields: dict[str, list[str]] = {}
        number, per_page = read_page(call.query, fields)
        if fields:
            raise invalid(fields)
        rows = [_without_secret(target) for target in self._targets]
        skip = skipped(self._account, number, per_page)
        return page(self._account, rows[skip : skip + per_page], len(rows), number, per_page)

    def _create(self, call: Call) -> Reply:
        try:
            target, warnings = read_target(body_of(call), self._account.projects)
        except ValueError as error:
            raise invalid({"webhook": [str(error)]}) from None
        target = self.add(target)
        return one(target, warnings, status=201, effect=True, result_id=target.id)

    def _delete(self, call: Call) -> Reply:
        found = next((target for target in self._targets if target.id == call.params["id"]), None)
        if found is None:
            raise not_found("webhook")
        self._targets.remove(found)
        return Reply(status=204, effect=True, result_id=found.id)


def _without_secret(target: HookTarget) -> dict[str, Any]:
    """The secret is shown once, to whoever registers the target."""
    shown: dict[str, Any] = msgspec.to_builtins(target)
    del shown["secret"], shown["secrets"]
    return shown
