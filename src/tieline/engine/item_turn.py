"""Keeps a person's tasks, notes and appointments equal on both sides."""

from __future__ import annotations

from functools import partial

import msgspec

from tieline.domain.change import ItemChanged
from tieline.domain.command import CreateItem, DeleteItem, UpdateItem
from tieline.domain.items import Appointment, Item, ItemKind, kind_of
from tieline.domain.side import SIDE_NAMES, Side, other
from tieline.effects.writes import AssignmentState
from tieline.engine.item_writes import ItemWrites
from tieline.engine.person_turn import PersonTurn
from tieline.engine.turn import Turn
from tieline.engine.twins import Twin, Twins
from tieline.errors import NotFoundError
from tieline.sync.item_steps import Ignored, ignored
from tieline.sync.merge import still_changed
from tieline.sync.merge_items import judge_item, since_written, standing, wrote_item

End = tuple[AssignmentState, str | None]


class ItemTurn:
    """The part of a turn that is about items."""

    def __init__(self, turn: Turn, person: PersonTurn) -> None:
        self._turn = turn
        self._person = person
        self._twins = Twins(turn)
        self._writes = ItemWrites(turn, self._twins)
        self._told: list[tuple[int, ItemChanged]] = []

    @property
    def notices(self) -> list[str]:
        """What could not be done, in plain words."""
        return self._writes.notices

    def hear(self, event_id: int, change: ItemChanged) -> None:
        """One more change, in order."""
        self._told.append((event_id, change))

    @property
    def heard(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._told)

    async def introduce(self) -> None:
        """Items of people who are not linked yet: their records come first."""
        turn = self._turn
        self._person.link_derived()
        for event_id, change in self._told:
            if turn.state.contact is not None or turn.consumer.merger is None or turn.state.gone:
                return
            if change.record_id is None or change.removed or not self._wanted(change):
                continue
            if not await self._person.introduce(change.side, change.record_id):
                turn.end([event_id], "skipped", "it belongs to nobody who is carried over")

    async def run(self) -> None:
        """Take what was told into what was seen, then make both copies equal."""
        turn, touched = self._turn, list[Twin]()
        skipped = {event_id for event_id, end in turn.ends.items() if end[0] == "skipped"}
        try:
            for event_id, change in self._told:
                if event_id in skipped:
                    continue
                turn.state.cause = event_id
                twin, end = await self._listen(change)
                if turn.ends.get(event_id, end)[0] != "dead":
                    turn.ends[event_id] = end
                if twin is not None:
                    twin.causes.append(event_id)
                    if twin not in touched:
                        touched.append(twin)
            for twin in touched:
                if not twin.gone:
                    turn.state.cause = twin.causes[-1]
                    await self._writes.bring_equal(twin)
        finally:
            await self._twins.flush()

    async def mark(self, side: Side, kind: ItemKind, item_id: str) -> str | None:
        """The reference line in a copy of ours; None for what somebody made there."""
        twin = await self._twins.find(side, kind, item_id)
        if twin is None or twin.merge.copy != side:
            return None
        return self._twins.reference(twin, other(side))

    async def took(
        self, command: CreateItem | DeleteItem, side: Side, result: Item | None, *, found: bool
    ) -> None:
        """An effect of an earlier turn is known to have taken place now; `found`: some time ago."""
        if isinstance(command, CreateItem) and result is not None:
            await self._twins.adopt(command.reference, side, result, command.item if found else None)
            await self._twins.flush()

    async def found(self, side: Side, command: UpdateItem) -> bool:
        """An earlier turn meant to write this to `side`, but ended before it said what became of it: what stands there
        as it was to be written is ours. True where any of it is."""
        wanted, origin = command.item, other(side)
        twin = await self._twins.find(side, kind_of(wanted), wanted.id)
        if twin is None or twin.gone or side not in twin.seen:
            return False
        if (shown := await self._shown(twin, side)) is None:
            return False
        names = standing(command.changed, wanted, shown)
        if names:
            stands = {name: getattr(shown, name) for name in names}
            self._twins.saw(twin, side, msgspec.structs.replace(twin.seen[side], **stands), "written")
            before = twin.merge.changed.get(origin, {})
            # What changed on the other side since it was decided has yet to come over.
            twin.merge = still_changed(wrote_item(twin.merge, names), origin, before)
        self._twins.saw(twin, side, shown)
        if names and origin in twin.seen and (there := await self._shown(twin, origin)) is not None:
            # An older telling of it must not be written after it; what differs from it was changed there since.
            self._twins.saw(twin, origin, there)
            twin.merge = since_written(twin.merge, origin, names, wanted, there)
        await self._twins.flush()
        return bool(names)

    async def _shown(self, twin: Twin, side: Side) -> Item | None:
        """As the side has it now; None where it is not there."""
        turn = self._turn
        if (owner := turn.state.record_id(side)) is None:
            return None
        target = turn.consumer.targets[side]
        try:
            return await turn.read(
                f"reading the {twin.kind}", partial(target.fetch_item, twin.kind, twin.ids[side], owner)
            )
        except NotFoundError:
            return None

    def _wanted(self, change: ItemChanged) -> bool:
        return change.kind in self._turn.consumer.items and self._turn.consumer.nimbata is not None

    async def _listen(self, change: ItemChanged) -> tuple[Twin | None, End]:
        """The item that was told of, where there is anything more to do; and how its event ends."""
        turn, side = self._turn, change.side
        if not self._wanted(change):
            return None, ("skipped", f"{change.kind}s are not carried over")
        twin = await self._twins.find(side, change.kind, change.item_id)
        owner = turn.state.record_id(side)
        if change.removed:
            return await self._removed(change, twin)
        if owner is None:
            return None, ("skipped", "it belongs to nobody who is linked")
        if twin is None and side == "contacts_api" and change.record_id not in (None, owner):
            # Of a duplicate, say: with our record of the person, it would be looked for in vain.
            return None, (
                "skipped",
                f"it belongs to another record of {SIDE_NAMES[side]}, {change.record_id}",
            )
        known = twin.seen.get(side) if twin is not None else None
        told = change.item
        if change.created and twin is not None and known is not None:
            if not (isinstance(known, Appointment) and known.updated_at is not None):
                self._twins.dated(twin, side, told)
                return twin, ("done", "echo")
            # Told of as new once more: deletions call themselves so.
            told = None
        verdict = _judge(told, known)
        if change.listed and verdict != "echo":
            verdict = "undecidable"
        if verdict == "undecidable" or told is None:
            try:
                told = await turn.read(
                    f"reading the {change.kind}",
                    partial(turn.consumer.targets[side].fetch_item, change.kind, change.item_id, owner),
                )
            except NotFoundError:
                if twin is None or twin.gone:
                    return None, ("skipped", "deleted meanwhile, and not linked")
                return await self._removed(change, twin)
            verdict = "echo" if _judge(told, known) == "echo" else "newer"
        if verdict != "newer":
            return twin, ("done", "echo") if verdict == "echo" else ("stale", "older than what we know")
        if twin is None and change.reference is not None:
            return None, ("done", "echo of our own")
        if (left := self._ignored(change, twin, removed=False)) is not None:
            return None, (left.state, left.reason)
        twin = twin or await self._twins.add(change.kind)
        self._twins.saw(twin, side, told, at=told.updated_at or change.at)
        return twin, ("done", None)

    async def _removed(self, change: ItemChanged, twin: Twin | None) -> tuple[Twin | None, End]:
        left = self._ignored(change, twin, removed=True)
        if twin is None or left is not None:
            return None, (left.state, left.reason) if left is not None else ("skipped", None)
        return twin, await self._writes.removed(twin, change.side)

    def _ignored(self, change: ItemChanged, twin: Twin | None, *, removed: bool) -> Ignored | None:
        return ignored(
            self._turn.consumer.items.get(change.kind), change.kind, change.side,
            known=twin is not None, gone=twin is not None and twin.gone, removed=removed,
        )  # fmt: skip


def _judge(told: Item | None, known: Item | None) -> str:
    if told is None:
        return "undecidable"
    return "newer" if known is None else judge_item(told, known)
