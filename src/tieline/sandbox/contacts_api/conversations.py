"""Conversations, whoever asks: one for each contact, made when the first message needs it. Source: section 7."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location
from tieline.sandbox.contacts_api.records_conversations import Conversation, Email, Message, Provider

_WRITTEN = {"unreadCount": "unread_count", "starred": "starred", "feedback": "feedback"}


class Shelf(msgspec.Struct, kw_only=True):
    """What a location holds."""

    conversations: dict[str, Conversation] = {}
    #: Contact → conversation, of those that are not deleted.
    by_contact: dict[str, str] = {}
    messages: dict[str, Message] = {}
    #: E-mail → the thread that it is in.
    threads: dict[str, str] = {}
    providers: dict[str, Provider] = {}


class ConversationBook:
    """The conversations of all locations."""

    def __init__(self, office: Office, *, client_id: str) -> None:
        """`client_id` names the app that is installed everywhere and has a provider of each type."""
        self._office = office
        self._shelves = {location.id: Shelf() for location in office.locations.values()}
        for location in office.locations.values():
            for type_ in ("SMS", "Email", "Call"):
                one = Provider(id=office.new_hex_id(location), type=type_, client_id=client_id)
                self._shelves[location.id].providers[one.id] = one

        office.on_merge.append(self._merged)

    def _merged(self, location: Location, kept: Contact, lost: Contact) -> None:
        """The kept contact's conversation stays, else the lost one's becomes it; messages move to it."""
        shelf = self.shelf(location)
        gone = shelf.conversations.get(shelf.by_contact.pop(lost.id, ""))
        if gone is None:
            return
        into = self.held_of(location, kept)
        if into is None:
            gone.contact_id = kept.id
            shelf.by_contact[kept.id] = gone.id
            return
        for message in gone.messages.values():
            message.conversation_id, message.contact_id = into.id, kept.id
            into.messages[message.id] = message
        gone.messages.clear()
        gone.deleted = True

    def shelf(self, location: Location) -> Shelf:
        """All that the location holds."""
        return self._shelves[location.id]

    def conversation(
        self, location: Location | None, conversation_id: str, *, deleted: bool = False
    ) -> tuple[Location, Conversation]:
        """The conversation, at `location` where one is named; with `deleted` also one that is. Raises Problem 400."""
        home = self._office.home_of(conversation_id)
        found = self.shelf(home).conversations.get(conversation_id) if home else None
        if home is None or found is None or location not in (None, home) or (found.deleted and not deleted):
            raise Problem(400, f"Conversation with id {conversation_id} not found")
        return home, found

    def message(
        self, location: Location | None, message_id: str, *, status: int = 400
    ) -> tuple[Location, Message]:
        """One message. Raises Problem with that status."""
        home = self._office.home_of(message_id)
        found = self.shelf(home).messages.get(message_id) if home else None
        if home is None or found is None or location not in (None, home):
            raise Problem(status, f"Message with id {message_id} not found")
        return home, found

    def email(self, location: Location | None, email_id: str) -> tuple[Location, Message, Email]:
        """One e-mail with its thread. Raises Problem 400."""
        home = self._office.home_of(email_id)
        thread_id = self.shelf(home).threads.get(email_id) if home else None
        if home is None or thread_id is None or location not in (None, home):
            raise Problem(400, f"Email with id {email_id} not found")
        thread = self.shelf(home).messages[thread_id]
        return home, thread, thread.emails[email_id]

    def provider(self, location: Location, provider_id: str | None) -> Provider | None:
        """A provider by its id."""
        return self.shelf(location).providers.get(provider_id or "")

    def create(self, location: Location, contact: Contact) -> Conversation:
        """The contact's first. Raises Problem 400, which names the one that there is."""
        held = self.held_of(location, contact)
        if held is not None:
            raise Problem(400, "Conversation already exists", conversationId=held.id)
        return self.of_contact(location, contact)

    def held_of(self, location: Location, contact: Contact) -> Conversation | None:
        """The contact's conversation, if there is one."""
        shelf = self.shelf(location)
        return shelf.conversations.get(shelf.by_contact.get(contact.id, ""))

    def of_contact(self, location: Location, contact: Contact) -> Conversation:
        """The contact's conversation, made where there is none."""
        held = self.held_of(location, contact)
        if held is not None:
            return held
        shelf, now = self.shelf(location), self._office.now()
        made = Conversation(
            id=self._office.new_id(location), contact_id=contact.id, location_id=location.id, date_added=now,
            date_updated=now, last_at=now,
        )  # fmt: skip
        shelf.conversations[made.id] = made
        shelf.by_contact[contact.id] = made.id
        return made

    def update(self, conversation: Conversation, given: Mapping[str, Any]) -> None:
        """Write what is given; a change of count or star is told."""
        before = (conversation.unread_count, conversation.starred)
        for theirs, ours in _WRITTEN.items():
            if given.get(theirs) is not None:
                setattr(conversation, ours, given[theirs])
        conversation.date_updated = self._office.now()
        if before != (conversation.unread_count, conversation.starred):
            self._tell_unread(conversation)

    def read(self, conversation: Conversation) -> None:
        """Somebody opened it."""
        if conversation.unread_count:
            self.update(conversation, {"unreadCount": 0})

    def delete(self, location: Location, conversation: Conversation) -> None:
        """Into the bin: it can still be got, and what was scheduled in it never goes out."""
        conversation.deleted = True
        conversation.date_updated = self._office.now()
        self.shelf(location).by_contact.pop(conversation.contact_id, None)
        for message in list(conversation.messages.values()):
            for email in list(message.emails.values()):
                if email.due is not None:
                    self.drop_email(location, message, email)
            if message.due is not None:
                self.drop(location, message)

    def keep(self, location: Location, conversation: Conversation, message: Message) -> None:
        """One more message, which may still wait."""
        conversation.messages[message.id] = message
        self.shelf(location).messages[message.id] = message

    def drop(self, location: Location, message: Message) -> None:
        """A message that never was."""
        del self.shelf(location).messages[message.id]
        del self.shelf(location).conversations[message.conversation_id].messages[message.id]

    def drop_email(self, location: Location, thread: Message, email: Email) -> None:
        """An e-mail that never was, and its thread where it was the only one."""
        del thread.emails[email.id]
        del self.shelf(location).threads[email.id]
        if thread.emails:
            thread.status = thread.email.status
        else:
            self.drop(location, thread)

    def arrived(self, location: Location, message: Message, at: datetime) -> None:
        """It came in or went out: the conversation shows it, where nothing later is there."""
        conversation = self.shelf(location).conversations[message.conversation_id]
        conversation.date_updated = self._office.now()
        if conversation.last is None or at >= conversation.last_at:
            conversation.last, conversation.last_at = message, at
        if message.direction == "outbound":
            by_hand = message.source == "app"
            conversation.last_action = "manual" if by_hand else "automated"
            if by_hand:
                conversation.last_manual_at = max(at, conversation.last_manual_at or at)

    def unread(self, location: Location, message: Message) -> None:
        """One more that nobody has read, and it is told."""
        conversation = self.shelf(location).conversations[message.conversation_id]
        conversation.unread_count += 1
        conversation.inbox = True
        self._tell_unread(conversation)

    def _tell_unread(self, conversation: Conversation) -> None:
        own_name = self._office.quirks.event_names_differ
        self._office.announce.tell(
            "ConversationUnreadWebhook", conversation.location_id, conversation.id,
            {
                "id": conversation.id, "contactId": conversation.contact_id, "deleted": conversation.deleted,
                "inbox": conversation.inbox, "starred": conversation.starred,
                "unreadCount": conversation.unread_count,
            },
            type_="ConversationUnreadUpdate" if own_name else None,
        )  # fmt: skip
