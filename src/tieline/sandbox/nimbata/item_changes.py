"""Every way in which tasks, notes and appointments change; each gives the event that tells of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.item_book import ItemBook
from tieline.sandbox.nimbata.item_input import APPOINTMENT, NOTE, TASK, Readers, read_item
from tieline.sandbox.nimbata.problems import invalid, not_found, stale
from tieline.sandbox.nimbata.records import Contact, Event
from tieline.sandbox.nimbata.records_items import Appointment, Item, Note, Task

Row = TypeVar("Row", bound=Item)
Values = dict[str, Any]


class Kind(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """One kind of item: where it is kept and what may be said of it."""

    #: "task": in operations, events and refusals.
    name: str
    #: "tasks": in paths.
    plural: str
    prefix: str
    record: type[Row]
    readers: Readers
    #: Keys without which none is made.
    required: tuple[str, ...]
    book: Callable[[Account], ItemBook[Row]]
    #: What follows from values, given the contact and the item before (None = a new one). Raises Problem 422.
    settle: Callable[[Account, Contact, Row | None, Values], Values]
    #: The word of the event for this change.
    word: Callable[[Values], str] = lambda values: "updated"


def create_item(
    account: Account, kind: Kind[Row], contact: Contact, body: Mapping[str, Any]
) -> tuple[Row, list[str], Event]:
    """A new item, and the warnings that the request earned. Raises Problem 422."""
    wanted = dict(body)
    wanted.pop("version", None)
    values, warnings = read_item(wanted, kind.readers, kind.required)
    at = account.now()
    values = {**values, **kind.settle(account, contact, None, values)}
    item = kind.record(
        id=account.mint(kind.prefix), contact_id=contact.id, created_at=at, updated_at=at, **values
    )
    kind.book(account).save(item)
    return item, warnings, _event(account, kind, contact, item, "created")


def change_item(
    account: Account, kind: Kind[Row], contact: Contact, item: Row, body: Mapping[str, Any]
) -> tuple[Row, list[str], Event | None]:
    """The item after a request's keys; version, time and event only where something differs.

    Raises Problem 409 when `version` is given and stale, and 422.
    """
    wanted = dict(body)
    check_version(wanted.pop("version", None), item.version, kind.name, item)
    values, warnings = read_item(wanted, kind.readers)
    settled = {**values, **kind.settle(account, contact, item, values)}
    changes = tuple(name for name, value in settled.items() if getattr(item, name) != value)
    if not changes:
        return item, warnings, None
    changed = {name: settled[name] for name in changes}
    after = msgspec.structs.replace(item, **changed, updated_at=account.now(), version=item.version + 1)
    kind.book(account).save(after)
    return after, warnings, _event(account, kind, contact, after, kind.word(changed), changes)


def delete_item(account: Account, kind: Kind[Row], contact: Contact, item: Row) -> Event:
    """The item is gone."""
    kind.book(account).remove(item)
    return _event(account, kind, contact, item, "deleted")


def item_of(account: Account, kind: Kind[Row], contact: Contact, item_id: str) -> Row:
    """The contact's item. Raises Problem 404."""
    item = kind.book(account).get(contact.id, item_id)
    if item is None:
        raise not_found(kind.name)
    return item


def check_version(given: Any, version: int, what: str, shown: Any) -> None:
    """Refuse a version that is not the present one; none given is none asked for. Raises Problem 409 or 422."""
    if given is None:
        return
    if isinstance(given, bool) or not isinstance(given, int):
        raise invalid({"version": ["must be a whole number"]})
    if given != version:
        raise stale(what, version, shown)


def _event(
    account: Account, kind: Kind[Row], contact: Contact, item: Row, change: str, changes: tuple[str, ...] = ()
) -> Event:
    return Event(
        id=account.mint("evt"),
        event=f"{kind.name}.changed",
        occurred_at=account.now(),
        project_id=contact.project_id,
        resource=item,
        changes=changes,
        change=change,
    )


def _task(account: Account, contact: Contact, before: Task | None, values: Values) -> Values:
    completed = values.get("completed")
    if completed is None or (before is not None and completed == before.completed):
        return {}
    return {"completed_at": account.now() if completed else None}


def _note(account: Account, contact: Contact, before: Note | None, values: Values) -> Values:
    call_id = values.get("call_id")
    if call_id is not None and account.calls.get(contact.project_id, call_id) is None:
        raise invalid({"call_id": ["is no call of the project"]})
    return {}


def _appointment(account: Account, contact: Contact, before: Appointment | None, values: Values) -> Values:
    start = values["start_time"] if "start_time" in values or before is None else before.start_time
    end = values["end_time"] if "end_time" in values or before is None else before.end_time
    if end <= start:
        raise invalid({"end_time": ["must be after start_time"]})
    if before is not None or "timezone" in values:
        return {}
    return {"timezone": account.projects[contact.project_id].timezone}


TASKS = Kind[Task](
    name="task", plural="tasks", prefix="ntk", record=Task, readers=TASK, required=("title",),
    book=lambda account: account.items.tasks, settle=_task,
    word=lambda values: "completed" if values.get("completed") else "updated",
)  # fmt: skip
NOTES = Kind[Note](
    name="note", plural="notes", prefix="nnt", record=Note, readers=NOTE, required=("body",),
    book=lambda account: account.items.notes, settle=_note,
)  # fmt: skip
APPOINTMENTS = Kind[Appointment](
    name="appointment", plural="appointments", prefix="nap", record=Appointment, readers=APPOINTMENT,
    required=("title", "start_time", "end_time"), book=lambda account: account.items.appointments,
    settle=_appointment,
)  # fmt: skip
KINDS: tuple[Kind[Any], ...] = (TASKS, NOTES, APPOINTMENTS)
