"""Conversations at the CRM: one for each contact, found, read, starred and thrown away as the vendor has it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.crm_door import CrmDoor, crm_door
from tests.sandbox.talk import PHONE, found, mail, message, messages, person, search, send


def test_a_contact_has_one_conversation_and_a_second_is_refused_naming_the_first() -> None:
    """201, then 400; the message to come goes into it."""
    with crm_door() as door:
        contact = person(door)
        wanted = {"locationId": door.location, "contactId": contact}
        made = door.done("POST", "/conversations/", wanted)["conversation"]
        assert (made["contactId"], made["lastMessageDate"]) == (contact, "2026-09-01T22:14:07.900Z")
        status, answer = door.ask("POST", "/conversations/", wanted)
        assert (status, answer["message"]) == (400, "Conversation already exists")
        assert answer["conversationId"] == made["id"]
        assert send(door, contact)["conversationId"] == made["id"]
        assert door.types() == ["OutboundMessage"], "that a conversation was made is told to nobody"


def test_the_first_message_makes_the_conversation() -> None:
    """Also an inbound one; the search shows who it is and what was said last."""
    with crm_door() as door:
        contact = person(door, companyName="Ångström GmbH")
        door.emit("message.inbound", id=contact, body="Grüße aus Köln 👋")
        (row,) = search(door)["conversations"]
        assert (row["contactId"], row["fullName"], row["phone"]) == (contact, "Zoë", PHONE)
        assert (row["lastMessageBody"], row["lastMessageType"]) == ("Grüße aus Köln 👋", "TYPE_SMS")
        assert (row["lastMessageDirection"], row["unreadCount"]) == ("inbound", 1)
        assert row["sort"] == [row["lastMessageDate"]] == [1788300847900]


def test_the_type_is_a_word_in_searches_and_a_number_alone() -> None:
    """And follows the last message."""
    with crm_door() as door:
        contact = person(door)
        sent = send(door, contact)
        at = f"/conversations/{sent['conversationId']}"
        assert (search(door)["conversations"][0]["type"], door.done("GET", at)["type"]) == ("TYPE_PHONE", 1)
        mail(door, contact)
        assert (search(door)["conversations"][0]["type"], door.done("GET", at)["type"]) == ("TYPE_EMAIL", 2)


def test_every_filter_of_the_search_must_hold() -> None:
    """State, owner, words, kind and direction of the last message, when it was begun."""
    with crm_door() as door:
        user = door.state()["users"][0]["id"]
        contacts = {
            name: door.contact(firstName=name, phone=f"+1512555020{number}")
            for number, name in enumerate(("Ada", "Bo", "Cy"))
        }
        door.done("PUT", f"/contacts/{contacts['Bo']}", {"assignedTo": user})
        for name, contact in contacts.items():
            door.wait(60)
            door.emit(
                "message.inbound" if name == "Ada" else "message.outbound", id=contact, body=f"Hi {name}"
            )
        door.wait(60)
        send(door, contacts["Cy"])
        cy = search(door, contactId=contacts["Cy"])["conversations"][0]
        door.done("PUT", f"/conversations/{cy['id']}", {"locationId": door.location, "starred": True})
        assert found(door) == ["Cy", "Bo", "Ada"]
        assert found(door, sort="asc") == ["Ada", "Bo", "Cy"]
        assert found(door, status="unread") == ["Ada"]
        assert found(door, status="read") == ["Cy", "Bo"]
        assert found(door, status="starred") == ["Cy"]
        assert found(door, assignedTo=user) == ["Bo"]
        assert found(door, assignedTo=f"{user},unassigned", query="a") == ["Ada"]
        assert found(door, lastMessageDirection="inbound") == ["Ada"]
        assert found(door, lastMessageAction="manual") == ["Bo"]
        assert found(door, lastMessageAction="automated") == ["Cy"]
        assert found(door, lastMessageType="TYPE_EMAIL") == []
        assert found(door, query="5550201") == ["Bo"]
        assert found(door, id=cy["id"], status="all") == ["Cy"]
        assert found(door, startDate=cy["dateAdded"]) == ["Cy"]
        assert found(door, endDate=cy["dateAdded"] - 1) == ["Bo", "Ada"]
        assert found(door, mentions=user) == []
        assert found(door, sortBy="last_manual_message_date", sort="desc")[0] == "Cy"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"status": "new"}, ["status must be one of the following values: all, read, unread, starred, recents"]),
        ({"sort": "up"}, ["sort must be one of the following values: asc, desc"]),
        ({"startAfterDate": "yesterday"},
         ["startAfterDate must be a number conforming to the specified constraints"]),
        ({"limit": "101"}, ["limit must be between 1 and 100"]),
        ({"limit": "0"}, ["limit must be between 1 and 100"]),
        ({"phone": "1"}, ["property phone should not exist"]),
    ],
)  # fmt: skip
def test_a_search_that_asks_wrongly_is_refused(query: dict[str, str], message: list[str]) -> None:
    """With every message that it earns."""
    with crm_door() as door:
        assert door.refused("GET", "/conversations/search", locationId=door.location, **query) == (
            422,
            message,
        )


def _talk(door: CrmDoor, count: int, apart_s: float) -> None:
    for number in range(count):
        contact = door.contact(firstName=f"n{number}", phone=f"+1512555{number:04d}")
        send(door, contact)
        door.wait(apart_s)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 9), limit=st.integers(1, 4), upward=st.booleans())
def test_pages_by_the_last_rows_date_show_everything_once(count: int, limit: int, upward: bool) -> None:
    """Whatever fits on a page, both ways, the last page full or not."""
    with crm_door() as door:
        _talk(door, count, apart_s=0.001)
        seen: list[str] = []
        query: dict[str, Any] = {"limit": limit, "sort": "asc" if upward else "desc"}
        for _ in range(count + 1):
            page = search(door, **query)
            assert page["total"] == count
            seen += [one["fullName"] for one in page["conversations"]]
            if len(page["conversations"]) < limit:
                break
            query["startAfterDate"] = page["conversations"][-1]["sort"][0]
        names = [f"n{number}" for number in range(count)]
        assert seen == (names if upward else names[::-1])


def test_rows_of_one_millisecond_are_lost_at_the_edge_of_a_page() -> None:
    """The sort value alone says where a page goes on."""
    with crm_door() as door:
        _talk(door, 3, apart_s=0)
        page = search(door, limit=2)["conversations"]
        assert search(door, startAfterDate=page[-1]["sort"][0])["conversations"] == []


def test_unread_counts_grow_with_what_comes_in_and_each_change_is_told() -> None:
    """The body calls itself otherwise than the settings do; an answered call is nothing unread."""
    with crm_door() as door:
        contact = person(door)
        door.emit("message.inbound", id=contact)
        door.emit("message.inbound", id=contact, fields={"type": "Email"})
        told = [one for one in door.events() if one["type"] == "ConversationUnreadUpdate"]
        assert [one["unreadCount"] for one in told] == [1, 2]
        assert (told[0]["contactId"], told[0]["inbox"], told[0]["starred"], told[0]["deleted"]) == (
            contact, True, False, False,
        )  # fmt: skip
        assert door.types() == ["InboundMessage", "ConversationUnreadUpdate"] * 2
        door.emit("message.call", id=contact)
        assert door.types() == ["OutboundMessage"]
        door.emit("message.call", id=contact, fields={"status": "voicemail"})
        assert door.types() == ["InboundMessage", "ConversationUnreadUpdate"]
        read = door.emit("conversation.read")
        assert read["contact"] == contact
        assert [one["unreadCount"] for one in door.events()] == [0]
        door.sent.clear()
        door.emit("conversation.read", id=contact)
        assert door.types() == [], "nothing was unread"


def test_a_change_over_the_api_is_told_as_well_unless_nothing_changes() -> None:
    """Echoes are real."""
    with crm_door() as door:
        sent = send(door, person(door))
        at, body = f"/conversations/{sent['conversationId']}", {"locationId": door.location}
        door.sent.clear()
        answer = door.done("PUT", at, {**body, "unreadCount": 2, "starred": True})["conversation"]
        assert (answer["unreadCount"], answer["starred"], answer["lastMessageBody"]) == (2, True, "Guten Tag")
        assert door.types() == ["ConversationUnreadUpdate"]
        door.done("PUT", at, {**body, "unreadCount": 2})
        assert door.types() == []
        door.side.set_quirks({"event_names_differ": False})
        door.done("PUT", at, {**body, "starred": False})
        assert door.types() == ["ConversationUnreadWebhook"]
        assert door.refused("PUT", at, {**body, "unreadCount": -1})[0] == 422
        assert door.refused("PUT", at, {"unreadCount": 1}) == (422, ["locationId should not be empty"])
        assert door.refused("PUT", at, {"locationId": door.place(1)})[0] == 403


def test_a_deleted_conversation_can_be_got_but_not_found_and_the_next_message_begins_another() -> None:
    """What was scheduled in it never goes out."""
    with crm_door() as door:
        contact = person(door)
        at = int(door.now.timestamp()) + 60
        old = send(door, contact, "later", scheduledTimestamp=at)["conversationId"]
        mail(door, contact, scheduledTimestamp=at)
        door.done("DELETE", f"/conversations/{old}")
        assert search(door)["total"] == 0
        assert door.done("GET", f"/conversations/{old}")["deleted"] is True
        assert door.refused("DELETE", f"/conversations/{old}") == (
            400,
            f"Conversation with id {old} not found",
        )
        door.wait(61)
        assert door.state()["messages"] == []
        assert send(door, contact)["conversationId"] != old
        assert door.types() == ["OutboundMessage"]


def test_a_conversation_outlives_its_contact() -> None:
    """Nameless, and nobody can be written to any more."""
    with crm_door() as door:
        contact = person(door)
        kept = send(door, contact)["conversationId"]
        door.done("DELETE", f"/contacts/{contact}")
        (row,) = search(door)["conversations"]
        assert (row["id"], "fullName" in row, "phone" in row) == (kept, False, False)
        status, why = door.refused(
            "POST", "/conversations/messages", {"type": "SMS", "contactId": contact, "message": "x"}
        )
        assert (status, why) == (400, f"Contact with id {contact} not found")


def test_messages_are_listed_newest_first_and_go_on_behind_the_last_id() -> None:
    """Twenty where nothing is said; by type; nested once more unless switched otherwise."""
    with crm_door() as door:
        contact = person(door)
        for number in range(21):
            conversation = send(door, contact, f"Nr. {number}")["conversationId"]
        door.emit("message.call", id=contact)
        page = messages(door, conversation)
        assert (len(page["messages"]), page["nextPage"]) == (20, True)
        assert page["messages"][0]["messageType"] == "TYPE_CALL"
        rest = messages(door, conversation, lastMessageId=page["lastMessageId"])
        assert [one["body"] for one in rest["messages"]] == ["Nr. 1", "Nr. 0"]
        assert rest["nextPage"] is False
        exact = messages(door, conversation, lastMessageId=page["lastMessageId"], limit=2)
        assert exact["nextPage"] is False, "the last page is full and still the last"
        beyond = messages(door, conversation, lastMessageId=rest["lastMessageId"])
        assert (beyond["messages"], beyond["nextPage"]) == ([], False)
        calls = messages(door, conversation, type="TYPE_CALL,TYPE_EMAIL")
        assert [one["type"] for one in calls["messages"]] == [1]
        at = f"/conversations/{conversation}/messages"
        assert door.refused("GET", at, type="SMS") == (422, ["type must not contain SMS"])
        assert door.refused("GET", at, lastMessageId="x") == (400, "Message with id x not found")
        door.side.set_quirks({"messages_are_nested": False})
        flat = door.done("GET", at, limit=1)
        assert (len(flat["messages"]), flat["nextPage"], flat["lastMessageId"]) == (
            1, True, flat["messages"][0]["id"],
        )  # fmt: skip


def test_one_location_sees_nothing_of_another() -> None:
    """Its conversations and messages are not there, not merely forbidden."""
    with crm_door() as door:
        sent = send(door, person(door))
        other = door.told["locations"][1]["token"]
        for path in (
            f"/conversations/{sent['conversationId']}",
            f"/conversations/{sent['conversationId']}/messages",
            f"/conversations/messages/{sent['messageId']}",
        ):
            status, why = door.refused("GET", path, token=other)
            assert (status, why.endswith("not found")) == (400, True)
        assert door.refused("GET", "/conversations/search", locationId=door.location, token=other)[0] == 403
        agency = door.done("GET", f"/conversations/{sent['conversationId']}", token=door.told["token"])
        assert agency["id"] == sent["conversationId"]


def test_a_reset_leaves_no_conversation_behind() -> None:
    """And the same providers come again."""
    with crm_door() as door:
        send(door, person(door), scheduledTimestamp=int(door.now.timestamp()) + 60)
        providers = door.state()["conversation_providers"]
        door.side.reset()
        door.wait(120)
        state = door.state()
        assert (state["conversations"], state["messages"]) == ([], [])
        assert state["conversation_providers"] == providers


def test_calls_of_one_second_keep_their_order() -> None:
    """Arrival decides where the moments are equal."""
    with crm_door() as door:
        contact = person(door)
        ids = [send(door, contact, str(number))["messageId"] for number in range(3)]
        listed = messages(door, message(door, ids[0])["conversation_id"])["messages"]
        assert [one["id"] for one in listed] == ids[::-1]
