"""Every write of the catalogue, with every fault: it takes effect once, or a person is told that nobody knows."""

from __future__ import annotations

import asyncio
import re
from typing import get_args

import pytest

from tests.effects.operation_cases import CASES, WRITES, Ended, Far, far_side, play
from tieline.connectors import CONNECTORS, operation
from tieline.effects.perform import UNTOLD
from tieline.sandbox.faults import CallFault

#: A slow answer is no other outcome.
FAULTS: tuple[CallFault, ...] = (
    "429",
    "429_bare",
    "500",
    "502",
    "503",
    "cut_before",
    "cut_after",
    "created_422",
)
#: Side by side, so that the waits of one are the others' time.
_SIDES = 6
_NO_EFFECT = frozenset({"429", "429_bare"})
_COUNTS = re.compile(r"'(?:automations|\w*[vV]ersion)': '?\d+'?")
#: Their example asks for what is so already.
_LEAVE_THINGS_AS_THEY_ARE = frozenset({"contacts.remove_followers"})


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_call_that_fails_takes_effect_once(fault: CallFault) -> None:
    """All writes, each failing so the first time; the far side's own audit is the witness."""
    played: set[str] = set()
    for connector in CONNECTORS:
        cases = sorted(one for one in CASES if operation(_name(one)).app == connector.app)
        shares = [cases[number::_SIDES] for number in range(_SIDES)]
        await asyncio.gather(*(_play_all(connector.app, share, fault, played) for share in shares))
    assert played == set(CASES)
    assert {_name(one) for one in played} == set(WRITES)


def test_no_fault_is_left_out() -> None:
    """So that a new one cannot be forgotten."""
    assert set(FAULTS) == set(get_args(CallFault)) - {"latency"}


def test_every_write_that_is_not_idempotent_has_a_look_up_that_can_be_carried_out() -> None:
    """Or says that there is none: then it is never sent again on its own."""
    without = set()
    for connector in CONNECTORS:
        for one in connector.operations:
            if one.idempotent:
                continue
            assert one.look_up is not None, one.id
            if one.look_up.kind in ("none", "repeat"):
                without.add(one.id)
                continue
            assert one.look_up.executable, one.id
            assert one.look_up.settle_s > 0
            looking = operation(one.look_up.operation)
            assert (looking.app, looking.idempotent) == (one.app, True)
            if one.look_up.mark:
                assert one.look_up.mark in one.input.__struct_fields__
    assert without == {"contacts.add_to_workflow", "messages.send"}


async def _play_all(app: str, cases: list[str], fault: CallFault, played: set[str]) -> None:
    async with far_side(app) as far:
        for case in cases:
            await _play(far, case, fault)
            played.add(case)


async def _play(far: Far, case: str, fault: CallFault) -> None:
    once = await play(far, case, None)
    assert once.effect.state == "confirmed", (case, once.effect)
    assert [one.outcome for one in once.attempts] == ["confirmed"]
    assert len(once.changed) == (0 if _name(case) in _LEAVE_THINGS_AS_THEY_ARE else 1)
    ended = await play(far, case, fault)
    said = (case, fault, ended.effect, [one.outcome for one in ended.attempts])
    assert ended.fired == 1, said
    assert [one.number for one in ended.attempts] == list(range(1, ended.effect.tries + 1)), said
    one = operation(_name(case))
    if ended.done is not None and once.done is not None:
        # Whoever goes on with it finds what it made where it always is, whether the answer arrived or not.
        assert type(ended.done.value) is type(once.done.value), said
    if one.idempotent:
        _repeated(once, ended, fault, said)
    elif fault in _NO_EFFECT or ended.target.can_look_up(ended.command):
        _found_again(once, ended, fault, said)
    else:
        _left_to_a_person(once, ended, fault, said)


def _repeated(once: Ended, ended: Ended, fault: CallFault, said: object) -> None:
    """Sent again without a look, which leaves what sending it once leaves."""
    assert _besides_counts(ended.state) == _besides_counts(once.state), said
    assert len(ended.changed) >= len(once.changed), said
    if fault == "created_422" and once.changed:
        # Refused in so many words: what the far side says stands in the queue.
        assert ended.effect.state == "dead", said
        assert UNTOLD not in str(ended.effect.reason), said
        return
    if fault == "cut_after" and b'"version"' in bytes(ended.command.input):
        # Whoever names the version that is to be changed is not told whether it was this call that changed it.
        assert ended.effect.state == "dead", said
        assert "was tried before" in str(ended.effect.reason), said
        assert len(ended.changed) == 1, said
        return
    assert ended.effect.state == "confirmed", said
    assert len(ended.attempts) == (1 if fault == "created_422" else 2), said


def _found_again(once: Ended, ended: Ended, fault: CallFault, said: object) -> None:
    """Exactly one effect, and the journal knows its record."""
    assert ended.effect.state == "confirmed", said
    assert len(ended.changed) == 1, said
    assert ended.state == once.state, said
    assert ended.done is not None
    assert ended.effect.result_id == ended.done.result_id, said
    if ended.changed[0].result_id and ended.effect.result_id:
        assert ended.effect.result_id == ended.changed[0].result_id, said
    outcomes = [one.outcome for one in ended.attempts]
    match fault:
        case "429" | "429_bare":
            assert outcomes == ["rate_limited", "confirmed"], said
        case "cut_after" | "created_422":
            assert ended.done.adopted, said
            assert outcomes[0] == ("unknown" if fault == "cut_after" else "rejected"), said
            assert outcomes[-1] == "adopted", said
        case _:
            # Two absences, and only then once more.
            assert outcomes == ["unknown", "absent", "absent", "confirmed"], said


def _left_to_a_person(once: Ended, ended: Ended, fault: CallFault, said: object) -> None:
    """At most one effect, and whoever mends it is told that it may have been sent."""
    assert ended.effect.state == "dead", said
    assert str(ended.effect.reason).startswith(UNTOLD), said
    assert len(ended.attempts) == 1, said
    took = fault in ("cut_after", "created_422")
    assert len(ended.changed) == took, said
    assert (ended.state == once.state) == took, said


def _besides_counts(state: str) -> str:
    """An opportunity counts how often it was written. An appointment tells its person each time (`to_notify`), also of
    a change that is none: the far side offers nothing by which to be told once."""
    return _COUNTS.sub("", state)


def _name(case: str) -> str:
    return case.split(":")[0]
