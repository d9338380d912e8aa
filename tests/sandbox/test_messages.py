"""Messages that the CRM sends: what is refused, what waits, what goes out, and what is told of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.crm_door import crm_door
from tests.sandbox.talk import EMAIL, PHONE, mail, message, messages, person, provider, search, seconds, send

EMPTY = "There is no message or attachments for this message. Skip sending."
SEND = "/conversations/messages"


def test_a_text_is_answered_stored_and_told() -> None:
    """`source` is the one mark of origin; the event says from where and to whom."""
    with crm_door() as door:
        contact = person(door)
        answer = send(door, contact, "Grüße 👋", attachments=["https://example.com/a.png"])
        assert answer["status"] == "pending"
        assert set(answer) == {"conversationId", "messageId", "msg", "status", "traceId"}
        got = door.done("GET", f"{SEND}/{answer['messageId']}")["message"]
        assert (got["body"], got["type"], got["messageType"]) == ("Grüße 👋", 2, "TYPE_SMS")
        assert (got["source"], got["direction"], got["status"]) == ("api", "outbound", "delivered")
        (event,) = door.events()
        assert {name: event[name] for name in ("type", "messageType", "messageId", "body", "source", "from", "to")} == {
            "type": "OutboundMessage", "messageType": "SMS", "messageId": answer["messageId"], "body": "Grüße 👋",
            "source": "api", "from": "+15125550100", "to": PHONE,
        }  # fmt: skip
        assert event["attachments"] == ["https://example.com/a.png"]
        assert (event["conversationId"], event["contactId"]) == (answer["conversationId"], contact)


def test_somebody_in_the_crm_texts_by_hand() -> None:
    """The event names the user, and `app` as the source."""
    with crm_door() as door:
        contact = person(door)
        door.emit("message.outbound", id=contact, body="Hi")
        (event,) = door.events()
        assert (event["source"], event["userId"]) == ("app", door.state()["users"][0]["id"])
        (row,) = search(door)["conversations"]
        assert row["lastOutboundMessageAction"] == "manual"


@pytest.mark.parametrize(
    ("fields", "given", "status", "why"),
    [
        ({}, {"type": "SMS"}, 422, EMPTY),
        ({}, {"type": "SMS", "html": "<p>x</p>"}, 422, EMPTY),
        ({}, {"type": "Email", "message": "x"}, 422, EMPTY),
        ({"phone": ""}, {"type": "SMS", "message": "x"}, 400, "Missing phone number"),
        ({"phone": ""}, {"type": "WhatsApp", "message": "x"}, 400, "Missing phone number"),
        ({}, {"type": "SMS", "message": "x", "toNumber": "12"}, 400, "Invalid phone number"),
        ({"email": ""}, {"type": "Email", "html": "x"}, 400, "Missing email address"),
        ({}, {"type": "Email", "html": "x", "emailTo": "other@example.com"}, 400,
         "emailTo must be an email address of the contact"),
        ({}, {"type": "Email", "html": "x", "threadId": "nobody"}, 400, "Email with id nobody not found"),
        ({}, {"type": "Custom", "message": "x"}, 400, "conversationProviderId is required for custom providers"),
        ({}, {"type": "SMS", "message": "x", "conversationProviderId": "p"}, 400,
         "Conversation provider with id p not found"),
        ({}, {"type": "Call", "message": "x"}, 422,
         ["type must be one of the following values: SMS, RCS, Email, WhatsApp, IG, FB, Custom, Live_Chat, TIKTOK"]),
        ({}, {"type": "SMS", "body": "x"}, 422, ["property body should not exist"]),
        ({}, {"type": "SMS", "message": "x", "scheduledTimestamp": "soon"}, 422,
         ["scheduledTimestamp must be a number conforming to the specified constraints"]),
        ({}, {"type": "SMS", "message": "x", "scheduledTimestamp": 1_788_300_847_900}, 422,
         ["scheduledTimestamp must be a UTC timestamp in seconds"]),
        ({}, {"type": "SMS", "message": "x", "forward": {"toEmail": EMAIL}}, 422,
         ["forward is not valid: isForwarded should not be empty"]),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_and_leaves_nothing(
    fields: dict[str, Any], given: dict[str, Any], status: int, why: Any
) -> None:
    """No message, no event; milliseconds are no seconds."""
    with crm_door() as door:
        contact = person(door, **fields)
        assert door.refused("POST", SEND, {"contactId": contact, **given}) == (status, why)
        state = door.state()
        assert (state["messages"], state["conversations"], door.sent) == ([], [], [])


def test_an_email_with_text_alone_goes_out_where_that_oddity_is_off() -> None:
    """As plain text."""
    with crm_door() as door:
        door.side.set_quirks({"emails_want_html": False})
        sent = door.done("POST", SEND, {"type": "Email", "contactId": person(door), "message": "Anbei"})
        got = door.done("GET", f"{SEND}/email/{sent['emailMessageId']}")
        assert (got["body"], got["contentType"]) == ("Anbei", "text/plain")


@pytest.mark.parametrize(
    ("fields", "type_", "why"),
    [
        ({"dnd": True}, "SMS", "Cannot send message as DND is active."),
        ({"dnd": True}, "Email", "Cannot send message as DND is active."),
        ({"dndSettings": {"SMS": {"status": "active"}}}, "SMS", "Cannot send message as DND is active for SMS."),
        ({"dndSettings": {"SMS": {"status": "permanent"}}}, "SMS", "Cannot send message as DND is active for SMS."),
        ({"dndSettings": {"Email": {"status": "active"}}}, "Email", "Cannot send message as DND is active for Email."),
        ({"dndSettings": {"WhatsApp": {"status": "active"}}}, "WhatsApp",
         "Cannot send message as DND is active for WhatsApp."),
        ({"dndSettings": {"SMS": {"status": "inactive"}, "Email": {"status": "active"}}}, "SMS", None),
        ({"dndSettings": {"Call": {"status": "active"}}}, "Live_Chat", None),
    ],
)  # fmt: skip
def test_a_contact_that_blocked_a_channel_is_not_written_to(
    fields: dict[str, Any], type_: str, why: str | None
) -> None:
    """`active` and `permanent` block; whoever asks, the API and somebody in the CRM alike."""
    with crm_door() as door:
        contact = person(door, **fields)
        given = {"type": type_, "contactId": contact, "message": "x", "html": "x"}
        if why is None:
            door.done("POST", SEND, given)
            return
        assert door.refused("POST", SEND, given) == (400, why)
        with pytest.raises(ValueError, match="DND is active"):
            door.emit("message.outbound", id=contact, fields={"type": type_})
        assert door.state()["messages"] == []


def test_what_is_scheduled_waits_until_its_second_has_come() -> None:
    """Unseen by the inbox, told to nobody; then it goes out with its own time, whoever looks."""
    with crm_door() as door:
        contact = person(door)
        sent = send(door, contact, "Bis morgen!", scheduledTimestamp=seconds(door, 3600))
        (row,) = search(door)["conversations"]
        assert ("lastMessageBody" in row, door.types()) == (False, [])
        (listed,) = messages(door, sent["conversationId"])["messages"]
        assert listed["status"] == "scheduled"
        door.wait(3599)
        assert (message(door, sent["messageId"])["waits"], door.types()) == (True, [])
        door.wait(30)
        assert search(door)["conversations"][0]["lastMessageBody"] == "Bis morgen!"
        (event,) = door.events()
        assert (event["type"], event["dateAdded"]) == ("OutboundMessage", "2026-09-01T23:14:07.000Z")


def test_a_moment_in_the_past_is_now() -> None:
    """Also this very second."""
    with crm_door() as door:
        contact = person(door)
        for late in (0, -1, -86_400 * 365):
            send(door, contact, str(late), scheduledTimestamp=seconds(door, late))
        assert door.types() == ["OutboundMessage"] * 3


@settings(max_examples=30, deadline=None)
@given(dues=st.lists(st.integers(1, 50), max_size=8), looks=st.lists(st.integers(1, 20), max_size=6))
def test_scheduled_messages_go_out_once_in_the_order_of_their_times(
    dues: list[int], looks: list[int]
) -> None:
    """Whenever somebody looks; those of one second in the order in which they were asked for."""
    with crm_door() as door:
        contact = person(door)
        for number, due in enumerate(dues):
            send(door, contact, f"{due}/{number}", scheduledTimestamp=seconds(door, due) + 1)
        passed = 0
        for look in looks:
            door.wait(look)
            passed += look
            door.state()
            gone = [one["body"] for one in door.events()]
            due_by = [(due, number) for number, due in enumerate(dues) if due < passed]
            assert gone == [f"{due}/{number}" for due, number in sorted(due_by)]


NEW_YORK, AUCKLAND = ZoneInfo("America/New_York"), ZoneInfo("Pacific/Auckland")


@pytest.mark.parametrize(
    ("moment", "utc"),
    [
        (datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK), "2026-11-01T05:30:00.000Z"),
        (datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=NEW_YORK), "2026-11-01T06:30:00.000Z"),
        (datetime(2026, 9, 27, 9, 0, tzinfo=AUCKLAND), "2026-09-26T20:00:00.000Z"),
        (datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), "2038-01-19T03:14:08.000Z"),
    ],
)
def test_a_time_on_somebodys_wall_is_one_moment(moment: datetime, utc: str) -> None:
    """Twice half past one, the morning after clocks went forward, and beyond 32 bits."""
    with crm_door() as door:
        sent = send(door, person(door), scheduledTimestamp=int(moment.timestamp()))
        door.now = moment.astimezone(UTC)
        assert message(door, sent["messageId"])["waits"] is False
        assert door.events()[0]["dateAdded"] == utc


def test_what_may_no_longer_be_sent_fails_when_its_time_comes() -> None:
    """DND came in between, or the contact went: told as failed, and never tried again."""
    with crm_door() as door:
        blocked, gone = person(door), door.contact(phone="+15125550124")
        for contact in (blocked, gone):
            send(door, contact, scheduledTimestamp=seconds(door, 60))
        door.done("PUT", f"/contacts/{blocked}", {"dnd": True})
        door.done("DELETE", f"/contacts/{gone}")
        door.sent.clear()
        door.wait(61)
        assert [one["status"] for one in door.state()["messages"]] == ["failed", "failed"]
        assert [(one["type"], one["status"]) for one in door.events()] == [("OutboundMessage", "failed")] * 2
        door.done("PUT", f"/contacts/{blocked}", {"dnd": False})
        door.wait(3600)
        assert [one["status"] for one in door.state()["messages"]] == ["failed", "failed"]


def test_a_scheduled_message_is_cancelled_once_and_only_before_it_went() -> None:
    """An e-mail by its own id and without a version header; each kind by its own path."""
    with crm_door() as door:
        contact = person(door)
        text = send(door, contact, scheduledTimestamp=seconds(door, 60))["messageId"]
        answer = mail(door, contact, scheduledTimestamp=seconds(door, 60))
        thread, email = answer["messageId"], answer["emailMessageId"]
        assert door.refused("DELETE", f"{SEND}/{thread}/schedule") == (
            400,
            "Failed cancel the scheduled message",
        )
        assert door.refused("DELETE", f"{SEND}/email/{thread}/schedule") == (
            400,
            f"Email with id {thread} not found",
        )
        assert door.done("DELETE", f"{SEND}/email/{email}/schedule", version="")["status"] == 200
        assert door.done("DELETE", f"{SEND}/{text}/schedule")["status"] == 200
        assert door.refused("DELETE", f"{SEND}/{text}/schedule") == (400, f"Message with id {text} not found")
        assert door.refused("GET", f"{SEND}/{thread}")[0] == 400
        assert door.refused("DELETE", f"{SEND}/{text}/schedule", version="")[0] == 401
        late = send(door, contact, scheduledTimestamp=seconds(door, 60))["messageId"]
        door.wait(60)
        assert door.refused("DELETE", f"{SEND}/{late}/schedule") == (
            400,
            "Failed cancel the scheduled message",
        )
        assert door.types() == ["OutboundMessage"], "the others never went out"


def test_emails_of_a_thread_stand_in_one_message() -> None:
    """Each is got by its own id; lists leave their bodies out; cancelling one leaves the rest as it was."""
    with crm_door() as door:
        contact = person(door)
        first = mail(door, contact, emailCc=["cc@example.com"])
        (event,) = door.events()
        assert (event["messageType"], event["to"], event["cc"], event["subject"]) == (
            "Email", [EMAIL], ["cc@example.com"], "Angebot",
        )  # fmt: skip
        assert (event["emailMessageId"], event["threadId"]) == (first["emailMessageId"], first["messageId"])
        assert "status" not in event
        second = mail(door, contact, "<p>Und?</p>", replyMessageId=first["messageId"])
        assert second["messageId"] == first["messageId"]
        third = mail(door, contact, threadId=first["messageId"], scheduledTimestamp=seconds(door, 60))
        door.done("DELETE", f"{SEND}/email/{third['emailMessageId']}/schedule")
        got = door.done("GET", f"{SEND}/{first['messageId']}")["message"]
        assert got["meta"] == {"email": {"messageIds": [first["emailMessageId"], second["emailMessageId"]]}}
        assert (got["body"], got["status"], got["type"]) == ("<p>Und?</p>", "delivered", 3)
        (listed,) = messages(door, first["conversationId"])["messages"]
        assert "body" not in listed
        reply = door.done("GET", f"{SEND}/email/{second['emailMessageId']}", version="")
        assert reply["replyToMessageId"] == first["emailMessageId"]
        assert reply["from"].startswith("Austin Dental <")
        door.side.set_quirks({"lists_lack_email_bodies": False})
        assert messages(door, first["conversationId"])["messages"][0]["body"] == "<p>Und?</p>"


def test_a_further_address_of_the_contact_can_be_mailed_to() -> None:
    """Whatever its case."""
    with crm_door() as door:
        contact = person(door)
        door.emit("contact.add_email", id=contact, fields={"email": "zoe@work.example"})
        sent = mail(door, contact, emailTo="Zoe@Work.example")
        assert door.done("GET", f"{SEND}/email/{sent['emailMessageId']}")["to"] == ["Zoe@Work.example"]


def test_a_providers_message_waits_for_its_word_and_its_own_address_is_told() -> None:
    """A target for everything hears OutboundMessage alone, as the app's own address does."""
    with crm_door() as door:
        contact = person(door)
        door.side.set_targets({"url": "http://provider.example/out", "events": ["ProviderOutboundMessage"]})
        sent = send(door, contact, type="Custom", conversationProviderId=provider(door, "SMS"))
        got = door.done("GET", f"{SEND}/{sent['messageId']}")["message"]
        assert (got["messageType"], got["status"]) == ("TYPE_CUSTOM_SMS", "pending")
        assert [(one.url, one.kind) for one in door.sent] == [
            ("http://hub.example/hooks", "OutboundMessage"), ("http://provider.example/out", "ProviderOutboundMessage"),
        ]  # fmt: skip
        asked = door.events()[1]
        assert (asked["type"], asked["phone"], asked["message"]) == ("SMS", PHONE, "Guten Tag")
        assert door.refused(
            "POST", SEND,
            {"type": "SMS", "contactId": contact, "message": "x", "conversationProviderId": provider(door, "Email")},
        ) == (400, "type SMS cannot be sent by a conversation provider for Email")  # fmt: skip


def test_equal_texts_to_one_contact_count_as_doubled() -> None:
    """Of callers of the API; what a person says twice is no slip, nor what was cancelled."""
    with crm_door() as door:
        contact, other = person(door), door.contact(phone="+15125550124")
        send(door, contact, "Bis morgen!")
        send(door, other, "Bis morgen!")
        door.emit("message.outbound", id=contact, body="Bis morgen!")
        gone = send(door, contact, "Bis morgen!", scheduledTimestamp=seconds(door, 60))
        assert [one["kind"] for one in door.side.doubled()] == ["message"]
        door.done("DELETE", f"{SEND}/{gone['messageId']}/schedule")
        assert door.side.doubled() == []
        mail(door, contact)
        mail(door, contact)
        assert door.side.doubled() == [
            {
                "kind": "message",
                "location": door.location,
                "contact": contact,
                "body": "Angebot\n<p>Anbei</p>",
            }
        ]
