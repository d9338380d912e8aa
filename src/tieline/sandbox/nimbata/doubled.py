"""What stands twice in the account though nobody would write it twice: the mark of a write that was repeated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import Any

from tieline.sandbox.nimbata.account import Account


def doubled(account: Account) -> list[dict[str, Any]]:
    """Equal comments of a call, and equal tasks, notes and appointments of a contact, with their ids."""
    found: dict[tuple[str, str, Hashable], list[str]] = defaultdict(list)
    for kind, owner, content, record_id in _things(account):
        found[kind, owner, content].append(record_id)
    return [
        {"kind": kind, "call_id" if kind == "comment" else "contact_id": owner, "ids": ids}
        for (kind, owner, _), ids in found.items()
        if len(ids) > 1
    ]


def _things(account: Account) -> Iterator[tuple[str, str, Hashable, str]]:
    for call in account.calls.rows():
        for comment in call.comments:
            yield "comment", call.id, comment.body, comment.id
    for task in account.items.tasks.rows():
        yield "task", task.contact_id, (task.title, task.body, task.due_at), task.id
    for note in account.items.notes.rows():
        yield "note", note.contact_id, note.body, note.id
    for one in account.items.appointments.rows():
        yield "appointment", one.contact_id, (one.title, one.start_time, one.end_time), one.id
