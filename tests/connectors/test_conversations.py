"""Conversations and messages through the connector: what differs in life is read all the same, and nothing is sent
twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.conformance.examples import conversations as examples
from tests.conformance.ready import Ready, ready
from tieline.connectors.contacts_api.operations import conversations, messages
from tieline.connectors.contacts_api.shapes_conversations import MessageRecord
from tieline.connectors.kit.answer import Raw
from tieline.errors import NotFoundError, OutcomeUnknown, RejectedError, Unavailable
from tieline.sandbox.contacts_api import ContactsSide
from tieline.sandbox.faults import read_rules


def side(location: Ready) -> ContactsSide:
    """The CRM itself."""
    found = location.sandbox.contacts.side
    assert isinstance(found, ContactsSide)
    return found


def break_(location: Ready, kind: str, operation: str) -> None:
    """From here on that fails there."""
    location.sandbox.contacts.faults.add(
        read_rules({"side": "contacts", "operation": operation, "kind": kind})
    )


async def test_a_recording_comes_as_bytes_with_their_type() -> None:
    """As they are, and not as JSON."""
    async with ready() as location:
        given = await examples.recording(location)
        found = await location.api.call(messages.GET_RECORDING, given)
        assert isinstance(found, Raw)
        assert (found.content[:4], found.content_type) == (b"RIFF", "audio/x-wav")


@pytest.mark.parametrize("fault", ["500", "cut_after"])
async def test_a_recording_that_does_not_come_can_be_asked_for_again(fault: str) -> None:
    """A read changes nothing; one that is not there is not there."""
    async with ready() as location:
        given = await examples.recording(location)
        with pytest.raises(NotFoundError):
            await location.api.call(messages.GET_RECORDING, messages.RecordingOf(message_id="nobody"))
        break_(location, fault, "messages.get_recording")
        with pytest.raises(Unavailable):
            await location.api.call(messages.GET_RECORDING, given)


@pytest.mark.parametrize("as_in_life", [True, False])
async def test_messages_are_read_nested_or_flat(as_in_life: bool) -> None:
    """Lists, one message alone, and what it says of a call."""
    async with ready() as location:
        side(location).set_quirks({
            "messages_are_nested": as_in_life, "single_message_is_wrapped": as_in_life,
            "call_meta_is_nested": as_in_life,
        })  # fmt: skip
        contact = await examples.person(location)
        for number in range(5):
            (rang,) = side(location).emit(
                {
                    "kind": "message.call",
                    "id": contact,
                    "fields": {"duration": number * 60, "status": "voicemail"},
                }
            )
        got = await location.api.call(messages.GET, messages.WhichMessage(id=rang["record"]))
        assert (got.record.id, got.record.call_duration_s, got.record.call_status) == (
            rang["record"], 240, "voicemail",
        )  # fmt: skip
        asked = messages.MessagesOf(conversation_id=str(got.record.conversation_id), limit=2)
        rows = [one async for one in location.api.each(messages.LIST, asked)]
        assert [one.call_duration_s for one in rows] == [240, 180, 120, 60, 0]


def test_a_call_without_a_duration_has_none() -> None:
    """Whatever stands in its place."""
    metas: list[Any] = [None, [], {}, {"call": None}, {"call": {"duration": "soon"}}, {"callDuration": ""}]
    for meta in metas:
        one = msgspec.convert({"id": "m", "meta": meta}, MessageRecord)
        assert one.call_duration_s is None


@pytest.mark.parametrize("body", [b"{}", b'{"message":null}', b'{"message":{}}', b'{"id":""}'])
def test_an_answer_without_a_message_is_none(body: bytes) -> None:
    """It is not taken for one."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=messages.MessageAnswer)


async def test_conversations_are_read_page_by_page_behind_the_last_rows_date() -> None:
    """Both ways."""
    async with ready() as location:
        for number in range(5):
            contact = await location.contact(first_name=f"n{number}", phone=f"+1512555{number:04d}")
            side(location).emit({"kind": "message.inbound", "id": contact})
            location.sandbox.contacts.clock.advance(1)
        for sort, order in (("desc", [4, 3, 2, 1, 0]), ("asc", [0, 1, 2, 3, 4])):
            asked = msgspec.convert({"sort": sort, "limit": 2}, conversations.SearchConversations)
            rows = [one async for one in location.api.each(conversations.SEARCH, asked)]
            assert [one.full_name for one in rows] == [f"n{number}" for number in order]


async def test_a_reminder_is_scheduled_in_seconds_and_cancelled() -> None:
    """Cancelling twice is cancelled; what went out is refused."""
    async with ready() as location:
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        given = msgspec.structs.replace(await examples.send(location), scheduled_timestamp=at)
        first = await location.api.call(messages.SEND, given)
        (held,) = location.state()["messages"]
        assert (held["due"], held["status"]) == (at.isoformat().replace("+00:00", "Z"), "scheduled")
        which = messages.MessageId(message_id=first.message_id)
        assert (await location.api.call(messages.CANCEL_SCHEDULED, which)).existed
        assert not (await location.api.call(messages.CANCEL_SCHEDULED, which)).existed
        second = await location.api.call(messages.SEND, given)
        location.sandbox.contacts.clock.advance(3601)
        with pytest.raises(RejectedError, match="Failed cancel"):
            await location.api.call(
                messages.CANCEL_SCHEDULED, messages.MessageId(message_id=second.message_id)
            )


async def test_a_contact_that_blocked_a_channel_is_a_rejection_in_the_vendors_words() -> None:
    """Nothing to repeat, nothing to look up."""
    async with ready() as location:
        contact = await location.contact(phone="+15125550123")
        side(location).emit(
            {
                "kind": "contact.update",
                "id": contact,
                "fields": {"dndSettings": {"SMS": {"status": "active"}}},
            }
        )
        with pytest.raises(RejectedError, match="DND is active for SMS"):
            await location.api.call(
                messages.SEND, messages.SendMessage(type="SMS", contact_id=contact, message="x")
            )


@pytest.mark.parametrize("fault", ["500", "cut_after"])
async def test_a_text_that_may_have_gone_is_never_looked_up(fault: str) -> None:
    """Its outcome is unknown, and stays so: nothing tells two equal texts apart."""
    async with ready() as location:
        given = await examples.send(location)
        break_(location, fault, "messages.send")
        with pytest.raises(OutcomeUnknown):
            await location.api.call(messages.SEND, given)
        assert messages.SEND.look_up is not None
        assert messages.SEND.look_up.kind == "none"


@pytest.mark.parametrize("change", [{"conversation_provider_id": "wrong"}, {"type": "Custom"}])
async def test_an_answer_that_names_no_message_is_an_unknown_outcome(change: dict[str, Any]) -> None:
    """A wrong provider's 500, and the empty 201 of a missing one (trap 35): the list shows that nothing is there."""
    async with ready() as location:
        given = await examples.add_inbound(location)
        if "type" in change:
            given = msgspec.structs.replace(given, conversation_provider_id=msgspec.UNSET)
        with pytest.raises(OutcomeUnknown):
            await location.api.call(messages.ADD_INBOUND, msgspec.structs.replace(given, **change))
        assert location.state()["messages"] == []


async def test_what_was_logged_is_found_by_our_own_id() -> None:
    """So a lost answer can be looked up in the list."""
    async with ready() as location:
        given = await examples.add_inbound(location)
        break_(location, "cut_after", "messages.add_inbound")
        with pytest.raises(OutcomeUnknown):
            await location.api.call(messages.ADD_INBOUND, given)
        found = await location.api.call(
            conversations.SEARCH, conversations.SearchConversations(contact_id=given.contact_id)
        )
        asked = messages.MessagesOf(conversation_id=found.conversations[0].id)
        rows = [one async for one in location.api.each(messages.LIST, asked)]
        assert [(one.alt_id, one.date_added) for one in rows] == [("call-1", "2026-09-27T02:30:00.000Z")]


async def test_a_message_of_somebody_elses_provider_is_a_rejection_and_parks_nothing() -> None:
    """The 403 says nothing of the credential."""
    async with ready() as location:
        sent = await examples.sent(location)
        with pytest.raises(RejectedError, match="No conversation provider found"):
            await location.api.call(
                messages.UPDATE_STATUS, messages.UpdateStatus(message_id=sent.message_id, status="delivered")
            )
