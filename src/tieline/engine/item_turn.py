"""Keeps a person's tasks, notes and appointments equal on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from tieline.domain.change import ItemChanged
from tieline.domain.command import CreateItem, DeleteItem, Planned, UpdateItem
from tieline.domain.items import Item, ItemKind
from tieline.domain.side import SIDES, Side, other
from tieline.effects.perform import GivenUp
from tieline.effects.writes import AssignmentState, ItemRow
from tieline.engine.deletion import lost
from tieline.engine.person_state import What
from tieline.engine.person_turn import PersonTurn
from tieline.engine.turn import NAMES, Turn
from tieline.errors import NotFoundError, OutdatedError
from tieline.mapping.two_way import ItemRules
from tieline.store.queries import query
from tieline.sync.merge import MergeState, refused
from tieline.sync.merge_items import (
    copy_for,
    goes_to,
    item_reference,
    judge_item,
    merge_item,
    observe_item,
    view,
    wrote_item,
)

_item: msgspec.json.Decoder[Item] = msgspec.json.Decoder(Item)
_merge = msgspec.json.Decoder(MergeState)
_encode = msgspec.json.Encoder().encode
#: An item that somebody changes while we write is merged again so often.
_LOOKS = 3


@dataclass
class _Twin:
    """One item as both sides show it."""

    kind: ItemKind
    row_id: int | None = None
    ids: dict[Side, str] = field(default_factory=dict)
    seen: dict[Side, Item] = field(default_factory=dict)
    merge: MergeState = field(default_factory=MergeState)
    gone: bool = False
    #: Written in this turn's commit.
    touched: bool = False
    #: The events that told of it in this turn.
    causes: list[int] = field(default_factory=list)
    #: How often somebody was quicker than our write in this turn.
    looks: int = 0


class ItemTurn:
    """The part of a turn that is about items."""

    def __init__(self, turn: Turn, person: PersonTurn) -> None:
        self._turn = turn
        self._person = person
        self._twins: list[_Twin] | None = None
        self._told: list[tuple[int, ItemChanged]] = []
        #: What could not be done, in plain words.
        self.notices: list[str] = []

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
                reason = "it belongs to nobody who is carried over"
                turn.end([event_id], "skipped", reason)

    async def run(self) -> None:
        """Take what was told into what was seen, then make both copies equal."""
        twins = await self._load()
        touched: list[_Twin] = []
        skipped = {event_id for event_id, end in self._turn.ends.items() if end[0] == "skipped"}
        try:
            for event_id, change in self._told:
                if event_id in skipped:
                    continue
                self._turn.state.cause = event_id
                twin, end = await self._listen(twins, change)
                if self._turn.ends.get(event_id, end)[0] != "dead":
                    self._turn.ends[event_id] = end
                if twin is not None:
                    twin.causes.append(event_id)
                    if twin not in touched:
                        touched.append(twin)
            for twin in touched:
                if not twin.gone:
                    self._turn.state.cause = twin.causes[-1]
                    await self._bring_equal(twin)
        finally:
            await self._flush(twins)

    async def mark(self, side: Side, kind: ItemKind, item_id: str) -> str | None:
        """The reference line in a copy of ours; None for what somebody made there."""
        for twin in await self._load():
            if twin.kind == kind and twin.ids.get(side) == item_id:
                return self._reference(twin, other(side)) if twin.merge.copy == side else None
        return None

    async def took(
        self, command: CreateItem | UpdateItem | DeleteItem, side: Side, result: Item | None
    ) -> None:
        """An effect of an earlier turn is known to have taken place now."""
        twins = await self._load()
        if isinstance(command, CreateItem) and result is not None:
            for twin in twins:
                there = twin.seen.get(other(side))
                if there is None or side in twin.ids:
                    continue
                if self._reference(twin, other(side)) == command.reference:
                    self._copied(twin, side, result)
        await self._flush(twins)

    def _wanted(self, change: ItemChanged) -> bool:
        return change.kind in self._turn.consumer.items and self._turn.consumer.nimbata is not None

    async def _listen(
        self, twins: list[_Twin], change: ItemChanged
    ) -> tuple[_Twin | None, tuple[AssignmentState, str | None]]:
        turn = self._turn
        if not self._wanted(change):
            return None, ("skipped", f"{change.kind}s are not carried over")
        twin = next(
            (one for one in twins if one.kind == change.kind and one.ids.get(change.side) == change.item_id),
            None,
        )
        if change.removed:
            if twin is None or twin.gone:
                return None, ("skipped", "deleted, and not linked")
            return twin, await self._removed(twin, change.side)
        owner = turn.state.record_id(change.side)
        if owner is None:
            return None, ("skipped", "it belongs to nobody who is linked")
        told, known = change.item, twin.seen.get(change.side) if twin is not None else None
        if change.created and known is not None:
            return twin, ("done", "echo")
        verdict = "newer" if told is not None and known is None else "undecidable"
        if told is not None and known is not None:
            verdict = judge_item(told, known)
        if verdict == "undecidable":
            target = turn.consumer.targets[change.side]
            try:
                told = await turn.read(
                    f"reading the {change.kind}",
                    partial(target.fetch_item, change.kind, change.item_id, owner),
                )
            except NotFoundError:
                if twin is None or twin.gone:
                    return None, ("skipped", "deleted meanwhile, and not linked")
                return twin, await self._removed(twin, change.side)
            verdict = "echo" if known is not None and judge_item(told, known) == "echo" else "newer"
        if verdict != "newer" or told is None:
            return twin, ("done", "echo") if verdict == "echo" else ("stale", "older than what we know")
        if twin is None:
            if change.reference is not None:
                return None, ("done", "echo of our own")
            if not goes_to(turn.consumer.items.get(change.kind), other(change.side)):
                return None, ("skipped", f"{change.kind}s do not go to {NAMES[other(change.side)]}")
            twin = _Twin(kind=change.kind)
            twins.append(twin)
        elif twin.gone:
            return None, ("stale", "it was deleted on the other side; a late change does not make it anew")
        self._met(twin, change.side, told, "seen")
        return twin, ("done", None)

    def _met(self, twin: _Twin, side: Side, item: Item, what: What) -> None:
        before = twin.seen.get(side)
        if before is None:
            name = f"{side}:{twin.kind}:{item.id}"
            self._turn.writes.keys.append(("item", self._turn.shared.digest("item", name), self._turn.person))
        twin.merge = observe_item(twin.merge, side, before, item, item.updated_at)
        twin.seen[side], twin.ids[side] = item, item.id
        twin.touched = True
        fields = view(item)
        if before is not None:
            had = view(before)
            fields = {name: value for name, value in fields.items() if value != had[name]}
        if fields:
            self._turn.state.tell(side, what, twin.kind, item.id, {**fields})

    async def _bring_equal(self, twin: _Twin) -> None:
        rules = self._turn.consumer.items[twin.kind]
        for side in SIDES:
            if side not in twin.ids and not await self._create(twin, side, rules):
                return
        merged = merge_item(rules, twin.merge, twin.seen)
        twin.merge, twin.touched = merged.state, True
        for side, (item, names) in merged.to.items():
            await self._update(twin, side, item, names)
        twin.merge = msgspec.structs.replace(twin.merge, linked=True)

    async def _create(self, twin: _Twin, side: Side, rules: ItemRules) -> bool:
        turn, origin = self._turn, other(side)
        owner = turn.state.record_id(side)
        if owner is None:
            turn.end(twin.causes, "skipped", f"the person has no record in {NAMES[side]}")
            return False
        reference = self._reference(twin, origin)
        command = CreateItem(item=copy_for(twin.seen[origin]), reference=reference)
        planned = Planned(
            command=command, side=side, event_id=twin.causes[-1],
            idempotency_key=f"sync{turn.consumer.id}:{twin.kind}:{origin}:{twin.ids[origin]}:create:{side}",
        )  # fmt: skip
        if not self._can(side, planned, twin):
            return False
        # Committed with the intent: whatever becomes of the copy, its original is known.
        await turn.state.flush(turn.writes, turn.shared.history_ids)
        await self._flush([twin])
        await turn.carrier.journal([planned])
        if not turn.carrier.ready(planned):
            return await self._find_again(twin, side, command, owner)
        try:
            done = await turn.carrier.send(planned, owner)
        except GivenUp as given_up:
            if isinstance(given_up.error, NotFoundError):
                raise await lost(turn, side) from given_up
            turn.end(twin.causes, "dead", given_up.reason)
            return False
        made = done.item
        if made is None and done.result_id is not None:
            made = await turn.read(
                f"reading the new {twin.kind}",
                partial(turn.consumer.targets[side].fetch_item, twin.kind, done.result_id, owner),
            )
        if made is None:
            return False
        self._copied(twin, side, made)
        return True

    async def _find_again(self, twin: _Twin, side: Side, command: CreateItem, owner: str) -> bool:
        """It was made before, and the commit that said so was lost: it carries our mark."""
        turn = self._turn
        found = await turn.read(
            f"looking for the {twin.kind}",
            partial(turn.consumer.targets[side].look_up, command, owner),
        )
        if found is None or found.item is None:
            turn.end(twin.causes, "dead", "made before, but found no more")
            return False
        self._copied(twin, side, found.item)
        return True

    def _copied(self, twin: _Twin, side: Side, made: Item) -> None:
        """A fresh copy: what the side shows of it is agreed as it stands."""
        self._met(twin, side, made, "written")
        twin.merge = MergeState(linked=True, copy=side)

    async def _update(self, twin: _Twin, side: Side, item: Item, names: tuple[str, ...]) -> None:
        turn = self._turn
        mark = self._reference(twin, other(side)) if twin.merge.copy == side else None
        command = UpdateItem(item=item, changed=names, reference=mark)
        planned = Planned(
            command=command, side=side, event_id=twin.causes[-1],
            idempotency_key=f"sync{turn.consumer.id}:{twin.kind}:{side}:{item.id}:update:event{twin.causes[-1]}",
        )  # fmt: skip
        if not self._can(side, planned, twin):
            return
        try:
            done = await turn.carrier.send(planned, turn.state.record_id(side))
        except GivenUp as given_up:
            if isinstance(given_up.error, NotFoundError):
                turn.end(twin.causes, "done", f"it is not in {NAMES[side]} any more; the next sweep decides")
            elif isinstance(given_up.error, OutdatedError):
                await self._look_again(twin, side)
            else:
                turn.end(twin.causes, "dead", given_up.reason)
                values = {name: view(item)[name] for name in names}
                twin.merge = refused(twin.merge, side, values)
            return
        self._met(twin, side, done.item or item, "written")
        twin.merge = wrote_item(twin.merge, names)

    async def _look_again(self, twin: _Twin, side: Side) -> None:
        """Somebody changed it meanwhile: what they wrote takes part in another merge."""
        turn = self._turn
        owner = turn.state.record_id(side) or ""
        target = turn.consumer.targets[side]
        try:
            item = await turn.read(
                f"reading the {twin.kind}", partial(target.fetch_item, twin.kind, twin.ids[side], owner)
            )
        except NotFoundError:
            turn.end(twin.causes, "done", f"it is not in {NAMES[side]} any more; the next sweep decides")
            return
        self._met(twin, side, item, "seen")
        twin.looks += 1
        # Somebody who goes on writing is heard of by their own events: those go on from here.
        if twin.looks < _LOOKS:
            await self._bring_equal(twin)

    async def _removed(self, twin: _Twin, side: Side) -> tuple[AssignmentState, str | None]:
        turn, there = self._turn, other(side)
        rules = turn.consumer.items[twin.kind]
        end: tuple[AssignmentState, str | None] = ("done", f"deleted in {NAMES[side]}; unlinked")
        if rules.deletes == "delete" and there in twin.ids and goes_to(rules, there):
            end = await self._delete(twin, there)
        # Only now: a turn that has to wait comes here again.
        twin.gone, twin.touched = True, True
        turn.state.tell(side, "gone", twin.kind, twin.ids[side], {})
        return end

    async def _delete(self, twin: _Twin, there: Side) -> tuple[AssignmentState, str | None]:
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
        return "done", f"deleted in {NAMES[other(there)]}, and then in {NAMES[there]}"

    def _can(self, side: Side, planned: Planned, twin: _Twin) -> bool:
        reason = self._turn.consumer.targets[side].cannot(planned.command)
        if reason is not None:
            self.notices.append(reason)
            self._turn.end(twin.causes, "done", reason)
        return reason is None

    def _reference(self, twin: _Twin, origin: Side) -> str:
        return item_reference(self._turn.consumer.id, origin, twin.kind, twin.ids[origin])

    async def _load(self) -> list[_Twin]:
        if self._twins is None:
            turn = self._turn
            async with turn.shared.store.transaction() as db:
                rows = await db.execute(
                    query("load_items"), {"consumer": turn.consumer.id, "person": turn.person}
                )
                self._twins = [_twin(row) for row in await rows.fetchall()]
        return self._twins

    async def _flush(self, twins: list[_Twin]) -> None:
        turn = self._turn
        for twin in twins:
            if not twin.touched:
                continue
            if twin.row_id is None:
                (twin.row_id,) = await turn.shared.item_ids.take(1)
            twin.touched = False
            turn.writes.items.append(
                ItemRow(
                    id=twin.row_id, consumer_id=turn.consumer.id, person_id=turn.person, kind=twin.kind,
                    nimbata_id=twin.ids.get("nimbata"), contacts_api_id=twin.ids.get("contacts_api"),
                    state="gone" if twin.gone else "open",
                    nimbata=_encode(twin.seen["nimbata"]) if "nimbata" in twin.seen else None,
                    contacts_api=_encode(twin.seen["contacts_api"]) if "contacts_api" in twin.seen else None,
                    merge=None if twin.merge == _QUIET else _encode(twin.merge),
                )
            )  # fmt: skip


def _twin(row: tuple[Any, ...]) -> _Twin:
    ids = {side: row[place] for side, place in zip(SIDES, (2, 3), strict=True) if row[place] is not None}
    seen = {side: _item.decode(row[place]) for side, place in zip(SIDES, (5, 6), strict=True) if row[place]}
    return _Twin(
        kind=row[1], row_id=row[0], ids=ids, seen=seen, gone=row[4] == "gone",
        merge=_merge.decode(row[7]) if row[7] is not None else _QUIET,
    )  # fmt: skip


_QUIET = MergeState(linked=True)
