"""Webhook bodies in an envelope that names the event. Source: nimbata.md, B4 (assumption)."""

from __future__ import annotations

from typing import Any

from tieline.sandbox.nimbata.records import Event

#: What a sparse update carries beside the keys that changed.
_ALWAYS = ("id", "updated_at", "version")


def envelope_body(event: Event, account: str, *, sparse: bool) -> dict[str, Any]:
    """The event; an update names its `changes`, and with `sparse` carries those keys alone."""
    body: dict[str, Any] = {
        "id": event.id,
        "event": event.event,
        "occurred_at": event.occurred_at,
        "account": account,
        "project_id": event.project_id,
        "test": event.test,
    }
    if event.changes:
        body["changes"] = event.changes
    body["data"] = _data(event, sparse)
    return body


def _data(event: Event, sparse: bool) -> Any:
    resource = event.resource
    if event.event == "contact.deleted":
        return {"id": resource.id, "deleted_at": event.occurred_at}
    if not (sparse and event.changes):
        return resource
    names = dict.fromkeys((*_ALWAYS, *event.changes))
    return {name: getattr(resource, name) for name in names if hasattr(resource, name)}
