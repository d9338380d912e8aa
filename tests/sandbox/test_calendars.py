"""Calendars, their groups, what stands in them, and blocked time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.crm_door import V3, CrmDoor, crm_door
from tests.sandbox.diary import ALL, WEEK, book, calendar, ms, slots, switch, user

BLOCKS = "/calendars/events/block-slots"
NINE = datetime(2026, 9, 2, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN = {
    "daysOfTheWeek": [1],
    "hours": [{"openHour": 9, "openMinute": 0, "closeHour": 12, "closeMinute": 30}],
}


def make(door: CrmDoor, **fields: Any) -> dict[str, Any]:
    """A new calendar of the first location."""
    given = {"locationId": door.location, "name": "Räume", "calendarType": "event", **fields}
    made: dict[str, Any] = door.done("POST", "/calendars/", given)["calendar"]
    return made


def block(door: CrmDoor, begin: datetime = NINE, end: datetime = NINE + HOUR, **more: Any) -> dict[str, Any]:
    """Blocked time, of the first user unless said otherwise."""
    whose = {} if "calendarId" in more else {"assignedUserId": user(door)}
    given = {
        "locationId": door.location, "startTime": begin.isoformat(), "endTime": end.isoformat(), **whose, **more,
    }  # fmt: skip
    made: dict[str, Any] = door.done("POST", BLOCKS, given)
    return made


def listed(door: CrmDoor, path: str = "/calendars/events", since: datetime = NINE, **query: Any) -> list[str]:
    """Ids of what stands there within a week."""
    given = {"locationId": door.location, "startTime": ms(since), "endTime": ms(since + WEEK), **query}
    return [one["id"] for one in door.done("GET", path, **given)["events"]]


def test_a_location_has_calendars_of_every_kind_from_the_start() -> None:
    """In one group, with teams, hours and lengths; drafts are shown unless asked not to."""
    with crm_door() as door:
        rows = door.done("GET", "/calendars/", locationId=door.location)["calendars"]
        assert [one["calendarType"] for one in rows] == [
            "round_robin", "personal", "class_booking", "collective", "event", "event",
        ]  # fmt: skip
        assert {one["groupId"] for one in rows} == {door.state()["calendar_groups"][0]["id"]}
        assert [one["userId"] for one in rows[0]["teamMembers"]] == [user(door, 0), user(door, 1)]
        assert len({one["slug"] for one in rows}) == 6
        shown = door.done("GET", "/calendars/", locationId=door.location, showDrafted="false")["calendars"]
        assert [one["name"] for one in rows if one not in shown] == ["Draft"]
        other = door.side.state()["locations"][door.place(1)]["calendars"]
        assert not {one["id"] for one in rows} & {one["id"] for one in other}
    with crm_door(seed=8) as door:
        assert door.state()["calendars"][0]["id"] != rows[0]["id"]


def test_a_calendar_lives_from_create_to_delete() -> None:
    """200 each time, a create too; what is not given has a default."""
    with crm_door() as door:
        made = make(door, description="Für Gäste", openHours=[OPEN], slotDuration=1, slotDurationUnit="hours")
        assert (made["slug"], made["slotInterval"], made["autoConfirm"], made["isActive"]) == (
            "räume", 30, True, True,
        )  # fmt: skip
        assert make(door)["slug"] == "räume-2"
        at = f"/calendars/{made['id']}"
        changed = door.done("PUT", at, {"name": "Säle", "description": "", "slotInterval": 60})["calendar"]
        assert (changed["name"], changed["slotInterval"], changed["slug"]) == ("Säle", 60, "räume")
        assert changed["description"] == ""
        assert door.done("GET", at)["calendar"] == changed
        assert slots(door, "Säle")[:2] == ["2026-09-07T09:00:00-05:00", "2026-09-07T10:00:00-05:00"]
        assert door.done("DELETE", at)["success"] is True
        for method in ("GET", "PUT", "DELETE"):
            assert door.refused(method, at, {} if method == "PUT" else None)[0] == 404


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"name": None}, 422, "name should not be empty"),
        ({"calendarType": "zoom"}, 422, "calendarType must be one of"),
        ({"calendarType": "personal"}, 422, "teamMembers are required for a personal calendar"),
        ({"calendarType": "personal", "team": [0, 1]}, 422, "exactly one team member"),
        ({"calendarType": "collective", "team": [0, 1]}, 422, "exactly one team member must be primary"),
        ({"teamMembers": [{"userId": "nope"}]}, 400, "User with id nope not found"),
        ({"teamMembers": [{"priority": 1}]}, 422, "userId should not be empty"),
        ({"teamMembers": [{"userId": "x", "priority": 2}]}, 422, "priority must be one of"),
        ({"groupId": "nope"}, 400, "Calendar group with id nope not found"),
        ({"slotDuration": 0}, 422, "slotDuration must be a positive number"),
        ({"slotDuration": "30"}, 422, "slotDuration must be a number"),
        ({"slotDurationUnit": "days"}, 422, "slotDurationUnit must be one of"),
        ({"openHours": [{"daysOfTheWeek": [7], "hours": []}]}, 422, "must be between 0 and 6"),
        ({"openHours": [{"daysOfTheWeek": [1]}]}, 422, "hours should not be empty"),
        ({"openHours": [{**OPEN, "timezone": "x"}]}, 422, "property timezone should not exist"),
        ({"hours": (9, 0, 9, 0)}, 422, "hours must close after they open"),
        ({"hours": (23, 30, 24, 0)}, 422, "closeHour must be between 0 and 23"),
        ({"availabilities": [{"date": "2026-09-02", "hours": []}]}, 422, "date must be formatted"),
        ({"availabilityType": 2}, 422, "availabilityType must be one of"),
        ({"allowBookingAfterUnit": "mins"}, 422, "allowBookingAfterUnit must be one of"),
        ({"slug": "consultation"}, 400, "Slug is already taken"),
        ({"timezone": "Europe/Berlin"}, 422, "property timezone should not exist"),
    ],
)  # fmt: skip
def test_what_a_calendar_must_not_be_is_refused(fields: dict[str, Any], status: int, words: str) -> None:
    """Also deep inside of it."""
    with crm_door() as door:
        given = {"locationId": door.location, "name": "x", "calendarType": "event", **fields}
        if team := given.pop("team", None):
            given["teamMembers"] = [{"userId": user(door, number)} for number in team]
        if hours := given.pop("hours", None):
            names = ("openHour", "openMinute", "closeHour", "closeMinute")
            given["openHours"] = [{"daysOfTheWeek": [1], "hours": [dict(zip(names, hours, strict=True))]}]
        given = {name: value for name, value in given.items() if value is not None}
        got, message = door.refused("POST", "/calendars/", given)
        said = message if isinstance(message, str) else "; ".join(message)
        assert (got, words in said) == (status, True), said
        assert len(door.state()["calendars"]) == 6


def test_v3_knows_notice_in_minutes_and_the_dated_versions_do_not() -> None:
    """The one difference in what a calendar may be given."""
    with crm_door() as door:
        at = f"/calendars/{calendar(door)['id']}"
        door.done("PUT", at, {"allowBookingAfter": 30, "allowBookingAfterUnit": "mins"}, version=V3)
        door.now = datetime(2026, 9, 2, 14, 45, tzinfo=UTC)
        assert slots(door)[0] == "2026-09-02T10:30:00-05:00"
        assert door.refused("PUT", at, {"allowBookingAfterUnit": "mins"})[0] == 422
        assert door.refused("PUT", at, {"calendarType": "event"})[0] == 422, "a type is for life"
        assert door.refused("PUT", at, {"locationId": door.location})[0] == 422


def test_a_calendar_without_a_type_is_for_a_team_that_may_still_be_empty() -> None:
    """Name and location are all that is required; it offers nothing until somebody works there."""
    with crm_door() as door:
        made = door.done(
            "POST", "/calendars/", {"locationId": door.location, "name": "☎", "openHours": [OPEN]}
        )
        assert (made["calendar"]["calendarType"], made["calendar"]["slug"]) == ("round_robin", "calendar")
        assert slots(door, "☎") == []
        team = {"teamMembers": [{"userId": user(door), "locationConfigurations": [{"kind": "physical"}]}]}
        changed = door.done("PUT", f"/calendars/{made['calendar']['id']}", team)["calendar"]
        assert changed["teamMembers"][0]["locationConfigurations"] == [
            {"kind": "physical", "meetingId": "physical_0"}
        ]
        assert len(slots(door, "☎")) == 7


def test_groups_are_made_changed_switched_and_removed() -> None:
    """201, then 200s; a slug belongs to one, and calendars stay when their group goes."""
    with crm_door() as door:
        at = "/calendars/groups"
        given = {"locationId": door.location, "name": "Büro", "description": "", "slug": "buero"}
        asked = {"locationId": door.location, "slug": "buero"}
        assert door.done("POST", f"{at}/validate-slug", asked)["available"] is True
        status, answer = door.ask("POST", at, given)
        group = answer["group"]
        assert (status, group) == (201, {"id": group["id"], "isActive": True, **given})
        assert door.done("POST", f"{at}/validate-slug", asked)["available"] is False
        assert door.refused("POST", at, given) == (400, "Slug is already taken")
        one = f"{at}/{group['id']}"
        changed = door.done("PUT", one, {"name": "Bureau", "description": "x", "slug": "buero"})["group"]
        assert (changed["name"], changed["slug"]) == ("Bureau", "buero")
        taken = {"name": "Bureau", "description": "x", "slug": "bookings"}
        assert door.refused("PUT", one, taken) == (400, "Slug is already taken")
        assert door.refused("PUT", one, {"name": "x"})[0] == 422
        assert door.done("PUT", f"{one}/status", {"isActive": False})["success"] is True
        made = make(door, groupId=group["id"])
        rows = door.done("GET", "/calendars/", locationId=door.location, groupId=group["id"])["calendars"]
        assert [row["id"] for row in rows] == [made["id"]]
        listed_groups = door.done("GET", at, locationId=door.location)["groups"]
        assert [(row["slug"], row["isActive"]) for row in listed_groups] == [
            ("bookings", True),
            ("buero", False),
        ]
        assert door.done("DELETE", one)["success"] is True
        assert "groupId" not in door.done("GET", f"/calendars/{made['id']}")["calendar"]
        assert door.refused("DELETE", one)[0] == 404
        assert door.refused("GET", "/calendars/", locationId=door.location, groupId=group["id"])[0] == 400


def test_events_are_listed_by_user_calendar_or_group() -> None:
    """In order of time; whichever are named must all fit; one of them must be."""
    with crm_door() as door:
        first, second = user(door, 0), user(door, 1)
        late = book(door, startTime="2026-09-03T09:00:00-05:00", assignedUserId=second)["id"]
        early = book(door, startTime="2026-09-02T09:00:00-05:00", assignedUserId=first)["id"]
        both = book(door, "Board", startTime="2026-09-04T09:00:00-05:00")["id"]
        alone = make(door, openHours=[OPEN])
        apart = book(door, "Räume", startTime="2026-09-07T09:00:00-05:00", assignedUserId=None)["id"]
        assert listed(door, calendarId=calendar(door)["id"]) == [early, late]
        assert listed(door, userId=first) == [early, both]
        assert listed(door, userId=second) == [late, both], "whoever takes part in a meeting of the team"
        assert listed(door, groupId=calendar(door)["groupId"]) == [early, late, both]
        assert listed(door, calendarId=alone["id"]) == [apart]
        assert listed(door, calendarId=calendar(door)["id"], userId=second) == [late]
        door.done("PUT", f"{ALL}/{late}", {"appointmentStatus": "cancelled"})
        assert listed(door, userId=second) == [late, both], "a cancelled one is still told of"
        query = {"locationId": door.location, "startTime": ms(NINE), "endTime": ms(NINE + WEEK)}
        assert door.refused("GET", "/calendars/events", **query) == (
            422, ["Either of userId, calendarId or groupId is required"],
        )  # fmt: skip
        for name in ("userId", "calendarId", "groupId"):
            assert door.refused("GET", "/calendars/events", **query, **{name: "nope"})[0] == 400
        backwards = {**query, "endTime": ms(NINE - WEEK), "userId": first}
        assert door.refused("GET", "/calendars/events", **backwards)[0] == 400
        assert (
            door.refused("GET", "/calendars/events", **{**query, "startTime": "2026-09-02", "userId": first})[
                0
            ]
            == 422
        )
        assert (
            door.refused(
                "GET", "/calendars/events", **{**query, "locationId": door.place(1), "userId": first}
            )[0]
            == 403
        )


def test_an_event_is_in_every_time_that_it_touches() -> None:
    """Not in one that ends as it begins, or begins as it ends."""
    with crm_door() as door:
        made = book(door, startTime="2026-09-02T09:00:00-05:00")["id"]
        half = HOUR / 2
        for begin, end, is_in in (
            (-half, half / 2, True), (half / 2, HOUR, True), (half / 3, half / 2, True), (-HOUR, HOUR, True),
            (-half, 0 * half, False), (half, HOUR, False),
        ):  # fmt: skip
            query = {
                "locationId": door.location, "userId": user(door), "startTime": ms(NINE + begin),
                "endTime": ms(NINE + end),
            }  # fmt: skip
            found = door.done("GET", "/calendars/events", **query)["events"]
            assert [one["id"] for one in found] == ([made] if is_in else []), (begin, end)


def test_blocked_time_is_listed_apart_from_events() -> None:
    """By user, calendar or group as well; it tells nobody and has no contact."""
    with crm_door() as door:
        door.sent.clear()
        of_user = block(door, title="Urlaub")
        of_room = block(door, NINE + HOUR, NINE + 2 * HOUR, calendarId=calendar(door, "Room")["id"])
        assert door.types() == []
        assert listed(door, userId=user(door)) == []
        path = "/calendars/blocked-slots"
        assert listed(door, path, userId=user(door)) == [of_user["id"]]
        assert listed(door, path, userId=user(door, 1)) == []
        assert listed(door, path, calendarId=calendar(door, "Room")["id"]) == [of_room["id"]]
        assert listed(door, path, groupId=calendar(door, "Room")["groupId"]) == [of_room["id"]]
        held = door.state()["block_slots"][0]
        assert (held["title"], held["users"]) == ("Urlaub", [user(door)])
        assert not {"contactId", "appointmentStatus", "calendarId"} & held.keys()


def test_a_block_is_made_moved_and_removed() -> None:
    """201 both times, and 201 for its end: an event is deleted by one path, whatever it is."""
    with crm_door() as door:
        status, made = door.ask(
            "POST", BLOCKS,
            {
                "locationId": door.location, "assignedUserId": user(door), "startTime": "2026-09-02T09:00:00-05:00",
                "endTime": "2026-09-02T16:00:00Z",
            },
        )  # fmt: skip
        made.pop("traceId")
        assert (status, made) == (201, {
            "id": made["id"], "locationId": door.location, "title": "Blocked", "assignedUserId": user(door),
            "startTime": "2026-09-02T09:00:00-05:00", "endTime": "2026-09-02T11:00:00-05:00",
        })  # fmt: skip
        at = f"{BLOCKS}/{made['id']}"
        room = calendar(door, "Room")["id"]
        body = {"locationId": door.location, "calendarId": room, "title": "Maler"}
        status, moved = door.ask("PUT", at, body)
        assert (status, moved["title"], moved["calendarId"], moved["startTime"]) == (
            201, "Maler", room, made["startTime"],
        )  # fmt: skip
        assert "assignedUserId" not in moved
        assert door.ask("DELETE", f"/calendars/events/{made['id']}", {})[0] == 201
        assert door.refused("PUT", at, body) == (404, f"Event with id {made['id']} not found")
        assert door.refused("PUT", f"{BLOCKS}/{book(door)['id']}", body)[0] == 404, (
            "an appointment is no block"
        )
        assert door.refused("GET", f"{ALL}/{block(door)['id']}")[0] == 404, "nor the other way round"


def test_a_block_is_of_a_user_or_of_an_event_calendar_and_never_of_both() -> None:
    """Calendars of a team cannot be blocked, unless the quirk is off."""
    with crm_door() as door:
        times = {"startTime": NINE.isoformat(), "endTime": (NINE + HOUR).isoformat()}
        given = {"locationId": door.location, **times}
        room, team = calendar(door, "Room")["id"], calendar(door)["id"]
        both = (422, ["Either calendarId or assignedUserId can be set, not both."])
        made = f"{BLOCKS}/{block(door)['id']}"
        for method, path in (("POST", BLOCKS), ("PUT", made)):
            assert (
                door.refused(method, path, {**given, "calendarId": room, "assignedUserId": user(door)})
                == both
            )
            assert door.refused(method, path, given) == both
            assert door.refused(method, path, {**given, "calendarId": team}) == (
                400, "The calendar is not an event calendar.",
            )  # fmt: skip
            assert door.refused(method, path, {**given, "calendarId": "nope"})[0] == 400
            assert door.refused(method, path, {**given, "assignedUserId": "nope"})[0] == 400
            wrong = {**given, "assignedUserId": user(door), "endTime": given["startTime"]}
            assert door.refused(method, path, wrong) == (422, ["endTime must be after startTime"])
            naive = {**given, "assignedUserId": user(door), "startTime": "2026-09-02T09:00:00"}
            assert door.refused(method, path, naive)[0] == 422
            assert (
                door.refused(method, path, {**given, "assignedUserId": user(door), "reason": "x"})[0] == 422
            )
        without = {"locationId": door.location, "assignedUserId": user(door)}
        assert door.refused("POST", BLOCKS, without) == (
            422, ["startTime should not be empty", "endTime should not be empty"],
        )  # fmt: skip
        switch(door, block_slots_want_event_calendars=False)
        assert block(door, calendarId=team)["calendarId"] == team
        assert slots(door)[0] == "2026-09-02T10:00:00-05:00"


def test_a_deleted_calendar_leaves_its_appointments_readable() -> None:
    """By their id and in their contact's list; they can be cancelled, and not moved onto a slot any more."""
    with crm_door() as door:
        made = book(door)
        door.done("DELETE", f"/calendars/{made['calendarId']}")
        at = f"{ALL}/{made['id']}"
        assert "groupId" not in door.done("GET", at)["event"]
        rows = door.done("GET", f"/contacts/{made['contactId']}/appointments")["events"]
        assert [row["id"] for row in rows] == [made["id"]]
        assert door.refused("PUT", at, {"startTime": "2026-09-02T10:00:00-05:00"})[0] == 400
        assert door.done("PUT", at, {"appointmentStatus": "cancelled"})["appointmentStatus"] == "cancelled"
        with pytest.raises(ValueError, match="no calendar for that"):
            door.emit("appointment.update", id=made["id"])


def test_what_is_left_out_is_an_unknown_path() -> None:
    """Schedules, resources, notifications, services."""
    with crm_door() as door:
        for path in (
            "/calendars/schedules/search", "/calendars/resources/rooms", "/calendars/x/notifications",
            "/calendars/services/catalog",
        ):  # fmt: skip
            with pytest.raises(AssertionError, match="no route"):
                door.ask("GET", path)
