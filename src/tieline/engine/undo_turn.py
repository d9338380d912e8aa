"""Puts back what a person wants put back: written to one side; the merge of the same turn carries it to the other."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from tieline.domain.change import ItemChanged
from tieline.domain.command import (
    AddTags,
    CreateItem,
    DeleteItem,
    Planned,
    RemoveTags,
    UpdateContact,
    UpdateItem,
)
from tieline.domain.contact import Contact, field_of, with_fields
from tieline.domain.items import Item
from tieline.domain.side import SIDE_NAMES, Side
from tieline.domain.undo import FieldBack, ItemBack, RecordBack, RecordUndo
from tieline.effects.perform import GivenUp
from tieline.effects.target import Done
from tieline.engine.deletion import lost
from tieline.engine.item_turn import ItemTurn
from tieline.engine.turn import Turn
from tieline.errors import NotFoundError, OutdatedError
from tieline.sync.echo import judge
from tieline.sync.merge_items import copy_for, item_reference, view
from tieline.sync.record_history import alike, item_of

#: A record that somebody changes while we write is looked at again so often.
_LOOKS = 3


class UndoTurn:
    """The part of a turn that is about one `record.undo`."""

    def __init__(self, turn: Turn, things: ItemTurn, event_id: int) -> None:
        self._turn = turn
        self._things = things
        self._event_id = event_id

    async def run(self, undo: RecordUndo) -> None:
        """Write it; what is left as it is, is named at the event."""
        turn = self._turn
        if undo.person != turn.person:
            reason = "this record is another person's by now; nothing was put back"
            turn.end([self._event_id], "skipped", reason)
            return
        try:
            for record in undo.records:
                await self._record(record, force=undo.force)
            for item in undo.items:
                await self._item(item, force=undo.force)
        except GivenUp as given_up:
            turn.end([self._event_id], "dead", given_up.reason)

    async def _record(self, back: RecordBack, *, force: bool) -> None:
        known = self._turn.state.records.get(back.side)
        if known is None or known.id != back.record_id:
            self._leave(
                f"the record {back.record_id} of {SIDE_NAMES[back.side]}, which is not linked any more"
            )
            return
        for _ in range(_LOOKS):
            now = await self._look(back.side)
            fields = self._wanted(back, now, force=force)
            if not fields:
                break
            done = await self._send(back.side, "update", UpdateContact(fields=fields, version=now.version))
            if done is not None:
                self._took(back.side, done, fields=fields)
                break
        else:
            self._leave(f"the fields of the record {back.record_id}, which changes all the time")
        await self._tags(back)

    async def _look(self, side: Side) -> Contact:
        """The record as it stands there now: what somebody changed and nobody told counts first."""
        turn, known = self._turn, self._turn.state.records[side]
        try:
            now = await turn.read("reading the record", partial(turn.consumer.targets[side].fetch, known.id))
        except NotFoundError as error:
            raise await lost(turn, side) from error
        if judge(now, known) != "echo":
            turn.state.see(side, now)
        return now

    def _wanted(self, back: RecordBack, now: Contact, *, force: bool) -> dict[str, str | None]:
        fields: dict[str, str | None] = {}
        for one in back.fields:
            value = field_of(now, one.name)
            if alike(value, one.value):
                continue
            if not force and not alike(value, one.expected):
                self._leave(f"{one.name} in {SIDE_NAMES[back.side]}, which somebody changed since")
            elif not self._turn.consumer.targets[back.side].holds(one.name):
                self._leave(f"{one.name}, which {SIDE_NAMES[back.side]} does not hold")
            else:
                fields[one.name] = one.value
        return fields

    async def _tags(self, back: RecordBack) -> None:
        now = self._turn.state.records[back.side].tags
        commands: list[tuple[str, AddTags | RemoveTags]] = []
        if add := back.add_tags - now:
            commands.append(("tags", AddTags(tags=add)))
        if remove := back.remove_tags & now:
            commands.append(("untag", RemoveTags(tags=remove)))
        for name, command in commands:
            done = await self._send(back.side, name, command)
            if done is not None:
                before = self._turn.state.records[back.side].tags
                after = before | command.tags if isinstance(command, AddTags) else before - command.tags
                self._took(back.side, done, tags=after)

    def _took(
        self,
        side: Side,
        done: Done,
        *,
        fields: dict[str, str | None] | None = None,
        tags: frozenset[str] | None = None,
    ) -> None:
        """Seen as a change of that side, so that it goes on to the other."""
        state = self._turn.state
        after = done.contact
        if after is None:
            after = with_fields(state.records[side], fields or {})
            if tags is not None:
                after = msgspec.structs.replace(after, tags=done.tags or tags)
        state.see(side, after, what="written", at=done.started_at)

    async def _item(self, back: ItemBack, *, force: bool) -> None:
        owner = self._turn.state.record_id(back.side)
        if owner is None:
            self._leave(
                f"the {back.kind} {back.item_id}: the person has no record in {SIDE_NAMES[back.side]}"
            )
        elif back.anew:
            await self._make(back, owner)
        elif back.delete:
            await self._delete(back, owner)
        else:
            await self._change(back, owner, force=force)

    async def _change(self, back: ItemBack, owner: str, *, force: bool) -> None:
        turn, target = self._turn, self._turn.consumer.targets[back.side]
        mark = await self._things.mark(back.side, back.kind, back.item_id)
        for _ in range(_LOOKS):
            try:
                now = await turn.read(
                    f"reading the {back.kind}", partial(target.fetch_item, back.kind, back.item_id, owner)
                )
            except NotFoundError:
                self._leave(f"the {back.kind} {back.item_id}, which is gone from {SIDE_NAMES[back.side]}")
                return
            wanted = self._wanted_of(back, now, force=force)
            if not wanted:
                self._tell(back, owner, now)
                return
            item = item_of(back.kind, now.id, {**view(now), **{one.name: one.value for one in wanted}})
            item = msgspec.structs.replace(item, updated_at=now.updated_at, version=now.version)
            names = tuple(one.name for one in wanted)
            command = UpdateItem(item=item, changed=names, reference=mark)
            done = await self._send(back.side, f"{back.kind}:{back.item_id}.update", command, owner)
            if done is not None:
                self._tell(back, owner, done.item)
                return
        self._leave(f"the {back.kind} {back.item_id}, which changes all the time")

    def _wanted_of(self, back: ItemBack, now: Item, *, force: bool) -> list[FieldBack]:
        shown, wanted = view(now), []
        for one in back.fields:
            if alike(shown[one.name], one.value):
                continue
            if force or alike(shown[one.name], one.expected):
                wanted.append(one)
            else:
                self._leave(f"{one.name} of the {back.kind} {back.item_id}, which somebody changed since")
        return wanted

    async def _make(self, back: ItemBack, owner: str) -> None:
        turn, target = self._turn, self._turn.consumer.targets[back.side]
        named = f"{back.item_id}:event{self._event_id}"
        item = item_of(back.kind, "", {one.name: one.value for one in back.fields})
        command = CreateItem(
            item=copy_for(item), reference=item_reference(turn.consumer.id, back.side, back.kind, named)
        )
        planned = self._planned(back.side, f"{back.kind}:{named}.create", command)
        if self._cannot(planned):
            return
        await turn.carrier.journal([planned])
        if turn.carrier.ready(planned):
            done = await turn.carrier.send(planned, owner)
        else:
            # It was made before, and the commit that said so was lost: it carries our mark.
            found = await turn.read(f"looking for the {back.kind}", partial(target.look_up, command, owner))
            if found is None:
                self._leave(f"the {back.kind} {back.item_id}, which was made before, but is found no more")
                return
            done = found
        made_id = done.item.id if done.item is not None else done.result_id
        if made_id is not None:
            made = done.item
            self._things.hear(
                self._event_id,
                ItemChanged(side=back.side, kind=back.kind, item_id=made_id, record_id=owner, item=made),
            )

    async def _delete(self, back: ItemBack, owner: str) -> None:
        try:
            await self._send(
                back.side, f"{back.kind}:{back.item_id}.delete",
                DeleteItem(kind=back.kind, item_id=back.item_id), owner,
            )  # fmt: skip
        except GivenUp as given_up:
            if not isinstance(given_up.error, NotFoundError):
                raise
        # What becomes of its other side the sync's rules say, as for any deletion.
        self._things.hear(
            self._event_id,
            ItemChanged(side=back.side, kind=back.kind, item_id=back.item_id, record_id=owner, removed=True),
        )

    def _tell(self, back: ItemBack, owner: str, item: Item | None) -> None:
        """To the other side it is a change like any other."""
        self._things.hear(
            self._event_id,
            ItemChanged(side=back.side, kind=back.kind, item_id=back.item_id, record_id=owner, item=item),
        )

    async def _send(self, side: Side, what: str, command: Any, owner: str | None = None) -> Done | None:
        """None where it was not sent, or somebody changed the record meanwhile. Raises GivenUp or Later."""
        turn = self._turn
        planned = self._planned(side, what, command)
        if self._cannot(planned):
            return None
        try:
            return await turn.carrier.send(planned, owner or turn.state.record_id(side))
        except GivenUp as given_up:
            if isinstance(given_up.error, OutdatedError):
                return None
            if isinstance(given_up.error, NotFoundError) and owner is None:
                raise await lost(turn, side) from given_up
            raise

    def _planned(self, side: Side, what: str, command: Any) -> Planned:
        return Planned(
            command=command, side=side, event_id=self._event_id,
            idempotency_key=f"sync{self._turn.consumer.id}:undo:{side}.{what}:event{self._event_id}",
        )  # fmt: skip

    def _cannot(self, planned: Planned) -> bool:
        reason = self._turn.consumer.targets[planned.side].cannot(planned.command)
        if reason is not None:
            self._leave(reason)
        return reason is not None

    def _leave(self, what: str) -> None:
        notice = f"left as it is: {what}"
        if notice not in self._things.notices:
            self._things.notices.append(notice)
