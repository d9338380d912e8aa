"""The vendor's client and conversations: every method that the sandbox offers, and what it gives back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.app_token import app_token
from tests.sdk.client import GHLError, Sdk, sdk
from tieline.sandbox.contacts_api import ContactsSide

PHONE, EMAIL = "+15125550123", "zoe@example.com"


async def person(vendor: Sdk, **fields: Any) -> str:
    """Id of a new contact that can be reached."""
    given = {"locationId": vendor.location, "firstName": "Zoë", "phone": PHONE, "email": EMAIL, **fields}
    made: str = (await vendor.contacts.create_contact(given))["contact"]["id"]
    return made


def provider(vendor: Sdk, type_: str) -> str:
    """Id of the app's provider for that."""
    held = {one.type: str(one.id) for one in vendor.state()["conversation_providers"]}
    return held[type_]


def message(vendor: Sdk, message_id: str) -> Any:
    """A message as the location really holds it."""
    return next(one for one in vendor.state()["messages"] if one["id"] == message_id)


def as_the_app(vendor: Sdk) -> None:
    """From here on the client has a token of the app that owns the providers."""
    side = vendor.sandbox.contacts.side
    assert isinstance(side, ContactsSide)
    vendor.client.config["private_integration_token"] = app_token(side, vendor.location)


async def test_a_conversation_lives_from_create_to_delete() -> None:
    """Through create, get, update, search and delete; its type is a word in the search and a number alone."""
    async with sdk() as vendor:
        contact = await person(vendor)
        wanted = {"locationId": vendor.location, "contactId": contact}
        made = (await vendor.conversations.create_conversation(wanted))["conversation"]
        assert (made["contactId"], made["deleted"]) == (contact, False)
        with pytest.raises(GHLError) as refused:
            await vendor.conversations.create_conversation(wanted)
        assert refused.value.status_code == 400
        await vendor.conversations.send_a_new_message(
            {"type": "SMS", "contactId": contact, "message": "Guten Tag"}
        )
        changed = await vendor.conversations.update_conversation(
            made["id"], {"locationId": vendor.location, "unreadCount": 3, "starred": True}
        )
        assert (changed["conversation"]["unreadCount"], changed["conversation"]["starred"]) == (3, True)
        got = await vendor.conversations.get_conversation(made["id"])
        assert (got["type"], got["unreadCount"], got["starred"], got["deleted"]) == (1, 3, True, False)
        found = await vendor.conversations.search_conversation(
            vendor.location,
            contact_id=contact,
            status="unread",
            sort_by="last_message_date",
            sort="desc",
            limit=20,
        )
        (row,) = found["conversations"]
        assert (row["id"], row["type"], row["lastMessageBody"]) == (made["id"], "TYPE_PHONE", "Guten Tag")
        assert (row["fullName"], row["phone"], found["total"]) == ("Zoë", PHONE, 1)
        beyond = await vendor.conversations.search_conversation(
            vendor.location, start_after_date=row["sort"][0]
        )
        assert (beyond["conversations"], beyond["total"]) == ([], 1)
        assert (await vendor.conversations.delete_conversation(made["id"]))["success"]
        assert (await vendor.conversations.search_conversation(vendor.location))["total"] == 0
        assert (await vendor.conversations.get_conversation(made["id"]))["deleted"]


async def test_texts_are_sent_listed_and_got() -> None:
    """The list is nested once more, and goes on behind the last id; one message comes in an envelope."""
    async with sdk() as vendor:
        contact = await person(vendor)
        ids = []
        for number in range(3):
            answer = await vendor.conversations.send_a_new_message(
                {"type": "SMS", "contactId": contact, "message": f"Nr. {number}"}
            )
            ids.append(answer["messageId"])
        page = (await vendor.conversations.get_messages(answer["conversationId"], limit=2))["messages"]
        assert [one["body"] for one in page["messages"]] == ["Nr. 2", "Nr. 1"]
        assert (page["nextPage"], page["lastMessageId"]) == (True, ids[1])
        rest = await vendor.conversations.get_messages(
            answer["conversationId"], last_message_id=page["lastMessageId"], type="TYPE_SMS"
        )
        assert [one["id"] for one in rest["messages"]["messages"]] == [ids[0]]
        # The method takes no id: its address has to be given whole.
        got = await vendor.conversations.get_message({"url": f"/conversations/messages/{ids[0]}"})
        assert (got["message"]["body"], got["message"]["source"]) == ("Nr. 0", "api")
        with pytest.raises(GHLError) as refused:
            await vendor.conversations.get_message({"url": "/conversations/messages/nobody"})
        assert refused.value.status_code == 400


async def test_what_is_scheduled_waits_goes_out_or_is_cancelled() -> None:
    """A text and an e-mail each; seconds, not milliseconds."""
    async with sdk() as vendor:
        contact, clock = await person(vendor), vendor.sandbox.contacts.clock
        at = int(clock.now().timestamp()) + 3600
        given = {"type": "SMS", "contactId": contact, "message": "Bis morgen!", "scheduledTimestamp": at}
        text = await vendor.conversations.send_a_new_message(given)
        kept = await vendor.conversations.send_a_new_message({**given, "message": "Bis gleich!"})
        mail = await vendor.conversations.send_a_new_message(
            {"type": "Email", "contactId": contact, "html": "<p>Morgen</p>", "scheduledTimestamp": at}
        )
        assert {message(vendor, one["messageId"])["status"] for one in (text, kept, mail)} == {"scheduled"}
        cancelled = await vendor.conversations.cancel_scheduled_message(text["messageId"])
        assert cancelled["status"] == 200
        cancelled = await vendor.conversations.cancel_scheduled_email_message(mail["emailMessageId"])
        assert cancelled["status"] == 200
        clock.advance(3601)
        (left,) = vendor.state()["messages"]
        assert (left["id"], left["status"], left["body"]) == (kept["messageId"], "delivered", "Bis gleich!")
        with pytest.raises(GHLError) as refused:
            await vendor.conversations.cancel_scheduled_message(kept["messageId"])
        assert refused.value.status_code == 400


async def test_an_email_is_got_whole_and_its_provider_tells_what_became_of_it() -> None:
    """`clicked` implies opened, delivered and accepted; counts add up; nobody but the app may tell."""
    async with sdk() as vendor:
        contact = await person(vendor)
        sent = await vendor.conversations.send_a_new_message(
            {"type": "Email", "contactId": contact, "subject": "Angebot", "html": "<p>Anbei</p>",
             "conversationProviderId": provider(vendor, "Email")}
        )  # fmt: skip
        email_id = sent["emailMessageId"]
        url = f"/conversations/messages/email/{email_id}"
        told = {
            "status": "clicked",
            "events": {"clicked": 1},
            "recipients": [{"emailId": EMAIL, "status": "clicked"}],
        }
        with pytest.raises(GHLError) as refused:
            await vendor.conversations.update_email_message_status(email_id, told)
        assert refused.value.status_code == 403
        as_the_app(vendor)
        for _ in range(2):
            answer = await vendor.conversations.update_email_message_status(email_id, told)
            assert answer["success"]
        got = await vendor.conversations.get_email_by_id({"url": url})
        assert (got["subject"], got["body"], got["to"], got["threadId"]) == (
            "Angebot", "<p>Anbei</p>", [EMAIL], sent["messageId"],
        )  # fmt: skip
        held = message(vendor, sent["messageId"])["emails"][email_id]
        assert held["events"] == {"clicked": 2, "opened": 2, "delivered": 2, "accepted": 2}
        assert held["recipients"] == {EMAIL: "clicked"}


async def test_calls_of_elsewhere_are_logged_attached_to_and_told_of() -> None:
    """Inbound and outbound, with status and attachments set afterwards."""
    async with sdk() as vendor:
        contact = await person(vendor)
        calls = provider(vendor, "Call")
        logged = await vendor.conversations.add_an_inbound_message(
            {"type": "Call", "contactId": contact, "conversationProviderId": calls, "altId": "n-1",
             "call": {"from": PHONE, "to": "+15125550100", "status": "voicemail"}, "date": "2026-08-01T09:30:00+02:00"}
        )  # fmt: skip
        assert (logged["success"], logged["dateAdded"]) == (True, "2026-08-01T07:30:00.000Z")
        urls = ["https://example.com/1.mp3"]
        await vendor.conversations.add_message_attachments(logged["messageId"], {"attachments": urls})
        held = message(vendor, logged["messageId"])
        assert (held["type"], held["attachments"], held["call"]["status"]) == (
            "TYPE_CUSTOM_CALL", urls, "voicemail",
        )  # fmt: skip
        made = await vendor.conversations.add_an_outbound_message(
            {"type": "Call", "conversationId": logged["conversationId"], "conversationProviderId": calls,
             "call": {"to": PHONE, "status": "busy"}}
        )  # fmt: skip
        assert message(vendor, made["messageId"])["direction"] == "outbound"
        as_the_app(vendor)
        answer = await vendor.conversations.update_message_status(made["messageId"], {"status": "failed"})
        assert (answer["messageId"], answer["status"]) == (made["messageId"], "failed")
        assert message(vendor, made["messageId"])["status"] == "failed"


async def test_all_messages_of_a_location_are_exported_cursor_by_cursor() -> None:
    """Each once, oldest first as asked; e-mails only where they are asked for."""
    async with sdk() as vendor:
        contact = await person(vendor)
        for number in range(25):
            vendor.emit(kind="message.inbound", id=contact, body=f"Nr. {number}")
        vendor.emit(kind="message.inbound", id=contact, fields={"type": "Email"})
        seen: list[str] = []
        cursor = None
        while True:
            page = await vendor.conversations.export_messages_by_location(
                vendor.location, limit=10, cursor=cursor, sort_by="createdAt", sort_order="asc"
            )
            seen += [one["body"] for one in page["messages"]]
            assert page["total"] == 25
            cursor = page.get("nextCursor")
            if cursor is None:
                break
        assert seen == [f"Nr. {number}" for number in range(25)]
        mails = await vendor.conversations.export_messages_by_location(vendor.location, channel="Email")
        assert [one["messageType"] for one in mails["messages"]] == ["TYPE_EMAIL"]


async def test_a_call_is_heard_and_read() -> None:
    """The client cannot read what is no JSON: the sound and the text arrive, and it stumbles over them."""
    async with sdk() as vendor:
        contact = await person(vendor)
        (rang,) = vendor.emit(
            kind="message.call", id=contact, fields={"duration": 60, "transcript": ["Hello?", "Hi."]}
        )
        where = (vendor.location, rang["record"])
        read = await vendor.conversations.get_message_transcription(*where)
        assert [(one["sentenceIndex"], one["transcript"], one["startTime"]) for one in read] == [
            (0, "Hello?", 0), (1, "Hi.", 30_000),
        ]  # fmt: skip
        audit = vendor.sandbox.contacts.audit
        for method, operation in (
            ("get_message_recording", "messages.get_recording"),
            ("download_message_transcription", "messages.download_transcription"),
        ):
            with pytest.raises(ValueError, match=r"codec|Expecting"):
                await getattr(vendor.conversations, method)(*where)
            assert (audit.calls[-1].operation, audit.calls[-1].status) == (operation, 200)


async def test_whoever_types_in_a_live_chat_shows_it() -> None:
    """201, and nothing is kept."""
    async with sdk() as vendor:
        contact = await person(vendor)
        made = await vendor.conversations.create_conversation(
            {"locationId": vendor.location, "contactId": contact}
        )
        shown = await vendor.conversations.live_chat_agent_typing(
            {"locationId": vendor.location, "isTyping": "true", "visitorId": "v1",
             "conversationId": made["conversation"]["id"]}
        )  # fmt: skip
        assert shown["success"]
        assert vendor.state()["messages"] == []
