"""What the account's users do by hand about a contact: tasks, notes and appointments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tieline.sandbox.nimbata import changes, drawn
from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.emission import Emission
from tieline.sandbox.nimbata.item_changes import KINDS, Kind, change_item, create_item, delete_item
from tieline.sandbox.nimbata.problems import Problem, invalid, not_found
from tieline.sandbox.nimbata.records import Contact, Event
from tieline.sandbox.nimbata.records_items import Item

_KINDS: dict[str, Kind[Any]] = {kind.name: kind for kind in KINDS}


def item_deed(account: Account, emission: Emission, project: str) -> Event:
    """Make, change, complete or remove one item. Raises Problem."""
    name, _, verb = emission.kind.partition(".")
    kind = _KINDS[name]
    if unknown := sorted(set(emission.changes) - set(kind.readers)):
        raise invalid({"changes": [f"has no key {unknown[0]}; there are: {', '.join(sorted(kind.readers))}"]})
    if verb == "create":
        contact = _contact(account, emission, project)
        return create_item(account, kind, contact, {**_drawn(account, name), **emission.changes})[2]
    item = _item(account, kind, emission, project)
    contact = changes.live_contact(account, item.contact_id)
    if verb == "delete":
        return delete_item(account, kind, contact, item)
    wanted = {"completed": True} if verb == "complete" else emission.changes or _other(account, name, item)
    event = change_item(account, kind, contact, item, wanted)[2]
    if event is None:
        raise Problem(422, "nothing_changed", "the record has these values already")
    return event


def _contact(account: Account, emission: Emission, project: str) -> Contact:
    if emission.contact is not None:
        return changes.live_contact(account, emission.contact)
    contact = account.contacts.any_live(project, account.rng)
    if contact is None:
        raise not_found("contact")
    return contact


def _item(account: Account, kind: Kind[Any], emission: Emission, project: str) -> Item:
    """The one asked for, else one of the contact's or the project's by chance."""
    book = kind.book(account)
    if emission.id is not None:
        found: Item | None = book.get(emission.contact, emission.id)
    else:
        rows = [
            row
            for row in book.rows()
            if (
                row.contact_id == emission.contact
                if emission.contact is not None
                else _belongs(account, row.contact_id, emission.project)
            )
            and not (emission.kind == "task.complete" and row.completed)
        ]
        found = account.rng.choice(rows) if rows else None
    if found is None:
        raise not_found(kind.name)
    return found


def _belongs(account: Account, contact_id: str, project: str | None) -> bool:
    contact = account.contacts.get(contact_id)
    return contact is not None and contact.deleted_at is None and project in (None, contact.project_id)


def _drawn(account: Account, name: str) -> dict[str, Any]:
    rng = account.rng
    at = account.now() + timedelta(hours=rng.randint(12, 240))
    match name:
        case "task":
            return {"title": rng.choice(drawn.TASKS), "due_at": at.isoformat(), "assignee": "ana@example.com"}
        case "note":
            return {"body": rng.choice(drawn.NOTES), "author": "ana@example.com"}
        case _:
            end = at + timedelta(minutes=rng.choice((30, 60, 90)))
            title = rng.choice(drawn.VISITS)
            return {"title": title, "start_time": at.isoformat(), "end_time": end.isoformat()}


def _other(account: Account, name: str, item: Any) -> dict[str, Any]:
    """A change of one key that surely differs from what is there."""
    match name:
        case "task":
            return {"title": account.rng.choice([one for one in drawn.TASKS if one != item.title])}
        case "note":
            return {"body": account.rng.choice([one for one in drawn.NOTES if one != item.body])}
        case _:
            moved = timedelta(hours=account.rng.randint(1, 48))
            return {
                "start_time": (item.start_time + moved).isoformat(),
                "end_time": (item.end_time + moved).isoformat(),
            }
