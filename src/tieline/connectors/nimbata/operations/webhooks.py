"""Webhook addresses over the API: no account was seen to offer it; the sandbox does."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.look_up import says
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.kit.answer import Deleted
from tieline.connectors.nimbata.operations.inputs import ACCOUNT, PAGE, SETTLE_S, Paged, Text
from tieline.connectors.nimbata.rows import PAGED, One, Rows
from tieline.connectors.nimbata.shapes import Webhook

_ALL = f"{ACCOUNT}/webhooks"


class CreateWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A new address to deliver to."""

    account: Text = UNSET
    url: str
    #: Event names or patterns ("contact.*"); all where it is left out.
    events: list[str] | UnsetType = UNSET
    secret: Text = UNSET
    profile: Literal["flat", "envelope"] | UnsetType = UNSET
    #: Only events of this project.
    project: Text = UNSET
    #: Flat profile: label → the label to send instead, None leaves the field out.
    field_map: dict[str, str | None] | UnsetType = UNSET


class WebhookId(msgspec.Struct, frozen=True, kw_only=True):
    """Which address."""

    account: Text = UNSET
    id: str


LIST_WEBHOOKS = Operation[Paged, Rows[Webhook]](
    id="nimbata.webhook.list", app="nimbata", title="List webhook addresses",
    description="All addresses, without their secrets.", method="GET", path=_ALL, query=PAGE, input=Paged,
    output=Rows[Webhook], idempotent=True, paging=PAGED, status="assumption", source="nimbata.md#B3",
)  # fmt: skip


def _is_it(row: Webhook, given: CreateWebhook, _: str) -> bool:
    """The same address for the same events; of another project it is another."""
    return (
        says(row.url, given.url)
        and (given.events is UNSET or set(row.events) == set(given.events))
        and says(row.profile, given.profile)
        and says(row.project, given.project)
    )


_CREATED = LookUp[CreateWebhook, Paged, Rows[Webhook], Webhook](
    kind="list", operation="nimbata.webhook.list", settle_s=SETTLE_S,
    ask=lambda given: Paged(account=given.account), rows=lambda answer: answer.rows, same=_is_it,
)  # fmt: skip

CREATE_WEBHOOK = Operation[CreateWebhook, One[Webhook]](
    id="nimbata.webhook.create", app="nimbata", title="Register a webhook address",
    description="The answer shows the secret this once.", method="POST", path=_ALL, input=CreateWebhook,
    output=One[Webhook], look_up=_CREATED,
    status="assumption", source="nimbata.md#B3",
)  # fmt: skip

DELETE_WEBHOOK = Operation[WebhookId, Deleted](
    id="nimbata.webhook.delete", app="nimbata", title="Remove a webhook address",
    description="One that is not there counts as removed.", method="DELETE", path=f"{_ALL}/{{id}}",
    input=WebhookId, output=Deleted, idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST_WEBHOOKS, CREATE_WEBHOOK, DELETE_WEBHOOK)
