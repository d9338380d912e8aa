"""Goes on with what earlier turns sent, or may have, before anything else of the person is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec

from tieline.domain.change import ItemChanged, RecordChanged
from tieline.domain.command import (
    AddNote,
    AddTags,
    Command,
    CreateContact,
    CreateItem,
    DeleteItem,
    RemoveTags,
    UpdateContact,
    UpdateItem,
    UpsertContact,
)
from tieline.domain.contact import Contact
from tieline.domain.side import Side, other
from tieline.effects.perform import GivenUp
from tieline.effects.target import Done
from tieline.effects.writes import EffectRow
from tieline.engine.activity_turn import took_effect
from tieline.engine.carrier import decode_command, effect_of
from tieline.engine.deletion import lost
from tieline.engine.item_turn import ItemTurn
from tieline.engine.record_writes import found, found_origin
from tieline.engine.turn import Made, Turn
from tieline.errors import NotFoundError
from tieline.store.queries import query


class OpenEffects:
    """Of one person in one sync.

    What was made and then deleted, before we knew that it was made, is looked up in vain; sending it once more would
    bring back what somebody took away. The events of the turn tell of that.
    """

    def __init__(self, turn: Turn, things: ItemTurn, told: Sequence[object]) -> None:
        """`told` are the changes of the turn's events."""
        self._turn = turn
        self._things = things
        #: Side → a person's record that was deleted there.
        self._gone = {
            one.side: one.record_id for one in told if isinstance(one, RecordChanged) and one.removed
        }
        items = [one for one in told if isinstance(one, ItemChanged)]
        gone = {(one.side, one.kind, one.item_id) for one in items if one.removed}
        #: (side, mark) → our copy's id; it was deleted since.
        self._gone_copies = {
            (one.side, one.reference): one.item_id
            for one in items
            if one.reference and (one.side, one.kind, one.item_id) in gone
        }

    async def finish(self) -> None:
        """Raises Later where the outcome of one is not known yet."""
        turn = self._turn
        async with turn.shared.store.transaction() as db:
            rows = await (await db.execute(query("load_open_effects"), {"person": turn.person})).fetchall()
        for row in rows:
            effect = effect_of(row, turn.shared.store.keys)
            if effect.consumer_id == turn.consumer.id:
                await self._finish(effect, decode_command.decode(effect.input), row[15])

    async def _finish(self, effect: EffectRow, command: Command, decided_at: datetime) -> None:
        turn, side = self._turn, effect.side
        record_id = turn.state.record_id(side)
        if isinstance(command, AddNote | CreateItem) and record_id is None:
            # Without a record it cannot have been written; it goes out once there is one.
            turn.carrier.keep(effect)
            return
        if isinstance(command, UpdateContact | AddTags | RemoveTags | UpdateItem):
            # What follows from how both sides stand now is decided anew; never sent again as it was decided then.
            self._end(effect, await self._found(side, command))
            return
        if await self._made_and_deleted(effect, command):
            return
        try:
            done = await turn.carrier.resume(effect, command, record_id)
        except GivenUp as given_up:
            if isinstance(given_up.error, NotFoundError):
                raise await lost(turn, side) from given_up
            turn.ends[effect.event_id] = ("dead", given_up.reason)
        else:
            if isinstance(command, CreateContact | UpsertContact) and (record := _ours(done, decided_at)):
                turn.made_before[side] = Made(sent=command, record=record)
            await self._took_effect(effect, command, done)

    async def _found(self, side: Side, command: UpdateContact | AddTags | RemoveTags | UpdateItem) -> bool:
        """Whether it took place: what the side shows of it counts as ours, and not as somebody's change."""
        turn = self._turn
        if isinstance(command, UpdateItem):
            return await self._things.found(side, command)
        if (record_id := turn.state.record_id(side)) is None:
            return False
        ours = found(turn, side, command, await self._shown(side, record_id))
        if ours is None:
            return False
        if (origin_id := turn.state.record_id(other(side))) is not None:
            found_origin(turn, side, ours, await self._shown(other(side), origin_id))
        return True

    async def _shown(self, side: Side, record_id: str) -> Contact:
        turn = self._turn
        try:
            return await turn.read(_DOING, partial(turn.consumer.targets[side].fetch, record_id))
        except NotFoundError as error:
            raise await lost(turn, side) from error

    def _end(self, effect: EffectRow, took_place: bool) -> None:
        carrier = self._turn.carrier
        if took_place:
            carrier.confirm(effect, effect.result_id)
        else:
            carrier.drop(effect)

    async def _made_and_deleted(self, effect: EffectRow, command: Command) -> bool:
        turn, side = self._turn, effect.side
        match command:
            case CreateItem(reference=reference) if copy := self._gone_copies.get((side, reference)):
                turn.carrier.confirm(effect, copy)
                gone = msgspec.structs.replace(command.item, id=copy)
                await self._things.took(command, side, gone, found=True)
                return True
            case CreateContact(fields=fields) | UpsertContact(fields=fields) if side in self._gone:
                find = turn.consumer.targets[side].find
                named = {"phone": fields.get("phone"), "email": fields.get("email")}
                if side in turn.state.records or await turn.read(_DOING, partial(find, **named)) is not None:
                    return False
                turn.carrier.confirm(effect, self._gone[side])
                return True
            case _:
                return False

    async def _took_effect(self, effect: EffectRow, command: Command, done: Done) -> None:
        state = self._turn.state
        if isinstance(command, CreateItem | DeleteItem):
            await self._things.took(command, effect.side, done.item, found=done.adopted)
        elif effect.side == "contacts_api":
            took_effect(self._turn, command, done)
        elif done.contact is not None and state.contact is not None:
            state.see("nimbata", done.contact, what="written")


def _ours(done: Done, decided_at: datetime) -> Contact | None:
    """The record that was found, where it is the one that was asked for then, and did not stand there before."""
    found = done.contact
    return found if found is not None and found.made_at and found.made_at >= decided_at - _CLOCKS else None


#: The far side's clock may lag behind ours by so much.
_CLOCKS = timedelta(minutes=1)
_DOING = "looking up what became of it"
