"""The audit sees what is lost, doubled, unequal or older than it must be; and nothing where all is well."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.chaos.scene import CALL, LABEL, LOCATION, NOTE, record, seen, shown
from tieline.chaos.judge import Findings, judge


def judged(**sides: Any) -> Findings:
    """The scene, with these sides otherwise."""
    return judge(record(), seen(**sides), [LOCATION])


def test_nothing_is_wrong_where_both_sides_are_as_they_must_be() -> None:
    """Each value stands that was written last; of two writers either's may."""
    assert judged().clean
    both = {side: [shown(side, plan="Plan-3-P0001")] for side in ("nimbata", "contacts_api")}
    assert judged(**both).clean


def test_a_person_who_is_missing_is_lost() -> None:
    """On one side, or on both."""
    assert judged(contacts_api=[]).lost == [f"{LABEL} is not in the CRM"]
    assert len(judged(contacts_api=[], nimbata=[]).lost) == 2


def test_whoever_stands_twice_is_doubled_and_so_is_a_stranger() -> None:
    """A stranger is somebody whom nobody entered."""
    twice = [shown("contacts_api"), shown("contacts_api")]
    assert judged(contacts_api=twice).doubled == [f"{LABEL} is once more in the CRM"]
    stranger = dataclasses.replace(shown("nimbata"), label="P0009")
    assert len(judged(nimbata=[shown("nimbata"), stranger]).doubled) == 1


@pytest.mark.parametrize(
    ("notes", "lost", "doubled"), [([], 1, 0), ([NOTE, NOTE], 0, 1), ([f"x {CALL}9"], 1, 0)]
)
def test_each_call_has_one_note(notes: list[str], lost: int, doubled: int) -> None:
    """Told apart by the whole address of its recording."""
    found = judged(notes=notes)
    assert (len(found.lost), len(found.doubled)) == (lost, doubled)


def test_sides_that_differ_are_unequal() -> None:
    """Said with both values; which of them is right is not judged as well."""
    found = judged(contacts_api=[shown("contacts_api", first="First-1-P0001")])
    assert len(found.unequal) == 1
    assert "First-1-P0001" in found.unequal[0]
    assert found.out_of_order == []


def test_an_older_value_on_both_sides_is_out_of_order_and_an_unknown_one_lost() -> None:
    """It was put back, or overwritten by something that nobody wrote."""
    for value, kind in (("First-1-P0001", "out_of_order"), ("", "lost")):
        both = {side: [shown(side, first=value)] for side in ("nimbata", "contacts_api")}
        found = judged(**both)
        assert [len(found.out_of_order), len(found.lost)] == [kind == "out_of_order", kind == "lost"]


def test_a_tag_that_is_missing_on_both_sides_is_lost() -> None:
    """Since it was given last."""
    both = {side: [shown(side, tags=())] for side in ("nimbata", "contacts_api")}
    assert judged(**both).lost == ["tag vip of P0001 is 'no', not 'yes'"]


def test_an_item_that_is_missing_is_lost_and_one_that_was_dropped_must_be() -> None:
    """On both sides."""
    assert judged(contacts_api=[shown("contacts_api", copies=())]).lost == [
        "task P0001task6 is not in the CRM"
    ]
    done = record()
    done.people[LABEL].items["task", "P0001task6"].dropped = True
    found = judge(done, seen(), [LOCATION])
    assert found.out_of_order == ["task P0001task6 was dropped, and is there"]


def test_an_item_twice_on_one_side_is_doubled() -> None:
    """By its name, whatever its id."""
    one = shown("nimbata").copies[0]
    found = judged(nimbata=[shown("nimbata", copies=(one, dataclasses.replace(one, id="another")))])
    assert found.doubled == ["task P0001task6 of P0001 stands 2 times in the account"]


def test_whoever_was_deleted_is_to_be_on_no_side() -> None:
    """On both it came back; on one it was never carried over."""
    gone = record()
    gone.people[LABEL].deleted = True
    assert judge(gone, seen(nimbata=[], contacts_api=[]), [LOCATION]).clean
    assert len(judge(gone, seen(nimbata=[]), [LOCATION]).unequal) == 1
    assert len(judge(gone, seen(), [LOCATION]).out_of_order) == 1
