"""News, echo, old, or not to be told: by what a payload shows, and by the far side's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.domain.contact import Contact
from tieline.sync.echo import APART, fingerprint, judge

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
KNOWN = Contact(id="c", first_name="Ada", as_of=NOON)
OTHER = Contact(id="c", first_name="Bob")


def seconds(count: float) -> timedelta:
    """So many."""
    return timedelta(seconds=count)


@given(st.none() | st.datetimes(timezones=st.just(UTC)), st.none() | st.integers(0, 9))
def test_equal_content_is_an_echo_whatever_its_time(at: datetime | None, version: int | None) -> None:
    """Nothing would change."""
    told = msgspec.structs.replace(KNOWN, updated_at=at, version=version, as_of=None)
    assert judge(told, KNOWN, at=at) == "echo"


@pytest.mark.parametrize(("version", "verdict"), [(2, "stale"), (4, "newer")])
def test_a_count_of_changes_decides_before_any_clock(version: int, verdict: str) -> None:
    """Two changes within one second have the same time."""
    known = msgspec.structs.replace(KNOWN, updated_at=NOON, version=3)
    told = msgspec.structs.replace(OTHER, updated_at=NOON, version=version)
    assert judge(told, known, at=NOON) == verdict


@pytest.mark.parametrize(("ahead", "verdict"), [(-1, "stale"), (0, "undecidable"), (1, "newer")])
def test_the_record_s_own_time_decides(ahead: int, verdict: str) -> None:
    """The same time under another content tells nothing."""
    known = msgspec.structs.replace(KNOWN, updated_at=NOON, as_of=None)
    told = msgspec.structs.replace(OTHER, updated_at=NOON + seconds(ahead))
    assert judge(told, known) == verdict


def test_without_a_time_of_its_own_the_time_of_its_sending_decides_where_it_is_clear() -> None:
    """Within two seconds of what we know last it is not."""
    assert judge(OTHER, KNOWN, at=NOON + APART + seconds(0.1)) == "newer"
    assert judge(OTHER, KNOWN, at=NOON + APART) == "undecidable"
    assert judge(OTHER, KNOWN, at=NOON - seconds(60)) == "undecidable"
    assert judge(OTHER, KNOWN) == "undecidable"


def test_our_write_before_the_last_is_an_echo_when_it_comes_late_and_a_person_s_when_it_comes_after() -> None:
    """Our B, our C, then the echo of B; and somebody who sets it back to B a minute later."""
    ours = (fingerprint(OTHER), fingerprint(KNOWN))
    assert judge(OTHER, KNOWN, at=NOON - seconds(1), ours=ours) == "echo"
    assert judge(OTHER, KNOWN, at=NOON + seconds(60), ours=ours) == "newer"
    assert judge(OTHER, KNOWN, at=NOON - seconds(1)) == "undecidable"


def test_a_fingerprint_is_of_the_content_alone() -> None:
    """Tags and custom fields in any order."""
    one = Contact(id="c", tags=frozenset({"a", "b"}), custom={"x": "1", "y": "2"}, version=1, updated_at=NOON)
    two = Contact(id="c", tags=frozenset({"b", "a"}), custom={"y": "2", "x": "1"}, version=2)
    assert fingerprint(one) == fingerprint(two)
    assert fingerprint(one) != fingerprint(msgspec.structs.replace(one, tags=frozenset({"a"})))
