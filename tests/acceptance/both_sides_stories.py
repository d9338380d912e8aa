"""What people do on both sides, and what goes wrong meanwhile: data that Hypothesis draws and shrinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

from tieline.domain.side import SIDES, Side

#: Which of a person's fields, tags or items is meant is drawn as a number, since nobody knows beforehand what is there.
VERBS = (
    "edit", "edit", "tag", "untag",
    "task.make", "task.edit", "task.done", "task.undo", "task.drop",
    "note.make", "note.edit", "note.drop",
    "meet.make", "meet.edit", "meet.cancel", "meet.drop",
    "delete",
)  # fmt: skip
#: on = at once; pause = a moment later; equal = when both sides show the same of this person.
Then = Literal["on", "pause", "equal"]
Fault = Literal[
    "duplicate",
    "late",
    "reorder",
    "drop",
    "429",
    "500",
    "502",
    "503",
    "cut_before",
    "cut_after",
    "created_422",
]
FAULTS: tuple[Fault, ...] = (
    "duplicate", "late", "reorder", "drop", "429", "500", "502", "503", "cut_before", "cut_after", "created_422",
)  # fmt: skip
#: A point in the hub's work at which it dies: a commit or a call, before it or after it.
Point = Literal["before commit", "after commit", "before call", "after call"]
POINTS: tuple[Point, ...] = ("before commit", "after commit", "before call", "after call")


@dataclass(frozen=True)
class Deed:
    """One thing that somebody does on one side."""

    verb: str
    pick: int = 0


@dataclass(frozen=True)
class Beat:
    """What is done at one moment, on one side or on both."""

    nimbata: Deed | None = None
    contacts_api: Deed | None = None
    then: Then = "on"

    def of(self, side: Side) -> Deed | None:
        """The deed on that side."""
        return self.nimbata if side == "nimbata" else self.contacts_api


@dataclass(frozen=True)
class Story:
    """One person's life: the sides that know it first, then what is done."""

    born: tuple[Side, ...]
    beats: tuple[Beat, ...]


@dataclass(frozen=True)
class Crash:
    """The hub dies at the n-th such point, and another one goes on."""

    point: Point
    nth: int


@dataclass(frozen=True)
class Wave:
    """Stories that happen side by side, under the same faults."""

    stories: tuple[Story, ...]
    faults: tuple[Fault, ...] = ()
    crash: Crash | None = None


_deeds = st.builds(Deed, st.sampled_from(VERBS), st.integers(0, 5))
_beats = st.builds(
    Beat,
    nimbata=st.none() | _deeds,
    contacts_api=st.none() | _deeds,
    then=st.sampled_from(("on", "pause", "equal")),
)
stories = st.builds(
    Story,
    born=st.sampled_from(((SIDES[0],), (SIDES[1],), SIDES)),
    beats=st.lists(_beats, min_size=1, max_size=8).map(tuple),
)


def waves(size: int) -> st.SearchStrategy[Wave]:
    """Up to `size` stories at a time."""
    return st.builds(
        Wave,
        stories=st.lists(stories, min_size=max(1, size // 2), max_size=size).map(tuple),
        faults=st.lists(st.sampled_from(FAULTS), max_size=5, unique=True).map(tuple),
        crash=st.none() | st.builds(Crash, st.sampled_from(POINTS), st.integers(1, 60)),
    )
