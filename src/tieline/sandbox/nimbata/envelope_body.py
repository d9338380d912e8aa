"""Webhook bodies in an envelope that names the event. Source: nimbata.md, B4 (assumption)."""

from __future__ import annotations

from typing import Any

from tieline.sandbox.nimbata.records import Contact, Event, Resource
from tieline.sandbox.nimbata.records_items import Appointment, Note, Task

#: What a sparse update carries beside the keys that changed.
_ALWAYS = ("id", "contact_id", "updated_at", "version")


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
    if isinstance(resource, Contact) and event.event == "contact.deleted":
        return {"id": resource.id, "deleted_at": event.occurred_at}
    if isinstance(resource, Task | Note | Appointment):
        if event.change == "deleted":
            return {
                "id": resource.id, "contact_id": resource.contact_id, "change": "deleted",
                "deleted_at": event.occurred_at,
            }  # fmt: skip
        names = _names(event, sparse) or resource.__struct_fields__
        return {"change": event.change, **_picked(resource, names)}
    names = _names(event, sparse)
    return _picked(resource, names) if names else resource


def _names(event: Event, sparse: bool) -> tuple[str, ...]:
    """What an update carries, where it is not the whole record."""
    if not (sparse and event.changes):
        return ()
    # A call's or contact's own id stands for the person; an item says whose it is.
    always = _ALWAYS if event.change else tuple(name for name in _ALWAYS if name != "contact_id")
    return tuple(dict.fromkeys((*always, *event.changes)))


def _picked(resource: Resource, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(resource, name) for name in names if hasattr(resource, name)}
