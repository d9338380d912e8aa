"""What goes into an array comes out of it, whatever it holds."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tieline.store.arrays import ArrayDumper
from tieline.store.pool import Store

MOMENTS = st.integers(-62_135_500_000, 253_402_200_000).map(lambda at: datetime.fromtimestamp(at, UTC))
KINDS: dict[str, Any] = {
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "float8": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
    "bytea": st.binary(max_size=200),
    "timestamptz": MOMENTS,
}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_value_comes_back_as_it_went(store: Store, kind: str) -> None:
    """Quotes, backslashes, braces, NULL as a word and as nothing, emoji, infinities, every byte."""
    lists = st.lists(st.none() | KINDS[kind], max_size=20)

    seen: list[list[Any]] = []

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(lists)
    def collect(values: list[Any]) -> None:
        seen.append(values)

    collect()
    seen += [[], [None], [None, None]]
    if kind == "text":
        seen.append(["NULL", "null", "", " ", "{}", '{"a"}', "\\", '"', "a,b", "\\x00", "🧑🏽‍🚒", "\n\t"])
    async with store.transaction() as db:
        for values in seen:
            row = await (await db.execute(f"SELECT %s::{kind}[]", (values,))).fetchone()
            assert row is not None
            assert [bytes(one) if isinstance(one, memoryview) else one for one in row[0]] == values


def test_what_is_no_array_of_ours_is_refused() -> None:
    """By the error of bad data, so that one bad item does not fail its neighbours' commit."""
    dumper = ArrayDumper(list)
    bad: list[list[Any]] = [["a\x00b"], [{}], [1, "a"], [b"x", "a"], [datetime.now(UTC), timedelta(1)]]
    for values in bad:
        with pytest.raises(psycopg.DataError):
            dumper.dump(values)
    assert dumper.dump([math.inf, -math.inf]) == b"{inf,-inf}"
