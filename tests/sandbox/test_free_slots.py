"""Free slots: what a calendar offers, in whose time zone, and what takes it away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.crm_door import V3, CrmDoor, crm_door
from tests.sandbox.diary import ALL, book, calendar, draft, free, ms, slots, switch, user

DAY, HALF = timedelta(days=1), timedelta(minutes=30)
#: The door's clock says Tuesday, 1 September 2026, 17:14 in Chicago: the next working day is Wednesday.
WEDNESDAY = datetime(2026, 9, 2, 5, tzinfo=UTC)


def block(door: CrmDoor, begin: datetime, end: datetime, **whose: Any) -> dict[str, Any]:
    """Blocked time."""
    given = {"locationId": door.location, "startTime": begin.isoformat(), "endTime": end.isoformat(), **whose}
    made: dict[str, Any] = door.done("POST", "/calendars/events/block-slots", given)
    return made


def set_up(door: CrmDoor, name: str = "Consultation", **fields: Any) -> None:
    """Change a calendar."""
    door.done("PUT", f"/calendars/{calendar(door, name)['id']}", fields)


def test_slots_come_by_date_in_the_location_s_own_time() -> None:
    """Nine to five, half an hour each, from now on; Saturday and Sunday are left out."""
    with crm_door() as door:
        found = free(door)
        assert list(found) == ["2026-09-02", "2026-09-03", "2026-09-04", "2026-09-07", "2026-09-08"]
        assert len(found["2026-09-02"]) == 16
        assert found["2026-09-02"][0] == "2026-09-02T09:00:00-05:00"
        assert found["2026-09-02"][-1] == "2026-09-02T16:30:00-05:00"


def test_another_time_zone_moves_slots_to_the_dates_that_they_have_there() -> None:
    """The same moments; in Auckland a working day of Chicago is spread over two dates."""
    with crm_door() as door:
        here = slots(door)
        there = free(door, timezone="Pacific/Auckland")
        assert there["2026-09-03"][0] == "2026-09-03T02:00:00+12:00"
        flat = [slot for day in there.values() for slot in day]
        assert [datetime.fromisoformat(one) for one in flat] == [datetime.fromisoformat(one) for one in here]
        assert all(slot.startswith(day) for day, held in there.items() for slot in held)
        status, message = door.refused(
            "GET", f"/calendars/{calendar(door)['id']}/free-slots", startDate=ms(door.now), endDate=ms(door.now),
            timezone="Mars/Olympus",
        )  # fmt: skip
        assert (status, message) == (422, ["timezone must be a valid IANA time zone"])


def test_offsets_are_right_on_both_sides_of_a_change_of_the_clock() -> None:
    """Chicago puts it back on 1 November 2026, Berlin a week before."""
    with crm_door() as door:
        week = free(door, since=datetime(2026, 10, 30, tzinfo=UTC))
        assert week["2026-10-30"][0] == "2026-10-30T09:00:00-05:00"
        assert week["2026-11-02"][0] == "2026-11-02T09:00:00-06:00"
    with crm_door(countries=("DE",)) as door:
        night = free(
            door,
            "Room",
            since=datetime(2026, 10, 24, 22, tzinfo=UTC),
            until=datetime(2026, 10, 25, 22, 59, tzinfo=UTC),
        )
        assert list(night) == ["2026-10-25"]
        assert len(night["2026-10-25"]) == 50, "a day of 25 hours"
        assert night["2026-10-25"][4:8] == [
            "2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00",
            "2026-10-25T02:30:00+01:00",
        ]  # fmt: skip


@given(st.integers(0, 500), st.integers(0, 31 * 24 * 60), st.sampled_from(["US", "DE", "GB", "NZ"]))
@settings(max_examples=25, deadline=None)
def test_whatever_is_offered_can_be_booked_and_is_gone_then(start: int, minutes: int, country: str) -> None:
    """Any slot of any range within 31 days, a year and a half around."""
    with crm_door(countries=(country,)) as door:
        since = door.now + start * DAY
        found = slots(door, "Board", since=since, until=since + timedelta(minutes=minutes))
        if not found:
            return
        slot = found[len(found) // 2]
        made = book(door, "Board", startTime=slot, endTime=None)
        assert made["startTime"] == slot
        left = slots(door, "Board", since=since, until=since + timedelta(minutes=minutes))
        assert set(found) - set(left) == {slot}


def test_a_range_of_31_days_is_taken_and_a_longer_one_is_not() -> None:
    """To the millisecond; nor one that ends before it begins, nor one that is no time."""
    with crm_door() as door:
        at = f"/calendars/{calendar(door)['id']}/free-slots"
        since = ms(door.now)
        month = 31 * 24 * 3600 * 1000
        assert door.done("GET", at, startDate=since, endDate=since + month)
        status, message = door.refused("GET", at, startDate=since, endDate=since + month + 1)
        assert (status, message) == (400, "Date range cannot be more than 31 days")
        assert door.refused("GET", at, startDate=since, endDate=since - 1)[0] == 400
        assert door.refused("GET", at, startDate=since, endDate="2026-09-02")[0] == 422
        assert door.refused("GET", at, startDate=since)[0] == 422
        assert door.refused("GET", at, startDate=10**18, endDate=10**18)[0] == 422
        status, message = door.refused("GET", at, startDate=since, endDate=since, locationId=door.location)
        assert (status, message) == (422, ["property locationId should not exist"])


def test_both_ends_of_a_range_belong_to_it() -> None:
    """A range of no length on a slot's start holds that slot."""
    with crm_door() as door:
        nine = datetime(2026, 9, 2, 14, tzinfo=UTC)
        assert slots(door, since=nine, until=nine) == ["2026-09-02T09:00:00-05:00"]
        assert slots(door, since=nine + timedelta(seconds=1), until=nine + HALF) == [
            "2026-09-02T09:30:00-05:00"
        ]


def test_a_trace_id_stands_among_the_dates_unless_switched_off() -> None:
    """Whoever reads every key as a date stumbles over it; under v3 too."""
    with crm_door() as door:
        at = f"/calendars/{calendar(door)['id']}/free-slots"
        for version in ("2021-04-15", V3):
            answer = door.done("GET", at, startDate=ms(door.now), endDate=ms(door.now + DAY), version=version)
            assert sorted(answer) == ["2026-09-02", "traceId"]
        switch(door, trace_id_among_slots=False)
        answer = door.done("GET", at, startDate=ms(door.now), endDate=ms(door.now + DAY))
        assert list(answer) == ["2026-09-02"]


def test_an_appointment_takes_a_member_and_the_slot_only_when_all_are_taken() -> None:
    """A team of two offers a time until both have it; one member alone can be asked for."""
    with crm_door() as door:
        first, second = user(door, 0), user(door, 1)
        slot = slots(door)[0]
        book(door, startTime=slot, assignedUserId=first)
        assert slots(door)[0] == slot
        assert slots(door, userId=first)[0] != slot
        assert slots(door, userId=second)[0] == slot
        assert slots(door, **{"userIds[]": second})[0] == slot
        book(door, startTime=slot, assignedUserId=second)
        assert slot not in slots(door)
        assert door.refused(
            "GET", f"/calendars/{calendar(door)['id']}/free-slots", startDate=ms(door.now), endDate=ms(door.now),
            userId=door.location,
        )[0] == 400  # fmt: skip


def test_whoever_is_busy_in_one_calendar_is_busy_in_all() -> None:
    """And a buffer keeps the quarter of an hour behind a visit free."""
    with crm_door() as door:
        slot = slots(door, "Site visit")[0]
        assert slot == "2026-09-02T08:00:00-05:00"
        book(door, "Site visit", startTime="2026-09-02T09:00:00-05:00")
        left = slots(door, userId=user(door))
        assert left[0] == "2026-09-02T10:30:00-05:00", "nine to ten, and a quarter of an hour"
        assert slots(door, "Site visit")[:2] == ["2026-09-02T10:30:00-05:00", "2026-09-02T11:00:00-05:00"]
        assert "2026-09-02T09:00:00-05:00" not in slots(door, "Board"), "which wants the whole team"


def test_blocked_time_takes_a_user_from_all_calendars_or_closes_one() -> None:
    """Slots that only touch it stay."""
    with crm_door() as door:
        nine = datetime(2026, 9, 2, 14, tzinfo=UTC)
        block(door, nine, nine + 2 * HALF, assignedUserId=user(door))
        assert slots(door, userId=user(door))[0] == "2026-09-02T10:00:00-05:00"
        assert slots(door)[0] == "2026-09-02T09:00:00-05:00", "the other one is there"
        made = block(door, nine, nine + 2 * HALF, calendarId=calendar(door, "Room")["id"])
        found = slots(door, "Room", since=nine - HALF, until=nine + 2 * HALF)
        assert found == ["2026-09-02T08:30:00-05:00", "2026-09-02T10:00:00-05:00"]
        assert door.ask("DELETE", f"/calendars/events/{made['id']}", {})[0] == 201
        assert len(slots(door, "Room", since=nine - HALF, until=nine + 2 * HALF)) == 4


def test_a_cancelled_appointment_gives_its_slot_back() -> None:
    """As does one that is invalid, deleted, or moved away; one that nobody came to does not."""
    with crm_door() as door:
        slot = slots(door, "Board")[0]
        made = book(door, "Board", startTime=slot)
        at = f"{ALL}/{made['id']}"
        for status, is_free in (
            ("cancelled", True),
            ("confirmed", False),
            ("invalid", True),
            ("noshow", False),
        ):
            door.done("PUT", at, {"appointmentStatus": status})
            assert (slot in slots(door, "Board")) is is_free, status
        other = slots(door, "Board")[5]
        door.done("PUT", at, {"appointmentStatus": "confirmed", "startTime": other})
        assert (slot in slots(door, "Board"), other in slots(door, "Board")) == (True, False)
        door.done("DELETE", f"/calendars/events/{made['id']}", {})
        assert other in slots(door, "Board")


def test_a_class_has_as_many_seats_as_it_says() -> None:
    """Three; its teacher is busy elsewhere from the first on."""
    with crm_door() as door:
        teacher = user(door, 1)
        slot = slots(door, "Workshop")[0]
        assert slot == "2026-09-05T10:00:00-05:00"
        for _ in range(3):
            assert slots(door, "Workshop")[0] == slot
            book(door, "Workshop", startTime=slot, assignedUserId=teacher)
        assert slots(door, "Workshop")[0] == "2026-09-05T11:30:00-05:00"
        assert door.refused("POST", ALL, draft(door, "Workshop", startTime=slot, assignedUserId=teacher)) == (
            400, "The slot you have selected is no longer available.",
        )  # fmt: skip


def test_notice_horizon_and_a_limit_for_each_day() -> None:
    """Each as the calendar says; the past is never offered."""
    with crm_door() as door:
        door.now = datetime(2026, 9, 2, 15, 10, tzinfo=UTC)
        assert slots(door)[0] == "2026-09-02T10:30:00-05:00", "10:10 it is now"
        set_up(door, allowBookingAfter=1, allowBookingAfterUnit="days")
        assert slots(door)[0] == "2026-09-03T10:30:00-05:00"
        set_up(door, allowBookingFor=2, allowBookingForUnit="days")
        assert slots(door)[-1] == "2026-09-04T10:00:00-05:00"
        set_up(door, appoinmentPerDay=1)
        book(door, startTime="2026-09-03T16:30:00-05:00")
        assert slots(door)[0] == "2026-09-04T09:00:00-05:00"


def test_dates_of_their_own_stand_in_place_of_the_week_and_can_be_all_there_is() -> None:
    """`availabilityType`: absent both, 0 the week alone, 1 the dates alone; a date is changed and removed by its id."""
    with crm_door() as door:
        hours = [{"openHour": 20, "openMinute": 0, "closeHour": 23, "closeMinute": 60}]
        set_up(door, availabilities=[{"date": "2026-09-02T00:00:00.000Z", "hours": hours}])
        assert free(door)["2026-09-02"][0] == "2026-09-02T20:00:00-05:00"
        assert len(free(door)["2026-09-02"]) == 8
        assert len(free(door)) == 5
        set_up(door, availabilityType=1)
        assert list(free(door)) == ["2026-09-02"]
        set_up(door, availabilityType=0)
        assert free(door)["2026-09-02"][0] == "2026-09-02T09:00:00-05:00"
        set_up(door, availabilityType=None)
        (kept,) = calendar(door)["availabilities"]
        set_up(door, availabilities=[{**kept, "hours": []}])
        assert "2026-09-02" not in free(door), "closed on that date"
        set_up(door, availabilities=[{**kept, "deleted": True}])
        assert free(door)["2026-09-02"][0] == "2026-09-02T09:00:00-05:00"


def test_drafts_and_calendars_without_hours_offer_nothing() -> None:
    """No error: there is just nothing to book."""
    with crm_door() as door:
        assert free(door, "Draft") == {}
        door.done(
            "POST", "/calendars/",
            {"locationId": door.location, "name": "Nobody", "calendarType": "event"},
        )  # fmt: skip
        assert free(door, "Nobody") == {}
        set_up(door, isActive=False)
        assert free(door) == {}


def test_what_the_location_s_time_zone_is_decides_when_its_calendars_open() -> None:
    """Nine o'clock in Chicago, London, Berlin, Christchurch."""
    with crm_door(countries=("US", "GB", "DE", "NZ")) as door:
        for place in door.told["locations"]:
            held = door.side.state()["locations"][place["id"]]["calendars"]
            which = next(one["id"] for one in held if one["name"] == "Consultation")
            answer = door.done(
                "GET", f"/calendars/{which}/free-slots", token=place["token"], startDate=ms(WEDNESDAY),
                endDate=ms(WEDNESDAY + 2 * DAY),
            )  # fmt: skip
            answer.pop("traceId")
            firsts = [held["slots"][0] for held in answer.values()]
            zone = ZoneInfo(place["timezone"])
            for first in firsts[1:]:
                moment = datetime.fromisoformat(first)
                assert moment.hour == 9
                assert moment.utcoffset() == moment.astimezone(zone).utcoffset()


@pytest.mark.parametrize("path", ["/calendars/nope/free-slots", "/calendars/nope"])
def test_an_unknown_calendar_is_not_found(path: str) -> None:
    """Nor is one of another location."""
    with crm_door() as door:
        query = {"startDate": 1, "endDate": 1} if path.endswith("slots") else {}
        assert door.refused("GET", path, **query) == (404, "Calendar with id nope not found")
        other = door.side.state()["locations"][door.place(1)]["calendars"][0]["id"]
        assert door.refused("GET", path.replace("nope", other), **query)[0] == 404
