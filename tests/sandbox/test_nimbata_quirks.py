"""What a Nimbata account may be or do otherwise, by switches: its mode, its feed, its bodies, its clock, its token."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from tests.sandbox.nimbata_door import NOW, Door
from tieline.sandbox.app import Options, Sandbox

HUB = "http://hub.example/hooks/nimbata/calls"
#: Paths of a native account alone, with a method that each has.
NATIVE = (
    ("GET", "contacts"), ("POST", "contacts"), ("GET", "contacts/nct_1"), ("PUT", "contacts/nct_1"),
    ("DELETE", "contacts/nct_1"), ("POST", "contacts/nct_1/tags"), ("GET", "contacts/nct_1/tasks"),
    ("POST", "contacts/nct_1/notes"), ("PUT", "contacts/nct_1/appointments/nap_1"), ("GET", "campaigns"),
)  # fmt: skip


def test_a_derived_account_has_no_contacts_nor_what_hangs_on_them() -> None:
    """404 on every such path, as where nothing is; calls, forms, texts, tags, numbers and projects are there."""
    door = Door(mode="derived")
    for method, path in NATIVE:
        status, answer = door.ask(method, path, {"phone": "+12015550123", "project_id": door.projects[0]})
        assert (status, answer["error"]["code"]) == (404, "not_found"), path
    project = door.projects[0]
    for kind in ("call", "form", "sms"):
        door.side.emit({"kind": kind, "project": project})
        assert len(door.ask("POST", f"project/{project}/activity/{kind}", {})[1]["data"]) == 1
    for path in ("projects", "tracking-numbers", "tags", "webhooks"):
        assert door.ask("GET", path)[0] == 200


def test_a_derived_account_tells_of_calls_forms_and_texts_alone() -> None:
    """No milestone, no campaign, no contact in any row; nobody can make a contact there."""
    door = Door(mode="derived")
    door.side.set_targets({"url": HUB})
    project = door.projects[0]
    call = {"kind": "call", "project": project, "caller": "+12015550123", "source": {"campaign": "spring"}}
    (made,) = door.side.emit(call)
    for kind in ("form", "sms"):
        door.side.emit({"kind": kind, "project": project, "caller": "+12015550123", "count": 5})
    url = f"project/{project}/activity/call/{made.activity_id}"
    assert door.ask("POST", f"{url}/tag", {"tags": ["Qualified Lead"]})[0] == 200
    assert door.ask("POST", f"{url}/comment", {"body": "[task] call back"})[0] == 201
    assert door.ask("PUT", url, {"value": 5})[0] == 200
    assert {event["event"] for event in door.events()} == {
        "call.completed", "form.submitted", "sms.received", "call.updated",
    }  # fmt: skip
    assert {event["data"]["contact_id"] for event in door.events()} == {None}
    assert {one.campaign_id for one in door.side.state()["texts"]} == {None}
    for kind in ("contact.create", "contact.update", "task.create", "note.delete", "appointment.update"):
        with pytest.raises(ValueError, match="stores no contacts"):
            door.side.emit({"kind": kind})


def test_the_mode_can_be_switched_and_a_reset_puts_it_back() -> None:
    """What was there in native mode is hidden, not gone."""
    door = Door()
    contact = door.create(phone="+12015550123")["id"]
    assert door.side.set_quirks({"mode": "derived"}).mode == "derived"
    assert door.side.describe()["mode"] == "derived"
    assert door.ask("GET", f"contacts/{contact}")[0] == 404
    (made,) = door.side.emit({"kind": "call", "project": door.projects[0], "caller": "+12015550123"})
    door.side.set_quirks({"mode": "native"})
    assert door.ask("GET", f"contacts/{contact}")[0] == 200
    row = door.ask("GET", f"project/{door.projects[0]}/activity/call/{made.activity_id}")[1]["data"]
    assert row["contact_id"] is None
    door.side.set_quirks({"clock_skew_s": 5})
    door.side.reset()
    assert (door.side.quirks.mode, door.side.quirks.clock_skew_s) == ("native", 0.0)
    other = Door(mode="derived")
    other.side.set_quirks({"mode": "native"})
    other.side.reset()
    assert other.side.quirks.mode == "derived"


@pytest.mark.parametrize(
    "wanted",
    [{"colour": 1}, {"mode": "both"}, {"padding_bytes": -1}, {"page_drift": 500}, {"clock_skew_s": "5"}],
)
def test_a_switch_that_is_none_is_refused(wanted: dict[str, Any]) -> None:
    """With its name, and nothing is switched."""
    door = Door()
    before = door.side.quirks
    with pytest.raises(ValueError, match=next(iter(wanted))):
        door.side.set_quirks(wanted)
    assert door.side.quirks == before


async def test_switches_stand_in_the_control_api_and_the_mode_in_the_options() -> None:
    """`PUT /_sandbox/quirks`, and what a client is told when it joins."""
    options = Options(locations=1, limits="off", nimbata_mode="derived")
    async with Sandbox.start(options) as running, aiohttp.ClientSession() as http:
        told = running.describe()["nimbata"]
        assert told["mode"] == "derived"
        url = f"{told['base_url']}/_sandbox/quirks"
        async with http.get(url) as answer:
            assert (await answer.json())["mode"] == "derived"
        async with http.put(url, json={"mode": "native", "wrong_content_type": True}) as answer:
            assert (await answer.json())["wrong_content_type"] is True
        headers = {"Authorization": f"Bearer {told['token']}"}
        async with http.get(f"{told['base_url']}/v1/a/{told['account']}/contacts", headers=headers) as answer:
            assert (answer.status, answer.content_type) == (200, "text/plain")
        async with http.put(url, json={"mode": "x"}) as answer:
            assert answer.status == 400


def test_a_call_starts_is_in_no_list_and_ends() -> None:
    """The start knows no outcome; the end is the same call, counted once, as long as it lasted."""
    door = Door(countries=("US",))
    door.side.set_targets({"url": HUB})
    door.create(phone="+12015550123")
    (begun,) = door.side.emit({"kind": "call.start", "caller": "+12015550123"})
    assert door.calls(door.projects[0])["data"] == []
    door.wait(90)
    (ended,) = door.side.emit({"kind": "call.end", "outcome": "ANSWERED"})
    assert (begun.event, ended.event) == ("call.started", "call.completed")
    assert begun.activity_id == ended.activity_id
    assert begun.caller == ended.caller == "+12015550123"
    start, end = door.told("call.started", "call.completed")
    assert (start["data"]["outcome"], start["data"]["call_duration"]) == (None, "00:00:00")
    assert (end["data"]["outcome"], end["data"]["call_duration"]) == ("ANSWERED", "00:01:30")
    assert start["data"]["contact_id"] == end["data"]["contact_id"]
    assert end["data"]["start_time"] == start["data"]["start_time"] == "2026-09-01T22:14:07Z"
    assert [row["times_called"] for row in door.calls(door.projects[0])["data"]] == [1]
    reached = door.told("contact.milestone_reached")
    assert [event["data"]["milestone"] for event in reached] == ["first_touch", "last_touch"]
    with pytest.raises(ValueError, match="ongoing call not found"):
        door.side.emit({"kind": "call.end"})


def test_of_several_ongoing_calls_the_one_asked_for_ends() -> None:
    """Else the one that rings longest, in whatever project."""
    door = Door()
    first, second, third = (
        door.side.emit({"kind": "call.start", "project": door.projects[number % 2]})[0].activity_id
        for number in range(3)
    )
    assert door.side.emit({"kind": "call.end", "id": second})[0].activity_id == second
    assert door.side.emit({"kind": "call.end"})[0].activity_id in (first, third)
    assert door.side.emit({"kind": "call.end"})[0].activity_id in (first, third)


def test_the_feed_is_off_until_it_is_switched_on() -> None:
    """404 before; then everything that happens is in it, in order, also what is told to nobody."""
    door = Door(countries=("US",))
    assert door.ask("GET", "changes")[0] == 404
    door.side.emit({"kind": "call"})
    door.side.set_quirks({"changes_feed": True})
    empty = door.ask("GET", "changes")[1]
    assert (empty["data"], empty["meta"]["has_more"]) == ([], False)
    for number in range(3):
        door.side.emit({"kind": "call", "deliver": number == 0})
    door.side.emit({"kind": "call", "test": True})
    contact = door.create(phone="+12015550123")
    seen: list[Any] = []
    cursor, pages = empty["meta"]["next_cursor"], 0
    while True:
        answer = door.ask("GET", "changes", since=cursor, per_page="3")[1]
        pages += 1
        seen += answer["data"]
        cursor = answer["meta"]["next_cursor"]
        if not answer["meta"]["has_more"]:
            break
    assert pages == 2
    assert [event["event"] for event in seen] == ["call.completed"] * 3 + ["contact.created"]
    assert seen[-1]["data"]["id"] == contact["id"]
    again = door.ask("GET", "changes", since=cursor)[1]
    assert (again["data"], again["meta"]["next_cursor"]) == ([], cursor)
    for wrong in ("x", "chg_99", "chg_-1"):
        assert door.ask("GET", "changes", since=wrong)[0] == 422


def test_what_the_feed_no_longer_keeps_is_said() -> None:
    """An old cursor is refused: whoever comes so late reads everything again."""
    door = Door(countries=("US",))
    door.side.set_quirks({"changes_feed": True})
    first = door.ask("GET", "changes")[1]["meta"]["next_cursor"]
    for _ in range(3):
        door.side.emit({"kind": "call", "count": 4_000})
    status, answer = door.ask("GET", "changes", since=first)
    assert (status, answer["error"]["fields"]["since"]) == (422, ["is too old: read everything again"])
    assert len(door.ask("GET", "changes", per_page="500")[1]["data"]) == 500


def test_renamed_fields_stand_in_rows_and_envelopes_but_not_among_what_people_name() -> None:
    """Also the keys of the envelope and of the list; a form's own fields stay as its page has them."""
    door = Door(countries=("US",))
    door.side.set_targets({"url": HUB})
    names = {"caller": "anrufer", "data": "items", "Phone": "Telefon"}
    door.side.set_quirks({"renamed_fields": names})
    door.side.emit({"kind": "call", "caller": "+12015550123"})
    door.side.emit({"kind": "form", "fields": {"Phone": "(201) 555-0123", "caller": "x"}})
    answer = door.calls(door.projects[0])
    assert "data" not in answer
    assert answer["items"][0]["anrufer"] == "+12015550123"
    call, form = door.events()
    assert call["items"]["anrufer"] == "+12015550123"
    assert form["items"]["fields"] == {"Phone": "(201) 555-0123", "caller": "x"}


def test_sparse_bodies_leave_out_what_has_no_value_and_what_did_not_change() -> None:
    """A key that was cleared is still told as null."""
    door = Door(countries=("US",))
    contact = door.create(phone="+12015550123", company="Acme")
    door.side.set_targets({"url": HUB})
    door.side.set_quirks({"sparse_bodies": True})
    record = door.ask("GET", f"contacts/{contact['id']}")[1]["data"]
    assert None not in record.values()
    assert "lead_status" not in record
    door.ask("PUT", f"contacts/{contact['id']}", {"company": None})
    (event,) = door.events()
    assert event["data"] == {
        "id": contact["id"], "updated_at": "2026-09-01T22:14:07Z", "version": 2, "company": None,
    }  # fmt: skip


def test_booleans_may_come_as_texts() -> None:
    """In rows, in records and in envelopes."""
    door = Door(countries=("US",))
    door.side.set_targets({"url": HUB})
    door.side.set_quirks({"string_booleans": True})
    contact = door.create(phone="+12015550123", custom_fields={"vip": True})
    assert (contact["dnd"], contact["custom_fields"]) == ("false", {"vip": "true"})
    assert door.events()[0]["test"] == "false"
    assert door.ask("GET", "tracking-numbers")[1]["data"][0]["active"] == "true"


def test_pages_drift_and_every_row_is_still_met() -> None:
    """Each page begins with the last rows of the one before; the list says that it became longer."""
    door = Door(countries=("US",))
    ids = [one.activity_id for one in door.side.emit({"kind": "sms", "count": 23})]
    door.side.set_quirks({"page_drift": 2})
    url = f"project/{door.projects[0]}/activity/sms"
    met: list[str] = []
    number, last = 0, 1
    while number < last:
        number += 1
        answer = door.ask("POST", url, {"page": number, "per_page": 5})[1]
        last = answer["meta"]["last_page"]
        met += [row["id"] for row in answer["data"]]
    assert list(dict.fromkeys(met)) == ids
    assert len(met) > len(ids)
    assert met[3:5] == met[5:7]
    assert door.ask("POST", url, {"page": last + 2, "per_page": 5})[1]["data"] == []
    assert [row["id"] for row in door.ask("POST", url, {"per_page": 500})[1]["data"]] == ids


def test_an_expired_token_opens_nothing() -> None:
    """401 with words of its own, until it is switched back."""
    door = Door()
    door.side.set_quirks({"expired_token": True})
    status, answer = door.ask("GET", "projects")
    assert (status, answer["error"]["message"]) == (401, "the token has expired")
    door.side.set_quirks({"expired_token": False})
    assert door.ask("GET", "projects")[0] == 200


@pytest.mark.parametrize("skew_s", [-900, 900])
def test_a_wrong_clock_shows_in_the_signatures_time_alone(skew_s: int) -> None:
    """What happened keeps its time."""
    door = Door(countries=("US",))
    door.side.set_targets({"url": HUB})
    door.side.set_quirks({"clock_skew_s": skew_s})
    door.side.emit({"kind": "call", "duration_s": 0})
    (sent,) = door.sent
    assert sent.headers(sent.body)["X-Nimbata-Timestamp"] == str(int(NOW.timestamp()) + skew_s)
    assert door.events()[0]["occurred_at"] == "2026-09-01T22:14:07Z"


def test_webhooks_may_call_their_json_something_else() -> None:
    """text/plain, while it is switched on."""
    door = Door(countries=("US",))
    door.side.set_targets({"url": HUB})
    for wrong in (True, False):
        door.side.set_quirks({"wrong_content_type": wrong})
        door.side.emit({"kind": "call"})
    types = [sent.headers(sent.body)["Content-Type"] for sent in door.sent]
    assert types == ["text/plain", "application/json"]


@pytest.mark.parametrize("profile", ["envelope", "flat"])
def test_a_body_may_be_two_megabytes_long(profile: str) -> None:
    """It is whole JSON, signed as it goes out."""
    door = Door(countries=("US",))
    door.side.set_targets({"url": HUB, "profile": profile})
    door.side.set_quirks({"padding_bytes": 2_000_000})
    door.side.emit({"kind": "call"})
    (sent,) = door.sent
    assert len(sent.body) > 2_000_000
    assert len(json.loads(sent.body)["padding"]) == 2_000_000


def test_tags_that_records_bear_are_listed_beside_those_on_offer() -> None:
    """Each once in its project, whatever its case; the same tag has the same id again."""
    door = Door()
    first, second = door.projects
    door.side.emit({"kind": "call", "project": first, "tags": ["Köln-SÜD", "Brand new"]})
    door.create(project_id=second, phone="+4915123456789", tags=["Only here"])
    listed = door.ask("GET", "tags", per_page="500")[1]["data"]
    names = {(one["project_id"], one["name"]) for one in listed}
    assert (first, "Brand new") in names
    assert (second, "Only here") in names
    assert (first, "Only here") not in names
    assert {(first, "Köln-Süd"), (first, "SPAM")} <= names
    assert (first, "Köln-SÜD") not in names
    assert listed == door.ask("GET", "tags", per_page="500")[1]["data"]
    assert len({one["id"] for one in listed}) == len(listed)


def test_the_same_idempotency_key_makes_one_comment() -> None:
    """On one call; sent without a key it stands twice."""
    door = Door(countries=("US",))
    (made,) = door.side.emit({"kind": "call"})
    url = f"project/{door.projects[0]}/activity/call/{made.activity_id}"
    ids = {door.ask("POST", f"{url}/comment", {"body": "x"}, key="k")[1]["data"]["id"] for _ in range(3)}
    assert len(ids) == 1
    assert len(door.ask("GET", url)[1]["data"]["comments"]) == 1
