"""Names: split with care, never invented."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.mapping.name import split


@pytest.mark.parametrize(
    ("raw", "first", "last"),
    [
        ("Jane Doe", "Jane", "Doe"),
        ("  Jane\t Doe ", "Jane", "Doe"),
        ("Jane", "Jane", None),
        ("Jane Mary Doe", "Jane Mary", "Doe"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Maria de la Cruz", "Maria", "de la Cruz"),
        ("Van Morrison", "Van", "Morrison"),
        ("José Ortega y Gasset", "José", "Ortega y Gasset"),
        ("John Doe Jr.", "John", "Doe Jr."),
        ("Doe, Jane", "Jane", "Doe"),
        ("Doe, Jr", "Doe", "Jr"),
        ("山田 太郎", "太郎", "山田"),
        ("김 철수", "철수", "김"),
        ("山田太郎", "山田太郎", None),
        ("Мария Иванова", "Мария", "Иванова"),
        ("محمد الأحمد", "محمد", "الأحمد"),
        ("🙂 Jane Doe", "🙂 Jane", "Doe"),
        ("Jose\u0301 Pen\u0303a", "José", "Peña"),
        ("O'Neil-Smith", "O'Neil-Smith", None),
    ],
)
def test_a_full_name_is_split_once(raw: str, first: str, last: str | None) -> None:
    """Particles stay with the family name, letters are NFC, one word is a first name."""
    assert split(raw) == (first, last)


@pytest.mark.parametrize(
    "raw",
    [
        None, "", "   ", "UNKNOWN CALLER", "Wireless Caller", "WIRELESS  CALLER", "anonymous", "Private Number",
        "+1 201 555 0123", "2015550123", "V4231231231", "AUSTIN       TX", "Spam Likely", "TOLL FREE CALL", "N/A",
        "jane@example.com", "ACME PLUMBING LLC", "Müller GmbH", "...", "🙂🙂", "x" * 10_000,
    ],
)  # fmt: skip
def test_what_names_no_person_is_no_name(raw: str | None) -> None:
    """Carrier displays, numbers, cities, companies and addresses are not written as someone's name."""
    assert split(raw) == (None, None)


@given(st.text(max_size=60))
def test_any_text_splits_into_its_own_words(raw: str) -> None:
    """Nothing is invented: each word of the result stands in the NFC form of the text, and parts are tidy."""
    first, last = split(raw)
    whole = unicodedata.normalize("NFC", raw)
    for part in (first, last):
        if part is not None:
            assert part
            assert part == " ".join(part.split())
            assert unicodedata.is_normalized("NFC", part)
            assert all(
                char in whole or unicodedata.normalize("NFC", char) in whole for char in part if char != " "
            )
    assert not (first is None and last is not None)


@given(
    st.lists(st.sampled_from(["Jane", "Mary", "van", "de", "la", "Doe", "Jr", "y"]), min_size=1, max_size=6)
)
def test_a_split_name_splits_the_same_way_again(words: list[str]) -> None:
    """Joining the parts and splitting once more gives the same parts."""
    first, last = split(" ".join(words))
    assert split(" ".join(filter(None, (first, last)))) == (first, last)
