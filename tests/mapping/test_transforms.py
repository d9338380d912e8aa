"""Named transforms."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.mapping.transforms import TRANSFORMS, Argument, Transform, build, check
from tieline.mapping.values import Value, plain_number, to_text


def _run(name: str, value: Value, argument: Argument = None) -> Value:
    transform = Transform(name, argument)
    assert check(transform) is None
    (apply,) = build((transform,))
    return apply(value, "US")


@pytest.mark.parametrize(
    ("name", "argument", "value", "expected"),
    [
        ("lower", None, "ÄB", "äb"),
        ("upper", None, "äb", "ÄB"),
        ("title", None, "DON'T stop", "Don't Stop"),
        ("trim", None, "  a \t b\u200b ", "a b"),
        ("e164", None, "(201) 555-0123", "+12015550123"),
        ("e164", None, "nobody", None),
        ("email", None, "A@B.example", "a@b.example"),
        ("first_name", None, "Jane van Doe", "Jane"),
        ("last_name", None, "Jane van Doe", "van Doe"),
        ("date", None, datetime(2026, 9, 1, 22, 14, tzinfo=UTC), "2026-09-01"),
        ("date", "%d.%m.%Y %H:%M", "2026-09-01T22:14:07+02:00", "01.09.2026 20:14"),
        ("date", None, "soon", None),
        ("date", "%H:%M @ America/Chicago", datetime(2026, 9, 1, 22, 14, tzinfo=UTC), "17:14"),
        ("date", "%H:%M @ America/Chicago", "2026-09-01 22:14:07", "17:14"),
        ("date", "%d.%m. @ Pacific/Kiritimati", "2026-09-01", "01.09."),
        ("date", "@ Asia/Tokyo", datetime(2026, 9, 1, 22, 14, tzinfo=UTC), "2026-09-02"),
        ("date", "%Y @ %H", "2026-09-01T22:14:07Z", "2026 @ 22"),
        ("split", None, "a, b,,c ", ("a", "b", "c")),
        ("split", "/", "a / b", ("a", "b")),
        ("split", None, ("a,b",), ("a,b",)),
        ("item", 2, ("a", "b"), "b"),
        ("item", 3, ("a", "b"), None),
        ("item", 1, "a", "a"),
        ("item", 2, "a", None),
        ("number", None, "$1,234.50", "1234.5"),
        ("number", None, Decimal("350.00"), "350"),
        ("number", None, 7, "7"),
        ("number", None, "none", None),
        ("duration", None, 280, "4:40"),
        ("duration", None, 3_725, "1:02:05"),
        ("duration", None, 0, "0:00"),
        ("join", "; ", ("a", "b"), "a; b"),
        ("join", None, (), None),
        ("default", "x", None, "x"),
        ("default", "x", " ", "x"),
        ("default", "x", "y", "y"),
        ("map", (("Google", "Google Ads"),), " google ", "Google Ads"),
        ("map", (("Google", "Google Ads"),), "bing", "bing"),
        ("truncate", 4, "abcdef", "abc…"),
        ("truncate", 6, "abcdef", "abcdef"),
        ("upper", None, ("a", "b"), ("A", "B")),
    ],
)
def test_a_transform_does_what_its_name_says(
    name: str, argument: Argument, value: Value, expected: Value
) -> None:
    """One line for each transform and its edge."""
    assert _run(name, value, argument) == expected


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - {"default"}))
def test_nothing_stays_nothing(name: str) -> None:
    """Only `default` makes a value of none."""
    arguments: dict[str, Argument] = {"count": 3, "table": (), "text": "x"}
    assert _run(name, None, arguments.get(TRANSFORMS[name].argument)) is None


@pytest.mark.parametrize(
    "transform",
    [
        Transform("shout"), Transform("lower", "x"), Transform("truncate"), Transform("truncate", 0),
        Transform("truncate", "3"), Transform("default"), Transform("map", "x"), Transform("date", 3),
        Transform("date", "%H @ Mars/Base"), Transform("date", "@ ../etc"), Transform("item"),
    ],
)  # fmt: skip
def test_a_wrong_use_is_told_in_plain_words(transform: Transform) -> None:
    """Unknown names and arguments of the wrong kind are found before anything runs."""
    problem = check(transform)
    assert problem is not None
    assert transform.name in problem


@given(st.lists(st.text(alphabet="ab c", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_split_undoes_join(values: list[str]) -> None:
    """As `split` on one side and `join` on the other need it."""
    assert _run("split", _run("join", tuple(values))) == tuple(values)


@given(st.text(max_size=40), st.integers(1, 20))
def test_truncate_never_exceeds_its_limit(text: str, limit: int) -> None:
    """Short enough text is untouched, longer text fits."""
    found = to_text(_run("truncate", text, limit))
    assert found is None or len(found) <= limit


@given(st.decimals())
def test_a_plain_number_reads_back_as_itself(value: Decimal) -> None:
    """No exponent, no trailing zeros, the same amount."""
    text = plain_number(value)
    if not value.is_finite():
        assert text is None
    elif text is not None:
        assert Decimal(text) == value
        assert "E" not in text
    else:
        assert abs(value.adjusted()) > 30
