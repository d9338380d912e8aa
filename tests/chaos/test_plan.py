"""A seed means the same run each time, and every kind that was chosen comes in it."""

from __future__ import annotations

import pytest

from tieline.chaos.kinds import FAR, KINDS, STRIKES, read_kinds, rules
from tieline.chaos.plan import jump_s, plan
from tieline.errors import ConfigurationError


def test_a_seed_is_the_same_run_again_and_another_seed_another() -> None:
    """Deeds and strikes alike."""
    assert plan(7, 120.0, KINDS) == plan(7, 120.0, KINDS)
    assert plan(7, 120.0, KINDS).strikes != plan(8, 120.0, KINDS).strikes
    assert plan(7, 120.0, KINDS).deeds != plan(8, 120.0, KINDS).deeds


@pytest.mark.parametrize("length_s", [30.0, 120.0, 3600.0])
def test_every_strike_comes_at_least_once_and_within_the_run(length_s: float) -> None:
    """Also in a short one; in a long one the clock jumps no further than webhooks may be old."""
    strikes = plan(3, length_s, KINDS).strikes
    assert {one.kind for one in strikes} == set(STRIKES)
    assert all(0 < one.at_s < length_s for one in strikes)
    assert sum(jump_s(strikes, one) for one in strikes if one.kind == "jump_clock") < 300


def test_only_what_was_chosen_strikes() -> None:
    """And is in force at the far sides."""
    kinds = read_kinds("kill_hub, 500")
    assert kinds == ("500", "kill_hub")
    assert {one.kind for one in plan(1, 120.0, kinds).strikes} == {"kill_hub"}
    assert [rule["kind"] for rule in rules("contacts", kinds)] == ["500"]
    assert {rule["kind"] for side in ("contacts", "nimbata") for rule in rules(side, KINDS)} == set(FAR)


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    """So that nobody believes that it fired."""
    with pytest.raises(ConfigurationError, match="there is no fault 501; there are: 429, 500"):
        read_kinds("500,501")
