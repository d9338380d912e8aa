"""Which conversations and messages a list shows, in which order, and from where on. Source: sections 7 and 8.1."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from tieline.sandbox.contacts_api.addresses import name_of
from tieline.sandbox.contacts_api.conversations import Shelf
from tieline.sandbox.contacts_api.message_types import EMAILS, EXPORTED
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location
from tieline.sandbox.contacts_api.records_conversations import Conversation, Message, milliseconds

_Value = Callable[[Conversation], int]
#: The sandbox knows no scores and no dues: by those, everything is equal.
_SORTS: Mapping[str, _Value] = {
    "last_message_date": lambda one: milliseconds(one.last_at),
    "last_manual_message_date": lambda one: milliseconds(one.last_manual_at) if one.last_manual_at else 0,
    "score_profile": lambda one: 0,
    "overdue_at": lambda one: 0,
    "due_at": lambda one: 0,
}
SORTS = tuple(_SORTS)


def search(location: Location, shelf: Shelf, asked: Mapping[str, str]) -> tuple[list[dict[str, object]], int]:
    """The rows of one page, and how many there are on all of them."""
    value = _SORTS[asked.get("sortBy", "last_message_date")]
    found = [
        one
        for one in shelf.conversations.values()
        if not one.deleted and _fits(one, location.contacts.get(one.contact_id), asked)
    ]
    downward = asked.get("sort", "desc") == "desc"
    found.sort(key=lambda one: (value(one), one.id), reverse=downward)
    rows = found
    if after := asked.get("startAfterDate"):
        # By the value alone: rows that share it with the last one of a page are never shown.
        edge = int(after)
        rows = [one for one in found if (value(one) < edge if downward else value(one) > edge)]
    limit = int(asked.get("limit") or 20)
    return [one.row(location.contacts.get(one.contact_id), value(one)) for one in rows[:limit]], len(found)


def _fits(one: Conversation, contact: Contact | None, asked: Mapping[str, str]) -> bool:
    last = one.last
    added = milliseconds(one.date_added)
    return (
        asked.get("id", one.id) == one.id
        and asked.get("contactId", one.contact_id) == one.contact_id
        and _of_status(one, asked.get("status", "all"))
        and asked.get("lastMessageType") in (None, last and last.type)
        and asked.get("lastMessageDirection") in (None, last and last.direction)
        and asked.get("lastMessageAction") in (None, one.last_action)
        and int(asked.get("startDate") or added) <= added <= int(asked.get("endDate") or added)
        and _has_words(contact, asked.get("query", ""))
        and _is_of(contact, asked)
        # Nobody is mentioned, and nothing is scored, where people do not work.
        and not asked.get("mentions")
        and not asked.get("scoreProfile")
    )


def _of_status(one: Conversation, status: str) -> bool:
    match status:
        case "read":
            return one.unread_count == 0
        case "unread":
            return one.unread_count > 0
        case "starred":
            return one.starred
        case _:
            return True


def _has_words(contact: Contact | None, words: str) -> bool:
    fields = contact.fields if contact else {}
    held = (name_of(contact), *(str(fields.get(name, "")) for name in ("email", "phone", "companyName")))
    return words.lower() in " ".join(held).lower()


def _is_of(contact: Contact | None, asked: Mapping[str, str]) -> bool:
    """Whether it belongs to one of the users that are named, as owner and as follower."""
    owner = (contact.fields.get("assignedTo") if contact else None) or "unassigned"
    owners, followers = asked.get("assignedTo"), asked.get("followers")
    followed = contact.followers if contact else []
    return (not owners or owner in owners.split(",")) and (
        not followers or any(one in followed for one in followers.split(","))
    )


def newest_first(messages: Sequence[Message]) -> list[Message]:
    """As a conversation lists them."""
    return sorted(messages, key=lambda one: (one.date_added, one.number), reverse=True)


def page_of(rows: list[Message], after_id: str | None, limit: int) -> tuple[list[Message], bool]:
    """The rows behind the one with that id, and whether there are more. Raises Problem 400 where it is not there."""
    start = 0
    if after_id:
        place = next((number for number, row in enumerate(rows) if row.id == after_id), None)
        if place is None:
            raise Problem(400, f"Message with id {after_id} not found")
        start = place + 1
    return rows[start : start + limit], len(rows) > start + limit


def export(shelf: Shelf, asked: Mapping[str, str]) -> tuple[list[Message], str | None, int]:
    """One page of a location's messages, the cursor of the next, and how many there are in all. Raises Problem."""
    by = _updated if asked.get("sortBy") == "updatedAt" else _added
    downward = asked.get("sortOrder", "desc") == "desc"
    since, until = _bound(asked.get("startDate")), _bound(asked.get("endDate"))
    channel = EXPORTED.get(asked.get("channel", ""))
    found = [
        one
        for one in shelf.messages.values()
        if not one.waits
        and asked.get("conversationId", one.conversation_id) == one.conversation_id
        and asked.get("contactId", one.contact_id) == one.contact_id
        and (one.type in channel if channel else one.type not in EMAILS)
        and (since is None or by(one)[0] >= since)
        and (until is None or by(one)[0] <= until)
    ]
    found.sort(key=by, reverse=downward)
    rows = found
    if cursor := asked.get("cursor"):
        edge = _read_cursor(cursor)
        rows = [one for one in found if (_place(by(one)) < edge if downward else _place(by(one)) > edge)]
    limit = int(asked.get("limit") or 100)
    page = rows[:limit]
    return page, _cursor(by(page[-1])) if len(rows) > limit else None, len(found)


def _added(one: Message) -> tuple[datetime, int]:
    return one.date_added, one.number


def _updated(one: Message) -> tuple[datetime, int]:
    return one.date_updated, one.number


class _Cursor(msgspec.Struct, rename="camel"):
    last_sort: list[float]
    last_id: int


def _place(value: tuple[datetime, int]) -> tuple[float, int]:
    return value[0].timestamp(), value[1]


def _cursor(value: tuple[datetime, int]) -> str:
    moment, number = _place(value)
    return base64.b64encode(msgspec.json.encode(_Cursor([moment], number))).decode()


def _read_cursor(given: str) -> tuple[float, int]:
    try:
        read = msgspec.json.decode(base64.b64decode(given, validate=True), type=_Cursor)
        return read.last_sort[0], read.last_id
    except (binascii.Error, msgspec.DecodeError, IndexError, UnicodeDecodeError):
        raise Problem(400, "Invalid cursor") from None


def _bound(given: str | None) -> datetime | None:
    if given is None:
        return None
    moment = datetime.fromisoformat(given)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
