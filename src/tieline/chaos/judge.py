"""Holds what both far sides have against the driver's record. Pure; shares nothing with the hub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tieline.chaos.far import Seen
from tieline.chaos.record import Person, Record, Wrote
from tieline.chaos.shown import Shown, differences
from tieline.domain.side import SIDES, Side


@dataclass
class Findings:
    """What is wrong, in words, one line each."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)
    #: An older value stands, or effects were begun in another order than their events came.
    out_of_order: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing is."""
        return not (self.lost or self.doubled or self.unequal or self.out_of_order)

    def lines(self) -> list[str]:
        """All of it."""
        named = (("lost", self.lost), ("doubled", self.doubled), ("unequal", self.unequal),
                 ("out of order", self.out_of_order))  # fmt: skip
        return [f"{name}: {line}" for name, lines in named for line in lines]


def judge(record: Record, seen: Seen, locations: Sequence[str]) -> Findings:
    """`locations` are in the order of the people's places."""
    found = Findings()
    for side in SIDES:
        found.doubled += [
            f"{one.label} is in {_NAMES[side]}, and nobody entered them"
            for one in seen.people[side] if one.label not in record.people
        ]  # fmt: skip
    for label, person in record.people.items():
        shown: dict[Side, list[Shown]] = {
            side: [one for one in seen.people[side] if one.label == label] for side in SIDES
        }
        if person.deleted:
            _deleted(found, label, shown)
            continue
        for side, held in shown.items():
            if not held:
                found.lost.append(f"{label} is not in {_NAMES[side]}")
            found.doubled += [f"{label} is once more in {_NAMES[side]}" for _ in held[1:]]
            found.doubled += [
                f"{kind} {name} of {label} stands {times} times in {_NAMES[side]}"
                for one in held
                for (kind, name), times in Counter((it.kind, it.name) for it in one.copies).items() if times > 1
            ]  # fmt: skip
        _activities(found, person, seen.notes[locations[person.place]])
        if all(len(held) == 1 for held in shown.values()):
            _both(found, person, shown["nimbata"][0], shown["contacts_api"][0])
    return found


def _deleted(found: Findings, label: str, shown: dict[Side, list[Shown]]) -> None:
    left = [side for side in SIDES if shown[side]]
    if len(left) == 1:
        found.unequal.append(f"{label} was deleted, and is in {_NAMES[left[0]]}")
    elif left:
        found.out_of_order.append(f"{label} was deleted, and is there")


def _activities(found: Findings, person: Person, notes: Iterable[tuple[str, str]]) -> None:
    bodies = [body for _, body in notes]
    for one in person.activities:
        # The address of a recording, or words that nobody else wrote.
        times = sum(one.marker in body.split() for body in bodies)
        if times == 0:
            found.lost.append(f"the note of {one.marker} of {person.label}")
        elif times > 1:
            found.doubled.append(f"the note of {one.marker} of {person.label} stands {times} times")


def _both(found: Findings, person: Person, here: Shown, there: Shown) -> None:
    found.unequal += differences([here], [there])
    held = {
        side: {(it.kind, it.name) for it in one.copies}
        for side, one in zip(SIDES, (here, there), strict=True)
    }
    for key, made in person.items.items():
        kind, name = key
        on = [side for side in SIDES if key in held[side]]
        if made.dropped and len(on) == 2:
            found.out_of_order.append(f"{kind} {name} was dropped, and is there")
        elif not made.dropped:
            found.lost += [f"{kind} {name} is not in {_NAMES[side]}" for side in SIDES if side not in on]
    values, others = _words(here), _words(there)
    for word, wrote in person.words.items():
        if len(word) == 3 and (person.items[word[0], word[1]].dropped or word not in values):
            continue
        stands = values.get(word, "no" if word[0] == "tag" else "")
        if stands == others.get(word, "no" if word[0] == "tag" else ""):
            _standing(found, person.label, word, wrote, stands)


def _standing(
    found: Findings, label: str, word: tuple[str, ...], wrote: Sequence[Wrote], stands: str
) -> None:
    """Of what was written on one side alone the last must stand; where both wrote, the last of either."""
    last = {one.side: one.value for one in wrote}
    if stands in last.values():
        return
    line = f"{' '.join(word)} of {label} is {stands!r}, not {' or '.join(map(repr, last.values()))}"
    older = stands in {one.value for one in wrote} or (word[0] == "tag" and stands == "yes")
    (found.out_of_order if older else found.lost).append(line)


def _words(shown: Shown) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {(name,): value for name, value in shown.fields.items()}
    found |= {("tag", tag): "yes" for tag in shown.tags}
    for it in shown.copies:
        found |= {(it.kind, it.name, name): value for name, value in it.values.items()}
    return found


_NAMES: dict[Side, str] = {"nimbata": "the account", "contacts_api": "the CRM"}
