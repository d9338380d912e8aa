"""Plays the deeds of a plan on both sides, and writes down what was acknowledged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from tieline.chaos.far import Far, Refused, Seen
from tieline.chaos.hands import Hands
from tieline.chaos.plan import Deed
from tieline.chaos.record import CONTESTED, OWNED, TAGS, Activity, Made, Person, Record
from tieline.chaos.shown import Copy, Shown, differences
from tieline.domain.side import SIDES, Side, other

_ITEMS = ("task", "note", "meet")
#: By project: numbers that are nobody's, in the country of its location.
_PHONES = ("+1737555", "+44161496")
#: What is younger, or differs between the sides, is not taken away: a deletion that was told to nobody is found by a
#: look only if an earlier one met the record. Nor is somebody whose call has no note yet: where the deletion was told
#: to nobody, nobody can know that the call came first, and a call after it brings them back.
_SETTLED_S = 12.0


class Driver:
    """Everybody who works on either side, and whoever calls."""

    def __init__(self, far: Far, plan_fields: Sequence[str], deeds: Sequence[Deed]) -> None:
        """`plan_fields` are the ids of the locations' own field, in order."""
        self._far = far
        self._hands = Hands(far)
        self._plan_fields = plan_fields
        self._deeds = deeds
        self._by_number: dict[int, Person] = {}
        self.record = Record()

    async def play(self, began: float, tell: Callable[[int], None]) -> None:
        """Each deed at its time after `began`, monotonic; `tell` hears how many were acknowledged."""
        for deed in self._deeds:
            await asyncio.sleep(max(began + deed.at_s - time.monotonic(), 0.0))
            said = "acknowledged"
            try:
                if not await self._do(deed):
                    said = "nothing to do it with"
            except Refused as refused:
                self.record.refused += 1
                said = f"refused: {refused}"
            else:
                self.record.events += said == "acknowledged"
            self.record.log.append(
                {"at_s": round(time.monotonic() - began, 3), "verb": deed.verb, "who": deed.who, "side": deed.side,
                 "said": said}
            )  # fmt: skip
            tell(self.record.events)

    async def _do(self, deed: Deed) -> bool:
        """False where there is nothing yet, or nothing any more, to do it with."""
        person = self._by_number.get(deed.who)
        if deed.verb == "born" or person is None:
            if person is None:
                await self._bear(deed)
            return person is None
        if person.deleted:
            return False
        if deed.verb in ("call", "text"):
            await self._ring(person, deed)
            return True
        seen = await self._far.seen()
        shown = seen.of(person.label)
        match deed.verb:
            case "edit":
                fields = OWNED[deed.side]
                return await self._edit(person, shown, deed.side, fields[deed.pick % len(fields)])
            case "contest":
                return await self._edit(person, shown, deed.side, CONTESTED)
            case "tag" | "untag":
                return await self._tag(person, shown, TAGS[deed.pick % len(TAGS)], add=deed.verb == "tag")
            case "make":
                return await self._make(person, shown, deed.side, _ITEMS[deed.pick % len(_ITEMS)])
            case "delete":
                return await self._delete(person, seen, deed.side)
            case _:
                return await self._change(person, shown, deed)

    async def _bear(self, deed: Deed) -> None:
        place = deed.who % len(self._far.projects)
        person = Person(
            who=deed.who, label=f"P{deed.who:04d}", place=place, born_at=time.monotonic(),
            phone=f"{_PHONES[place % len(_PHONES)]}{1000 + deed.who:04d}",
        )  # fmt: skip
        self._far.labels[person.phone] = person.label
        if deed.pick % 3 == 0:
            # Nobody enters them: they call.
            person.activities.append(Activity(*await self._hands.call(person, person.next())))
            self._by_number[deed.who] = self.record.people[person.label] = person
            return
        first = f"First-{person.next()}-{person.label}"
        await self._hands.born(deed.side, person, first)
        self._by_number[deed.who] = self.record.people[person.label] = person
        person.wrote(("first",), deed.side, first, time.monotonic())

    async def _ring(self, person: Person, deed: Deed) -> None:
        number = person.next()
        if deed.verb == "call":
            made = await self._hands.call(person, number)
        else:
            made = await self._hands.text(person, f"Text-{number}-{person.label}")
        person.activities.append(Activity(*made))

    async def _edit(self, person: Person, shown: dict[Side, Shown | None], side: Side, name: str) -> bool:
        here = shown[side]
        if here is None:
            return False
        number = person.next()
        value = f"{name.capitalize()}-{number}-{person.label}"
        if name == "email":
            value = f"{value}@example.com".lower()
        await self._hands.edit(side, here.id, name, value, self._plan_fields[person.place])
        person.wrote((name,), side, value, time.monotonic())
        return True

    async def _tag(self, person: Person, shown: dict[Side, Shown | None], tag: str, *, add: bool) -> bool:
        """A person's tags change on one side alone: an account is told whole lists, and a list that is a moment old
        would take away what the other side gave."""
        side = SIDES[person.who % 2]
        here = shown[side]
        if here is None or (tag in here.tags) is add:
            return False
        await self._hands.tag(side, here.id, tag, here.tags, add=add)
        person.wrote(("tag", tag), side, "yes" if add else "no", time.monotonic())
        return True

    async def _make(self, person: Person, shown: dict[Side, Shown | None], side: Side, kind: str) -> bool:
        here = shown[side]
        if here is None:
            return False
        number = person.next()
        name = f"{person.label}{kind}{number}"
        text = f"{name} v{number}"
        await self._hands.make(side, here.id, kind, text, number)
        person.items[kind, name] = Made(side, time.monotonic())
        person.wrote((kind, name, "title"), side, text, time.monotonic())
        return True

    async def _change(self, person: Person, shown: dict[Side, Shown | None], deed: Deed) -> bool:
        """Words change where the item was made, whether a task is done on the other side, and it goes on either."""
        here, there = shown["nimbata"], shown["contacts_api"]
        if here is None or there is None:
            return False
        on_both = {(one.kind, one.name) for one in here.copies} & {
            (one.kind, one.name) for one in there.copies
        }
        chosen = sorted(
            key for key, made in person.items.items()
            if key in on_both and not made.dropped and (deed.verb != "done" or key[0] == "task")
        )  # fmt: skip
        if not chosen:
            return False
        kind, name = chosen[deed.pick % len(chosen)]
        made = person.items[kind, name]
        match deed.verb:
            case "change":
                text = f"{name} v{person.next()}"
                await self._hands.retitle(made.side, kind, _copy(shown, made.side, kind, name).id, text)
                person.wrote((kind, name, "title"), made.side, text, time.monotonic())
            case "done":
                side = other(made.side)
                copy = _copy(shown, side, kind, name)
                done = copy.values["done"] != "True"
                await self._hands.finish(side, copy.id, done=done)
                person.wrote((kind, name, "done"), side, str(done), time.monotonic())
            case _:
                if time.monotonic() - made.at < _SETTLED_S:
                    return False
                await self._hands.drop(deed.side, kind, _copy(shown, deed.side, kind, name).id)
                made.dropped = True
        return True

    async def _delete(self, person: Person, seen: Seen, side: Side) -> bool:
        shown = seen.of(person.label)
        here, there = shown["nimbata"], shown["contacts_api"]
        record = shown[side]
        settled = time.monotonic() - person.born_at >= _SETTLED_S and here is not None and there is not None
        words = {word for body, _ in seen.notes[self._far.locations[person.place]] for word in body.split()}
        if (
            record is None
            or not settled
            or any(one.marker not in words for one in person.activities)
            or differences([one for one in (here,) if one], [one for one in (there,) if one])
        ):
            return False
        await self._hands.delete(side, record.id)
        person.deleted = True
        return True


def _copy(shown: dict[Side, Shown | None], side: Side, kind: str, name: str) -> Copy:
    here = shown[side]
    assert here is not None
    return next(one for one in here.copies if (one.kind, one.name) == (kind, name))
