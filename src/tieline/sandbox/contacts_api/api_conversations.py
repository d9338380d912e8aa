"""Conversations over the API. Source: contacts-api.md, section 7."""

from __future__ import annotations

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.conversations import ConversationBook
from tieline.sandbox.contacts_api.message_types import FILTERS, NUMBERS, matches
from tieline.sandbox.contacts_api.offer import Offer, body, offer, query
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.search_conversations import SORTS, newest_first, page_of, search
from tieline.sandbox.side import Call, Reply

READ, WRITE = ("conversations.readonly",), ("conversations.write",)
MESSAGES_READ = ("conversations/message.readonly",)
#: Of a page; that there is a most is taken over from the list of contacts.
LONGEST_PAGE = 100
_SEARCH = query(
    ("locationId",), locationId=checks.filled, contactId=checks.text, assignedTo=checks.text, followers=checks.text,
    mentions=checks.text, query=checks.text, sort=checks.one_of("asc", "desc"), startAfterDate=checks.digits,
    id=checks.text, limit=checks.digits, lastMessageType=checks.one_of(*NUMBERS),
    lastMessageAction=checks.one_of("automated", "manual"), lastMessageDirection=checks.one_of("inbound", "outbound"),
    status=checks.one_of("all", "read", "unread", "starred", "recents"), sortBy=checks.one_of(*SORTS),
    sortScoreProfile=checks.text, scoreProfile=checks.text, scoreProfileMin=checks.digits,
    scoreProfileMax=checks.digits, startDate=checks.digits, endDate=checks.digits,
)  # fmt: skip
_CREATE = body(("locationId", "contactId"), locationId=checks.filled, contactId=checks.filled)
_UPDATE = body(
    ("locationId",), locationId=checks.filled, unreadCount=checks.number, starred=checks.boolean,
    feedback=checks.anything,
)  # fmt: skip
_MESSAGES = query(lastMessageId=checks.text, limit=checks.digits, type=checks.text)


def _is_typing(value: object) -> str | None:
    """The spec calls it a text and shows a boolean: either does."""
    return None if isinstance(value, bool) or value in ("true", "false") else "must be a boolean value"


_TYPING = body(
    ("locationId", "isTyping", "visitorId", "conversationId"), locationId=checks.filled, isTyping=_is_typing,
    visitorId=checks.filled, conversationId=checks.filled,
)  # fmt: skip


class Conversations:
    """The handlers."""

    def __init__(self, office: Office, contacts: ContactBook, book: ConversationBook) -> None:
        self._office = office
        self._contacts = contacts
        self._book = book

    def offers(self) -> list[Offer]:
        """The conversations themselves, with the list of what was said in one."""
        one = "/conversations/{conversationId}"
        return [
            offer("conversations.search", "GET", "/conversations/search", self._search, READ, query=_SEARCH),
            offer("conversations.create", "POST", "/conversations/", self._create, WRITE, body=_CREATE),
            offer("conversations.get", "GET", one, self._get, READ),
            offer("conversations.update", "PUT", one, self._update, WRITE, body=_UPDATE),
            offer("conversations.delete", "DELETE", one, self._delete, WRITE),
            offer("messages.list", "GET", f"{one}/messages", self._messages, MESSAGES_READ, query=_MESSAGES),
            offer(
                "conversations.show_typing", "POST", "/conversations/providers/live-chat/typing", self._type,
                ("conversations/livechat.write",), body=_TYPING,
            ),
        ]  # fmt: skip

    def _search(self, call: Call) -> Reply:
        location = located(call)
        require_page(call, LONGEST_PAGE)
        rows, total = search(location, self._book.shelf(location), call.query)
        return Reply(status=200, body={"conversations": rows, "total": total})

    def _create(self, call: Call) -> Reply:
        location, contact = self._contacts.contact(located(call), call.body["contactId"])
        made = self._book.create(location, contact)
        return Reply(
            status=201, body={"success": True, "conversation": made.made()}, effect=True, result_id=made.id
        )

    def _get(self, call: Call) -> Reply:
        location, found = self._book.conversation(call.caller, call.params["conversationId"], deleted=True)
        return Reply(status=200, body=found.out(location.contacts.get(found.contact_id)))

    def _update(self, call: Call) -> Reply:
        location, found = self._book.conversation(located(call), call.params["conversationId"])
        if (unread := call.body.get("unreadCount")) is not None and unread < 0:
            raise Problem(422, ["unreadCount must not be less than 0"])
        self._book.update(found, call.body)
        shown = found.changed(location.contacts.get(found.contact_id))
        return Reply(
            status=200, body={"success": True, "conversation": shown}, effect=True, result_id=found.id
        )

    def _delete(self, call: Call) -> Reply:
        location, found = self._book.conversation(call.caller, call.params["conversationId"])
        self._book.delete(location, found)
        return Reply(status=200, body={"success": True}, effect=True, result_id=found.id)

    def _messages(self, call: Call) -> Reply:
        _, found = self._book.conversation(call.caller, call.params["conversationId"], deleted=True)
        require_page(call, LONGEST_PAGE)
        wanted = frozenset(call.query["type"].split(",")) if call.query.get("type") else None
        if wanted is not None and (unknown := wanted - FILTERS):
            raise Problem(422, [f"type must not contain {', '.join(sorted(unknown))}"])
        rows = [
            one
            for one in newest_first([*found.messages.values()])
            if wanted is None or matches(one.type, wanted)
        ]
        page, more = page_of(rows, call.query.get("lastMessageId"), int(call.query.get("limit") or 20))
        quirks = self._office.quirks
        listed = {
            "lastMessageId": page[-1].id if page else "",
            "nextPage": more,
            "messages": [one.out(quirks, listed=True) for one in page],
        }
        return Reply(status=200, body={"messages": listed} if quirks.messages_are_nested else listed)

    def _type(self, call: Call) -> Reply:
        _, found = self._book.conversation(located(call), call.body["conversationId"])
        return Reply(status=201, body={"success": True}, effect=True, result_id=found.id)


def require_page(call: Call, most: int, least: int = 1) -> None:
    """A limit that a page may have. Raises Problem 422."""
    limit = call.query.get("limit")
    if limit and not least <= int(limit) <= most:
        raise Problem(422, [f"limit must be between {least} and {most}"])
