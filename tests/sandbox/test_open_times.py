"""Open hours as moments: right on every day of every zone, also where clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieline.sandbox.contacts_api.open_times import Hours, Week, open_stretches, slots

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
#: Whole hours, half an hour, two hours; at midnight, at 1, 2 and 3; both hemispheres; a skipped date; none.
ZONES = [
    "America/Chicago", "Europe/London", "Europe/Berlin", "Pacific/Auckland", "Australia/Lord_Howe",
    "Antarctica/Troll", "America/Havana", "America/Asuncion", "Atlantic/Azores", "Africa/Casablanca",
    "Pacific/Apia", "Asia/Kolkata", "Asia/Kathmandu", "UTC",
]  # fmt: skip
#: Days on which one of the zones changes its clock, and others.
CHANGES = [
    date(2011, 12, 30), date(2023, 10, 1), date(2024, 3, 10), date(2024, 3, 31), date(2024, 4, 7), date(2024, 10, 6),
    date(2024, 10, 27), date(2024, 11, 3), date(2026, 2, 15), date(2026, 3, 22), date(2027, 3, 28),
]  # fmt: skip
days = st.sampled_from(CHANGES) | st.dates(date(2010, 1, 1), date(2035, 12, 31))
zones = st.sampled_from(ZONES).map(ZoneInfo)
hours = (
    st.tuples(st.integers(0, 1440), st.integers(0, 1440))
    .filter(lambda edges: edges[0] != edges[1])
    .map(lambda edges: Hours(min(edges), max(edges)))
)


def _minutes_within(day: date, open_: Hours, zone: ZoneInfo) -> set[datetime]:
    """Minute for minute, by looking at the clock on the wall."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=16)
    found = set()
    for _ in range(56 * 60):
        wall = at.astimezone(zone)
        if wall.date() == day and open_.opens <= wall.hour * 60 + wall.minute < open_.closes:
            found.add(at)
        at += MINUTE
    return found


@given(days, hours, zones)
@settings(max_examples=60, deadline=None)
def test_it_is_open_exactly_while_the_clock_on_the_wall_says_so(
    day: date, open_: Hours, zone: ZoneInfo
) -> None:
    """No minute too many, none too few, in order and apart."""
    stretches = open_stretches(day, open_, zone)
    found: set[datetime] = set()
    for begin, end in stretches:
        found |= {begin + n * MINUTE for n in range(int((end - begin) / MINUTE))}
    assert found == _minutes_within(day, open_, zone)
    assert all(a[1] < b[0] for a, b in pairwise(stretches))


@given(
    days, zones, st.lists(hours, max_size=3), st.sampled_from([10, 15, 30, 45, 60, 90]),
    st.sampled_from([5, 15, 30, 60, 75]), st.integers(0, 72),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_every_slot_fits_into_the_hours_and_ranges_add_up(
    day: date, zone: ZoneInfo, opens: list[Hours], length: int, step: int, cut: int
) -> None:
    """Each minute of a slot is an open one; where a range is cut makes no difference; nothing comes twice."""
    week = Week(by_day=dict.fromkeys(range(7), tuple(opens)))
    span = {"length": timedelta(minutes=length), "step": timedelta(minutes=step)}
    since = datetime(day.year, day.month, day.day, tzinfo=UTC)
    until = since + timedelta(hours=72)
    found = slots(week, since, until, zone, **span)
    assert found == sorted(set(found))
    assert all(since <= one <= until for one in found)
    for start in found:
        for n in range(length):
            wall = (start + n * MINUTE).astimezone(zone)
            minute = wall.hour * 60 + wall.minute
            assert any(one.opens <= minute < one.closes for one in opens)
    middle = since + timedelta(hours=cut)
    halves = slots(week, since, middle - MINUTE / 60, zone, **span) + slots(week, middle, until, zone, **span)
    assert halves == found


def _starts(day: date, open_: Hours, zone: ZoneInfo, length: timedelta = HOUR) -> list[str]:
    begin = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    week = Week(by_date={day: (open_,)})
    found = slots(week, begin, begin + timedelta(hours=26), zone, length=length, step=length)
    return [one.astimezone(zone).strftime("%H:%M%z") for one in found]


def test_a_day_of_23_hours_has_an_hour_less_and_one_of_25_an_hour_more() -> None:
    """Berlin, 28 March and 31 October 2027, open from midnight to six."""
    night = Hours(0, 6 * 60)
    assert _starts(date(2027, 3, 28), night, BERLIN) == [
        "00:00+0100", "01:00+0100", "03:00+0200", "04:00+0200", "05:00+0200",
    ]  # fmt: skip
    assert _starts(date(2027, 10, 31), night, BERLIN) == [
        "00:00+0200", "01:00+0200", "02:00+0200", "02:00+0100", "03:00+0100", "04:00+0100", "05:00+0100",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "opens", "closes", "expected"),
    [
        # The clock jumps from 2 to 3: what lies in between is never open.
        (date(2027, 3, 28), "02:00", "03:00", []),
        (date(2027, 3, 28), "02:30", "04:30", ["03:00+0200", "03:30+0200", "04:00+0200"]),
        (date(2027, 3, 28), "01:00", "02:30", ["01:00+0100", "01:30+0100"]),
        # It goes back from 3 to 2: what lies in between is open twice.
        (date(2027, 10, 31), "02:00", "02:30", ["02:00+0200", "02:00+0100"]),
        (date(2027, 10, 31), "01:30", "02:30", ["01:30+0200", "02:00+0200", "02:00+0100"]),
        (date(2027, 10, 31), "02:30", "03:30", ["02:30+0200", "02:30+0100", "03:00+0100"]),
    ],
)
def test_hours_whose_edge_the_clock_jumps_over_or_shows_twice(
    day: date, opens: str, closes: str, expected: list[str]
) -> None:
    """Berlin, half an hour each."""
    edges = [int(text[:2]) * 60 + int(text[3:]) for text in (opens, closes)]
    assert _starts(day, Hours(*edges), BERLIN, HOUR / 2) == expected


def test_a_date_of_its_own_stands_in_place_of_its_weekday() -> None:
    """Also where it has no hours at all; 0 is Sunday."""
    sunday, monday = date(2027, 3, 7), date(2027, 3, 8)
    week = Week(by_day={0: (Hours(0, 60),), 1: (Hours(60, 120),)}, by_date={monday: ()})
    assert (week.on(sunday), week.on(monday)) == ((Hours(0, 60),), ())
    assert week.on(date(2027, 3, 15)) == (Hours(60, 120),)
    assert week.on(date(2027, 3, 9)) == ()
