"""What a location holds of conversations. Source: contacts-api.md, section 7, and the vendor's conversations.json."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from tieline.sandbox.contacts_api.message_types import CALLS, EMAILS, NUMBERS
from tieline.sandbox.contacts_api.quirks import Quirks
from tieline.sandbox.contacts_api.records import Contact, shown, stamp

Direction = Literal["inbound", "outbound"]
#: Who wrote a message of ours: somebody in the CRM, a caller of the API.
Source = Literal["app", "api"]


class Provider(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A conversation provider of an app: what stands behind messages that the CRM does not carry itself."""

    id: str
    #: "SMS", "Email", "Call".
    type: str
    #: The app that it belongs to: only that one may say what became of its messages.
    client_id: str


class Spoken(msgspec.Struct, kw_only=True):
    """What a call was."""

    status: str
    #: None of calls that were made elsewhere: the API has no field for it.
    duration_s: int | None = None
    recorded: bool = False
    #: What was said, a sentence each.
    transcript: tuple[str, ...] = ()


class Email(msgspec.Struct, kw_only=True):
    """One e-mail of a thread."""

    id: str
    subject: str | None
    body: str
    html: bool
    direction: Direction
    status: str
    date_added: datetime
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    source: Source | None = None
    user_id: str | None = None
    provider_id: str | None = None
    alt_id: str | None = None
    reply_to: str | None = None
    #: It waits until then.
    due: datetime | None = None
    #: Event → how often, and address → status, as a provider reports them.
    events: dict[str, int] = {}
    recipients: dict[str, str] = {}


class Message(msgspec.Struct, kw_only=True):
    """One message, call, or thread of e-mails."""

    id: str
    #: Order of arrival, where moments are equal.
    number: int
    conversation_id: str
    contact_id: str
    location_id: str
    #: "TYPE_SMS"
    type: str
    direction: Direction
    status: str
    body: str | None = None
    date_added: datetime
    date_updated: datetime
    attachments: list[str] = []
    source: Source | None = None
    user_id: str | None = None
    provider_id: str | None = None
    alt_id: str | None = None
    sender: str | None = None
    to: str | None = None
    #: It waits until then.
    due: datetime | None = None
    call: Spoken | None = None
    emails: dict[str, Email] = {}
    #: What the provider said of a failure.
    error: dict[str, Any] | None = None

    @property
    def waits(self) -> bool:
        """It is scheduled, and nothing of it has gone out yet."""
        if self.emails:
            return all(one.due is not None for one in self.emails.values())
        return self.due is not None

    @property
    def email(self) -> Email:
        """The latest e-mail of the thread."""
        return next(reversed(self.emails.values()))

    def out(self, quirks: Quirks, *, listed: bool) -> dict[str, Any]:
        """As the API shows it, alone or in a list."""
        is_call = self.type in CALLS
        body = self.body
        if self.emails:
            body = None if listed and quirks.lists_lack_email_bodies else self.email.body
        lacks_user = is_call and self.direction == "inbound" and quirks.inbound_calls_lack_user
        hides = self.type == "TYPE_CALL" and quirks.recordings_in_webhooks_alone
        return shown(
            id=self.id, type=NUMBERS[self.type], messageType=self.type, locationId=self.location_id,
            contactId=self.contact_id, conversationId=self.conversation_id, dateAdded=stamp(self.date_added),
            dateUpdated=stamp(self.date_updated), body=body, direction=self.direction, status=self.status,
            contentType="text/html" if self.emails and self.email.html else "text/plain",
            attachments=None if hides else list(self.attachments), meta=self._meta(quirks), source=self.source,
            userId=None if lacks_user else self.user_id, conversationProviderId=self.provider_id,
            altId=self.alt_id,
        )  # fmt: skip

    def _meta(self, quirks: Quirks) -> dict[str, Any] | None:
        if self.emails:
            return {"email": {"messageIds": list(self.emails)}}
        if self.call is None:
            return None
        if quirks.call_meta_is_nested:
            return {"call": shown(duration=self.call.duration_s, status=self.call.status)}
        duration = None if self.call.duration_s is None else str(self.call.duration_s)
        return shown(callDuration=duration, callStatus=self.call.status)

    def email_out(self, email: Email) -> dict[str, Any]:
        """One e-mail of it, as the API shows that."""
        return shown(
            id=email.id, altId=email.alt_id, threadId=self.id, locationId=self.location_id, contactId=self.contact_id,
            conversationId=self.conversation_id, dateAdded=stamp(email.date_added), subject=email.subject,
            body=email.body, direction=email.direction, status=email.status,
            contentType="text/html" if email.html else "text/plain", attachments=list(email.attachments),
            provider=None if email.provider_id else "Leadconnector Mailgun", to=list(email.to),
            cc=list(email.cc), bcc=list(email.bcc), replyToMessageId=email.reply_to, source=email.source,
            conversationProviderId=email.provider_id, **{"from": email.sender},
        )  # fmt: skip


class Conversation(msgspec.Struct, kw_only=True):
    """All that was said with one contact."""

    id: str
    contact_id: str
    location_id: str
    date_added: datetime
    date_updated: datetime
    unread_count: int = 0
    starred: bool = False
    inbox: bool = True
    deleted: bool = False
    #: Whatever the live chat was rated.
    feedback: Any = None
    messages: dict[str, Message] = {}
    #: The latest that came or went, and when.
    last: Message | None = None
    last_at: datetime
    last_manual_at: datetime | None = None
    #: "manual" or "automated": of the last one that went out.
    last_action: str | None = None

    def out(self, contact: Contact | None) -> dict[str, Any]:
        """As it is got alone: its type is a number here, and a word in searches."""
        return shown(
            id=self.id, contactId=self.contact_id, locationId=self.location_id, deleted=self.deleted,
            inbox=self.inbox, type=2 if self._is_mail else 1, unreadCount=self.unread_count, starred=self.starred,
            assignedTo=contact and contact.fields.get("assignedTo"),
        )  # fmt: skip

    def made(self) -> dict[str, Any]:
        """As the call answers that made it."""
        return {
            "id": self.id, "contactId": self.contact_id, "locationId": self.location_id, "deleted": self.deleted,
            "dateAdded": stamp(self.date_added), "dateUpdated": stamp(self.date_updated),
            "lastMessageDate": stamp(self.last_at),
        }  # fmt: skip

    def changed(self, contact: Contact | None) -> dict[str, Any]:
        """As the call answers that changed it."""
        return shown(
            id=self.id, locationId=self.location_id, contactId=self.contact_id,
            assignedTo=contact and contact.fields.get("assignedTo"),
            lastMessageBody=self.last and self.last_body, lastMessageDate=str(milliseconds(self.last_at)),
            lastMessageType=self.last and self.last.type, unreadCount=self.unread_count, inbox=self.inbox,
            starred=self.starred, deleted=self.deleted,
        )  # fmt: skip

    def row(self, contact: Contact | None, sort: int) -> dict[str, Any]:
        """As a search shows it; `sort` is what the search ordered it by."""
        fields = contact.fields if contact else {}
        name = " ".join(filter(None, (fields.get("firstName"), fields.get("lastName")))) or None
        return shown(
            id=self.id, contactId=self.contact_id, locationId=self.location_id,
            dateAdded=milliseconds(self.date_added), dateUpdated=milliseconds(self.date_updated),
            lastMessageDate=milliseconds(self.last_at), lastMessageBody=self.last and self.last_body,
            lastMessageType=self.last and self.last.type, lastMessageDirection=self.last and self.last.direction,
            lastOutboundMessageAction=self.last_action,
            lastManualMessageDate=self.last_manual_at and milliseconds(self.last_manual_at),
            type="TYPE_EMAIL" if self._is_mail else "TYPE_PHONE", unreadCount=self.unread_count,
            inbox=self.inbox, starred=self.starred, assignedTo=fields.get("assignedTo"),
            followers=list(contact.followers) if contact else [], tags=list(contact.tags) if contact else [],
            fullName=name, contactName=name or fields.get("companyName"), companyName=fields.get("companyName"),
            email=fields.get("email"), phone=fields.get("phone"), sort=[sort],
        )  # fmt: skip

    @property
    def last_body(self) -> str:
        """What the inbox shows of the last message; nothing of a call."""
        if self.last is None:
            return ""
        if self.last.emails:
            return self.last.email.subject or self.last.email.body
        return self.last.body or ""

    @property
    def _is_mail(self) -> bool:
        return self.last is not None and self.last.type in EMAILS


def milliseconds(moment: datetime) -> int:
    """Since 1970, as searches write times."""
    return int(moment.timestamp() * 1000)
