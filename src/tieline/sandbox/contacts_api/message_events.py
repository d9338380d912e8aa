"""What is told of messages: InboundMessage, OutboundMessage, ProviderOutboundMessage. Source: section 9.5, and the
vendor's webhook-events."""

from __future__ import annotations

from typing import Any

from tieline.sandbox.contacts_api.message_types import CALLS, NUMBERS, spoken
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.records import Location, shown, stamp
from tieline.sandbox.contacts_api.records_conversations import Email, Message

#: What a recording's address looks like; nothing answers there.
RECORDINGS = "https://recordings.example.com"


class MessageTeller:
    """Tells of messages, calls and e-mails."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def message(self, location: Location, message: Message, email: Email | None = None) -> None:
        """It came in or went out, or failed to."""
        direction = email.direction if email else message.direction
        event = "InboundMessage" if direction == "inbound" else "OutboundMessage"
        if email is not None:
            fields = _of_email(message, email)
        elif message.type in CALLS:
            fields = _of_call(message)
        else:
            fields = _of_text(message)
        slip = (
            event == "InboundMessage"
            and message.call is not None
            and message.call.status == "completed"
            and self._office.quirks.inbound_calls_say_outbound
        )
        self._office.announce.tell(
            event, location.id, message.id, fields, type_="OutboundMessage" if slip else None
        )

    def provider(self, location: Location, message: Message, email: Email | None = None) -> None:
        """The app's provider is asked to carry it: told at the provider's own address, not at the app's."""
        fields = shown(
            contactId=message.contact_id, messageId=message.id, emailMessageId=email and email.id,
            attachments=list(email.attachments if email else message.attachments), message=message.body,
            phone=None if email else message.to, emailTo=list(email.to) if email else None,
            emailFrom=email and email.sender, html=email and email.body, subject=email and email.subject,
            userId=message.user_id,
        )  # fmt: skip
        self._office.announce.tell(
            "ProviderOutboundMessage", location.id, message.id, fields, type_="Email" if email else "SMS",
            apart=True,
        )  # fmt: skip


def _of_text(message: Message) -> dict[str, Any]:
    return shown(
        **_common(message), body=message.body, contentType="text/plain", status=message.status,
        messageId=message.id, attachments=list(message.attachments), userId=message.user_id,
        source=message.source, to=message.to, **{"from": message.sender},
    )  # fmt: skip


def _of_call(message: Message) -> dict[str, Any]:
    assert message.call is not None
    recorded = [f"{RECORDINGS}/{message.id}.wav"] if message.call.recorded else []
    return shown(
        **_common(message), attachments=[*recorded, *message.attachments], messageId=message.id,
        status=message.status, userId=message.user_id, source=message.source, callDuration=message.call.duration_s,
        callStatus=message.call.status, to=message.to, **{"from": message.sender},
    )  # fmt: skip


def _of_email(message: Message, email: Email) -> dict[str, Any]:
    return {
        **_common(message),
        **shown(
            body=email.body, attachments=list(email.attachments), dateAdded=stamp(email.date_added),
            direction=email.direction, emailMessageId=email.id, threadId=message.id, subject=email.subject,
            to=list(email.to), cc=list(email.cc) or None, bcc=list(email.bcc) or None, userId=email.user_id,
            source=email.source, conversationProviderId=email.provider_id, **{"from": email.sender},
        ),
    }  # fmt: skip


def _common(message: Message) -> dict[str, Any]:
    return shown(
        contactId=message.contact_id, conversationId=message.conversation_id, dateAdded=stamp(message.date_added),
        direction=message.direction, messageType=spoken(message.type), messageTypeId=NUMBERS[message.type],
        messageTypeString=message.type, conversationProviderId=message.provider_id,
    )  # fmt: skip
