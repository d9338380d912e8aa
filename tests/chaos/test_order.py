"""What was begun out of the order of its events is found in the sandboxes' audit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.scene import LABEL, record
from tieline.chaos.order import out_of_order
from tieline.chaos.record import Activity


def write(n: int, operation: str = "contacts.update", **body: Any) -> dict[str, Any]:
    """A call as the audit tells of it."""
    return {"n": n, "at": float(n), "operation": operation, "write": True, "body": body, "status": 200}


def in_crm(*calls: dict[str, Any]) -> dict[Any, Any]:
    """Those, and none of the account."""
    return {"contacts_api": list(calls), "nimbata": []}


def test_values_may_repeat_and_grow() -> None:
    """A repeat after an unclear answer is no disorder; two people, and two fields, have an order each."""
    calls = in_crm(
        write(1, firstName="First-1-P0001"), write(2, firstName="First-1-P0001"),
        write(3, firstName="First-4-P0001", city="City-2-P0001"), write(4, firstName="First-1-P0002"),
    )  # fmt: skip
    assert out_of_order(record(), calls, []) == []


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("City-2-P0001", "City-5-P0001"),
        ("P0001task3 v3", "P0001task3 v9"),
        ("email-1-p0001@x.com", "email-2-p0001@x.com"),
    ],
)
def test_an_older_value_after_a_newer_one_is_found(older: str, newer: str) -> None:
    """Wherever in the body it stands."""
    calls = in_crm(write(1, customFields=[{"value": newer}]), write(2, customFields=[{"value": older}]))
    assert len(out_of_order(record(), calls, [])) == 1


def test_what_both_sides_write_has_no_order() -> None:
    """The last of either may win."""
    assert (
        out_of_order(record(), in_crm(write(1, plan="Plan-4-P0001"), write(2, plan="Plan-3-P0001")), []) == []
    )


@pytest.mark.parametrize(("acknowledged", "emitted", "found"), [(1.0, 2.0, 1), (3.0, 2.0, 0), (None, 2.0, 0)])
def test_a_note_before_that_of_an_earlier_call_is_found(
    acknowledged: float | None, emitted: float, found: int
) -> None:
    """Only where the hub had been told of the earlier one before the later one happened."""
    both = record()
    both.people[LABEL].activities = [Activity("a", "mark-a"), Activity("b", "mark-b")]
    told = [
        {"subject_id": "a", "kind": "call.completed", "emitted_at": 0.0, "acknowledged_at": acknowledged},
        {"subject_id": "b", "kind": "call.completed", "emitted_at": emitted, "acknowledged_at": 5.0},
    ]
    notes = [write(1, "notes.create", body="Inbound mark-b"), write(2, "notes.create", body="Inbound mark-a")]
    assert len(out_of_order(both, in_crm(*notes), told)) == found
    assert out_of_order(both, in_crm(*reversed([{**one, "n": 3 - one["n"]} for one in notes])), told) == []
