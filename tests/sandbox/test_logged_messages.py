"""Messages and calls that happened elsewhere: how they are logged and told, and what providers say of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.app_token import app_token
from tests.sandbox.crm_door import crm_door
from tests.sandbox.talk import (
    AT,
    EMAIL,
    PHONE,
    got,
    log,
    mail,
    message,
    messages,
    person,
    provider,
    search,
    send,
)

INBOUND, OUTBOUND = f"{AT}/inbound", f"{AT}/outbound"


def test_an_inbound_text_is_logged_under_a_foreign_id_and_told() -> None:
    """At its own time, from the contact to the location; it waits to be read."""
    with crm_door() as door:
        contact = person(door)
        answer = log(
            door,
            "SMS",
            contactId=contact,
            message="Rückruf?",
            altId="sms-1",
            date="2026-03-29T03:30:00+02:00",
        )
        assert (answer["success"], answer["contactId"]) == (True, contact)
        assert answer["dateAdded"] == "2026-03-29T01:30:00.000Z", "the hour after clocks went forward"
        held = got(door, answer["messageId"])
        assert (held["altId"], held["direction"], held["body"]) == ("sms-1", "inbound", "Rückruf?")
        assert "source" not in held
        event = door.events()[0]
        assert (event["type"], event["from"], event["to"]) == ("InboundMessage", PHONE, "+15125550100")
        assert door.types() == ["InboundMessage", "ConversationUnreadUpdate"]


def test_what_is_logged_late_does_not_stand_before_what_came_later() -> None:
    """Neither in the list nor as the last message."""
    with crm_door() as door:
        contact = person(door)
        sent = send(door, contact, "today")
        log(
            door,
            "SMS",
            conversationId=sent["conversationId"],
            message="last year",
            date="2025-01-01T00:00:00Z",
        )
        assert [one["body"] for one in messages(door, sent["conversationId"])["messages"]] == [
            "today",
            "last year",
        ]
        assert search(door)["conversations"][0]["lastMessageBody"] == "today"


@pytest.mark.parametrize("type_", ["Custom", "Call"])
def test_a_custom_message_without_a_provider_vanishes_with_a_201(type_: str) -> None:
    """Trap 35: an empty body, and nothing is stored; 400 where the oddity is off."""
    with crm_door() as door:
        given = {"type": type_, "contactId": person(door), "message": "x"}
        assert door.ask("POST", INBOUND, given) == (201, None)
        state = door.state()
        assert (state["messages"], state["conversations"], door.sent) == ([], [], [])
        door.side.set_quirks({"inbound_without_provider_vanishes": False})
        assert door.refused("POST", INBOUND, given) == (
            400, "conversationProviderId is required for custom providers",
        )  # fmt: skip


def test_a_wrong_provider_is_a_500_and_stores_nothing() -> None:
    """A location's id in its place, as somebody once had it."""
    with crm_door() as door:
        contact = person(door)
        for path, type_ in ((INBOUND, "Custom"), (OUTBOUND, "Call")):
            given = {"type": type_, "contactId": contact, "conversationProviderId": door.location}
            assert door.refused("POST", path, given) == (500, "Internal server error")
        assert (door.state()["messages"], door.state()["conversations"]) == ([], [])


@pytest.mark.parametrize(
    ("path", "given", "status", "why"),
    [
        (INBOUND, {"type": "SMS", "message": "x"}, 400, "conversationId or contactId is required"),
        (INBOUND, {"type": "SMS", "message": "x", "contactId": "nobody"}, 400, "Contact with id nobody not found"),
        (INBOUND, {"type": "SMS", "message": "x", "conversationId": "none"}, 400,
         "Conversation with id none not found"),
        (INBOUND, {"type": "SMS", "contactId": "{c}"}, 422,
         "There is no message or attachments for this message. Skip sending."),
        (INBOUND, {"type": "Fax", "contactId": "{c}"}, 422, None),
        (INBOUND, {"type": "SMS", "contactId": "{c}", "message": "x", "date": "yesterday"}, 422,
         ["date must be a valid ISO 8601 date string"]),
        (INBOUND, {"type": "SMS", "contactId": "{c}", "message": "x", "direction": "sideways"}, 422,
         ["direction must be one of the following values: inbound, outbound"]),
        (INBOUND, {"type": "Call", "contactId": "{c}", "conversationProviderId": "{p}", "call": {"duration": 5}}, 422,
         ["call is not valid: property duration should not exist"]),
        (INBOUND, {"type": "Email", "contactId": "{c}", "html": "x", "emailMessageId": "none"}, 400,
         "Email with id none not found"),
        (INBOUND, {"type": "SMS", "contactId": "{c}", "message": "x", "conversationProviderId": "{p}"}, 400,
         "type SMS cannot come by a conversation provider for Call"),
        (OUTBOUND, {"type": "SMS", "contactId": "{c}", "conversationProviderId": "{p}"}, 422,
         ["type must be one of the following values: Call"]),
        (OUTBOUND, {"type": "Call", "contactId": "{c}"}, 422, ["conversationProviderId should not be empty"]),
        (OUTBOUND, {"type": "Call", "conversationProviderId": "{p}"}, 400, "conversationId or contactId is required"),
    ],
)  # fmt: skip
def test_what_cannot_be_logged_is_refused(path: str, given: dict[str, Any], status: int, why: Any) -> None:
    """With the vendor's reason; the duration of a call has no field (trap 36)."""
    with crm_door() as door:
        places = {"{c}": person(door), "{p}": provider(door, "Call")}
        got_status, got_why = door.refused(
            "POST", path, {name: places.get(str(one), one) for name, one in given.items()}
        )
        assert got_status == status
        assert why is None or got_why == why
        state = door.state()
        assert (state["messages"], state["conversations"], door.sent) == ([], [], [])


def test_conversation_and_contact_must_belong_together() -> None:
    """Two people's ids are refused."""
    with crm_door() as door:
        sent = send(door, person(door))
        other = door.contact(phone="+15125550124")
        given = {"type": "SMS", "conversationId": sent["conversationId"], "contactId": other, "message": "x"}
        assert door.refused("POST", INBOUND, given)[0] == 400


def test_a_call_finds_its_contact_by_number() -> None:
    """By the caller's of one that came in, by the callee's of one that went out, however it is written."""
    with crm_door() as door:
        contact, calls = person(door), provider(door, "Call")
        came = log(
            door, "Call", conversationProviderId=calls, call={"from": "(512) 555-0123", "status": "busy"}
        )
        went = door.done(
            "POST", OUTBOUND, {"type": "Call", "conversationProviderId": calls, "call": {"to": PHONE}}
        )
        assert (came["contactId"], went["contactId"]) == (contact, contact)
        assert (got(door, came["messageId"])["status"], got(door, went["messageId"])["status"]) == (
            "busy",
            "completed",
        )
        unknown = {"type": "Call", "conversationProviderId": calls, "call": {"from": "+15125550999"}}
        assert door.refused("POST", INBOUND, unknown) == (400, "conversationId or contactId is required")


def test_an_inbound_email_answers_a_thread() -> None:
    """By the id of the e-mail that it answers; the thread shows the latest."""
    with crm_door() as door:
        contact = person(door)
        sent = mail(door, contact)
        door.sent.clear()
        answer = log(door, "Email", contactId=contact, html="<p>Ja</p>", subject="Re: Angebot",
                     emailMessageId=sent["emailMessageId"])  # fmt: skip
        assert answer["messageId"] == sent["messageId"]
        held = got(door, sent["messageId"])
        assert (held["direction"], held["body"]) == ("inbound", "<p>Ja</p>")
        (event, _) = door.events()
        assert (event["type"], event["from"], event["direction"]) == ("InboundMessage", EMAIL, "inbound")
        assert search(door)["conversations"][0]["lastMessageDirection"] == "inbound"


def test_an_outbound_message_can_be_logged_too() -> None:
    """It is no news to anybody: nothing becomes unread."""
    with crm_door() as door:
        log(door, "SMS", contactId=person(door), message="x", direction="outbound")
        assert [(one["type"], one["source"]) for one in door.events()] == [("OutboundMessage", "api")]


def test_attachments_of_a_call_from_outside_are_replaced_five_at_most() -> None:
    """Not those of a text, nor of a call of the CRM's own."""
    with crm_door() as door:
        contact = person(door)
        call = log(door, "Call", contactId=contact, conversationProviderId=provider(door, "Call"),
                   attachments=["https://example.com/0.mp3"])["messageId"]  # fmt: skip
        urls = [f"https://example.com/{number}.mp3" for number in range(1, 7)]
        door.done("PUT", f"{AT}/{call}/attachments", {"attachments": urls[:5]})
        assert got(door, call)["attachments"] == urls[:5]
        assert door.refused("PUT", f"{AT}/{call}/attachments", {"attachments": urls}) == (
            422, ["attachments must contain no more than 5 elements"],
        )  # fmt: skip
        assert (
            door.refused("PUT", f"{AT}/{call}/attachments", {"attachments": ["file:///etc/passwd"]})[0] == 422
        )
        door.done("PUT", f"{AT}/{call}/attachments", {"attachments": []})
        assert got(door, call)["attachments"] == []
        own = door.emit("message.call", id=contact)["record"]
        for other in (own, send(door, contact)["messageId"]):
            assert door.refused("PUT", f"{AT}/{other}/attachments", {"attachments": urls[:1]})[0] == 400
        assert door.refused("PUT", f"{AT}/nobody/attachments", {"attachments": urls[:1]})[0] == 404


def test_only_the_app_that_owns_the_provider_tells_what_became_of_a_message() -> None:
    """Trap 37: 403 for a private token, for another app, and for messages that no provider carried."""
    with crm_door() as door:
        contact = person(door)
        ours, theirs = (app_token(door.side, door.location, client_id=one) for one in (None, "somebody-else"))
        carried = send(door, contact, type="Custom", conversationProviderId=provider(door, "SMS"))[
            "messageId"
        ]
        plain = send(door, contact)["messageId"]
        told = {"status": "failed", "error": {"code": "1", "type": "carrier", "message": "Landline"}}
        refusal = (403, "No conversation provider found for this message")
        assert door.refused("PUT", f"{AT}/{carried}/status", told) == refusal
        assert door.refused("PUT", f"{AT}/{carried}/status", told, token=theirs) == refusal
        assert door.refused("PUT", f"{AT}/{plain}/status", told, token=ours) == refusal
        door.done("PUT", f"{AT}/{carried}/status", told, token=ours)
        assert got(door, carried)["status"] == "failed"
        assert message(door, carried)["error"]["message"] == "Landline"
        assert door.refused("PUT", f"{AT}/{carried}/status", {"status": "opened"}, token=ours)[0] == 422
        thin = {"status": "read", "error": {"code": "1"}}
        assert door.refused("PUT", f"{AT}/{carried}/status", thin, token=ours) == (
            422, ["error is not valid: type should not be empty; message should not be empty"],
        )  # fmt: skip


def test_the_status_of_an_email_is_told_under_v3_alone() -> None:
    """Counts add up, what one event implies counts once a call, and only recipients have a status."""
    with crm_door() as door:
        contact, app = person(door), app_token(door.side, door.location)
        sent = mail(door, contact, conversationProviderId=provider(door, "Email"), emailCc=["cc@example.com"])
        at, v3 = f"{AT}/email/{sent['emailMessageId']}/status", {"version": "v3", "token": app}
        told = {"status": "delivered", "events": {"opened": 2, "failed": 0}}
        assert door.refused("PUT", at, told, token=app)[0] == 404
        assert door.done("PUT", at, told, **v3)["success"]
        door.done("PUT", at, {"status": "opened", "events": {"replied": 1}}, **v3)
        held = message(door, sent["messageId"])["emails"][sent["emailMessageId"]]
        assert held["events"] == {"opened": 3, "delivered": 2, "accepted": 2, "replied": 1}
        assert held["status"] == got(door, sent["messageId"])["status"] == "opened"
        stranger = {"status": "failed", "recipients": [{"emailId": "x@example.com", "status": "failed"}]}
        status, answer = door.ask("PUT", at, stranger, **v3)
        assert (status, answer["error"]["message"]) == (400, "x@example.com is no recipient of this email")
        assert door.ask("PUT", at, {"status": "failed", "recipients": [{"status": "failed"}]}, **v3)[0] == 422
        by_the_crm = mail(door, contact)["emailMessageId"]
        assert door.ask("PUT", f"{AT}/email/{by_the_crm}/status", told, **v3)[0] == 403
