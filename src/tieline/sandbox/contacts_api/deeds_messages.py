"""What people say to the location, and what somebody in the CRM says to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline.sandbox.contacts_api.addresses import address_of, number_of, own_address, own_number
from tieline.sandbox.contacts_api.checks import e164
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.conversations import ConversationBook
from tieline.sandbox.contacts_api.driver import Deed, Done, Emission, Hand
from tieline.sandbox.contacts_api.logged import LogBook
from tieline.sandbox.contacts_api.message_types import CALL_STATUSES, EMAILS, LOGGED
from tieline.sandbox.contacts_api.messages import MessageBook
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Contact, Location
from tieline.sandbox.contacts_api.records_conversations import Spoken

_SAID = ("This call may be recorded for quality assurance.", "I would like an offer, please.")
#: How a call ends in which something was said.
_HEARD = frozenset({"completed", "answered", "voicemail"})
_NO_TEXTS = frozenset({"Call", "Custom", "IVR_Call", "Campaign_Call", "Campaign_VoiceMail"})


class MessageDeeds:
    """All of them, by name. `id` is the contact; of a reading it may be the conversation."""

    def __init__(
        self,
        office: Office,
        hand: Hand,
        contacts: ContactBook,
        conversations: ConversationBook,
        messages: MessageBook,
        log: LogBook,
    ) -> None:
        self._office = office
        self._hand = hand
        self._contacts = contacts
        self._conversations = conversations
        self._messages = messages
        self._log = log

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return {
            "message.inbound": self._inbound,
            "message.call": self._call,
            "message.outbound": self._outbound,
            "conversation.read": self._read,
        }

    def _inbound(self, location: Location, wanted: Emission) -> Done:
        """Somebody texts or mails. Fields: `type` ("SMS", "Email", "WhatsApp", …), `from`, `subject`, `attachments`."""
        fields = wanted.fields
        contact = self._caller(location, wanted)
        word = fields.get("type") or ("SMS" if contact.fields.get("phone") else "Email")
        if word not in LOGGED or word in _NO_TEXTS:
            raise ValueError(f"type can be {', '.join(one for one in LOGGED if one not in _NO_TEXTS)}")
        type_ = LOGGED[word]
        conversation = self._conversations.of_contact(location, contact)
        now = self._office.now()
        if type_ in EMAILS:
            sender = fields.get("from") or address_of(contact, None)
            thread = self._messages.new(
                location, conversation, type_, direction="inbound", status="delivered"
            )
            email = self._messages.add_email(
                location, thread, subject=fields.get("subject", "Hello"), body=wanted.body, html=False,
                direction="inbound", status="delivered", date_added=now, sender=sender, to=(own_address(location),),
                attachments=tuple(fields.get("attachments", ())),
            )  # fmt: skip
            self._log.tell(location, thread, email, now)
            return Done(email.id, contact.id)
        message = self._messages.new(
            location, conversation, type_, direction="inbound", status="delivered", body=wanted.body,
            attachments=list(fields.get("attachments", ())), to=own_number(location),
            sender=fields.get("from") or contact.fields.get("phone"),
        )  # fmt: skip
        self._log.tell(location, message, None, now)
        return Done(message.id, contact.id)

    def _call(self, location: Location, wanted: Emission) -> Done:
        """Somebody rings the CRM's own number, or is rung from it.

        Fields: `from` (whoever it is becomes a contact), `direction`, `status` (as calls have it), `duration` (s),
        `recorded`, `transcript` (sentences).
        """
        fields = wanted.fields
        inward = fields.get("direction", "inbound") == "inbound"
        status = fields.get("status", "completed")
        if status not in CALL_STATUSES:
            raise ValueError(f"status can be {', '.join(CALL_STATUSES)}")
        contact = self._caller(location, wanted)
        theirs = number_of(location, contact, fields.get("from"))
        ours = own_number(location)
        call = Spoken(
            status=status, duration_s=int(fields.get("duration", 120 if status in _HEARD else 0)),
            recorded=bool(fields.get("recorded", status in _HEARD)), transcript=tuple(fields.get("transcript", _SAID)),
        )  # fmt: skip
        taken = status in ("completed", "answered")
        # An outbound call that reached a voicemail counts as completed; an inbound one does not.
        shown = "completed" if status == "voicemail" and not inward else status
        message = self._messages.new(
            location, self._conversations.of_contact(location, contact), "TYPE_CALL",
            direction="inbound" if inward else "outbound", status=shown, call=call,
            source=None if inward else "app", user_id=self._user(location) if taken or not inward else None,
            sender=theirs if inward else ours, to=ours if inward else theirs,
        )  # fmt: skip
        self._log.tell(location, message, None, self._office.now())
        return Done(message.id, contact.id)

    def _outbound(self, location: Location, wanted: Emission) -> Done:
        """Somebody in the CRM texts or mails. Fields: as a sender gives them to the API."""
        contact = self._hand.contact(location, wanted.id)
        type_ = wanted.fields.get("type") or ("SMS" if contact.fields.get("phone") else "Email")
        given: dict[str, Any] = {
            "message": wanted.body,
            "html": wanted.body,
            "subject": "Hello",
            **wanted.fields,
        }
        message, email = self._messages.send(
            location, contact, {**given, "type": type_}, source="app", user_id=self._user(location)
        )
        return Done(email.id if email else message.id, contact.id)

    def _read(self, location: Location, wanted: Emission) -> Done:
        """Somebody opens a conversation: any unread one, where none is named."""
        shelf = self._conversations.shelf(location)
        named = shelf.by_contact.get(wanted.id or "", wanted.id)
        choices = [
            one
            for one in shelf.conversations.values()
            if not one.deleted and (one.id == named if named else one.unread_count > 0)
        ]
        found = self._hand.pick(choices, "conversation")
        self._conversations.read(found)
        return Done(found.id, found.contact_id)

    def _caller(self, location: Location, wanted: Emission) -> Contact:
        """The contact named, else whose number or address it is, else somebody new with it, else anybody."""
        if wanted.id is not None or "from" not in wanted.fields:
            return self._hand.contact(location, wanted.id)
        given = str(wanted.fields["from"])
        field = "email" if "@" in given else "phone"
        value = given if field == "email" else e164(given, location.country)
        if value is None:
            raise ValueError(f"{given} is no phone number")
        return location.matching(field, value) or self._contacts.create(location, {field: value})

    def _user(self, location: Location) -> str:
        return self._office.users_of(location)[0].id
