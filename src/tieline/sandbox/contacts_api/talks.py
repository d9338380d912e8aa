"""Conversations with all that is said in them: messages, calls, e-mails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from tieline.sandbox.contacts_api.api_conversations import Conversations
from tieline.sandbox.contacts_api.api_messages import Messages
from tieline.sandbox.contacts_api.api_recordings import Recordings
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.conversations import ConversationBook
from tieline.sandbox.contacts_api.deeds_messages import MessageDeeds
from tieline.sandbox.contacts_api.driver import Deed, Done, Emission, Hand
from tieline.sandbox.contacts_api.logged import LogBook
from tieline.sandbox.contacts_api.message_events import MessageTeller
from tieline.sandbox.contacts_api.messages import MessageBook
from tieline.sandbox.contacts_api.offer import Offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.records_conversations import Message, milliseconds
from tieline.sandbox.contacts_api.tokens import Tokens
from tieline.sandbox.side import Call, Handler, Reply


class Talks:
    """The subject of conversations. Whoever looks first lets everything go out whose time has come."""

    def __init__(
        self, office: Office, hand: Hand, contacts: ContactBook, tokens: Tokens, *, client_id: str
    ) -> None:
        """`client_id` names the app whose conversation providers are installed."""
        self._office = office
        self.book = ConversationBook(office, client_id=client_id)
        teller = MessageTeller(office)
        self._messages = MessageBook(office, self.book, teller)
        log = LogBook(office, contacts, self.book, self._messages, teller)
        self._parts = (
            Conversations(office, contacts, self.book),
            Messages(office, contacts, self.book, self._messages, log, tokens),
            Recordings(self.book),
        )
        self._deeds = MessageDeeds(office, hand, contacts, self.book, self._messages, log)

    def offers(self) -> list[Offer]:
        """Everything under /conversations but files, reviews and subscription preferences."""
        return [
            msgspec.structs.replace(one, handler=partial(self._on_time, one.handler))
            for part in self._parts
            for one in part.offers()
        ]

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return {name: partial(self._done_on_time, deed) for name, deed in self._deeds.deeds().items()}

    def state(self, location: Location) -> dict[str, Any]:
        """Conversations, what was said, and through whom it may be said."""
        self._messages.settle()
        shelf = self.book.shelf(location)
        return {
            "conversations": [
                {
                    **one.row(location.contacts.get(one.contact_id), milliseconds(one.last_at)),
                    "deleted": one.deleted,
                }
                for one in shelf.conversations.values()
            ],
            "messages": [_whole(one) for one in shelf.messages.values()],
            "conversation_providers": list(shelf.providers.values()),
        }

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """What callers of the API sent to one contact twice; and what a provider logged twice under one id."""
        self._messages.settle()
        held = self.book.shelf(location).messages.values()
        sent = Counter(
            (one.contact_id, one.type, said)
            for one in held
            if one.call is None and one.alt_id is None
            for said in _said(one)
        )
        logged = Counter((one.contact_id, one.alt_id) for one in held if one.alt_id)
        return [
            {"kind": "message", "location": location.id, "contact": contact, "body": said[:80]}
            for (contact, _, said), times in sent.items()
            if times > 1
        ] + [
            {"kind": "message", "location": location.id, "contact": contact, "altId": alt_id}
            for (contact, alt_id), times in logged.items()
            if times > 1
        ]

    def _on_time(self, handler: Handler, call: Call) -> Reply:
        self._messages.settle()
        return handler(call)

    def _done_on_time(self, deed: Deed, location: Location, wanted: Emission) -> Done:
        self._messages.settle()
        return deed(location, wanted)


def _said(message: Message) -> list[str]:
    """What callers of the API said in it."""
    if message.emails:
        return [f"{one.subject or ''}\n{one.body}" for one in message.emails.values() if one.source == "api"]
    return [message.body or ""] if message.source == "api" else []


def _whole(message: Message) -> dict[str, Any]:
    """With what the API does not show: to whom it goes, when, what became of each e-mail."""
    held: dict[str, Any] = msgspec.to_builtins(message)
    return {**held, "waits": message.waits}
