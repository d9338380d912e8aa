"""When a run is red, what it says, and what its page shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tieline.chaos.kinds import KINDS
from tieline.chaos.outcome import Counts, Outcome, allowed_waste, wrong
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
        ({"wasted_calls": 100}, 0, "100 calls for nothing; 22 can be explained"),
    ],
)
def test_a_run_is_red_for_each_of_these(other: dict[str, Any], dead: int, said: str) -> None:
    """And for whatever the audit found; uncertain outcomes in the error queue are none."""
    assert wrong(counts(), KINDS, 0, ()) == ()
    assert wrong(counts(uncertain=2), KINDS, 2, ()) == ()
    assert wrong(counts(), KINDS, 0, ("lost: x",)) == ("lost: x",)
    assert wrong(counts(**other), KINDS, dead, ()) == (said,)


def test_the_bound_of_calls_for_nothing_grows_with_what_was_cut_off_and_ended() -> None:
    """And with nothing else: a hub that repeats without reason goes over it."""
    assert allowed_waste(counts()) == 3 + 3 + 2 * (2 + 3 + 3)
    assert allowed_waste(counts(faults_fired={"500": 99}, kills=0)) == 0


def call(operation: str, status: int = 200, **more: Any) -> dict[str, Any]:
    """A call as the audit tells of it."""
    return {"operation": operation, "status": status, "at": 0.0, "place": "LOC", **more}


def test_calls_are_told_apart() -> None:
    """Writes that changed nothing, unclear texts, and searches that came too soon."""
    assert (
        wasted(
            [call("contacts.update", write=True), call("contacts.get"), call("notes.create", 422, write=True)]
        )
        == 2
    )
    assert (
        wasted(
            [call("contacts.update", write=True, effect=True), call("notes.create", 422, fault="created_422")]
        )
        == 0
    )
    assert uncertain([call("messages.send", fault="cut_after"), call("notes.create", fault="cut_after")]) == 1
    assert uncertain([call("messages.send"), call("messages.send", 429, fault="429")]) == 0
    changed = call("contacts.create", effect=True)
    assert lagged([changed, call("contacts.search", at=4.0), call("contacts.search", at=6.0)]) == 1


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
