"""Messages: read, sent now or later, and logged where something else carried them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.look_up import at, plain, says
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.making import made_at
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.shapes_conversations import MessagePage, MessageRecord
from tieline.connectors.contacts_api.versions import CONVERSATIONS, SETTLE_S, UNVERSIONED
from tieline.connectors.kit.answer import Deleted, Nothing, Raw
from tieline.connectors.kit.route import Seconds

Text = str | UnsetType
Texts = list[str] | UnsetType
CallStatus = Literal[
    "pending", "completed", "answered", "busy", "no-answer", "failed", "canceled", "voicemail"
]
_READ, _WRITE = ("conversations/message.readonly",), ("conversations/message.write",)


class MessagesOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of a conversation, newest first."""

    conversation_id: str
    last_message_id: Text = UNSET
    #: 20 where it is left out.
    limit: int | UnsetType = UNSET
    #: Types with commas between them: "TYPE_SMS,TYPE_CALL".
    type: Text = UNSET


class WhichMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Which message, as the call names it that gets one."""

    id: str


class MessageId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which message."""

    message_id: str


class EmailId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which e-mail: its own id, not that of its thread."""

    email_message_id: str


class RecordingOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which call."""

    message_id: str
    location_id: Text = UNSET


class SendMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A text or an e-mail to a contact. Texts want `message`; e-mails want `html`, and `message` alone is refused."""

    type: Literal["SMS", "RCS", "Email", "WhatsApp", "IG", "FB", "Custom", "Live_Chat", "TIKTOK"]
    contact_id: str
    message: Text = UNSET
    html: Text = UNSET
    subject: Text = UNSET
    #: Addresses of files.
    attachments: Texts = UNSET
    #: When it shall go out; left out or past, it goes at once.
    scheduled_timestamp: Seconds | UnsetType = UNSET
    email_from: Text = UNSET
    #: One of the contact's own addresses.
    email_to: Text = UNSET
    email_cc: Texts = UNSET
    email_bcc: Texts = UNSET
    from_number: Text = UNSET
    to_number: Text = UNSET
    template_id: Text = UNSET
    appointment_id: Text = UNSET
    thread_id: Text = UNSET
    reply_message_id: Text = UNSET
    conversation_provider_id: Text = UNSET


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was made elsewhere. The API has no field for how long it was."""

    to: Text = UNSET
    from_: Text = msgspec.field(default=UNSET, name="from")
    status: CallStatus | UnsetType = UNSET


class AddInbound(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message or call that came in elsewhere. It needs `conversation_id` or `contact_id`; calls and custom types
    need a provider as well, without which the vendor says 201 and stores nothing."""

    type: Literal[
        "SMS", "RCS", "Email", "WhatsApp", "GMB", "IG", "FB", "Custom", "WebChat", "Live_Chat", "Call", "IVR_Call",
        "Campaign_Call", "Campaign_VoiceMail", "TIKTOK", "ALL_IN_ONE_CHAT", "FORM_SUBMISSION",
    ]  # fmt: skip
    conversation_id: Text = UNSET
    contact_id: Text = UNSET
    conversation_provider_id: Text = UNSET
    message: Text = UNSET
    html: Text = UNSET
    subject: Text = UNSET
    attachments: Texts = UNSET
    email_from: Text = UNSET
    email_to: Text = UNSET
    email_cc: Texts = UNSET
    email_bcc: Texts = UNSET
    #: The e-mail that it answers.
    email_message_id: Text = UNSET
    #: Our own id of it; it is shown again in lists, and so a lost answer can be looked up.
    alt_id: Text = UNSET
    direction: Literal["inbound", "outbound"] | UnsetType = UNSET
    #: When it was; now where it is left out.
    date: datetime | UnsetType = UNSET
    call: Call | UnsetType = UNSET


class AddOutboundCall(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call that somebody made elsewhere. It needs `conversation_id` or `contact_id`."""

    type: Literal["Call"] = "Call"
    conversation_provider_id: str
    conversation_id: Text = UNSET
    contact_id: Text = UNSET
    attachments: Texts = UNSET
    alt_id: Text = UNSET
    date: datetime | UnsetType = UNSET
    call: Call | UnsetType = UNSET


class StatusError(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, in the provider's words."""

    code: str
    type: str
    message: str


class UpdateStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a message, told by the provider that carried it."""

    message_id: str
    status: Literal["delivered", "failed", "pending", "read"]
    error: StatusError | UnsetType = UNSET
    email_message_id: Text = UNSET
    recipients: Texts = UNSET


class SetAttachments(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Up to five addresses, in place of those that there are."""

    message_id: str
    attachments: list[str]


class MessagesAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page, nested once more as it comes in life, or flat as the vendor's docs have it."""

    messages: MessagePage | list[MessageRecord] = []
    last_message_id: Loose = None
    next_page: Loose = None
    trace_id: str | None = None

    @property
    def page(self) -> MessagePage:
        """The same, either way."""
        if isinstance(self.messages, MessagePage):
            return self.messages
        return MessagePage(
            messages=self.messages, last_message_id=self.last_message_id, next_page=self.next_page
        )


class MessageAnswer(MessageRecord, frozen=True, kw_only=True, rename="camel"):
    """One message, in an envelope of its own as it comes in life, or bare as the vendor's docs have it."""

    id: str = ""
    message: MessageRecord | None = None
    trace_id: str | None = None

    def __post_init__(self) -> None:
        if not self.id and self.message is None:
            raise ValueError("there is no message in it")

    @property
    def record(self) -> MessageRecord:
        """The same, either way."""
        return self.message or self


class SentAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was sent or scheduled."""

    message_id: str
    conversation_id: Loose = None
    #: Of e-mails: by this one it is cancelled and answered.
    email_message_id: Loose = None
    status: Loose = None
    msg: Loose = None
    trace_id: str | None = None


class LoggedAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was written down. An answer without an id wrote nothing down."""

    message_id: str
    conversation_id: Loose = None
    contact_id: Loose = None
    email_message_id: Loose = None
    date_added: Loose = None
    success: Loose = None
    trace_id: str | None = None


def _ask(given: AddInbound | AddOutboundCall) -> MessagesOf | None:
    """The conversation, where it was named: nothing else lists a contact's messages. Without an id of ours, what was
    said and when must both be there to be compared; lists leave out what an e-mail says."""
    body = given.message if isinstance(given, AddInbound) else UNSET
    told = given.call is not UNSET or (body is not UNSET and given.type != "Email")
    if given.conversation_id is UNSET or (given.alt_id is UNSET and (given.date is UNSET or not told)):
        return None
    return MessagesOf(conversation_id=given.conversation_id, limit=100)


def _is_it(row: MessageRecord, given: AddInbound | AddOutboundCall, _: str) -> bool:
    if given.alt_id is not UNSET:
        return plain(row.alt_id) == given.alt_id
    inbound = isinstance(given, AddInbound)
    direction = "inbound" if inbound else "outbound"
    if isinstance(given, AddInbound) and given.direction is not UNSET:
        direction = given.direction
    call = given.call if isinstance(given.call, Call) else None
    return (
        plain(row.direction) == direction
        and at(made_at(row.date_added), given.date)
        and says(row.body, given.message if isinstance(given, AddInbound) else UNSET)
        and (call is None or call.status is UNSET or row.call_status in (None, call.status))
        and ("CALL" in plain(row.message_type)) == (call is not None)
    )


_INBOUND_ADDED = LookUp[AddInbound, MessagesOf, MessagesAnswer, MessageRecord](
    kind="list", operation="messages.list", settle_s=SETTLE_S, ask=_ask,
    rows=lambda answer: answer.page.messages, same=_is_it,
)  # fmt: skip
_CALL_ADDED = LookUp[AddOutboundCall, MessagesOf, MessagesAnswer, MessageRecord](
    kind="list", operation="messages.list", settle_s=SETTLE_S, ask=_ask,
    rows=lambda answer: answer.page.messages, same=_is_it,
)  # fmt: skip

_ALL, _ONE = "/conversations/messages", "/conversations/messages/{messageId}"

LIST = Operation[MessagesOf, MessagesAnswer](
    id="messages.list", app="contacts_api", title="List the messages of a conversation",
    description="Newest first, scheduled ones among them. E-mails come without their bodies.",
    method="GET", path="/conversations/{conversationId}/messages", input=MessagesOf, output=MessagesAnswer,
    query=frozenset({"lastMessageId", "limit", "type"}), version=CONVERSATIONS, scopes=_READ, idempotent=True,
    paging=paging.last_id(
        lambda answer: answer.page.messages,
        more=lambda answer: answer.page.next_page,
        id_of=lambda answer: answer.page.last_message_id,
    ),
    source="conversations.json#get-messages",
)  # fmt: skip

GET = Operation[WhichMessage, MessageAnswer](
    id="messages.get", app="contacts_api", title="Get a message",
    description="One message, call or thread of e-mails by its id.",
    method="GET", path=f"{_ALL}/{{id}}", input=WhichMessage, output=MessageAnswer, version=CONVERSATIONS,
    scopes=_READ, idempotent=True, source="conversations.json#get-message",
)  # fmt: skip

SEND = Operation[SendMessage, SentAnswer](
    id="messages.send", app="contacts_api", title="Send an SMS, e-mail or other message now or later",
    description="Sends to a contact, at once or when scheduled. A contact that blocked the channel is refused. What "
    "may have been sent is never sent again: nothing tells two equal messages apart.",
    method="POST", path=_ALL, input=SendMessage, output=SentAnswer, version=CONVERSATIONS, scopes=_WRITE,
    look_up=LookUp(kind="none"), source="conversations.json#send-a-new-message",
)  # fmt: skip

ADD_INBOUND = Operation[AddInbound, LoggedAnswer](
    id="messages.add_inbound", app="contacts_api", title="Log an inbound message or call",
    description="Writes down what came in elsewhere. Calls and custom types need the id of a conversation provider; "
    "with a wrong one the vendor answers 500.",
    method="POST", path=f"{_ALL}/inbound", input=AddInbound, output=LoggedAnswer, version=CONVERSATIONS,
    scopes=_WRITE, look_up=_INBOUND_ADDED,
    source="conversations.json#add-an-inbound-message",
)  # fmt: skip

ADD_OUTBOUND_CALL = Operation[AddOutboundCall, LoggedAnswer](
    id="messages.add_outbound_call", app="contacts_api", title="Log an outbound call made elsewhere",
    description="Writes a call down in the contact's conversation. There is no field for its duration.",
    method="POST", path=f"{_ALL}/outbound", input=AddOutboundCall, output=LoggedAnswer, version=CONVERSATIONS,
    scopes=_WRITE, look_up=_CALL_ADDED,
    source="conversations.json#add-an-outbound-message",
)  # fmt: skip

CANCEL_SCHEDULED = Operation[MessageId, Deleted](
    id="messages.cancel_scheduled", app="contacts_api", title="Cancel a scheduled message",
    description="It never goes out. One that went out already is refused; one that is not there counts as cancelled.",
    method="DELETE", path=f"{_ONE}/schedule", input=MessageId, output=Deleted, version=CONVERSATIONS,
    scopes=_WRITE, idempotent=True, source="conversations.json#cancel-scheduled-message",
)  # fmt: skip

CANCEL_SCHEDULED_EMAIL = Operation[EmailId, Deleted](
    id="messages.cancel_scheduled_email", app="contacts_api", title="Cancel a scheduled e-mail",
    description="The same for an e-mail, by the e-mail's own id.",
    method="DELETE", path=f"{_ALL}/email/{{emailMessageId}}/schedule", input=EmailId, output=Deleted,
    version=UNVERSIONED, scopes=_WRITE, idempotent=True, source="conversations.json#cancel-scheduled-email-message",
)  # fmt: skip

UPDATE_STATUS = Operation[UpdateStatus, SentAnswer](
    id="messages.update_status", app="contacts_api", title="Update the delivery status of a message",
    description="Only the app may whose conversation provider carried the message.",
    method="PUT", path=f"{_ONE}/status", input=UpdateStatus, output=SentAnswer, version=CONVERSATIONS,
    scopes=_WRITE, idempotent=True, source="conversations.json#update-message-status",
)  # fmt: skip

SET_ATTACHMENTS = Operation[SetAttachments, Nothing](
    id="messages.set_attachments", app="contacts_api", title="Set attachments (recording) on a logged call",
    description="Of a call that was made elsewhere; replaces what is attached.",
    method="PUT", path=f"{_ONE}/attachments", input=SetAttachments, output=Nothing, version=CONVERSATIONS,
    scopes=_WRITE, idempotent=True, source="conversations.json#add-message-attachments",
)  # fmt: skip

GET_RECORDING = Operation[RecordingOf, Raw](
    id="messages.get_recording", app="contacts_api", title="Download a call recording",
    description="The sound of a call that the CRM itself carried.",
    method="GET", path=f"{_ONE}/locations/{{locationId}}/recording", input=RecordingOf, output=Raw,
    version=CONVERSATIONS, scopes=_READ, idempotent=True, source="conversations.json#get-message-recording",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (
    LIST, GET, SEND, ADD_INBOUND, ADD_OUTBOUND_CALL, CANCEL_SCHEDULED, CANCEL_SCHEDULED_EMAIL, UPDATE_STATUS,
    SET_ATTACHMENTS, GET_RECORDING,
)  # fmt: skip
