"""Milestones and campaigns of a Nimbata account in `native` mode: reached once and told once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.nimbata_door import Door

HUB = "http://hub.example/hooks"
PHONE = "+12015550123"
REACHED, RESPONDED = "contact.milestone_reached", "contact.campaign_responded"


def _door(**more: Any) -> tuple[Door, str]:
    """A door, and a contact whose number is known."""
    door = Door(countries=("US",))
    if more:
        door.side.set_quirks(more)
    contact = str(door.create(phone=PHONE, name="Jane Doe")["id"])
    door.side.set_targets({"url": HUB})
    return door, contact


def _call(door: Door, **more: Any) -> str:
    (made,) = door.side.emit({
        "kind": "call", "caller": PHONE, "outcome": "ANSWERED", "duration_s": 60, "tags": [], "value": None,
        "source": {"source_type": "Direct"}, **more,
    })  # fmt: skip
    return str(made.activity_id)


def _reached(door: Door) -> list[str]:
    return [event["data"]["milestone"] for event in door.told(REACHED)]


def _shown(door: Door, contact: str) -> list[tuple[str, str]]:
    record = door.ask("GET", f"contacts/{contact}")[1]["data"]
    return [(one["name"], one["at"]) for one in record["milestones"]]


def test_the_first_touch_is_reached_once_and_the_last_each_time() -> None:
    """At the time of the activity, which caused it; a text and a form are touches too."""
    door, contact = _door()
    call = _call(door)
    first, last = door.told(REACHED)
    assert first["data"] == {
        "contact_id": contact, "milestone": "first_touch", "at": "2026-09-01T22:13:07Z",
        "cause": {"type": "call", "id": call},
    }  # fmt: skip
    assert last["data"]["milestone"] == "last_touch"
    door.wait(60)
    door.side.emit({"kind": "sms", "caller": PHONE})
    door.side.emit({"kind": "form", "caller": PHONE, "source": {}})
    assert _reached(door) == ["first_touch", "last_touch", "last_touch", "last_touch"]
    assert [event["data"]["cause"]["type"] for event in door.told(REACHED)] == ["call", "call", "sms", "form"]
    assert _shown(door, contact) == [
        ("first_touch", "2026-09-01T22:13:07Z"), ("lead_created", "2026-09-01T22:14:07Z"),
        ("last_touch", "2026-09-01T22:15:07Z"),
    ]  # fmt: skip


def test_a_call_that_is_told_late_moves_no_last_touch_back() -> None:
    """Of two activities the later one is the last, in whatever order they come."""
    door, contact = _door()
    _call(door)
    door.side.emit({"kind": "call", "caller": PHONE, "at": "2026-08-01T00:00:00Z", "source": {}})
    assert _reached(door) == ["first_touch", "last_touch"]
    assert dict(_shown(door, contact))["last_touch"] == "2026-09-01T22:13:07Z"


def test_somebody_who_called_before_is_no_stranger_as_a_contact() -> None:
    """What the contact has reached with its creation stands in it, and is told by contact.created alone."""
    door = Door(countries=("US",))
    _call(door)
    door.wait(3600)
    door.side.set_targets({"url": HUB})
    contact = door.create(phone=PHONE, lead_status="qualified")
    at = "2026-09-01T23:14:07Z"
    names = [("first_touch", "2026-09-01T22:13:07Z"), ("last_touch", "2026-09-01T22:13:07Z"),
             ("lead_created", at), ("qualified", at)]  # fmt: skip
    assert sorted((one["name"], one["at"]) for one in contact["milestones"]) == sorted(names)
    assert [event["event"] for event in door.events()] == ["contact.created"]
    assert door.events()[0]["data"]["milestones"] == contact["milestones"]


def test_creation_may_tell_its_milestones_too() -> None:
    """Behind a switch, since nobody knows."""
    door, _ = _door(creation_tells_milestones=True)
    other = door.create(email="zoe@example.com", lead_status="Qualified")["id"]
    told = [(event["data"]["milestone"], event["data"]["cause"]) for event in door.told(REACHED)]
    cause = {"type": "contact", "id": other}
    assert told == [("lead_created", cause), ("qualified", cause)]


@pytest.mark.parametrize(
    ("late", "milestones"),
    [
        ({"tags": ["qualified LEAD"]}, ["qualified"]),
        ({"tags": ["Appt. Booked"]}, ["appointment_set"]),
        ({"tags": ["Won"], "value": 350}, ["customer_won"]),
        ({"tags": ["Won"]}, []),
        ({"value": 350}, []),
        ({"tags": ["Qualified Lead", "Appt. Booked", "Customer Won"], "value": 1},
         ["qualified", "appointment_set", "customer_won"]),
        ({"summary": "nothing of it"}, []),
    ],
)  # fmt: skip
def test_tags_and_value_of_a_call_reach_milestones(late: dict[str, Any], milestones: list[str]) -> None:
    """Also when they come after the call; once, however often they are given."""
    door, _ = _door()
    call = _call(door)
    before = len(_reached(door))
    door.side.emit({"kind": "call.update", "id": call, "changes": late})
    assert _reached(door)[before:] == milestones
    causes = [event["data"]["cause"] for event in door.told(REACHED)[before:]]
    assert causes == [{"type": "call", "id": call}] * len(milestones)
    again = _call(door, **({"tags": late["tags"]} if "tags" in late else {}), value=late.get("value"))
    assert again != call
    assert _reached(door)[before + len(milestones) :] == ["last_touch"]


def test_an_appointment_sets_its_milestone_unless_it_is_off() -> None:
    """A cancelled one does not; one that is confirmed later does; a second one no more."""
    door, contact = _door()
    slot = {"title": "x", "start_time": "2026-09-04T14:00:00Z", "end_time": "2026-09-04T15:00:00Z"}
    url = f"contacts/{contact}/appointments"
    first = door.ask("POST", url, {**slot, "status": "cancelled"})[1]["data"]["id"]
    assert _reached(door) == []
    door.ask("PUT", f"{url}/{first}", {"status": "confirmed"})
    door.ask("POST", url, {**slot, "title": "y"})
    assert _reached(door) == ["appointment_set"]
    assert door.told(REACHED)[0]["data"]["cause"] == {"type": "appointment", "id": first}


def test_the_contacts_own_status_counts_and_its_tags_by_a_switch() -> None:
    """lead_status says so itself; whether a contact's tags do, nobody knows."""
    door, contact = _door()
    url = f"contacts/{contact}"
    door.ask("POST", f"{url}/tags", {"tags": ["Qualified Lead"]})
    assert _reached(door) == []
    door.ask("PUT", url, {"lead_status": "qualified"})
    door.ask("PUT", url, {"lead_status": "won"})
    assert _reached(door) == ["qualified", "customer_won"]
    door.side.set_quirks({"contact_tags_reach_milestones": True})
    door.ask("POST", f"{url}/tags", {"tags": ["Appt. Booked"]})
    assert _reached(door) == ["qualified", "customer_won", "appointment_set"]


def test_milestones_change_no_version_and_follow_their_event() -> None:
    """The activity is told first, then what came of it."""
    door, contact = _door()
    _call(door, tags=["Qualified Lead"])
    assert [event["event"] for event in door.events()] == ["call.completed", REACHED, REACHED, REACHED]
    assert _reached(door) == ["first_touch", "qualified", "last_touch"]
    record = door.ask("GET", f"contacts/{contact}")[1]["data"]
    assert (record["version"], record["updated_at"]) == (1, record["created_at"])


def test_strangers_and_deleted_contacts_reach_nothing() -> None:
    """No contact, no milestone; what is not delivered has happened all the same."""
    door, contact = _door()
    door.side.emit({"kind": "call", "caller": "+12015550199", "source": {"campaign": "spring"}})
    assert door.told(REACHED, RESPONDED) == []
    call = _call(door, deliver=False)
    assert door.told(REACHED) == []
    assert dict(_shown(door, contact))["first_touch"] == "2026-09-01T22:13:07Z"
    door.ask("DELETE", f"contacts/{contact}")
    door.side.emit({"kind": "call.update", "id": call, "changes": {"tags": ["Qualified Lead"]}})
    assert door.told(REACHED) == []


def test_campaigns_are_listed_with_their_numbers() -> None:
    """A few in each project; the numbers are the project's own."""
    door = Door()
    listed = door.ask("GET", "campaigns")[1]
    assert listed["meta"]["total"] == len(listed["data"]) == 10
    numbers = {
        one["number"]: one["project_id"]
        for one in door.ask("GET", "tracking-numbers", per_page="500")[1]["data"]
    }
    for campaign in listed["data"]:
        assert campaign["id"].startswith("ncp_")
        assert campaign["active"] is True
        for number in campaign["tracking_numbers"]:
            assert numbers[number] == campaign["project_id"]
    assert any(campaign["tracking_numbers"] for campaign in listed["data"])


@pytest.mark.parametrize(
    ("wanted", "campaign", "channel", "response"),
    [
        ({"kind": "call", "source": {"campaign": "Spring"}, "outcome": "NOT_ANSWERED"},
         "spring", "call", "NOT_ANSWERED"),
        ({"kind": "call", "source": {"source_type": "Offline"}, "outcome": "ANSWERED"}, "Van sign", "call", "ANSWERED"),
        ({"kind": "call", "source": {"source_type": "Google Paid", "campaign": "emergency"}, "outcome": "VOICEMAIL"},
         "emergency", "call", "VOICEMAIL"),
        ({"kind": "form", "source": {"campaign": "réno-été 2026"}}, "réno-été 2026", "form", None),
    ],
)  # fmt: skip
def test_who_calls_or_writes_by_a_campaign_answers_it(
    wanted: dict[str, Any], campaign: str, channel: str, response: str | None
) -> None:
    """By the name that the activity carries, else by the number that was called."""
    door, contact = _door()
    (made,) = door.side.emit({"caller": PHONE, **wanted})
    (event,) = door.told(RESPONDED)
    data = event["data"]
    assert (data["contact_id"], data["campaign"], data["channel"]) == (contact, campaign, channel)
    assert (data["activity_id"], data["response"]) == (made.activity_id, response or data["response"])
    ids = {one["id"]: one["name"] for one in door.ask("GET", "campaigns")[1]["data"]}
    assert ids[data["campaign_id"]] == campaign


def test_a_text_to_a_campaigns_number_answers_it_with_its_words() -> None:
    """And the text names the campaign; one that goes out, or to another number, does not."""
    door, _ = _door()
    of_campaign = {
        number for one in door.ask("GET", "campaigns")[1]["data"] for number in one["tracking_numbers"]
    }
    for direction in ("inbound", "outbound"):
        door.side.emit(
            {"kind": "sms", "caller": PHONE, "body": "YES 👍🏽", "count": 20, "direction": direction}
        )
    texts = door.side.state()["texts"]
    answered = [one for one in texts if one.campaign_id is not None]
    assert answered
    assert len(answered) < 20
    for text in texts:
        inbound = text.direction == "inbound"
        assert (text.campaign_id is not None) == (inbound and text.recipient in of_campaign)
    told = door.told(RESPONDED)
    assert [event["data"]["activity_id"] for event in told] == [one.id for one in answered]
    assert {event["data"]["response"] for event in told} == {"YES 👍🏽"}


def test_an_outbound_call_answers_no_campaign() -> None:
    """It is a touch all the same."""
    door, _ = _door()
    _call(door, direction="outbound", source={"campaign": "spring", "source_type": "Google Paid"})
    assert door.told(RESPONDED) == []
    assert _reached(door) == ["first_touch", "last_touch"]
