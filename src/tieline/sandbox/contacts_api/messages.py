"""Messages that leave the CRM, now or later, whoever sends them. Source: contacts-api.md, section 7."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.addresses import (
    address_of,
    number_of,
    own_address,
    own_number,
    refuse_blocked,
)
from tieline.sandbox.contacts_api.conversations import ConversationBook
from tieline.sandbox.contacts_api.message_events import MessageTeller
from tieline.sandbox.contacts_api.message_types import EMAILS, PROVIDED, SENT, Kind
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location
from tieline.sandbox.contacts_api.records_conversations import (
    Conversation,
    Email,
    Message,
    Provider,
    Source,
)


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants sent, and to whom."""

    location: Location
    contact: Contact
    given: Mapping[str, Any]
    kind: Kind
    provider: Provider | None
    source: Source
    user_id: str | None

    @property
    def ours(self) -> dict[str, Any]:
        """Whose doing it is, as records say it."""
        provider_id = self.provider and self.provider.id
        return {"source": self.source, "user_id": self.user_id, "provider_id": provider_id}


class _Waiting(msgspec.Struct, frozen=True):
    """Something scheduled: which message, which e-mail of it, and by what kind it goes."""

    location: Location
    message_id: str
    email_id: str | None
    kind: Kind


class MessageBook:
    """Sends and schedules. What is scheduled goes out as soon as somebody looks after its time has come."""

    def __init__(self, office: Office, conversations: ConversationBook, teller: MessageTeller) -> None:
        self._office = office
        self._conversations = conversations
        self._teller = teller
        self._numbers = count(1)
        #: When, and in which order of asking, beside what.
        self._dues: list[tuple[datetime, int]] = []
        self._waiting: dict[int, _Waiting] = {}

    def send(
        self,
        location: Location,
        contact: Contact,
        given: Mapping[str, Any],
        *,
        source: Source,
        user_id: str | None = None,
    ) -> tuple[Message, Email | None]:
        """Out at once, or when `scheduledTimestamp` has come. Raises Problem for what cannot be sent."""
        provider = self._provider(location, given)
        order = _Order(
            location=location, contact=contact, given=given, kind=_kind(given["type"], provider), provider=provider,
            source=source, user_id=user_id,
        )  # fmt: skip
        due = _due(given.get("scheduledTimestamp"))
        if due is not None and due <= self._office.now():
            due = None
        mails = order.kind.type in EMAILS
        message, email = self._mail(order) if mails else (self._text(order), None)
        if due is None:
            self._go(location, message, email, self._office.now())
        else:
            self._wait(location, message, email, due, order.kind)
        return message, email

    def settle(self) -> None:
        """Let everything go out whose time has come, in that order."""
        while self._dues and self._dues[0][0] <= self._office.now():
            due, number = heapq.heappop(self._dues)
            one = self._waiting.pop(number)
            message = self._conversations.shelf(one.location).messages.get(one.message_id)
            email = message.emails.get(one.email_id) if message and one.email_id else None
            if message is None or (one.email_id is not None and email is None):
                # Cancelled meanwhile.
                continue
            self._go(one.location, message, email, due, failed=self._fails(one.location, message, one.kind))

    def cancel(self, location: Location, message: Message) -> None:
        """It never goes out. Raises Problem 400 for one that does not wait; an e-mail has a call of its own."""
        if message.due is None or message.emails:
            raise Problem(400, "Failed cancel the scheduled message")
        self._conversations.drop(location, message)

    def cancel_email(self, location: Location, thread: Message, email: Email) -> None:
        """The same for an e-mail."""
        if email.due is None:
            raise Problem(400, "Failed cancel the scheduled message")
        self._conversations.drop_email(location, thread, email)

    def new(self, location: Location, conversation: Conversation, type_: str, **more: Any) -> Message:
        """A message of that conversation, kept."""
        now = self._office.now()
        made = Message(
            id=self._office.new_id(location), number=next(self._numbers), conversation_id=conversation.id,
            contact_id=conversation.contact_id, location_id=location.id, type=type_, date_updated=now,
            **{"date_added": now, **more},
        )  # fmt: skip
        self._conversations.keep(location, conversation, made)
        return made

    def thread(self, location: Location, held: Conversation | None, named: str | None) -> Message | None:
        """The thread of that conversation that a message's or an e-mail's id names. Raises Problem 400."""
        if not named:
            return None
        shelf = self._conversations.shelf(location)
        found = held.messages.get(shelf.threads.get(named, named)) if held else None
        if found is None or not found.emails:
            raise Problem(400, f"Email with id {named} not found")
        return found

    def add_email(self, location: Location, thread: Message, **more: Any) -> Email:
        """One more e-mail of the thread, which is as the latest of it is."""
        made = Email(id=self._office.new_id(location), **more)
        thread.emails[made.id] = made
        thread.direction, thread.status, thread.date_updated = made.direction, made.status, self._office.now()
        self._conversations.shelf(location).threads[made.id] = thread.id
        return made

    def _provider(self, location: Location, given: Mapping[str, Any]) -> Provider | None:
        provider_id = given.get("conversationProviderId")
        provider = self._conversations.provider(location, provider_id)
        if provider_id and provider is None:
            raise Problem(400, f"Conversation provider with id {provider_id} not found")
        if given["type"] == "Custom" and provider is None:
            raise Problem(400, "conversationProviderId is required for custom providers")
        return provider

    def _text(self, order: _Order) -> Message:
        location, contact, given = order.location, order.contact, order.given
        refuse_empty(given, given.get("message"))
        to = number_of(location, contact, given.get("toNumber")) if order.kind.needs == "phone" else None
        refuse_blocked(contact, order.kind)
        return self.new(
            location, self._conversations.of_contact(location, contact), order.kind.type, direction="outbound",
            status="pending", body=given.get("message") or "", attachments=list(given.get("attachments") or ()),
            sender=given.get("fromNumber") or own_number(location), to=to, **order.ours,
        )  # fmt: skip

    def _mail(self, order: _Order) -> tuple[Message, Email]:
        location, contact, given = order.location, order.contact, order.given
        html, text = given.get("html"), given.get("message")
        refuse_empty(given, html, None if self._office.quirks.emails_want_html else text)
        to = address_of(contact, given.get("emailTo"))
        refuse_blocked(contact, order.kind)
        named = given.get("threadId") or given.get("replyMessageId")
        thread = self.thread(location, self._conversations.held_of(location, contact), named)
        reply_to = thread.email.id if thread is not None and given.get("replyMessageId") else None
        thread = thread or self.new(
            location, self._conversations.of_contact(location, contact), order.kind.type, direction="outbound",
            status="pending", **order.ours,
        )  # fmt: skip
        email = self.add_email(
            location, thread, subject=given.get("subject"), body=html or text or "", html=bool(html),
            direction="outbound", status="pending", date_added=self._office.now(),
            sender=given.get("emailFrom") or own_address(location), to=(to,), cc=tuple(given.get("emailCc") or ()),
            bcc=tuple(given.get("emailBcc") or ()), attachments=tuple(given.get("attachments") or ()),
            reply_to=reply_to, **order.ours,
        )  # fmt: skip
        return thread, email

    def _wait(
        self, location: Location, message: Message, email: Email | None, due: datetime, kind: Kind
    ) -> None:
        if email is None:
            message.due = due
        else:
            email.due, email.status = due, "scheduled"
        message.status = "scheduled"
        number = next(self._numbers)
        heapq.heappush(self._dues, (due, number))
        self._waiting[number] = _Waiting(location, message.id, email.id if email else None, kind)

    def _fails(self, location: Location, message: Message, kind: Kind) -> bool:
        """Whether what may be sent no longer may, now that its time has come."""
        contact = location.contacts.get(message.contact_id)
        if contact is None:
            return True
        try:
            refuse_blocked(contact, kind)
        except Problem as problem:
            message.error = {"message": problem.message}
            return True
        return False

    def _go(
        self, location: Location, message: Message, email: Email | None, at: datetime, *, failed: bool = False
    ) -> None:
        """Out, and told; one that fails is told as well."""
        carrier = email.provider_id if email else message.provider_id
        status = "failed" if failed else "pending" if carrier else "delivered"
        if email is not None:
            email.due, email.status, email.date_added = None, status, at
        if email is None or len(message.emails) == 1:
            message.due, message.date_added = None, at
        message.status, message.date_updated = status, self._office.now()
        self._conversations.arrived(location, message, at)
        self._teller.message(location, message, email)
        if carrier and not failed:
            self._teller.provider(location, message, email)


def refuse_empty(given: Mapping[str, Any], *texts: str | None) -> None:
    """Raises Problem 422 where there is nothing to send."""
    if not any((*texts, given.get("attachments"), given.get("templateId"))):
        raise Problem(422, "There is no message or attachments for this message. Skip sending.")


def _kind(word: str, provider: Provider | None) -> Kind:
    """What the sender means; through a provider it is the provider's. Raises Problem 400 where the two differ."""
    if provider is None:
        return SENT[word]
    if provider.type == "Call" or word not in ("Custom", provider.type):
        raise Problem(400, f"type {word} cannot be sent by a conversation provider for {provider.type}")
    own = SENT[provider.type]
    return Kind(PROVIDED[provider.type], own.channel, own.needs)


def _due(given: float | None) -> datetime | None:
    """The moment that seconds since 1970 mean. Raises Problem 422 for what no moment is, as milliseconds are none."""
    if given is None:
        return None
    try:
        return datetime.fromtimestamp(given, UTC)
    except (ValueError, OverflowError, OSError):
        raise Problem(422, ["scheduledTimestamp must be a UTC timestamp in seconds"]) from None
