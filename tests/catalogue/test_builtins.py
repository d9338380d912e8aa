"""Functions of our own: what comes of what, and what is refused in words."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.catalogue.builtins import FUNCTIONS
from tieline.errors import MappingError

BY_ID = {one.id: one for one in FUNCTIONS}


def call(name: str, **asked: Any) -> Any:
    """What the function gives."""
    return BY_ID[name].call(asked)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"text": "  a \u200b b ", "change": "trim"}, "a b"),
        ({"text": "ÉTÉ", "change": "lower"}, "été"),
        ({"text": "don't stop", "change": "title"}, "Don't Stop"),
        ({"text": "abcdef", "change": "truncate", "length": 4}, "abc…"),
        ({"text": "a-b-c", "change": "replace", "find": "-", "replace_with": "+"}, "a+b+c"),
        ({"text": "a; b;;c", "change": "split", "find": ";"}, "a, b, c"),
        ({"text": "Ada King Lovelace", "change": "first_name"}, "Ada King"),
        ({"text": None, "change": "upper", "default": "nobody"}, "nobody"),
        ({"text": 12.5, "change": "trim"}, "12.5"),
    ],
)
def test_a_text_is_changed(asked: dict[str, Any], text: str) -> None:
    """Whatever it is given as."""
    assert call("format.text", **asked)["text"] == text


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"text": "a", "change": "truncate"}, "length"),
        ({"text": "a", "change": "replace"}, "find"),
        ({"text": "a", "change": "shout"}, "shout"),
        ({"text": "a" * 20_001, "change": "trim"}, "20000"),
        ({"text": "a" * 10_000, "change": "replace", "find": "a", "replace_with": "b" * 100}, "20000"),
        ({"change": "trim"}, "text"),
    ],
)
def test_what_cannot_be_done_with_a_text_is_said(asked: dict[str, Any], why: str) -> None:
    """By the field."""
    with pytest.raises(MappingError, match=why):
        call("format.text", **asked)


@pytest.mark.parametrize(
    ("asked", "text", "number"),
    [
        ({"number": "1234.5"}, "1,234.5", 1234.5),
        ({"number": 1234567, "thousands": "."  , "point": ","}, "1.234.567", 1234567),
        ({"number": "2.345", "decimals": 2}, "2.35", 2.35),
        ({"number": "2.345", "decimals": 2, "rounding": "down"}, "2.34", 2.34),
        ({"number": "-0.004", "decimals": 2}, "0.00", 0),
        ({"number": "€ 99", "before": "€ ", "decimals": 2}, "€ 99.00", 99),
        ({"number": "9" * 30, "decimals": 10, "thousands": ""}, "9" * 30 + "." + "0" * 10, int("9" * 30)),
    ],
)  # fmt: skip
def test_a_number_is_written(asked: dict[str, Any], text: str, number: float) -> None:
    """Rounded as people round."""
    assert call("format.number", **asked) == {"text": text, "number": number}


def test_what_is_no_number_is_said() -> None:
    """And separators that look alike."""
    with pytest.raises(MappingError, match="no number"):
        call("format.number", number="none")
    with pytest.raises(MappingError, match="alike"):
        call("format.number", number=1, thousands=".", point=".")
    with pytest.raises(MappingError, match="decimals"):
        call("format.number", number=1, decimals=11)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4), st.integers(0, 6))
def test_a_written_number_is_the_rounded_one(value: Decimal, decimals: int) -> None:
    """Read back without its separators."""
    written = call("format.number", number=str(value), decimals=decimals)["text"]
    assert abs(Decimal(written.replace(",", "")) - value) <= Decimal(1).scaleb(-decimals) / 2


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"moment": "2027-03-14T06:30:00Z", "zone": "America/Chicago"}, "2027-03-14 00:30"),
        # The clock is put forward at 2: a day later is the same time of day, 24 hours later is not.
        ({"moment": "2027-03-13T12:00", "zone": "America/Chicago", "add_days": 1}, "2027-03-14 12:00"),
        ({"moment": "2027-03-13T12:00", "zone": "America/Chicago", "add_minutes": 1440}, "2027-03-14 13:00"),
        ({"moment": "2027-03-14", "zone": "Asia/Tokyo"}, "2027-03-14 00:00"),
        ({"moment": 1805005800000}, "2027-03-14 06:30"),
        ({"moment": "2027-03-14T06:30:00Z", "pattern": "%d.%m.%Y"}, "14.03.2027"),
    ],
)
def test_a_moment_is_written(asked: dict[str, Any], text: str) -> None:
    """By the clock of its zone."""
    assert call("format.date", **asked)["text"] == text


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"moment": "soon"}, "soon"),
        ({"moment": "2027-03-14T02:30", "zone": "America/Chicago"}, "does not come"),
        ({"moment": "2027-11-07T01:30", "zone": "America/Chicago"}, "comes twice"),
        ({"moment": "2027-03-14", "zone": "Mars/Base"}, "zone"),
        ({"moment": "9" * 40}, "moment"),
        ({"moment": "9999-12-31T23:00Z", "add_days": 2}, "moment"),
    ],
)
def test_what_is_no_moment_is_said(asked: dict[str, Any], why: str) -> None:
    """Also a time that no clock shows, or shows twice."""
    with pytest.raises(MappingError, match=why):
        call("format.date", **asked)


@given(
    st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["UTC", "America/Chicago", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_a_moment_stays_the_same_moment(at: datetime, zone: str) -> None:
    """In whatever zone it is written."""
    moment = at.replace(tzinfo=UTC)
    found = call("format.date", moment=moment.isoformat(), zone=zone)
    assert datetime.fromisoformat(found["at"]) == datetime.fromisoformat(found["local"]) == moment
    assert found["day"] == moment.astimezone(ZoneInfo(zone)).date().isoformat()


def test_a_phone_is_read_or_is_none() -> None:
    """What is no number is an answer, not an error."""
    assert call("format.phone", phone="(201) 555-0123", country="US")["phone"] == "+12015550123"
    assert call("format.phone", phone="+49 30 1234567")["country"] == "DE"
    for none in ("", None, "anonymous", "12", "(201) 555-0123"):
        assert call("format.phone", phone=none) == {
            "valid": False, "phone": "", "international": "", "national": "", "country": "",
        }  # fmt: skip


def test_a_key_is_looked_up() -> None:
    """Alike, exactly, or by its beginning."""
    table = {"Google Ads": "paid", "+1201": "New Jersey", "+1": {"area": "US"}}
    assert call("table.look_up", key=" google  ads", table=table)["value"] == "paid"
    assert call("table.look_up", key="google ads", table=table, match="exact") == {
        "found": False, "value": None, "key": "",
    }  # fmt: skip
    assert call("table.look_up", key="+12015550123", table=table, match="begins")["value"] == "New Jersey"
    assert call("table.look_up", key="+13125550123", table=table, match="begins")["value"] == {"area": "US"}
    assert call("table.look_up", key="x", table=table, match="begins", default="none")["value"] == "none"
    with pytest.raises(MappingError, match="same key"):
        call("table.look_up", key="a", table={"a": 1, "A ": 2})


_json = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)


@pytest.mark.parametrize("name", sorted(BY_ID))
@given(data=st.data())
def test_any_input_gives_an_answer_or_says_why(name: str, data: st.DataObject) -> None:
    """There is no third way."""
    fields = BY_ID[name].input.__struct_fields__
    asked = data.draw(
        st.dictionaries(st.sampled_from(fields), _json | st.dictionaries(st.text(max_size=3), _json))
    )
    # Any other error leaves the block.
    with suppress(MappingError):
        assert call(name, **asked).keys() == {one.name for one in msgspec.structs.fields(BY_ID[name].output)}
