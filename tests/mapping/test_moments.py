"""Times as people write them: with an offset, or by a clock that is named."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.mapping.moments import read_moment, show_moment, zone_named

CHICAGO = ZoneInfo("America/Chicago")
_ZONES = st.sampled_from(["UTC", "America/Chicago", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Dublin"])


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    _ZONES,
)
def test_what_is_shown_reads_back_as_the_same_moment(at: datetime, name: str) -> None:
    """By any clock, also in the hours that it shows twice."""
    at, zone = at.replace(microsecond=0), ZoneInfo(name)
    assert read_moment(show_moment(at, zone), None) == at
    assert read_moment(show_moment(at, None), CHICAGO) == at


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("soon", "is no time"),
        ("2026-09-03", "is no time"),
        ("0001-01-01T00:00+14:00", "is no time"),
        ("2026-09-03T15:00", "names no zone; write 2026-09-03T15:00Z"),
    ],
)
def test_what_is_no_moment_is_refused(text: str, words: str) -> None:
    """With what to write instead."""
    with pytest.raises(ValueError, match=words):
        read_moment(text, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-01T01:30", "comes twice in America/Chicago"),
        ("2026-03-08T02:30", "does not come in America/Chicago"),
    ],
)
def test_an_hour_that_a_clock_has_twice_or_not_at_all_needs_its_offset(text: str, words: str) -> None:
    """Nobody guesses which."""
    with pytest.raises(ValueError, match=words):
        read_moment(text, CHICAGO)


@pytest.mark.parametrize("name", ["Chicago", "", "/etc/localtime", "../UTC", "America"])
def test_a_zone_that_there_is_not_is_refused(name: str) -> None:
    """With one that there is."""
    with pytest.raises(ValueError, match="write it as America/Chicago"):
        zone_named(name)
