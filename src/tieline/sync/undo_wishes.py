"""What is to be put back, and on which side of those that have it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from tieline.domain.items import ITEM_FIELDS
from tieline.domain.side import SIDES, Side, other
from tieline.domain.undo import FieldBack, ItemBack, RecordBack
from tieline.mapping.two_way import Direction, TwoWay, travels
from tieline.sync.record_history import History, Place, Step

TAGS = "tags"
#: Field → (as it is to stand, as it stands).
Wish = dict[str, tuple[Any, Any]]
#: Who showed a field last.
_Last = Mapping[tuple[Place, str], Step]


class Wishes:
    """Of one person: fields, items that are made anew, and items that are deleted."""

    def __init__(self) -> None:
        self.fields: dict[Place, Wish] = {}
        self.anew: dict[Place, dict[str, Any]] = {}
        self.delete: set[Place] = set()

    def records(self, now: History) -> tuple[RecordBack, ...]:
        """What is written to the person's own records, which are those of `now`."""
        found = []
        for (side, kind, _), wish in self.fields.items():
            if kind != "contact":
                continue
            fields = _fields(wish)
            tags, has = (set(one or ()) for one in wish.get(TAGS, ((), ())))
            if fields or tags != has:
                found.append(
                    RecordBack(
                        side=side, record_id=now.records[side, kind, ""].record_id, fields=fields,
                        add_tags=frozenset(tags - has), remove_tags=frozenset(has - tags),
                    )
                )  # fmt: skip
        return tuple(found)

    def items(self) -> tuple[ItemBack, ...]:
        """What is written to tasks, notes and appointments."""
        found = []
        for (side, kind, item_id), wish in self.fields.items():
            if kind != "contact" and (fields := _fields(wish)):
                found.append(ItemBack(side=side, kind=kind, item_id=item_id, fields=fields))
        for (side, kind, item_id), values in self.anew.items():
            if kind != "contact":
                made = tuple(FieldBack(name=name, value=value) for name, value in values.items())
                found.append(ItemBack(side=side, kind=kind, item_id=item_id, fields=made, anew=True))
        for side, kind, item_id in sorted(self.delete):
            if kind != "contact":
                found.append(ItemBack(side=side, kind=kind, item_id=item_id, delete=True))
        return tuple(found)

    def leave_to_merge(self, rules: TwoWay, twins: Mapping[Place, Place], steps: Sequence[Step]) -> None:
        """Of what stands on both sides, keep the one where `steps` changed it; the merge carries it on."""
        last: dict[tuple[Place, str], Step] = {}
        for step in steps:
            if step.line.what == "seen":
                last.update({(step.line.place, name): step for name in step.changed})
        person = rules.person
        if person is not None:
            places: dict[Side, Place] = {side: (side, "contact", "") for side in SIDES}
            for pair in person.fields:
                self._choose_field(places, {side: pair.name(side) for side in SIDES}, pair.direction, last)
            self._choose_tags(places, person.tags.direction, person.tags.ignore, last)
        for place, twin in twins.items():
            if place[0] == "nimbata":
                self._choose_item(rules, place, twin, last)

    def _choose_field(
        self,
        places: Mapping[Side, Place],
        names: Mapping[Side, str],
        direction: Direction,
        last: _Last,
    ) -> None:
        if not all(names[side] in self.fields.get(places[side], {}) for side in SIDES):
            return
        written = _written(direction, {side: last.get((places[side], names[side])) for side in SIDES})
        if written is not None:
            del self.fields[places[other(written)]][names[other(written)]]

    def _choose_tags(
        self,
        places: Mapping[Side, Place],
        direction: Direction,
        ignore: frozenset[str],
        last: _Last,
    ) -> None:
        if not all(TAGS in self.fields.get(places[side], {}) for side in SIDES):
            return
        written = _written(direction, {side: last.get((places[side], TAGS)) for side in SIDES})
        if written is None:
            return
        # A tag that does not travel is put back on its own side.
        wish = self.fields[places[other(written)]]
        before, now = (set(one or ()) for one in wish[TAGS])
        kept = sorted((now - ignore) | (before & ignore))
        wish[TAGS] = (kept, sorted(now))
        if kept == sorted(now):
            del wish[TAGS]

    def _choose_item(self, rules: TwoWay, nimbata: Place, contacts: Place, last: _Last) -> None:
        kind = nimbata[1]
        if kind == "contact" or kind not in rules.items:
            return
        direction = rules.items[kind].direction
        places: dict[Side, Place] = {"nimbata": nimbata, "contacts_api": contacts}
        for name in ITEM_FIELDS[kind]:
            self._choose_field(places, dict.fromkeys(SIDES, name), direction, last)
        written: Side = "nimbata" if travels(direction, "contacts_api") else "contacts_api"
        if all(place in self.anew for place in places.values()):
            del self.anew[places[other(written)]]
        if rules.items[kind].deletes == "delete" and self.delete >= set(places.values()):
            self.delete.remove(places[other(written)])


def _fields(wish: Wish) -> tuple[FieldBack, ...]:
    return tuple(
        FieldBack(name=name, value=value, expected=now) for name, (value, now) in wish.items() if name != TAGS
    )


def _written(direction: Direction, seen: Mapping[Side, Step | None]) -> Side | None:
    """The side that is written; None where nothing travels, so that each is."""
    able: list[Literal["nimbata", "contacts_api"]] = [
        side for side in SIDES if travels(direction, other(side))
    ]
    if not able:
        return None
    # Where somebody changed it last; it goes the way that it went.
    return max(
        able, key=lambda side: (one.line.at.timestamp(), one.line.id) if (one := seen[side]) else (0.0, 0)
    )
