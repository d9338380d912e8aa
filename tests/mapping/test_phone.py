"""Phones: what is a number becomes one spelling, what is none becomes None."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieline.mapping.phone import to_e164, withheld


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("+12015550123", None, "+12015550123"),
        ("(201) 555-0123", "US", "+12015550123"),
        ("2015550123", "us", "+12015550123"),
        ("1-201-555-0123", "US", "+12015550123"),
        ("+1 (201) 555-0123 ext. 77", "US", "+12015550123"),
        ("tel:+12015550123;ext=3", "US", "+12015550123"),
        ("sip:+12015550123@carrier.example", "US", "+12015550123"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("06 12345678", "IT", "+390612345678"),
        ("٢٠١٥٥٥٠١٢٣", "US", "+12015550123"),
        ("+١٢٠١٥٥٥٠١٢٣", None, "+12015550123"),
        ("\u202a+1 201 555 0123\u202c", None, "+12015550123"),
        ("  +12015550123\u200b", None, "+12015550123"),
    ],
)
def test_a_number_in_any_spelling_becomes_e164(raw: str, country: str | None, expected: str) -> None:
    """Punctuation, extensions, scripts and invisible marks make no difference."""
    assert to_e164(raw, country) == expected


@pytest.mark.parametrize(
    "raw",
    [
        None, "", " ", "-", "+", "anonymous", "Anonymous", "RESTRICTED", "unknown", "Unknown Caller", "blocked",
        "private", "Private Number", "withheld", "unavailable", "266696687", "+266696687", "7378742883", "+7378742883",
        "86282452253", "+86282452253", "8656696", "2562533", "BLOCKED", "911", "12345", "+1911", "FLOWERS", "☎️🙂",
        "+10000000000", "0000000000", "+15550100", "1" * 63, "2015550123" * 1000, "²³", "\x00", "n/a", "(none)",
    ],
)  # fmt: skip
def test_what_is_no_number_is_none(raw: str | None) -> None:
    """Withheld, short, impossible and absurd values never become somebody's identity."""
    assert to_e164(raw, "US") is None


def test_a_local_number_needs_a_country() -> None:
    """Without the location's country a local number is not guessed at; an unknown country counts as none."""
    assert to_e164("201 555 0123", None) is None
    assert to_e164("201 555 0123", "") is None
    assert to_e164("201 555 0123", "XX") is None
    assert to_e164("+1 201 555 0123", "XX") == "+12015550123"


def test_withheld_is_told_from_a_number() -> None:
    """A caller who shows no number is known by word or by the word's digits."""
    assert withheld(" Anonymous ")
    assert withheld("+266696687")
    assert not withheld("+12015550123")
    assert not withheld("x" * 10_000)


@settings(deadline=None)
@given(
    st.one_of(st.text(max_size=80), st.from_regex(r"\+?[0-9 ()./-]{5,20}", fullmatch=True)),
    st.sampled_from(["US", "GB", "DE", None]),
)
def test_normalising_twice_is_normalising_once(raw: str, country: str | None) -> None:
    """Whatever comes in, the result is None, or a valid E.164 number that stays as it is."""
    number = to_e164(raw, country)
    if number is not None:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number))
        assert to_e164(number, None) == number
        assert to_e164(number, country) == number
