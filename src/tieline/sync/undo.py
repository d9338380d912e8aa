"""What has to be written so that a person's records stand as they did. Pure.

Of a field that stands on both sides, one side is written: the one where it was changed. The merge carries it on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tieline.domain.items import ItemKind
from tieline.domain.side import SIDES, Side, other
from tieline.domain.undo import ItemBack, RecordBack
from tieline.mapping.two_way import TwoWay, travels
from tieline.sync.record_history import History, Line, Place, Step, Subject, alike
from tieline.sync.undo_wishes import TAGS, Wish, Wishes


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is left as it is, and why."""

    side: Side
    subject: Subject
    record_id: str
    field: str | None = None
    why: str


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """What is written directly, and what is left."""

    records: tuple[RecordBack, ...] = ()
    items: tuple[ItemBack, ...] = ()
    left: tuple[Left, ...] = ()


class Undoer:
    """One person's history in one sync, by that sync's rules."""

    def __init__(
        self,
        rules: TwoWay,
        lines: Sequence[Line],
        twins: Iterable[tuple[ItemKind, Mapping[Side, str]]] = (),
        *,
        force: bool = False,
    ) -> None:
        self._rules = rules
        self._now = History()
        self._steps = [self._now.take(line) for line in lines]
        #: An item's place → that of its copy on the other side.
        self._twin: dict[Place, Place] = {}
        for kind, ids in twins:
            if len(ids) == len(SIDES):
                places: dict[Side, Place] = {side: (side, kind, ids[side]) for side in SIDES}
                for side in SIDES:
                    self._twin[places[side]] = places[other(side)]
        self._force = force
        self._begin()

    def _begin(self) -> None:
        self._wishes = Wishes()
        self._left: list[Left] = []

    def back_to(self, moment: datetime) -> Put:
        """As everything stood at that moment."""
        self._begin()
        then, later = History(), []
        for step in self._steps:
            if step.line.at <= moment:
                then.take(step.line)
            else:
                later.append(step)
        for side in SIDES:
            self._record_back(side, then)
        for place in [*then.records, *(one for one in self._now.records if one not in then.records)]:
            if place[1] != "contact":
                self._item_back(place, then)
        return self._put(later)

    def back_from(self, change: int) -> Put | None:
        """As it was before one line of the history; None where there is no such line."""
        self._begin()
        step = next((one for one in self._steps if one.line.id == change), None)
        if step is None:
            return None
        line, place = step.line, step.line.place
        if line.subject == "contact":
            if line.what == "gone" or step.first:
                why = (
                    "a record that is gone is not made anew"
                    if line.what == "gone"
                    else "nothing was known before"
                )
                self._leave(place, line.record_id, None, why)
                return self._put()
            self._from_step(self._source_of(step))
        elif line.what == "gone":
            self._again(place, {name: before for name, (before, _) in step.changed.items()})
        elif step.first:
            self._wishes.delete.add(place)
        else:
            self._from_step(step)
        return self._put([one for one in self._steps if one.line.event_id == line.event_id])

    def _record_back(self, side: Side, then: History) -> None:
        before, now = then.record(side), self._now.record(side)
        place: Place = (side, "contact", "")
        if before is None or before.unlinked:
            if now is not None:
                self._leave(
                    place, now.record_id, None, "it was not linked then; a person is never deleted by an undo"
                )
        elif now is None or now.unlinked or now.record_id != before.record_id:
            self._leave(
                place, before.record_id, None, "it is gone, or not linked any more; it is not made anew"
            )
        else:
            self._wish(place, before.fields, now.fields)

    def _item_back(self, place: Place, then: History) -> None:
        before, now = then.records.get(place), self._now.records[place]
        if before is None or before.gone:
            if not now.gone:
                if self._force:
                    self._wishes.delete.add(place)
                else:
                    self._leave(place, now.record_id, None, "it was made since; deleted only if forced")
        elif now.gone:
            self._again(place, before.fields)
        else:
            self._wish(place, before.fields, now.fields)

    def _again(self, place: Place, fields: dict[str, Any]) -> None:
        twin = self._now.records.get(self._twin.get(place, place))
        if twin is not None and not twin.gone:
            self._leave(
                place, place[2], None, "it is gone here, and its copy on the other side is still there"
            )
        else:
            self._wishes.anew[place] = fields

    def _wish(self, place: Place, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        wish = {
            name: (before.get(name), now.get(name))
            for name in {**before, **now}
            if not alike(before.get(name), now.get(name))
        }
        if wish:
            self._wishes.fields[place] = wish

    def _from_step(self, step: Step) -> None:
        """The fields of one line, where they still are as it left them."""
        place = step.line.place
        record = self._now.records[place]
        if record.gone or record.unlinked or record.record_id != step.line.record_id:
            self._leave(place, step.line.record_id, None, "it is gone, or not linked any more")
            return
        wish: Wish = {}
        for name, (before, after) in step.changed.items():
            now = record.fields.get(name)
            if name == TAGS:
                # Additions and removals are taken back one by one; what else came or went stays.
                gained, lost = set(after or ()) - set(before or ()), set(before or ()) - set(after or ())
                before = sorted((set(now or ()) - gained) | lost)
            elif not self._force and not alike(now, after) and not alike(now, before):
                self._leave(place, record.record_id, name, "somebody changed it since")
                continue
            if not alike(now, before):
                wish[name] = (before, now)
        if wish:
            self._wishes.fields[place] = wish

    def _source_of(self, step: Step) -> Step:
        """Where a field travels one way, what was written because of the other side is taken back there."""
        person, side = self._rules.person, step.line.side
        if person is None or step.line.what != "written":
            return step
        theirs = {}
        for pair in person.fields:
            name = pair.name(side)
            if (
                name in step.changed
                and travels(pair.direction, side)
                and not travels(pair.direction, other(side))
            ):
                theirs[pair.name(other(side))] = name
        for one in reversed(self._steps):
            found = one.line.side == other(side) and one.line.subject == "contact"
            if found and one.line.at <= step.line.at and set(one.changed) & set(theirs):
                return one if set(theirs.values()) == set(step.changed) else step
        return step

    def _put(self, steps: Sequence[Step] = ()) -> Put:
        self._wishes.leave_to_merge(self._rules, self._twin, steps)
        return Put(
            records=self._wishes.records(self._now), items=self._wishes.items(), left=tuple(self._left)
        )  # fmt: skip

    def _leave(self, place: Place, record_id: str, field: str | None, why: str) -> None:
        self._left.append(Left(side=place[0], subject=place[1], record_id=record_id, field=field, why=why))
