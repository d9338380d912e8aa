"""What a workflow's parts mean: lengths of time, business hours, conditions, values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.errors import MappingError
from tieline.workflows.conditions import holds
from tieline.workflows.definition import Condition
from tieline.workflows.durations import parse_duration
from tieline.workflows.hours import DAYS, Hours, next_open
from tieline.workflows.values import MAX_BYTES, render

ZONES = (
    "America/Chicago",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "UTC",
)


@pytest.mark.parametrize(
    ("text", "length"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("1d12h", 129_600), ("1w", 604_800), (" 1D 2H ", 93_600)],
)
def test_lengths_of_time_are_read_as_people_write_them(text: str, length: int) -> None:
    """In seconds."""
    assert parse_duration(text) == timedelta(seconds=length)


@pytest.mark.parametrize(
    "text", ["", "5", "h", "-1h", "1.5h", "2 hours", "1h2", "999999999w", "9" * 40 + "s"]
)
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    """With what one looks like."""
    with pytest.raises(ValueError, match=r"length of time|longer than"):
        parse_duration(text)


_moments = st.integers(1_704_067_200, 1_956_528_000).map(lambda at: datetime.fromtimestamp(at, UTC))
_clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from((0, 15, 30, 59)))
_hours = st.builds(
    Hours, zone=st.sampled_from(ZONES), opens=_clocks, closes=_clocks | st.just("24:00"),
    days=st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(tuple),
)  # fmt: skip


@given(_hours, _moments)
def test_it_opens_now_or_at_a_beginning_and_never_before_now(hours: Hours, now: datetime) -> None:
    """By the zone's clock, also on days on which that is changed; asked again there, it is open."""
    opens = next_open(hours, now)
    assert now <= opens <= now + timedelta(days=9)
    assert next_open(hours, opens) == opens
    if opens > now:
        local = opens.astimezone(ZoneInfo(hours.zone))
        assert DAYS[local.weekday()] in hours.days
        wall = local.strftime("%H:%M")
        # What the clock leaves out is as much later.
        assert wall == hours.opens or local.utcoffset() != (local - timedelta(hours=3)).utcoffset()
        assert next_open(hours, opens - timedelta(seconds=1)) == opens


@pytest.mark.parametrize(
    ("zone", "now", "opens"),
    [
        # The clock goes from 2:00 to 3:00.
        ("America/Chicago", "2027-03-14T05:00:00+00:00", "2027-03-14T08:30:00+00:00"),
        # From 2:00 back to 1:00: it opens the first time that it is 1:30.
        ("America/Chicago", "2027-11-07T05:00:00+00:00", "2027-11-07T06:30:00+00:00"),
        ("Europe/Berlin", "2027-03-28T00:00:00+00:00", "2027-03-28T01:30:00+00:00"),
    ],
)
def test_a_change_of_the_clock_is_no_hole(zone: str, now: str, opens: str) -> None:
    """Hours that begin within the hour that is left out, or that comes twice."""
    begins = "01:30" if "11-07" in now else "02:30"
    hours = Hours(zone=zone, days=DAYS, opens=begins, closes="12:00")
    assert next_open(hours, datetime.fromisoformat(now)) == datetime.fromisoformat(opens)


def test_hours_that_end_in_what_comes_twice_end_the_last_time() -> None:
    """From 2:00 back to 1:00: it closes when it is 1:30 for the second time."""
    hours = Hours(zone="America/Chicago", days=DAYS, opens="00:00", closes="01:30")
    second = datetime(2027, 11, 7, 7, 15, tzinfo=UTC)
    assert next_open(hours, second) == second
    closed = second + timedelta(minutes=15)
    assert next_open(hours, closed) == datetime(2027, 11, 8, 6, tzinfo=UTC)


def test_hours_over_midnight_reach_into_the_next_day() -> None:
    """A bar that is open from 20:00 to 03:00 on Fridays is open on Saturday at two."""
    bar = Hours(zone="UTC", days=("fri",), opens="20:00", closes="03:00")
    saturday = datetime(2027, 3, 20, 2, tzinfo=UTC)
    assert next_open(bar, saturday) == saturday
    assert next_open(bar, saturday + timedelta(hours=1)) == datetime(2027, 3, 26, 20, tzinfo=UTC)


SCOPE: dict[str, Any] = {
    "trigger": {
        "number": "5", "size": 12, "name": "Ada Lovelace", "tags": ["VIP", "hot"], "at": "2027-03-15T12:00:00Z",
        "zip": "007", "answered": False, "nothing": None, "void": "", "nested": {"a": 1},
    }
}  # fmt: skip


@pytest.mark.parametrize(
    ("left", "compared", "expected"),
    [
        ("number", {"is_": 5}, True), ("number", {"is_": "5"}, True), ("zip", {"is_": "7"}, False),
        ("zip", {"is_": "007"}, True), ("answered", {"is_": "false"}, True), ("answered", {"is_": True}, False),
        ("name", {"is_": "ada lovelace"}, True), ("name", {"contains": "LOVE"}, True),
        ("name", {"starts_with": "ada", "ends_with": "lace"}, True),
        ("name", {"starts_with": "ada", "ends_with": "x"}, False),
        ("name", {"like": "a*l*e"}, True), ("name", {"like": "*x*"}, False), ("name", {"like": "ada lovelace"}, True),
        ("tags", {"contains": "vip"}, True), ("tags", {"not_contains": "cold"}, True),
        ("tags", {"contains": "ho"}, False),
        ("size", {"greater": 11, "less": 13}, True), ("size", {"at_least": 12, "at_most": 12}, True),
        ("size", {"greater": "text"}, False), ("name", {"less": 3}, False),
        ("at", {"before": "2027-03-15T14:00:00+01:00"}, True), ("at", {"after": "2027-03-15T12:30:00+01:00"}, True),
        ("at", {"after": "no moment"}, False), ("number", {"among": [1, 5]}, True), ("number", {"among": []}, False),
        ("nothing", {"empty": True}, True), ("void", {"empty": True}, True), ("missing", {"empty": True}, True),
        ("size", {"empty": False}, True), ("nested", {"contains": "a"}, True), ("nested", {"is_": {"a": 1}}, True),
        ("nothing", {"is_": ""}, True), ("nothing", {"contains": ""}, False),
    ],
)  # fmt: skip
def test_a_comparison_means_what_people_expect(left: str, compared: dict[str, Any], expected: bool) -> None:
    """Forms know texts alone: "5" is 5, "true" is true, but 007 is not 7."""
    condition = Condition(left=f"{{{{ trigger.{left} }}}}", **compared)
    assert holds(condition, SCOPE) is expected
    assert holds(Condition(not_=condition), SCOPE) is not expected
    assert holds(Condition(all=(condition, condition)), SCOPE) is expected
    assert holds(Condition(any=(condition, Condition(not_=condition))), SCOPE)


@given(st.text(alphabet="ab*", max_size=12), st.text(alphabet="ab", max_size=12))
def test_stars_stand_for_anything(pattern: str, text: str) -> None:
    """As the library's own patterns have it."""
    from fnmatch import fnmatchcase

    condition = Condition(left=text, like=pattern)
    assert holds(condition, {}) == fnmatchcase(text, pattern)


def test_no_pattern_takes_long() -> None:
    """Whatever is tried against whatever."""
    assert not holds(Condition(left="a" * 19_000, like="*a" * 5000 + "b"), {})


@pytest.mark.parametrize(
    ("value", "rendered"),
    [
        ("{{ trigger.size }}", 12), ("{{ trigger.tags }}", ["VIP", "hot"]), ("{{ trigger.nested }}", {"a": 1}),
        ("{{ trigger.answered }}", False), ("{{ trigger.missing }}", None), ("{{ trigger.missing.deeper }}", None),
        ("size {{ trigger.size }}", "size 12"), ("{{ trigger.name | split: ' ' | first }}", "Ada"),
        ({"a": ["{{ trigger.size }}", "x"]}, {"a": [12, "x"]}), ("no template", "no template"), (7, 7), (None, None),
        ("{% if trigger.answered %}yes{% else %}no{% endif %}", "no"), ("{{ trigger.size | plus: 1 }}", 13),
        ("{{ trigger.at | date: '%Y' }}", "2027"),
    ],
)  # fmt: skip
def test_a_value_that_is_one_template_keeps_its_type(value: Any, rendered: Any) -> None:
    """Anything around it makes it a text."""
    assert render(value, SCOPE) == rendered


@pytest.mark.parametrize(
    "value",
    ["{{ trigger.", "{% if %}", "{{ 'a' | nosuch }}", "{{ 'now' | date: '%Y' }}", "{% include 'x' %}",
     "{% for i in (1..100000) %}{% endfor %}", "{{ (1..1000000000) | join: '' }}"],
)  # fmt: skip
def test_a_template_that_goes_wrong_names_its_field(value: str) -> None:
    """And takes no time to do so."""
    with pytest.raises(MappingError) as told:
        render({"a": [value]}, SCOPE, path="input")
    assert told.value.path == "input.a[0]"


def test_values_are_bounded() -> None:
    """In size, and in depth."""
    with pytest.raises(MappingError, match="KiB"):
        render(["{{ text }}"] * (MAX_BYTES // 10_000 + 1), {"text": "x" * 10_000})
    deep: Any = "x"
    for _ in range(30):
        deep = [deep]
    with pytest.raises(MappingError, match="deep"):
        render(deep, {})
