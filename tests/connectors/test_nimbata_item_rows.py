"""Rows of the lists of tasks, notes and appointments: told as the webhook of the same change tells it."""

from __future__ import annotations

import msgspec
import pytest

from tieline.connectors.nimbata.config import build
from tieline.connectors.nimbata.item_rows import item_row
from tieline.errors import UnreadableError

CONFIG = build({"mode": "native"})
ROW = {
    "id": "ntk_1", "title": "Call back", "completed": False, "created_at": "2026-09-01T22:21:00Z",
    "updated_at": "2026-09-01T22:30:00Z", "version": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "change"),
    [
        ({}, "updated"),
        ({"version": 1}, "created"),
        ({"completed": True, "completed_at": "2026-09-01T22:30:00Z"}, "completed"),
        ({"deleted_at": "2026-09-02T08:00:00Z"}, "deleted"),
    ],
)
def test_a_row_says_what_became_of_its_item(more: dict[str, object], change: str) -> None:
    """And whose it is, where only the list it came from knows."""
    told = item_row("task", msgspec.json.encode({**ROW, **more}), CONFIG, contact="nct_1", project=None)
    body = msgspec.json.decode(told.body)
    assert (told.event, body["change"], body["contact_id"]) == ("task.changed", change, "nct_1")
    assert (told.item_id, told.removed) == ("ntk_1", change == "deleted")
    assert told.created_at is not None
    assert told.created_at.isoformat() == "2026-09-01T22:21:00+00:00"


def test_a_row_without_an_id_is_unreadable() -> None:
    """Its contact's id is none of its own."""
    row = msgspec.json.encode({"title": "Call back", "contact_id": "nct_1"})
    with pytest.raises(UnreadableError, match="no id found in this task"):
        item_row("task", row, CONFIG, contact="nct_1", project=None)
