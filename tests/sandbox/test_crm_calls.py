"""Calls of the CRM's own: how they are told, what the API hides of them, how they are heard and read."""

from __future__ import annotations

import io
import wave

import pytest

from tests.sandbox.crm import crm
from tests.sandbox.crm_door import crm_door
from tests.sandbox.talk import AT, PHONE, got, person


def test_a_call_to_the_crms_own_number_is_told_with_its_recording() -> None:
    """The docs' example of an answered call calls itself outbound; `direction` tells. The API hides much of it."""
    with crm_door() as door:
        contact = person(door)
        rang = door.emit("message.call", id=contact, fields={"duration": 95})
        (event,) = door.events()
        assert (event["type"], event["direction"], event["messageType"]) == (
            "OutboundMessage",
            "inbound",
            "CALL",
        )
        assert (event["status"], event["callStatus"], event["callDuration"]) == ("completed", "completed", 95)
        assert (event["from"], event["to"]) == (PHONE, "+15125550100")
        assert event["attachments"] == [f"https://recordings.example.com/{rang['record']}.wav"]
        assert "userId" in event
        held = got(door, rang["record"])
        assert held["meta"] == {"call": {"duration": 95, "status": "completed"}}
        assert not {"attachments", "userId"} & set(held)
        door.side.set_quirks({
            "single_message_is_wrapped": False, "call_meta_is_nested": False, "recordings_in_webhooks_alone": False,
            "inbound_calls_lack_user": False, "inbound_calls_say_outbound": False,
        })  # fmt: skip
        flat = door.done("GET", f"{AT}/{rang['record']}")
        assert flat["meta"] == {"callDuration": "95", "callStatus": "completed"}
        assert {"attachments", "userId"} <= set(flat)
        door.sent.clear()
        door.emit("message.call", id=contact)
        assert door.types() == ["InboundMessage"]


@pytest.mark.parametrize(
    ("direction", "told", "status", "call_status"),
    [
        ("inbound", "InboundMessage", "voicemail", "voicemail"),
        ("outbound", "OutboundMessage", "completed", "voicemail"),
    ],
)
def test_a_voicemail_is_told_otherwise_each_way(
    direction: str, told: str, status: str, call_status: str
) -> None:
    """Both words inbound; outbound the call itself counts as completed."""
    with crm_door() as door:
        door.emit("message.call", id=person(door), fields={"status": "voicemail", "direction": direction})
        event = door.events()[0]
        assert (event["type"], event["status"], event["callStatus"]) == (told, status, call_status)


def test_a_missed_call_has_no_recording_and_no_user() -> None:
    """And lasts no time."""
    with crm_door() as door:
        door.emit("message.call", id=person(door), fields={"status": "no-answer"})
        event = door.events()[0]
        assert (event["callDuration"], event["attachments"], "userId" in event) == (0, [], False)


def test_whoever_is_not_known_becomes_a_contact_first() -> None:
    """By number or by address; known ones stay who they are."""
    with crm_door() as door:
        known = person(door)
        assert door.emit("message.call", fields={"from": "(512) 555-0123"})["contact"] == known
        door.sent.clear()
        texted = door.emit("message.inbound", fields={"from": "+15125550999"})
        assert door.types() == ["ContactCreate", "InboundMessage", "ConversationUnreadUpdate"]
        assert texted["contact"] != known
        mailed = door.emit("message.inbound", fields={"from": "new@example.com", "type": "Email"})
        state = {one["id"]: one for one in door.state()["contacts"]}
        assert state[texted["contact"]]["phone"] == "+15125550999"
        assert state[mailed["contact"]]["email"] == "new@example.com"
        with pytest.raises(ValueError, match="no phone number"):
            door.emit("message.inbound", fields={"from": "nobody"})
        with pytest.raises(ValueError, match="type can be SMS, RCS, Email"):
            door.emit("message.inbound", id=known, fields={"type": "Call"})
        with pytest.raises(ValueError, match="status can be pending, completed"):
            door.emit("message.call", id=known, fields={"status": "lost"})


async def test_a_recording_is_sound_and_a_transcription_sentences_or_a_text() -> None:
    """Bytes that play; nothing of a call that was not recorded."""
    async with crm() as api:
        contact = await api.create(firstName="Zoë", phone=PHONE)
        _, (rang,) = await api.control(
            "POST", "/emit",
            {"kind": "message.call", "id": contact["id"],
             "fields": {"duration": 90, "transcript": ["Grüß Gott.", "Hi.", "Bye."]}},
        )  # fmt: skip
        headers = {"Authorization": f"Bearer {api.told['locations'][0]['token']}", "Version": "2021-04-15"}
        sound = f"{AT}/{rang['record']}/locations/{api.location}/recording"
        text = f"/conversations/locations/{api.location}/messages/{rang['record']}/transcription"
        async with api.http.get(api.told["base_url"] + sound, headers=headers) as answer:
            assert (answer.status, answer.content_type) == (200, "audio/x-wav")
            with wave.open(io.BytesIO(await answer.read())) as played:
                assert played.getnframes() / played.getframerate() == 2
        async with api.http.get(f"{api.told['base_url']}{text}/download", headers=headers) as answer:
            assert (answer.status, answer.content_type) == (200, "text/plain")
            assert (await answer.text("utf-8")).splitlines()[:2] == [
                "[00:00] Speaker 1: Grüß Gott.", "[00:30] Speaker 2: Hi.",
            ]  # fmt: skip
        assert [one["endTime"] for one in (await api.ask("GET", text))[1]] == [30_000, 60_000, 90_000]
        _, (missed,) = await api.control(
            "POST", "/emit", {"kind": "message.call", "id": contact["id"], "fields": {"status": "busy"}}
        )
        for path in (sound, text, f"{text}/download"):
            status, refused = await api.ask("GET", path.replace(rang["record"], missed["record"]))
            assert (status, "not found" in refused["message"]) == (400, True)
        other = api.told["locations"][1]["id"]
        assert (await api.ask("GET", sound.replace(api.location, other)))[0] == 403
