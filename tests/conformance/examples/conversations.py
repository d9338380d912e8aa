"""Conversations and messages: read, sent, scheduled, logged, and what became of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tests.conformance.ready import Example, Ready
from tests.sandbox.app_token import app_token
from tieline.connectors.contacts_api.operations import conversations, messages
from tieline.sandbox.contacts_api import ContactsSide

PHONE, EMAIL = "+15125550123", "zoe@example.com"
#: Winter in Auckland, where clocks have just gone forward.
RANG = datetime(2026, 9, 27, 2, 30, tzinfo=UTC)


async def person(ready: Ready) -> str:
    """Id of a contact that can be reached."""
    return await ready.contact(phone=PHONE, email=EMAIL)


def provider(ready: Ready, type_: str) -> str:
    """Id of the app's provider for that."""
    held = {one.type: str(one.id) for one in ready.state()["conversation_providers"]}
    return held[type_]


def as_the_app(ready: Ready) -> None:
    """From here on the client has a token of the app, not a private one."""
    side = ready.sandbox.contacts.side
    assert isinstance(side, ContactsSide)
    token = app_token(side, ready.location)
    ready.api.connection = msgspec.structs.replace(ready.api.connection, token=token)


async def search(ready: Ready) -> Any:
    await ready.api.call(messages.SEND, await send(ready))
    return conversations.SearchConversations(
        query="ada", status="all", sort="desc", sort_by="last_message_date", limit=10,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


async def conversation(ready: Ready) -> Any:
    made = await ready.api.call(conversations.CREATE, await create(ready))
    return conversations.ConversationId(conversation_id=made.conversation.id)


async def create(ready: Ready) -> Any:
    return conversations.CreateConversation(contact_id=await person(ready))


async def update(ready: Ready) -> Any:
    which = await conversation(ready)
    return conversations.UpdateConversation(
        conversation_id=which.conversation_id, unread_count=0, starred=True
    )


async def send(ready: Ready) -> Any:
    return messages.SendMessage(type="SMS", contact_id=await person(ready), message="Wir rufen zurück.")


async def sent(ready: Ready) -> Any:
    return await ready.api.call(messages.SEND, await send(ready))


async def list_(ready: Ready) -> Any:
    made = await sent(ready)
    return messages.MessagesOf(conversation_id=str(made.conversation_id), limit=10, type="TYPE_SMS,TYPE_CALL")


async def get(ready: Ready) -> Any:
    return messages.WhichMessage(id=(await sent(ready)).message_id)


async def add_inbound(ready: Ready) -> Any:
    return messages.AddInbound(
        type="Call", contact_id=await person(ready), conversation_provider_id=provider(ready, "Call"),
        call=messages.Call(from_=PHONE, to="+15125550100", status="voicemail"), alt_id="call-1", date=RANG,
    )  # fmt: skip


async def add_outbound_call(ready: Ready) -> Any:
    return messages.AddOutboundCall(
        contact_id=await person(ready), conversation_provider_id=provider(ready, "Call"), alt_id="call-2",
        call=messages.Call(to=PHONE, status="no-answer"), date=RANG,
        attachments=["https://example.com/calls/2.mp3"],
    )  # fmt: skip


def _later(ready: Ready) -> datetime:
    return ready.sandbox.contacts.clock.now() + timedelta(hours=2)


async def cancel(ready: Ready) -> Any:
    given = msgspec.structs.replace(await send(ready), scheduled_timestamp=_later(ready))
    made = await ready.api.call(messages.SEND, given)
    return messages.MessageId(message_id=made.message_id)


async def cancel_email(ready: Ready) -> Any:
    given = messages.SendMessage(
        type="Email", contact_id=await person(ready), subject="Ihr Angebot", html="<p>Anbei.</p>",
        scheduled_timestamp=_later(ready),
    )  # fmt: skip
    made = await ready.api.call(messages.SEND, given)
    return messages.EmailId(email_message_id=str(made.email_message_id))


async def update_status(ready: Ready) -> Any:
    as_the_app(ready)
    given = msgspec.structs.replace(
        await send(ready), type="Custom", conversation_provider_id=provider(ready, "SMS")
    )
    made = await ready.api.call(messages.SEND, given)
    return messages.UpdateStatus(
        message_id=made.message_id, status="failed",
        error=messages.StatusError(code="1", type="carrier", message="Landline"),
    )  # fmt: skip


async def set_attachments(ready: Ready) -> Any:
    made = await ready.api.call(messages.ADD_INBOUND, await add_inbound(ready))
    return messages.SetAttachments(
        message_id=made.message_id, attachments=["https://example.com/calls/1.mp3"]
    )


async def recording(ready: Ready) -> Any:
    side = ready.sandbox.contacts.side
    assert isinstance(side, ContactsSide)
    (done,) = side.emit({"kind": "message.call", "id": await person(ready)})
    return messages.RecordingOf(message_id=done["record"])


EXAMPLES: dict[str, Example] = {
    "conversations.search": search,
    "conversations.get": conversation,
    "conversations.create": create,
    "conversations.update": update,
    "messages.list": list_,
    "messages.get": get,
    "messages.send": send,
    "messages.add_inbound": add_inbound,
    "messages.add_outbound_call": add_outbound_call,
    "messages.cancel_scheduled": cancel,
    "messages.cancel_scheduled_email": cancel_email,
    "messages.update_status": update_status,
    "messages.set_attachments": set_attachments,
    "messages.get_recording": recording,
}
