"""Conversations and messages as the Contacts API writes them, read with tolerance.

Source: the vendor's conversations.json, and answers that differ from it (issues 54, 214 and 258 there).
"""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.connectors.contacts_api.shapes import Loose


class ConversationRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A conversation, of any answer: what is text in one is a number in another."""

    id: str
    contact_id: Loose = None
    location_id: Loose = None
    #: "TYPE_PHONE" in searches, 1 where it is got alone.
    type: Loose = None
    unread_count: Loose = None
    starred: Loose = None
    inbox: Loose = None
    deleted: Loose = None
    assigned_to: Loose = None
    full_name: Loose = None
    contact_name: Loose = None
    email: Loose = None
    phone: Loose = None
    last_message_body: Loose = None
    #: "TYPE_SMS"
    last_message_type: Loose = None
    last_message_direction: Loose = None
    #: Milliseconds since 1970 in searches, those as text or ISO 8601 elsewhere.
    last_message_date: Loose = None
    date_added: Loose = None
    date_updated: Loose = None
    #: Only in search rows: the value that the search ordered it by.
    sort: list[Any] | None = None


class MessageRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message, a call, or a thread of e-mails."""

    id: str
    #: The type's number; 1 is a call, 2 a text, 3 an e-mail.
    type: Loose = None
    #: "TYPE_SMS"
    message_type: Loose = None
    location_id: Loose = None
    contact_id: Loose = None
    conversation_id: Loose = None
    #: "inbound" or "outbound"; the only word on who wrote it that can be relied on.
    direction: Loose = None
    #: Also "completed" and "voicemail", of calls.
    status: Loose = None
    #: Lists leave it out of e-mails.
    body: Loose = None
    content_type: Loose = None
    attachments: list[Any] | None = None
    #: Of calls {"call": {"duration", "status"}} or {"callDuration", "callStatus"}; of e-mails their ids.
    meta: Any = None
    #: "api", "app", "workflow", "campaign", "bulk_actions".
    source: Loose = None
    user_id: Loose = None
    conversation_provider_id: Loose = None
    #: The id that whoever logged it gave it.
    alt_id: Loose = None
    date_added: Loose = None
    date_updated: Loose = None

    @property
    def call_status(self) -> str | None:
        """How a call ended, whichever of both ways it is told."""
        found = self._of_call("status", "callStatus")
        return found if isinstance(found, str) else None

    @property
    def call_duration_s(self) -> int | None:
        """How long it was; None where that is not told, as of calls that were made elsewhere."""
        found = self._of_call("duration", "callDuration")
        try:
            return int(found)
        except (TypeError, ValueError):
            return None

    def _of_call(self, nested: str, flat: str) -> Any:
        meta = self.meta if isinstance(self.meta, dict) else {}
        call = meta.get("call")
        return call.get(nested) if isinstance(call, dict) else meta.get(flat)


class MessagePage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Messages, newest first."""

    messages: list[MessageRecord] = []
    last_message_id: Loose = None
    next_page: Loose = None
