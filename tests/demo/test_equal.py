"""The demo's comparison of both sides sees every way in which they differ, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tieline.demo.equal import unequal

PHONE = "+17375551001"
ACCOUNT: dict[str, Any] = {
    "contacts": [
        {
            "id": "n1", "project_id": "p1", "phone": PHONE, "email": None, "first_name": "Ada", "last_name": "Byhand",
            "company": "Acme", "address": {"city": "Springfield"}, "tags": ["VIP"], "deleted_at": None,
        }
    ],
    "tasks": [{"contact_id": "n1", "title": "Ring back", "due_at": "2026-11-02T10:00:00Z", "completed": False}],
    "notes": [{"contact_id": "n1", "body": "Prefers mornings."}],
    "appointments": [
        {
            "contact_id": "n1", "title": "Visit", "start_time": "2026-11-03T10:00:00Z",
            "end_time": "2026-11-03T10:30:00Z", "status": "confirmed",
        }
    ],
}  # fmt: skip
CRM: dict[str, Any] = {
    "locations": {
        "L1": {
            "contacts": [
                {
                    "id": "c1", "phone": PHONE, "firstName": "Ada", "lastName": "Byhand", "companyName": "Acme",
                    "city": "Springfield", "tags": ["vip", "nimbata"],
                }
            ],
            "tasks": [
                {"contactId": "c1", "title": "Ring back", "dueDate": "2026-11-02T10:00:00.000Z", "completed": False}
            ],
            "notes": [
                {"contactId": "c1", "body": "Prefers mornings.\n[tl:abc]"},
                {"contactId": "c1", "body": "Inbound call, answered\n[tl:def]"},
            ],
            "appointments": [
                {
                    "contactId": "c1", "title": "Visit", "startTime": "2026-11-03T04:00:00-06:00",
                    "endTime": "2026-11-03T04:30:00-06:00", "appointmentStatus": "confirmed",
                }
            ],
        }
    }
}  # fmt: skip


def compared(account: dict[str, Any], crm: dict[str, Any]) -> tuple[str, ...]:
    return unequal(account, crm, {"p1": "L1"}, [PHONE])


def test_the_same_in_each_sides_own_spelling_is_equal() -> None:
    """Marks, our tag, notes about calls, time zones and the case of tags make no difference."""
    assert compared(ACCOUNT, CRM) == ()


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("contacts", "company", "Other"),
        ("contacts", "tags", ["VIP", "hot"]),
        ("contacts", "deleted_at", "2026-11-02T10:00:00Z"),
        ("contacts", "project_id", "p2"),
        ("tasks", "completed", True),
        ("tasks", "due_at", "2026-11-02T11:00:00Z"),
        ("notes", "body", "Prefers evenings."),
        ("appointments", "status", "cancelled"),
        ("appointments", "end_time", "2026-11-03T11:30:00Z"),
    ],
)
def test_each_difference_is_told(kind: str, name: str, value: Any) -> None:
    """A field, a tag, a person who is on one side alone, an item's text, time or state."""
    account = copy.deepcopy(ACCOUNT)
    account[kind][0][name] = value
    (line,) = unequal(account, CRM, {"p1": "L1", "p2": "L2"}, [PHONE])
    assert line.startswith(PHONE)


@pytest.mark.parametrize("kind", ["contacts", "tasks", "notes", "appointments"])
def test_what_stands_twice_on_one_side_is_told(kind: str) -> None:
    """A copy too many, of a person or of what belongs to one."""
    crm = copy.deepcopy(CRM)
    crm["locations"]["L1"][kind].append(crm["locations"]["L1"][kind][0])
    assert len(compared(ACCOUNT, crm)) == 1


def test_who_was_deleted_on_both_sides_is_equal() -> None:
    """And who was never entered by hand does not count."""
    gone = copy.deepcopy(ACCOUNT)
    gone["contacts"][0]["deleted_at"] = "2026-11-02T10:00:00Z"
    nobody: dict[str, Any] = {
        "locations": {"L1": {"contacts": [], "tasks": [], "notes": [], "appointments": []}}
    }
    assert compared(gone, nobody) == ()
    assert unequal(ACCOUNT, nobody, {"p1": "L1"}, []) == ()
