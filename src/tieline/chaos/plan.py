"""What a seed means: whom there are, who does what at which moment, and when which strike comes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Literal

import msgspec

from tieline.chaos.kinds import STRIKES
from tieline.domain.side import SIDES, Side

Verb = Literal[
    "born", "call", "text", "edit", "contest", "tag", "untag", "make", "change", "done", "drop", "delete"
]
#: How often each is done, beside the others.
_WEIGHTS: dict[Verb, int] = {
    "call": 14, "text": 8, "edit": 26, "contest": 6, "tag": 9, "untag": 5, "make": 14, "change": 14, "done": 5,
    "drop": 5, "delete": 1,
}  # fmt: skip
#: Deeds a second, and how many more come with each strike, so that it meets work in hand.
PACE = 1.3
BURST = 5
PEOPLE = 14
#: In this share of the run nobody strikes: at its beginning, and at its end.
_CALM = (0.06, 0.08)
#: A forward jump of the far sides' clock, seconds, and all of a run together: webhooks are signed with their time.
_JUMP = (15.0, 40.0)
_JUMPS = 180.0


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody does. Numbers pick among what there is by then."""

    at_s: float
    verb: Verb
    who: int
    pick: int
    side: Side


class Strike(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is broken."""

    at_s: float
    kind: str
    pick: int
    #: How far, how long, as the kind has it; 0 to 1.
    how: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A run."""

    seed: int
    length_s: float
    deeds: tuple[Deed, ...]
    strikes: tuple[Strike, ...]


def plan(seed: int, length_s: float, kinds: Sequence[str]) -> Plan:
    """The same for the same seed, length and kinds."""
    strikes = _strikes(Random(f"strikes:{seed}"), length_s, kinds)
    return Plan(
        seed=seed, length_s=length_s, strikes=strikes,
        deeds=_deeds(Random(f"deeds:{seed}"), length_s, [one.at_s for one in strikes]),
    )  # fmt: skip


def jump_s(strikes: Sequence[Strike], strike: Strike) -> float:
    """How far this one moves the clock."""
    jumps = sum(one.kind == "jump_clock" for one in strikes)
    low, high = _JUMP
    return min(low + (high - low) * strike.how, _JUMPS / max(jumps, 1))


def _strikes(rng: Random, length_s: float, kinds: Sequence[str]) -> tuple[Strike, ...]:
    first, last = length_s * _CALM[0], length_s * (1 - _CALM[1])
    found = []
    for kind, every_s in STRIKES.items():
        if kind not in kinds:
            continue
        count = max(1, round(length_s / every_s))
        # One in each equal part of the run, anywhere in it.
        part = (last - first) / count
        found += [
            Strike(
                at_s=first + part * (number + rng.random()),
                kind=kind,
                pick=rng.randrange(1000),
                how=rng.random(),
            )
            for number in range(count)
        ]
    return tuple(sorted(found, key=lambda one: one.at_s))


def _deeds(rng: Random, length_s: float, strikes: Sequence[float]) -> tuple[Deed, ...]:
    moments = [rng.uniform(0.0, length_s) for _ in range(int(length_s * PACE))]
    moments += [max(at_s - rng.uniform(0.0, 0.8), 0.0) for at_s in strikes for _ in range(BURST)]
    # Half of the people are there from the beginning, the others come by and by.
    births = [
        (rng.uniform(0.0, 2.0) if who < PEOPLE // 2 else rng.uniform(2.0, length_s * 0.7))
        for who in range(PEOPLE)
    ]
    born = [
        Deed(at_s=at_s, verb="born", who=who, pick=rng.randrange(1000), side=rng.choice(SIDES))
        for who, at_s in enumerate(births)
    ]
    verbs, weights = list(_WEIGHTS), list(_WEIGHTS.values())
    found = []
    for at_s in moments:
        there = [who for who, since in enumerate(births) if since <= at_s] or [0]
        found.append(
            Deed(
                at_s=at_s, verb=rng.choices(verbs, weights)[0], who=rng.choice(there), pick=rng.randrange(1000),
                side=rng.choice(SIDES),
            )
        )  # fmt: skip
    return tuple(sorted((*born, *found), key=lambda one: one.at_s))
