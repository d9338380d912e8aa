"""Messages and calls that happened elsewhere, written down here; what providers and people say of them afterwards.

Source: contacts-api.md, section 7 and traps 35 to 37; the vendor's page on conversation providers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.addresses import own_address, own_number
from tieline.sandbox.contacts_api.checks import e164
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.conversations import ConversationBook
from tieline.sandbox.contacts_api.message_events import MessageTeller
from tieline.sandbox.contacts_api.message_types import CALLS, EMAILS, LOGGED, NEED_PROVIDER, PROVIDED
from tieline.sandbox.contacts_api.messages import MessageBook, refuse_empty
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location
from tieline.sandbox.contacts_api.records_conversations import (
    Conversation,
    Direction,
    Email,
    Message,
    Provider,
    Spoken,
)

#: A call that somebody took is nothing that waits to be read.
_TAKEN = frozenset({"answered", "completed"})


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants written down, and where."""

    location: Location
    #: Whose it is; None of one who is gone.
    contact: Contact | None
    conversation: Conversation
    given: Mapping[str, Any]
    type: str
    direction: Direction
    provider: Provider | None
    at: datetime

    @property
    def inward(self) -> bool:
        """It came in."""
        return self.direction == "inbound"

    @property
    def marks(self) -> dict[str, Any]:
        """What records of all kinds say of it."""
        return {
            "direction": self.direction, "date_added": self.at, "provider_id": self.provider and self.provider.id,
            "alt_id": self.given.get("altId"), "source": None if self.inward else "api",
        }  # fmt: skip


class LogBook:
    """Writes down what others carried."""

    def __init__(
        self,
        office: Office,
        contacts: ContactBook,
        conversations: ConversationBook,
        messages: MessageBook,
        teller: MessageTeller,
    ) -> None:
        self._office = office
        self._contacts = contacts
        self._conversations = conversations
        self._messages = messages
        self._teller = teller

    def log(
        self, location: Location | None, given: Mapping[str, Any], direction: Direction
    ) -> tuple[Message, Email | None] | None:
        """One message or call of a provider; None = it vanished without a word (trap 35). Raises Problem."""
        provider_id = given.get("conversationProviderId")
        if not provider_id and given["type"] in NEED_PROVIDER:
            if self._office.quirks.inbound_without_provider_vanishes:
                return None
            raise Problem(400, "conversationProviderId is required for custom providers")
        location, contact, held = self._whose(location, given, direction)
        provider = self._conversations.provider(location, provider_id)
        if provider_id and provider is None:
            # The vendor's own: a wrong id is looked up without looking.
            raise Problem(500, "Internal server error")
        type_ = _type(given["type"], provider)
        if type_ not in CALLS:
            refuse_empty(given, given.get("message"), given.get("html"))
        thread = self._messages.thread(location, held, given.get("emailMessageId"))
        entry = _Entry(
            location=location, contact=contact, conversation=held or self._begun(location, contact), given=given,
            type=type_, direction=direction, provider=provider, at=_moment(given.get("date")) or self._office.now(),
        )  # fmt: skip
        message, email = self._email(entry, thread) if type_ in EMAILS else (self._text_or_call(entry), None)
        self.tell(location, message, email, entry.at)
        return message, email

    def tell(self, location: Location, message: Message, email: Email | None, at: datetime) -> None:
        """It came in or went out: the conversation shows it, and whoever listens is told, of the message first."""
        self._conversations.arrived(location, message, at)
        self._teller.message(location, message, email)
        taken = message.call is not None and message.call.status in _TAKEN
        if message.direction == "inbound" and not taken:
            self._conversations.unread(location, message)

    def set_status(self, message: Message, given: Mapping[str, Any], client_id: str | None) -> None:
        """As the provider's own app tells it. Raises Problem 403 for anybody else (trap 37)."""
        self._require_owner(message.location_id, message.provider_id, client_id)
        message.status, message.error = given["status"], given.get("error")
        message.date_updated = self._office.now()
        email = message.emails.get(given.get("emailMessageId") or "")
        if email is None and message.emails:
            email = message.email
        if email is not None:
            email.status = given["status"]

    def set_email_status(
        self, thread: Message, email: Email, given: Mapping[str, Any], client_id: str | None
    ) -> None:
        """Counts are added, and what one event implies counts once. Raises Problem 400 and 403."""
        self._require_owner(thread.location_id, email.provider_id, client_id)
        known = {one.lower() for one in (*email.to, *email.cc, *email.bcc)}
        for one in given.get("recipients") or ():
            if one["emailId"].lower() not in known:
                raise Problem(400, f"{one['emailId']} is no recipient of this email")
        for one in given.get("recipients") or ():
            email.recipients[one["emailId"].lower()] = one["status"]
        for event, times in _implied(given.get("events") or {}).items():
            email.events[event] = email.events.get(event, 0) + times
        email.status = given["status"]
        if email is thread.email:
            thread.status = given["status"]
        thread.date_updated = self._office.now()

    def attach(self, message: Message, urls: list[str]) -> None:
        """In place of what was attached. Raises Problem 400 for anything but a call logged from outside."""
        if message.type != "TYPE_CUSTOM_CALL":
            raise Problem(400, "Attachments can be set on external calls only")
        message.attachments = list(urls)
        message.date_updated = self._office.now()

    def _whose(
        self, location: Location | None, given: Mapping[str, Any], direction: Direction
    ) -> tuple[Location, Contact | None, Conversation | None]:
        """By the conversation's id, else by the contact's, else by the number of a call. Raises Problem 400."""
        conversation_id, contact_id = given.get("conversationId"), given.get("contactId")
        if conversation_id:
            home, held = self._conversations.conversation(location, conversation_id)
            if contact_id and contact_id != held.contact_id:
                raise Problem(400, "conversationId and contactId belong to different contacts")
            return home, home.contacts.get(held.contact_id), held
        if contact_id:
            home, contact = self._contacts.contact(location, contact_id)
            return home, contact, self._conversations.held_of(home, contact)
        number = (given.get("call") or {}).get("from" if direction == "inbound" else "to")
        caller = _by_number(location, number) if location else None
        if location is None or caller is None:
            raise Problem(400, "conversationId or contactId is required")
        return location, caller, self._conversations.held_of(location, caller)

    def _begun(self, location: Location, contact: Contact | None) -> Conversation:
        assert contact is not None
        return self._conversations.of_contact(location, contact)

    def _text_or_call(self, entry: _Entry) -> Message:
        given, contact = entry.given, entry.contact
        theirs, ours = contact and contact.fields.get("phone"), own_number(entry.location)
        sender, to = (theirs, ours) if entry.inward else (ours, theirs)
        call, status = None, "delivered"
        if entry.type in CALLS:
            said = given.get("call") or {}
            sender, to = said.get("from") or sender, said.get("to") or to
            call = Spoken(status=said.get("status") or "completed")
            status = call.status
        return self._messages.new(
            entry.location, entry.conversation, entry.type, status=status, call=call, sender=sender, to=to,
            body=given.get("message") or given.get("html"), attachments=list(given.get("attachments") or ()),
            **entry.marks,
        )  # fmt: skip

    def _email(self, entry: _Entry, thread: Message | None) -> tuple[Message, Email]:
        given, contact = entry.given, entry.contact
        html, text = given.get("html"), given.get("message")
        theirs, ours = (contact.fields.get("email") if contact else None) or "", own_address(entry.location)
        sender, to = (theirs, ours) if entry.inward else (ours, theirs)
        thread = thread or self._messages.new(
            entry.location, entry.conversation, entry.type, status="delivered", **entry.marks
        )
        email = self._messages.add_email(
            entry.location, thread, subject=given.get("subject"), body=html or text or "", html=bool(html),
            status="delivered", sender=given.get("emailFrom") or sender, to=(given.get("emailTo") or to,),
            cc=tuple(given.get("emailCc") or ()), bcc=tuple(given.get("emailBcc") or ()),
            attachments=tuple(given.get("attachments") or ()), reply_to=given.get("emailMessageId"), **entry.marks,
        )  # fmt: skip
        return thread, email

    def _require_owner(self, location_id: str, provider_id: str | None, client_id: str | None) -> None:
        location = self._office.locations[location_id]
        provider = self._conversations.provider(location, provider_id)
        if provider is None or client_id != provider.client_id:
            raise Problem(403, "No conversation provider found for this message")


def _type(word: str, provider: Provider | None) -> str:
    """What the record is. Raises Problem 400 where the provider is for something else."""
    if provider is None:
        return LOGGED[word]
    if word not in ("Custom", provider.type):
        raise Problem(400, f"type {word} cannot come by a conversation provider for {provider.type}")
    return PROVIDED[provider.type]


def _moment(given: str | None) -> datetime | None:
    if given is None:
        return None
    moment = datetime.fromisoformat(given)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _by_number(location: Location, number: str | None) -> Contact | None:
    return location.matching("phone", e164(number, location.country)) if number else None


def _implied(events: Mapping[str, int]) -> dict[str, int]:
    """Counts with what they imply: who clicked has opened, what was opened was delivered, what arrived was accepted."""
    found = {event: times for event, times in events.items() if times}
    if found.keys() & {"clicked", "complained", "unsubscribed", "replied"}:
        found.setdefault("opened", 1)
    if "opened" in found:
        found.setdefault("delivered", 1)
    if found.keys() & {"delivered", "permanent_fail", "temporary_fail"}:
        found.setdefault("accepted", 1)
    return found
