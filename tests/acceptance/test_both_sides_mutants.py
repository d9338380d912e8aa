"""The proof can fail: with one rule of the hub taken away at a time, it does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.both_sides_stage import stage
from tests.acceptance.both_sides_stories import Beat, Deed, Fault, Story, Wave
from tieline.domain.contact import Contact
from tieline.domain.items import Item
from tieline.domain.side import SIDES, other
from tieline.effects.perform import Performer
from tieline.store.pool import Store
from tieline.sync.merge_person import PersonMerger

pytestmark = [pytest.mark.acceptance, pytest.mark.nightly, pytest.mark.timeout(300)]
BOTH = SIDES


def wave(*beats: Beat, faults: tuple[Fault, ...] = (), people: int = 12) -> Wave:
    """The same story of many people."""
    return Wave(tuple(Story(BOTH, beats) for _ in range(people)), faults=faults)


#: What each mutant is to fail at; without it, these waves are as good as any.
EDITS = wave(*(Beat(Deed("edit", number % 4), None, "equal") for number in range(6)))
LATE = wave(
    *(Beat(Deed("edit", 1), None, "equal") for _ in range(8)), faults=("late", "reorder", "duplicate")
)
TAGS = wave(*(Beat(Deed("tag", number), Deed("tag", number + 1)) for number in (0, 2)))
CUTS = wave(
    *(Beat(Deed(f"{kind}.make"), None, "pause") for kind in ("task", "note", "meet")), faults=("cut_after",)
)


def no_echoes(patch: pytest.MonkeyPatch) -> None:
    """Whatever is told has to be looked at."""

    def judge(told: Contact | Item, known: Contact | Item, **_: Any) -> str:
        return "undecidable"

    patch.setattr("tieline.engine.person_turn.judge", judge)
    patch.setattr("tieline.engine.item_turn.judge_item", judge)


def nothing_stale(patch: pytest.MonkeyPatch) -> None:
    """What differs is newer, however old it is."""

    def judge(told: Any, known: Any, **_: Any) -> str:
        return "newer"

    patch.setattr("tieline.engine.person_turn.judge", judge)
    patch.setattr("tieline.engine.item_turn.judge_item", judge)


def whole_tags(patch: pytest.MonkeyPatch) -> None:
    """The side that changed has its list written over the other's."""

    def merge_tags(self: PersonMerger, state: Any, seen: Any) -> Any:
        found = {side: (frozenset[str](), frozenset[str]()) for side in SIDES}
        for origin in SIDES:
            if origin in state.tags:
                here, there = self._tags(seen[origin]), self._tags(seen[other(origin)])
                found[other(origin)] = (here - there, there - here)
                break
        return found

    patch.setattr(PersonMerger, "_merge_tags", merge_tags)


def no_look_ups(patch: pytest.MonkeyPatch) -> None:
    """After an unclear answer the command is simply sent again."""

    async def repeat(
        self: Performer[Any], effect: Any, command: Any, contact_id: str | None, cause: Any
    ) -> Any:
        return await self.perform(effect, command, contact_id)

    patch.setattr(Performer, "_look_up", repeat)


MUTANTS = {
    "no echoes": (no_echoes, EDITS),
    "nothing stale": (nothing_stale, LATE),
    "whole tags": (whole_tags, TAGS),
    "no look-ups": (no_look_ups, CUTS),
}


@pytest.mark.parametrize("name", MUTANTS)
async def test_a_hub_without_the_rule_fails(store: Store, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The comparer or the bound of calls sees it, while the whole hub passes the same waves."""
    mutate, told = MUTANTS[name]
    async with stage(store, monkeypatch) as built:
        assert await built.play(told) == []
        with pytest.MonkeyPatch.context() as patch:
            mutate(patch)
            for _ in range(5):
                if await built.play(told):
                    return
    pytest.fail(f"a hub with {name} passes")
