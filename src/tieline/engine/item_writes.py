"""Makes both copies of an item equal: the missing one is made, what differs is written, what went is deleted."""

from __future__ import annotations

from functools import partial

import msgspec

from tieline.domain.command import CreateItem, DeleteItem, Planned, UpdateItem
from tieline.domain.items import Item
from tieline.domain.side import SIDE_NAMES, SIDES, Side, other
from tieline.effects.perform import GivenUp
from tieline.effects.writes import AssignmentState
from tieline.engine.deletion import lost
from tieline.engine.turn import Turn
from tieline.engine.twins import Twin, Twins
from tieline.errors import NotFoundError, OutdatedError
from tieline.sync.item_steps import copies, removal
from tieline.sync.merge import refused
from tieline.sync.merge_items import merge_item, view, wrote_item

#: An item that somebody changes while we write is merged again so often.
_LOOKS = 3


class ItemWrites:
    """Of one person, in one turn."""

    def __init__(self, turn: Turn, twins: Twins) -> None:
        self._turn = turn
        self._twins = twins
        #: What could not be done, in plain words.
        self.notices: list[str] = []

    async def bring_equal(self, twin: Twin) -> None:
        """Make the copy that is missing, or write to each side what it lacks."""
        rules = self._turn.consumer.items[twin.kind]
        for side, item in copies(rules, twin.seen).items():
            if not await self._create(twin, side, item):
                return
        if len(twin.seen) < len(SIDES):
            # Its direction was narrowed since it was told of.
            return
        merged = merge_item(rules, twin.merge, twin.seen)
        twin.merge, twin.touched = merged.state, True
        for side, (item, names) in merged.to.items():
            await self._update(twin, side, item, names)
        twin.merge = msgspec.structs.replace(twin.merge, linked=True)

    async def removed(self, twin: Twin, side: Side) -> tuple[AssignmentState, str | None]:
        """It is gone from `side`: the sync's policy decides about the other copy, and the two are linked no more."""
        there, rules = other(side), self._turn.consumer.items[twin.kind]
        planned = removal(rules, side, copied=there in twin.ids)
        end: tuple[AssignmentState, str | None] = ("done", planned.reason)
        if planned.delete:
            end = await self._delete(twin, there, planned.reason)
        # Only now: a turn that has to wait comes here again.
        twin.gone, twin.touched = True, True
        self._turn.state.tell(side, "gone", twin.kind, twin.ids[side], {})
        return end

    async def _create(self, twin: Twin, side: Side, item: Item) -> bool:
        turn, origin = self._turn, other(side)
        owner = turn.state.record_id(side)
        if owner is None:
            turn.end(twin.causes, "skipped", f"the person has no record in {SIDE_NAMES[side]}")
            return False
        command = CreateItem(item=item, reference=self._twins.reference(twin, origin))
        planned = Planned(
            command=command, side=side, event_id=twin.causes[-1],
            idempotency_key=f"sync{turn.consumer.id}:{twin.kind}:{origin}:{twin.ids[origin]}:create:{side}",
        )  # fmt: skip
        if not self._can(side, planned, twin):
            return False
        # Committed with the intent: whatever becomes of the copy, its original is known.
        await turn.state.flush(turn.writes, turn.shared.history_ids)
        await self._twins.flush()
        await turn.carrier.journal([planned])
        if not turn.carrier.ready(planned):
            return await self._find_again(twin, side, planned, command, owner)
        try:
            done = await turn.carrier.send(planned, owner)
        except GivenUp as given_up:
            if isinstance(given_up.error, NotFoundError):
                raise await lost(turn, side) from given_up
            turn.end(twin.causes, "dead", given_up.reason)
            return False
        made = done.item
        if made is None and done.result_id is not None:
            made = await self._read(twin, side, done.result_id, owner)
        if made is None:
            return False
        self._twins.copied(twin, side, made, sent=item if done.adopted else None)
        return True

    async def _find_again(
        self, twin: Twin, side: Side, planned: Planned, command: CreateItem, owner: str
    ) -> bool:
        """It was made before, and the commit that said so was lost: it carries our mark."""
        turn = self._turn
        found = await turn.read(
            f"looking for the {twin.kind}",
            partial(turn.consumer.targets[side].look_up, command, owner),
        )
        if found is None or found.item is None:
            # Deleted before it was linked: the sync's policy decides, as for a linked one.
            twin.ids[side] = await turn.result_of(planned) or ""
            turn.end(twin.causes, *await self.removed(twin, side))
            return False
        self._twins.copied(twin, side, found.item, sent=command.item)
        return True

    async def _update(self, twin: Twin, side: Side, item: Item, names: tuple[str, ...]) -> None:
        turn = self._turn
        mark = self._twins.reference(twin, other(side)) if twin.merge.copy == side else None
        planned = Planned(
            command=UpdateItem(item=item, changed=names, reference=mark), side=side, event_id=twin.causes[-1],
            idempotency_key=f"sync{turn.consumer.id}:{twin.kind}:{side}:{item.id}:update:event{twin.causes[-1]}",
        )  # fmt: skip
        if not self._can(side, planned, twin):
            return
        await turn.carrier.journal([planned], repeatable=True)
        try:
            done = await turn.carrier.send(planned, turn.state.record_id(side))
        except GivenUp as given_up:
            if isinstance(given_up.error, NotFoundError):
                self._not_there(twin, side)
            elif isinstance(given_up.error, OutdatedError):
                await self._look_again(twin, side)
            else:
                turn.end(twin.causes, "dead", given_up.reason)
                values = {name: view(item)[name] for name in names}
                twin.merge = refused(twin.merge, side, values)
            return
        self._twins.saw(twin, side, done.item or item, "written")
        twin.merge = wrote_item(twin.merge, names)

    async def _look_again(self, twin: Twin, side: Side) -> None:
        """Somebody changed it meanwhile: what they wrote takes part in another merge."""
        owner = self._turn.state.record_id(side) or ""
        try:
            item = await self._read(twin, side, twin.ids[side], owner)
        except NotFoundError:
            self._not_there(twin, side)
            return
        self._twins.saw(twin, side, item)
        twin.looks += 1
        # Somebody who goes on writing is heard of by their own events: those go on from here.
        if twin.looks < _LOOKS:
            await self.bring_equal(twin)

    async def _delete(self, twin: Twin, there: Side, reason: str) -> tuple[AssignmentState, str | None]:
        turn = self._turn
        planned = Planned(
            command=DeleteItem(kind=twin.kind, item_id=twin.ids[there]), side=there, event_id=turn.state.cause,
            idempotency_key=f"sync{turn.consumer.id}:{twin.kind}:{there}:{twin.ids[there]}:delete",
        )  # fmt: skip
        if not self._can(there, planned, twin):
            return "done", self.notices[-1]
        try:
            await turn.carrier.send(planned, turn.state.record_id(there))
        except GivenUp as given_up:
            if not isinstance(given_up.error, NotFoundError):
                return "dead", given_up.reason
        turn.state.tell(there, "gone", twin.kind, twin.ids[there], {})
        return "done", reason

    async def _read(self, twin: Twin, side: Side, item_id: str, owner: str) -> Item:
        target = self._turn.consumer.targets[side]
        return await self._turn.read(
            f"reading the {twin.kind}", partial(target.fetch_item, twin.kind, item_id, owner)
        )

    def _not_there(self, twin: Twin, side: Side) -> None:
        self._turn.end(
            twin.causes, "done", f"it is not in {SIDE_NAMES[side]} any more; the next sweep decides"
        )

    def _can(self, side: Side, planned: Planned, twin: Twin) -> bool:
        reason = self._turn.consumer.targets[side].cannot(planned.command)
        if reason is not None:
            self.notices.append(reason)
            self._turn.end(twin.causes, "done", reason)
        return reason is None
