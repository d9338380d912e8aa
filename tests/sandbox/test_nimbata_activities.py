"""The activity lists and calls of a Nimbata account, as a client meets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.nimbata_door import NOW, Door

#: The keys that a real account's rows were seen to have.
SEEN = (
    "date", "outcome", "caller", "caller_name", "call_duration", "talk_duration", "source_type", "source", "medium",
)  # fmt: skip


def test_a_row_has_the_nine_seen_keys_first_and_in_their_form() -> None:
    """Day, upper-case outcome and HH:MM:SS durations are what running clients read."""
    door = Door()
    door.side.emit({
        "kind": "call", "project": door.projects[0], "caller": "+12015550123", "caller_name": "Jane Doe",
        "outcome": "ANSWERED", "duration_s": 280, "tags": ["Qualified Lead"], "value": 350.0,
        "source": {"source_type": "Google Paid", "source": "google", "medium": "cpc", "campaign": "spring"},
    })  # fmt: skip
    (row,) = door.calls(door.projects[0])["data"]
    assert tuple(row)[:9] == SEEN
    assert row["date"] == "2026-09-01"
    assert row["start_time"] == "2026-09-01T22:09:27Z"
    assert row["call_duration"] == "00:04:40"
    assert [row[name] for name in ("outcome", "caller", "caller_name", "source", "medium", "campaign", "value")] == [
        "ANSWERED", "+12015550123", "Jane Doe", "google", "cpc", "spring", 350.0,
    ]  # fmt: skip
    assert row["tags"] == ["Qualified Lead"]
    assert row["times_called"] == 1
    assert row["contact_id"] is None


@pytest.mark.parametrize(("path", "kind"), [("call", "call"), ("form", "form"), ("sms", "sms")])
def test_pages_hold_every_row_once_and_the_totals_are_right(path: str, kind: str) -> None:
    """53 rows in pages of 25: 25, 25, 3, then none; 50 a page where nothing is said."""
    door = Door()
    project, other = door.projects
    for _ in range(53):
        door.side.emit({"kind": kind, "project": project})
        door.wait(1)
    door.side.emit({"kind": kind, "project": other})
    url = f"project/{project}/activity/{path}"
    found: list[str] = []
    for number, expected in ((1, 25), (2, 25), (3, 3), (4, 0)):
        status, answer = door.ask("POST", url, {"page": number, "per_page": 25})
        assert status == 200
        assert answer["meta"] == {"page": number, "per_page": 25, "total": 53, "last_page": 3}
        assert len(answer["data"]) == expected
        found += [row["id"] for row in answer["data"]]
    # A call that ended later may have begun earlier; the others come in the order of their coming.
    assert len(set(found)) == 53
    _, answer = door.ask("POST", url, {})
    assert len(answer["data"]) == 50
    assert answer["meta"]["last_page"] == 2
    assert door.ask("POST", url)[1] == answer
    assert "warnings" not in answer


def test_an_empty_list_has_one_empty_page() -> None:
    """`last_page` is never 0, so a loop over pages ends."""
    door = Door()
    assert door.calls(door.projects[0]) == {
        "data": [], "meta": {"page": 1, "per_page": 50, "total": 0, "last_page": 1},
    }  # fmt: skip


def test_days_are_utc_and_both_ends_belong_to_the_filter() -> None:
    """A call one second before midnight UTC is of the day before, wherever its project is."""
    door = Door()
    project = door.projects[0]
    midnight = datetime(2026, 8, 2, tzinfo=UTC)
    ids = {}
    for name, at in {
        "last of July": midnight - timedelta(days=1, seconds=1),
        "first of August": midnight - timedelta(days=1),
        "last of the 1st": midnight - timedelta(seconds=1),
        "first of the 2nd": midnight,
        "zoned": datetime.fromisoformat("2026-08-02T20:00:00-05:00"),
    }.items():
        (made,) = door.side.emit({"kind": "call", "project": project, "at": at.isoformat()})
        ids[name] = made.activity_id

    def found(first: str | None, last: str | None) -> list[str]:
        days = {"from": first, "to": last}
        given = {name: day for name, day in days.items() if day}
        return [row["id"] for row in door.calls(project, filters={"call_date": given})["data"]]

    assert found("2026-08-01", "2026-08-01") == [ids["first of August"], ids["last of the 1st"]]
    assert found("2026-08-02", "2026-08-02") == [ids["first of the 2nd"]]
    assert found("2026-08-03", None) == [ids["zoned"]]
    assert found(None, "2026-07-31") == [ids["last of July"]]
    assert found("2026-07-31", "2026-08-03") == list(ids.values())
    assert found("2026-08-04", "2026-08-03") == []
    assert [row["date"] for row in door.calls(project)["data"]] == [
        "2026-07-31", "2026-08-01", "2026-08-01", "2026-08-02", "2026-08-03",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"per_page": 501}, {"per_page"}),
        ({"page": 0}, {"page"}),
        ({"page": True, "per_page": "many"}, {"page", "per_page"}),
        ({"filters": []}, set()),
        ({"filters": "x"}, {"filters"}),
        ({"filters": {"call_date": "2026-09-01"}}, {"filters"}),
        ({"filters": {"call_date": {"from": "01.09.2026"}}}, {"filters.call_date.from"}),
        ({"filters": {"call_date": {"from": "2026-02-30", "to": 5}}},
         {"filters.call_date.from", "filters.call_date.to"}),
    ],
)  # fmt: skip
def test_a_wrong_filter_is_refused_by_name(body: dict[str, Any], fields: set[str]) -> None:
    """422 with a message for each key; what only looks empty is no filter."""
    door = Door()
    status, answer = door.ask("POST", f"project/{door.projects[0]}/activity/call", body)
    if not fields:
        assert status == 200
        return
    assert status == 422
    assert answer["error"]["code"] == "validation_failed"
    assert set(answer["error"]["fields"]) == fields
    assert answer["request_id"]


def test_unknown_keys_are_ignored_and_named_in_warnings() -> None:
    """A misspelt filter would else give everything without a word."""
    door = Door()
    answer = door.calls(
        door.projects[0], perpage=5, filters={"form_date": {}, "call_date": {"since": "2026-09-01"}}
    )
    assert answer["warnings"] == [
        "perpage: unknown key, ignored",
        "filters.form_date: unknown key, ignored",
        "filters.call_date.since: unknown key, ignored",
    ]


def test_a_call_is_found_in_its_own_project_only() -> None:
    """An id of another project, or of nothing, is a 404 in the account's shape."""
    door = Door()
    project, other = door.projects
    (made,) = door.side.emit({"kind": "call", "project": project})
    status, answer = door.ask("GET", f"project/{project}/activity/call/{made.activity_id}")
    assert (status, answer["data"]["id"]) == (200, made.activity_id)
    for path in (f"project/{other}/activity/call/{made.activity_id}", f"project/{project}/activity/call/x",
                 f"project/1/activity/call/{made.activity_id}"):  # fmt: skip
        status, answer = door.ask("GET", path)
        assert (status, answer["error"]["code"]) == (404, "not_found")


def test_name_value_and_rating_of_a_call_can_change_and_nothing_else() -> None:
    """The change moves `updated_at` and is told; writing the same again is no change; null clears."""
    door = Door()
    project = door.projects[0]
    (made,) = door.side.emit({"kind": "call", "project": project, "caller_name": "?", "value": None})
    door.side.set_targets({"url": "http://hub.example/hooks"})
    door.wait(60)
    url = f"project/{project}/activity/call/{made.activity_id}"
    wanted = {"caller_name": " Zoë  ", "value": 12.5, "rating": 4, "outcome": "BLOCKED", "id": "x"}
    status, answer = door.ask("PUT", url, wanted)
    assert status == 200
    row = answer["data"]
    assert (row["caller_name"], row["value"], row["rating"], row["id"]) == (
        "Zoë",
        12.5,
        4.0,
        made.activity_id,
    )
    assert row["updated_at"] == "2026-09-01T22:15:07Z"
    assert answer["warnings"] == ["outcome: unknown key, ignored", "id: unknown key, ignored"]
    (event,) = door.events()
    assert (event["event"], event["changes"]) == ("call.updated", ["caller_name", "value", "rating"])
    assert door.ask("PUT", url, {"value": 12.5})[0] == 200
    assert len(door.sent) == 1
    assert door.ask("PUT", url, {"value": None, "caller_name": "(not set)"})[1]["data"]["value"] is None
    assert door.calls(project)["data"][0]["caller_name"] is None
    status, answer = door.ask("PUT", url, {"rating": 6, "value": "much"})
    assert (status, set(answer["error"]["fields"])) == (422, {"rating", "value"})
    assert door.ask("PUT", url, ["x"])[0] == 400


def test_tags_of_a_call_are_a_set_that_ignores_case() -> None:
    """The first spelling stays; adding what is there changes nothing and tells nobody."""
    door = Door()
    project = door.projects[0]
    (made,) = door.side.emit({"kind": "call", "project": project, "tags": ["Qualified Lead"]})
    door.side.set_targets({"url": "http://hub.example/hooks"})
    url = f"project/{project}/activity/call/{made.activity_id}/tag"
    status, answer = door.ask("POST", url, {"tags": ["QUALIFIED lead", " Straße ", "STRASSE", "⭐"]})
    assert (status, answer["data"]["tags"]) == (200, ["Qualified Lead", "Straße", "⭐"])
    assert [event["changes"] for event in door.events()] == [["tags"]]
    assert door.ask("POST", url, {"tags": ["⭐", "qualified lead"]})[0] == 200
    assert len(door.sent) == 1
    refused: tuple[dict[str, Any], ...] = ({}, {"tags": []}, {"tags": "x"}, {"tags": [" "]}, {"tags": [1]})
    for wrong in refused:
        assert door.ask("POST", url, wrong)[0] == 422


def test_comments_are_added_each_time() -> None:
    """A comment is not idempotent: sent twice it stands twice, and `doubled` says so."""
    door = Door()
    project = door.projects[0]
    (made,) = door.side.emit({"kind": "call", "project": project})
    url = f"project/{project}/activity/call/{made.activity_id}"
    long = "Wants a quote 🙂\n" * 700
    ids = []
    for body in ("once", long, long):
        status, answer = door.ask("POST", f"{url}/comment", {"body": body})
        assert status == 201
        ids.append(answer["data"]["id"])
    assert len(set(ids)) == 3
    comments = door.ask("GET", url)[1]["data"]["comments"]
    assert [comment["body"] for comment in comments] == ["once", long, long]
    assert door.side.doubled() == [{"kind": "comment", "call_id": made.activity_id, "ids": ids[1:]}]
    for wrong in ({}, {"body": " "}, {"body": None}):
        assert door.ask("POST", f"{url}/comment", wrong)[0] == 422


def test_the_caller_of_an_outbound_call_is_the_account() -> None:
    """Who was called stands in `destination`; the driver's log names the other party all the same."""
    door = Door()
    project = door.projects[0]
    (made,) = door.side.emit(
        {"kind": "call", "project": project, "direction": "outbound", "caller": "(201) 555-0123"}
    )
    (row,) = door.calls(project)["data"]
    assert row["direction"] == "outbound"
    assert row["caller"] == row["tracking_number"]
    assert row["destination"] == made.caller == "+12015550123"


def test_a_form_shows_its_fields_as_the_page_named_them() -> None:
    """Also fields that nobody foresaw, in any script."""
    door = Door()
    project = door.projects[0]
    fields = {"Ваше имя": "Олександр", "Phone": "(201) 555-0123", "E-mail": "O@Example.com", "": "?"}
    (made,) = door.side.emit({"kind": "form", "project": project, "fields": fields})
    (row,) = door.ask("POST", f"project/{project}/activity/form", {})[1]["data"]
    assert row["fields"] == fields
    assert row["submitted_at"] == f"{NOW:%Y-%m-%dT%H:%M:%S}Z"
    assert (made.caller, made.email) == ("+12015550123", "o@example.com")


def test_a_text_has_sender_and_recipient() -> None:
    """Under the names `from` and `to`."""
    door = Door()
    project = door.projects[0]
    door.side.emit({"kind": "sms", "project": project, "caller": "+12015550123", "body": "YES\n👍🏽"})
    (row,) = door.ask("POST", f"project/{project}/activity/sms", {})[1]["data"]
    numbers = [one.number for one in door.side.account.numbers[project]]
    assert (row["from"], row["body"]) == ("+12015550123", "YES\n👍🏽")
    assert row["to"] in numbers


def test_a_call_of_a_contact_names_it() -> None:
    """And the contact shows how often it called, without a new version."""
    door = Door()
    contact = door.create(phone="+12015550123", name="Jane Doe")
    for _ in range(2):
        door.side.emit(
            {"kind": "call", "project": door.projects[0], "caller": "+12015550123", "duration_s": 7}
        )
    rows = door.calls(door.projects[0])["data"]
    assert {row["contact_id"] for row in rows} == {contact["id"]}
    assert sorted(row["times_called"] for row in rows) == [1, 2]
    shown = door.ask("GET", f"contacts/{contact['id']}")[1]["data"]
    assert (shown["times_called"], shown["version"], shown["updated_at"]) == (2, 1, contact["updated_at"])
    assert shown["last_activity_at"] == "2026-09-01T22:14:00Z"
