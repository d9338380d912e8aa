"""When a run is red, what it says, and what its page shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tieline.chaos.kinds import KINDS
from tieline.chaos.outcome import Counts, Outcome, wrong
from tieline.chaos.report import page
from tieline.chaos.run import Options
from tieline.chaos.tally import lagged, uncertain, wasted


def counts(**other: Any) -> Counts:
    """Of a green run, but for what is said."""
    green: dict[str, Any] = {
        "seed": 1, "events": 100, "kills": 2, "faults_fired": dict.fromkeys(KINDS, 3), "lost": 0, "doubled": 0,
        "unequal": 0, "out_of_order": 0, "uncertain": 0, "rate_limited": 0, "wasted_calls": 0, "recover_s": 4.0,
    }  # fmt: skip
    return Counts(**{**green, **other})


def test_the_line_has_exactly_the_keys_that_programs_read() -> None:
    """In their order."""
    assert list(msgspec.to_builtins(counts())) == [
        "seed", "events", "kills", "faults_fired", "lost", "doubled", "unequal", "out_of_order", "uncertain",
        "rate_limited", "wasted_calls", "recover_s",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("other", "dead", "said"),
    [
        ({"faults_fired": {**dict.fromkeys(KINDS, 3), "502": 0}}, 0, "502 never came"),
        ({"rate_limited": 1}, 0, "1 calls over the far sides' limits"),
        ({"uncertain": 2}, 1, "2 outcomes are uncertain, and 1 stand in the error queue"),
        ({}, 1, "1 dead letters of what could have been done"),
        ({"recover_s": None}, 0, "it did not come to rest"),
    ],
)
def test_a_run_is_red_for_each_of_these(other: dict[str, Any], dead: int, said: str) -> None:
    """And for whatever the audit found; uncertain outcomes in the error queue are none."""
    assert wrong(counts(), KINDS, 0, ()) == ()
    assert wrong(counts(uncertain=2), KINDS, 2, ()) == ()
    assert wrong(counts(), KINDS, 0, ("lost: x",)) == ("lost: x",)
    assert wrong(counts(**other), KINDS, dead, ()) == (said,)


def call(operation: str, status: int = 200, **more: Any) -> dict[str, Any]:
    """A call as the audit tells of it."""
    return {"operation": operation, "status": status, "at": 0.0, "place": "LOC", **more}


def test_calls_are_told_apart() -> None:
    """Unclear texts, and searches that came too soon."""
    assert uncertain([call("messages.send", fault="cut_after"), call("notes.create", fault="cut_after")]) == 1
    assert uncertain([call("messages.send"), call("messages.send", 429, fault="429")]) == 0
    changed = call("contacts.create", effect=True)
    assert lagged([changed, call("contacts.search", at=4.0), call("contacts.search", at=6.0)]) == 1


def for_nothing(*calls: dict[str, Any], ends: tuple[float, ...] = ()) -> int:
    """How many of these were, where Ada is there, and Bob is not."""
    return len(wasted(calls, there={"ada"}, ends=ends))


def update(at: float, **more: Any) -> dict[str, Any]:
    """Ada moves to Boston, once more."""
    return call("contacts.update", write=True, at=at, path="/contacts/ada", body={"city": "Boston"}, **more)


def test_a_write_that_changes_nothing_is_for_nothing_unless_its_answer_was_lost() -> None:
    """Or whoever asked for it ended, or stood still, before it could say so."""
    assert for_nothing(update(1)) == 1
    assert for_nothing(update(1, effect=True)) == 0
    assert for_nothing(update(1, effect=True), update(2)) == 1
    assert for_nothing(update(1, effect=True, fault="cut_after"), update(2)) == 0
    assert for_nothing(update(1, effect=True, fault="latency"), update(2)) == 1
    assert for_nothing(update(1, effect=True), update(20), ends=(10.0,)) == 0
    assert for_nothing(update(1, effect=True), update(20), ends=(30.0,)) == 1
    assert for_nothing(update(12, effect=True), update(20), ends=(9.0,)) == 1
    other = {**update(1, effect=True, fault="cut_after"), "body": {"city": "Austin"}}
    assert for_nothing(other, update(2)) == 1


@pytest.mark.parametrize(
    ("refused", "wrong_of_us"),
    [
        (call("notes.create", 422, path="/contacts/ada/notes", write=True), 1),
        (call("notes.create", 422, path="/contacts/ada/notes", write=True, fault="created_422"), 0),
        (call("notes.list", 400, path="/contacts/ada/notes"), 1),
        (call("notes.list", 400, path="/contacts/bob/notes"), 0),
        (call("contacts.get", 404, path="/contacts/ada"), 0),
        (call("nimbata.contact.update", 409, path="/v1/a/x/contacts/ada", write=True), 0),
        (call("contacts.create", 400, path="/contacts/", write=True), 0),
        (call("contacts.create", 422, path="/contacts/", write=True), 1),
        (call("contacts.update", 401, path="/contacts/ada", write=True), 0),
    ],
)
def test_a_refusal_is_for_nothing_unless_it_is_an_answer(refused: dict[str, Any], wrong_of_us: int) -> None:
    """That somebody is gone, or was quicker, or whose a phone is."""
    assert for_nothing(refused) == wrong_of_us


def test_the_page_tells_of_every_run_and_of_what_was_wrong(tmp_path: Path) -> None:
    """Nothing in it comes from elsewhere, and what a run said is shown as it is."""
    asked = [Options(seed=seed, minutes=2, kinds=KINDS, traces=tmp_path) for seed in (1, 2, 3)]
    strike = {"at_s": 3.0, "kind": "kill_hub", "what": "hub"}
    green = Outcome(
        counts=counts(), wrong=(), length_s=120, recovery=((1.0, 4), (130.0, 0)), strikes=(strike,)
    )
    red = Outcome(counts=counts(seed=2, lost=1), wrong=("lost: <b>",), length_s=120)
    told = page([green, red], asked)
    assert "1 of 2 runs are red; 1 were not made" in told
    assert "lost: &lt;b&gt;" in told
    assert "tieline chaos --seed 1 --to 3 --minutes 2" in told
    assert told.count("<svg") == 1
    assert "http" not in told
    assert "$" not in told
