"""The driver's own record: what the far sides told it was done. The only thing that a run is held against.

What is written carries its number and whose it is ("City-12-P0007"), so that every place where it turns up tells which
deed it came from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tieline.domain.side import Side

#: Fields that are written on one side alone: of these the last value must stand on both.
OWNED: dict[Side, tuple[str, ...]] = {"nimbata": ("first", "company"), "contacts_api": ("city", "email")}
#: One that both sides write: the last value of either may stand.
CONTESTED = "plan"
TAGS = ("vip", "hot", "call back", "buyer")


@dataclass(frozen=True)
class Wrote:
    """One value, acknowledged."""

    side: Side
    value: str
    at: float


@dataclass(frozen=True)
class Activity:
    """A call or a text."""

    id: str
    #: What its note must hold.
    marker: str


@dataclass
class Made:
    """A task, note or appointment."""

    side: Side
    at: float
    dropped: bool = False


@dataclass
class Person:
    """What was done with one of them."""

    who: int
    label: str
    #: Number of the project and of the location.
    place: int
    phone: str
    born_at: float
    deleted: bool = False
    #: (field) or ("tag", tag) or (kind, item, field) → values in the order in which they were acknowledged.
    words: dict[tuple[str, ...], list[Wrote]] = field(default_factory=dict)
    items: dict[tuple[str, str], Made] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)
    serial: int = 0

    def next(self) -> int:
        """A number that none of this person's values has yet."""
        self.serial += 1
        return self.serial

    def wrote(self, key: tuple[str, ...], side: Side, value: str, at: float) -> None:
        """One more value of that key."""
        self.words.setdefault(key, []).append(Wrote(side, value, at))


@dataclass
class Record:
    """Everybody, and how much was done."""

    people: dict[str, Person] = field(default_factory=dict)
    #: Deeds that a far side acknowledged.
    events: int = 0
    #: Those that it did not take, since somebody else was there first.
    refused: int = 0
    #: Every deed with its answer, for the trace.
    log: list[dict[str, Any]] = field(default_factory=list)
