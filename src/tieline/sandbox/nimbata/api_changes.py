"""The ordered feed of changes over the API, where it is switched on. Source: nimbata.md, B3 (assumption)."""

from __future__ import annotations

from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.dressing import dressed
from tieline.sandbox.nimbata.envelope_body import envelope_body
from tieline.sandbox.nimbata.handling import A, refusing, unknown_keys
from tieline.sandbox.nimbata.problems import invalid, not_found
from tieline.sandbox.nimbata.request_values import read_page
from tieline.sandbox.side import Call, Reply, Route


def change_routes(account: Account) -> list[Route]:
    """The one list."""

    def listed(call: Call) -> Reply:
        """What happened after the cursor, oldest first; an empty page gives the same cursor back."""
        if not account.quirks.changes_feed:
            raise not_found("feed of changes")
        fields: dict[str, list[str]] = {}
        _, per_page = read_page({"per_page": call.query.get("per_page", "50")}, fields)
        if fields:
            raise invalid(fields)
        try:
            events, cursor, more = account.feed.after(call.query.get("since", ""), per_page)
        except ValueError as error:
            raise invalid({"since": [str(error)]}) from None
        quirks = account.quirks
        shown = [
            dressed(
                envelope_body(event, account.id, sparse=quirks.sparse_bodies),
                quirks,
                update=bool(event.changes),
            )
            for event in events
        ]
        return Reply(
            status=200,
            body={
                "data": shown,
                "meta": {"per_page": per_page, "next_cursor": cursor, "has_more": more},
                **_warnings(unknown_keys(call.query, ("since", "per_page"))),
            },
        )

    return [
        Route(
            operation="nimbata.change.list", method="GET", path=f"{A}/changes", handler=refusing(account, listed)
        )
    ]  # fmt: skip


def _warnings(warnings: list[str]) -> dict[str, list[str]]:
    return {"warnings": warnings} if warnings else {}
