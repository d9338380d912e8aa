"""The demo's count sees what is missing and what is there twice, and nothing else."""

from __future__ import annotations

from typing import Any

from tieline.demo.expect import compare, expectations

PHONE, OTHER = "+15125550100", "+15125550101"


def emitted(activity: str, caller: str | None = PHONE, **more: Any) -> dict[str, Any]:
    return {
        "event": "call.completed", "project": "p1", "activity_id": activity, "caller": caller,
        "outcome": "ANSWERED", "test": False, **more,
    }  # fmt: skip


def contact(number: int, phone: str | None = PHONE, tags: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"id": f"c{number}", "phone": phone, "tags": list(tags)}


def note(number: int, body: str) -> dict[str, Any]:
    return {"contactId": f"c{number}", "body": body}


def state(contacts: list[dict[str, Any]], notes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"locations": {"L1": {"contacts": contacts, "notes": notes}}}


RECORDINGS = {"a1": "https://rec.example/a1", "a2": "https://rec.example/a2"}
WORKED = [{"kind": "tag.add", "location": "L1", "contact": "c1", "tags": ["vip"]}]


def wanted() -> Any:
    calls = [emitted("a1"), emitted("a2"), emitted("a3", outcome="NOT_ANSWERED")]
    unheard = [emitted("a4", None), emitted("a5", OTHER, outcome="BLOCKED"), emitted("a6", OTHER, test=True)]
    return expectations([*calls, *unheard], RECORDINGS, {"p1": "L1"}, WORKED)


WHOLE = [note(1, f"Recording: {url} [tl:x]") for url in RECORDINGS.values()] + [note(1, "missed call")]


def test_all_there_is_all_found() -> None:
    """One contact, three notes and a tag are expected: withheld, blocked and test calls leave nothing."""
    found = compare(wanted(), state([contact(1, tags=("vip", "more"))], WHOLE))
    assert (found.expected, found.found, found.lost, found.doubled) == (5, 5, 0, 0)
    assert found.missing == found.surplus == ()


def test_each_kind_of_loss_is_named() -> None:
    """A note of a recorded call, one of another call, a tag, the whole person."""
    assert compare(wanted(), state([contact(1, tags=("vip",))], WHOLE[1:])).missing == (
        f"1 note(s) https://rec.example/a1 of {PHONE} at L1",
    )
    assert compare(wanted(), state([contact(1, tags=("vip",))], WHOLE[:2])).lost == 1
    assert compare(wanted(), state([contact(1)], WHOLE)).missing == ("tag vip of contact c1 at L1",)
    nobody = compare(wanted(), state([], []))
    assert (nobody.lost, nobody.found, nobody.doubled) == (5, 0, 0)


def test_each_kind_of_doubling_is_named() -> None:
    """A note twice, a person twice, and a person whom nobody heard from."""
    twice = compare(wanted(), state([contact(1, tags=("vip",))], [*WHOLE, WHOLE[0]]))
    assert (twice.lost, twice.doubled) == (0, 1)
    persons = compare(wanted(), state([contact(1, tags=("vip",)), contact(2)], WHOLE))
    assert (persons.lost, persons.doubled) == (0, 1)
    stranger = compare(wanted(), state([contact(1, tags=("vip",)), contact(2, OTHER)], WHOLE))
    assert stranger.doubled == 1
    assert "nobody heard from" in stranger.surplus[0]


def test_a_note_that_is_there_twice_does_not_make_up_for_one_that_is_missing() -> None:
    """Counts that happen to add up are not enough."""
    found = compare(wanted(), state([contact(1, tags=("vip",))], [WHOLE[0], WHOLE[0], WHOLE[2]]))
    assert (found.lost, found.doubled) == (1, 1)
