"""The demo's figures come from what the far side wrote down."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tieline.demo.measure import acknowledgements, end_to_end, merged, percentiles, uncertain


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_percentiles_are_values_that_were_measured(values: list[float]) -> None:
    """Nearest rank: half of them are at most p50, nearly all at most p99."""
    found = percentiles(values)
    rounded = sorted(round(one, 1) for one in values)
    assert found.p50 in rounded
    assert found.p99 in rounded
    assert sum(one <= (found.p50 or 0) for one in rounded) >= len(values) / 2
    assert sum(one <= (found.p99 or 0) for one in rounded) >= len(values) * 0.99


def test_nothing_measured_is_no_figure() -> None:
    """Never a zero that nobody measured."""
    assert percentiles([]).p50 is None
    assert acknowledgements([{"kind": "x"}]).p99 is None


def call(operation: str, path: str, at: float, **more: Any) -> dict[str, Any]:
    return {"operation": operation, "path": path, "at": at, "write": not operation.endswith("list"), **more}


def test_end_to_end_runs_from_the_webhook_to_the_note_that_took_effect() -> None:
    """The first note of the call counts; a refused try and a dropped webhook do not."""
    recordings = {"a1": "https://rec/a1", "a2": "https://rec/a2"}
    sent = [
        {"subject_id": "a1", "kind": "call.completed", "emitted_at": 10.0},
        {"subject_id": "a2", "kind": "call.completed", "emitted_at": 10.0, "faults": ["drop"]},
    ]
    body = {"body": {"body": "Recording: https://rec/a1"}}
    calls = [
        call("notes.create", "/contacts/c1/notes", 10.1, **body),
        call("notes.create", "/contacts/c1/notes", 10.5, effect=True, **body),
        call("notes.create", "/contacts/c1/notes", 19.0, effect=True, body={"body": "https://rec/a2"}),
    ]
    assert end_to_end(sent, recordings, calls).p50 == 500.0


def test_an_unclear_write_is_settled_by_any_later_look_or_repeat() -> None:
    """Only what nobody came back to stays uncertain."""
    cut = call("notes.create", "/contacts/c1/notes", 1, fault="cut_after", body={"body": "x"})
    assert uncertain([cut]) == 1
    assert uncertain([cut, call("notes.list", "/contacts/c2/notes", 2)]) == 1
    assert uncertain([cut, call("notes.list", "/contacts/c1/notes", 2)]) == 0
    create = call("contacts.create", "/contacts/", 1, fault="500", body={"phone": "+1"})
    assert uncertain([create]) == 1
    assert uncertain([create, call("contacts.create", "/contacts/", 2, body={"phone": "+1"})]) == 0
    looked = call("contacts.find_duplicate", "/contacts/search/duplicate", 2, body={"number": "+1"})
    assert uncertain([create, {**looked, "write": False}]) == 0


def test_counts_of_both_sides_add_up() -> None:
    """Sorted by name, so that two runs read alike."""
    assert list(merged({"drop": 2, "500": 1}, {"drop": 3}).items()) == [("500", 1), ("drop", 5)]
