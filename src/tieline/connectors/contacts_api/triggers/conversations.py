"""Messages, calls and e-mails, unread conversations, campaigns."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.catalogue.spec import AnyTrigger, Trigger
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.triggers.told import Told

_READ = ("conversations/message.readonly",)


class MessageTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A text, a call or an e-mail; each has only its own fields."""

    message_id: Loose = None
    contact_id: Loose = None
    conversation_id: Loose = None
    #: "inbound" or "outbound".
    direction: Loose = None
    #: "SMS", "CALL", "Email", …
    message_type: Loose = None
    #: Of calls also "completed" and "voicemail".
    status: Loose = None
    body: Loose = None
    content_type: Loose = None
    #: Of calls the recording's address.
    attachments: list[Any] | None = None
    #: "api", "app", "workflow", "campaign", "bulk_actions": the one mark of where it came from.
    source: Loose = None
    user_id: Loose = None
    conversation_provider_id: Loose = None
    #: A number or an address; of e-mails a list of them.
    to: Any = None
    from_: Loose = msgspec.field(default=None, name="from")
    #: How a call ended; its length in seconds.
    call_status: Loose = None
    call_duration: Loose = None
    email_message_id: Loose = None
    thread_id: Loose = None
    provider: Loose = None
    subject: Loose = None
    cc: Any = None
    bcc: Any = None
    date_added: Loose = None

    @property
    def is_call(self) -> bool:
        """Whether somebody rang."""
        return isinstance(self.message_type, str) and self.message_type.upper() == "CALL"

    @property
    def reached_voicemail(self) -> bool:
        """Whether a call ended there: an inbound one says so in its status, an outbound one in its call status."""
        return self.is_call and "voicemail" in (self.status, self.call_status)


class ProviderMessageTold(Told, frozen=True, kw_only=True, rename="camel"):
    """What an app's own provider is to carry; `type` is the channel, "SMS" or "Email"."""

    message_id: Loose = None
    email_message_id: Loose = None
    contact_id: Loose = None
    message: Loose = None
    html: Loose = None
    subject: Loose = None
    phone: Loose = None
    email_to: Any = None
    email_from: Loose = None
    attachments: list[Any] | None = None
    user_id: Loose = None


class UnreadTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A conversation's state for those who work on it."""

    id: Loose = None
    contact_id: Loose = None
    unread_count: Loose = None
    inbox: Loose = None
    starred: Loose = None
    deleted: Loose = None


class CampaignTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A contact's run through a campaign."""

    id: Loose = None
    contact_id: Loose = None
    status: Loose = None
    template_id: Loose = None
    replied: Loose = None
    date_added: Loose = None


INBOUND = Trigger[MessageTold](
    id="messages.inbound", app="contacts_api", title="Message or call from a contact", event="InboundMessage",
    types=("InboundMessage", "OutboundMessage"), scopes=_READ, output=MessageTold,
    source="webhook-events/InboundMessage.json",
    description="A contact wrote or rang. The vendor's example of an answered call calls itself OutboundMessage.",
)  # fmt: skip

OUTBOUND = Trigger[MessageTold](
    id="messages.outbound", app="contacts_api", title="Message or call to a contact", event="OutboundMessage",
    types=("OutboundMessage",), scopes=_READ, output=MessageTold, source="webhook-events/OutboundMessage.json",
    description="The location wrote to a contact or rang one, by hand, by a workflow or by the API.",
)  # fmt: skip

PROVIDER_OUTBOUND = Trigger[ProviderMessageTold](
    id="messages.provider_outbound", app="contacts_api", title="Message to carry", event="ProviderOutboundMessage",
    types=("SMS", "Email"), scopes=("conversations/message.write",), output=ProviderMessageTold,
    source="webhook-events/ProviderOutboundMessage.json",
    description="The app's own conversation provider is to deliver a message. It comes to the provider's address.",
)  # fmt: skip

UNREAD_CHANGED = Trigger[UnreadTold](
    id="conversations.unread_changed", app="contacts_api", title="Conversation unread state changed",
    event="ConversationUnreadWebhook", types=("ConversationUnreadUpdate", "ConversationUnreadWebhook"),
    scopes=("conversations.readonly",), output=UnreadTold, source="webhook-events/ConversationUnreadWebhook.json",
    description="The number of unread messages, the star or the inbox of a conversation changed.",
)  # fmt: skip

CAMPAIGN_CHANGED = Trigger[CampaignTold](
    id="campaigns.status_changed", app="contacts_api", title="Campaign status of a contact changed",
    event="CampaignStatusUpdate", types=("CampaignStatusUpdate",), scopes=("campaigns.readonly",),
    output=CampaignTold, source="webhook-events/CampaignStatusUpdate.json",
    description="A contact's run through a campaign began, paused, went on or ended.",
)  # fmt: skip

TRIGGERS: tuple[AnyTrigger, ...] = (INBOUND, OUTBOUND, PROVIDER_OUTBOUND, UNREAD_CHANGED, CAMPAIGN_CHANGED)
