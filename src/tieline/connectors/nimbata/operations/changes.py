"""The ordered feed of what happened: assumed, and off where nobody switched it on."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.spec import AnyOperation, Operation
from tieline.connectors.nimbata.operations.inputs import ACCOUNT, Text


class ListChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What happened after a cursor; from the oldest event that is kept where there is none."""

    account: Text = UNSET
    cursor: Text = msgspec.field(name="since", default=UNSET)
    per_page: int | UnsetType = UNSET


class ChangesMeta(msgspec.Struct, frozen=True, kw_only=True):
    """Where the feed goes on."""

    next_cursor: str | None = None
    has_more: bool = False


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Events as webhooks tell them, oldest first: each reads with `payloads.read_event`."""

    data: tuple[msgspec.Raw, ...] = ()
    meta: ChangesMeta = ChangesMeta()


LIST_CHANGES = Operation[ListChanges, Changes](
    id="nimbata.change.list", app="nimbata", title="List what happened since a cursor",
    description="Events in their order. Keep the last cursor: a later call goes on from it.", method="GET",
    path=f"{ACCOUNT}/changes", query=frozenset({"since", "per_page"}), input=ListChanges, output=Changes,
    idempotent=True,
    paging=paging.cursor(lambda answer: answer.data, lambda answer: answer.meta.next_cursor),
    status="assumption", source="nimbata.md#B3",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST_CHANGES,)
