"""Rows of the lists of tasks, notes and appointments, as the webhooks of the same changes would tell them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from tieline.connectors.kit.paging import Page
from tieline.connectors.nimbata import envelope
from tieline.connectors.nimbata.activity import parse_row
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.fields import Fields
from tieline.connectors.nimbata.lists import Place, read_page
from tieline.connectors.nimbata.operations.activities import as_listing
from tieline.connectors.nimbata.operations.appointments import LIST_APPOINTMENTS
from tieline.connectors.nimbata.operations.notes import LIST_NOTES
from tieline.connectors.nimbata.operations.tasks import LIST_TASKS
from tieline.domain.items import ItemKind
from tieline.errors import UnreadableError

Change = Literal["created", "updated", "completed", "deleted"]
#: The lists, their rows as they came.
ITEM_LISTS = {
    "task": as_listing(LIST_TASKS), "note": as_listing(LIST_NOTES), "appointment": as_listing(LIST_APPOINTMENTS),
}  # fmt: skip
#: A task is completed and changed in one moment, by two readings of the clock.
_ONE_MOMENT = timedelta(seconds=1)


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row, ready to be told."""

    #: "task.changed"
    event: str
    #: The row with the word of its change: its occurrence is that of the webhook.
    body: bytes
    occurrence: str
    item_id: str
    #: When it was made, UTC; None where the row does not say.
    created_at: datetime | None
    #: It is listed still, and says that it was deleted.
    removed: bool


def read_item_page(raw: msgspec.Raw, kind: ItemKind, config: NimbataConfig, at: Place) -> Page[bytes]:
    """One page of a list. Raises UnreadableError."""
    return read_page(raw, config, at, ITEM_LISTS[kind].id)


def item_row(
    kind: ItemKind, row: bytes, config: NimbataConfig, *, contact: str, project: str | None
) -> ItemRow:
    """A row with what a webhook adds to it. Raises UnreadableError.

    The word of a change decides with the version which occurrence it is. Of two changes between two looks only the
    last one shows.
    """
    record = envelope.decode(row)
    event = f"{kind}.changed"
    fields = Fields(record, kind, config.vocabulary)
    change = fields.text("change") or _change(fields)
    told = {**record, "change": change}
    if fields.identifier("contact_id") is None:
        told["contact_id"] = contact
    body = msgspec.json.encode(told)
    happening = parse_row(event, body, config, project=project)
    item_id = fields.identifier("id")
    if item_id is None:
        raise UnreadableError(f"no id found in this {kind}; name its label in the connection's settings")
    return ItemRow(
        event=event, body=body, occurrence=happening.occurrence, item_id=item_id,
        created_at=fields.moment("created_at"), removed=change == "deleted",
    )  # fmt: skip


def _change(fields: Fields) -> Change:
    if fields.text("deleted_at"):
        return "deleted"
    version, updated_at = fields.text("version"), fields.moment("updated_at")
    if version == "1" or (
        version is None and updated_at is not None and fields.moment("created_at") == updated_at
    ):
        return "created"
    completed_at = fields.moment("completed_at")
    if completed_at is not None and updated_at is not None and abs(updated_at - completed_at) < _ONE_MOMENT:
        return "completed"
    return "updated"
