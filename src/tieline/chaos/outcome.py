"""What a run found: the line that programs read, and whether it is green."""

from __future__ import annotations

from typing import Any

import msgspec


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """One run, by the far sides' audit and the driver's own record."""

    seed: int
    #: Deeds that a far side acknowledged.
    events: int
    #: Processes that were ended with SIGKILL.
    kills: int
    faults_fired: dict[str, int]
    lost: int
    doubled: int
    unequal: int
    out_of_order: int
    #: Unclear answers to what cannot be looked up; each stands in the error queue.
    uncertain: int
    #: 429s of the real limit.
    rate_limited: int
    #: Writes that went through and changed nothing, and calls refused as wrong, where no answer that was lost and no
    #: process that ended explains it.
    wasted_calls: int
    #: From the end of the faults until both sides were as they must be; null = they never were.
    recover_s: float | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The counts, and what they do not tell."""

    counts: Counts
    #: Why the run is red; none = it is green.
    wrong: tuple[str, ...]
    length_s: float
    #: (seconds from the start, how many things were not as they must be)
    recovery: tuple[tuple[float, int], ...] = ()
    strikes: tuple[dict[str, Any], ...] = ()

    @property
    def green(self) -> bool:
        """Nothing is wrong."""
        return not self.wrong


def wrong(counts: Counts, kinds: tuple[str, ...], dead: int, lines: tuple[str, ...]) -> tuple[str, ...]:
    """Why a run with these counts is red. `dead` is how much stands in the error queue, `lines` what the audit said."""
    found = list(lines)
    found += [f"{kind} never came" for kind in kinds if not counts.faults_fired.get(kind)]
    if counts.rate_limited:
        found.append(f"{counts.rate_limited} calls over the far sides' limits")
    if counts.uncertain > dead:
        found.append(f"{counts.uncertain} outcomes are uncertain, and {dead} stand in the error queue")
    if dead > counts.uncertain:
        found.append(f"{dead - counts.uncertain} dead letters of what could have been done")
    if counts.recover_s is None:
        found.append("it did not come to rest")
    return tuple(found)
