"""How far two records of a person are apart, since when, and why. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Literal

import msgspec

from tieline.domain.contact import Contact, field_of
from tieline.domain.side import SIDES, Side
from tieline.sync.merge import MergeState
from tieline.sync.merge_person import PersonMerger

#: question: a person must decide; refused: a side did not take the value; waiting: it is on its way, or is tried
#: again later; unheard: somebody changed it, and we were not told yet; one_way: the rule carries it the other way only;
#: settled: agreed as it stands, since a side altered it or the rule is younger than the link.
Why = Literal["question", "refused", "waiting", "unheard", "one_way", "settled"]
Repair = Literal["write nimbata", "write contacts_api", "write both", "none"]
TAGS = "tags"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one person."""

    #: The field's name on either side.
    nimbata: str
    contacts_api: str
    values: dict[Side, str | None]
    #: The oldest moment at which it can have come apart, as far as anything tells.
    since: datetime | None
    why: Why
    #: What a reconcile would do.
    repair: Repair


def differences(
    merger: PersonMerger,
    state: MergeState,
    known: Mapping[Side, Contact],
    now: Mapping[Side, Contact],
    holds: Mapping[Side, Callable[[str], bool]],
    *,
    waiting: bool = False,
    question: bool = False,
) -> list[Difference]:
    """Where the records of now do not agree by the mapping. `known` is how they were seen last; `waiting` and
    `question`: the person has an event that waits, or a question that is open."""
    seen = state
    for side in SIDES:
        seen = merger.observe(seen, side, known[side], now[side], now[side].updated_at)
    merged = merger.merge(merger.reopened(seen, now, holds), now, holds)
    found = []
    for pair in merger.apart(now, holds):
        names = {side: pair.name(side) for side in SIDES}
        asked = any(one.nimbata == pair.nimbata for one in merged.questions)
        unheard = any(
            field_of(now[side], names[side]) != field_of(known[side], names[side]) for side in SIDES
        )
        open_ = any(names[side] in state.changed.get(side, {}) for side in SIDES)
        refused = any(names[side] in state.refused.get(side, {}) for side in SIDES)
        if asked and question:
            why: Why = "question"
        elif unheard:
            why = "unheard"
        elif refused:
            why = "refused"
        elif open_ or waiting:
            why = "waiting"
        elif pair.direction != "both":
            why = "one_way"
        else:
            why = "settled"
        found.append(
            Difference(
                nimbata=names["nimbata"], contacts_api=names["contacts_api"],
                values={side: field_of(now[side], names[side]) for side in SIDES},
                since=_since(seen, known, now, names), why=why,
                repair=_repair(side for side in SIDES if names[side] in merged.to[side].fields),
            )
        )  # fmt: skip
    lacks = merger.lacks_tags(now)
    if any(lacks.values()):
        changed = any(now[side].tags != known[side].tags for side in SIDES)
        found.append(
            Difference(
                nimbata=TAGS, contacts_api=TAGS,
                values={side: ", ".join(sorted(now[side].tags)) for side in SIDES},
                since=min((one.updated_at for one in now.values() if one.updated_at), default=None),
                why="unheard" if changed else "waiting" if state.tags or waiting else "settled",
                repair=_repair(
                    side for side in SIDES if merged.to[side].add_tags or merged.to[side].remove_tags
                ),
            )
        )  # fmt: skip
    return found


def _since(
    seen: MergeState, known: Mapping[Side, Contact], now: Mapping[Side, Contact], names: Mapping[Side, str]
) -> datetime | None:
    """When a change that is open was made, else when a record that differs from what was seen was changed, else when
    the younger of both was."""
    told = [
        one.at
        for side in SIDES
        if (one := seen.changed.get(side, {}).get(names[side])) is not None and one.at is not None
    ]
    moved = [
        at
        for side in SIDES
        if field_of(now[side], names[side]) != field_of(known[side], names[side])
        and (at := now[side].updated_at) is not None
    ]
    if told or moved:
        return min(told or moved)
    return max((one.updated_at for one in now.values() if one.updated_at), default=None)


def _repair(sides: Iterable[Side]) -> Repair:
    written = list(sides)
    if len(written) == len(SIDES):
        return "write both"
    if written == ["nimbata"]:
        return "write nimbata"
    return "write contacts_api" if written else "none"
