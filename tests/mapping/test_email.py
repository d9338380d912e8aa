"""E-mail addresses in the CRM's spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.mapping.email import normalise


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Jane@Example.COM", "jane@example.com"),
        ("  jane.doe+crm@example.co.uk\n", "jane.doe+crm@example.co.uk"),
        ("mailto:Jane@example.com", "jane@example.com"),
        ("Jane Doe <Jane@example.com>", "jane@example.com"),
        ("\ufeffjane@example.com\u200b", "jane@example.com"),
        ("用户@例子.广告", "用户@例子.广告"),
        ("Straße@Beispiel.DE", "straße@beispiel.de"),
        ("ИВАН@ПОЧТА.РФ", "иван@почта.рф"),
        ("o'neil_1@a-b.example", "o'neil_1@a-b.example"),
    ],
)
def test_an_address_becomes_lower_case(raw: str, expected: str) -> None:
    """Case, white space and wrapping go; every script stays."""
    assert normalise(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        None, "", "@", "jane", "jane@", "@example.com", "jane@example", "jane@@example.com", "a@b@example.com",
        "a@example.com, b@example.com", "a@example.com;b@example.com", "jane doe@example.com", "jane@exa mple.com",
        "jane@.com", "jane@example..com", "jane@example.com.", "jane@-example.com", "jane@127.0.0.1",
        ".jane@example.com", "jane.@example.com", "a" * 65 + "@example.com", "a@" + "b" * 260 + ".com", "(none)",
        "jane\x00@example.com", "x" * 100_000 + "@",
    ],
)  # fmt: skip
def test_what_is_no_single_address_is_none(raw: str | None) -> None:
    """Half addresses, lists of addresses and prose never become somebody's identity."""
    assert normalise(raw) is None


@given(
    st.one_of(
        st.text(max_size=60),
        st.emails(),
        st.builds("{}@{}.{}".format, st.text(max_size=9), st.text(max_size=9), st.text(max_size=9)),
    )
)
def test_normalising_twice_is_normalising_once(raw: str) -> None:
    """The result is None, or an address with one @ that stays as it is."""
    found = normalise(raw)
    if found is not None:
        assert normalise(found) == found
        assert found.count("@") == 1
        assert not any(char.isspace() for char in found)
