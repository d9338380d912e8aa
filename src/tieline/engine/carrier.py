"""Journals the commands of one turn and carries them out, on whichever side they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tieline.domain.command import Command, Planned
from tieline.domain.ids import PersonId, SyncId
from tieline.domain.side import Side
from tieline.effects.perform import Performer
from tieline.effects.target import Done, Target
from tieline.effects.writes import EffectRow, Ledger, Writes
from tieline.store.id_block import IdBlock
from tieline.store.keyring import Keys
from tieline.store.person_rows import effect_place, open_value

decode_command: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_encode = msgspec.json.Encoder().encode


class Carrier:
    """For one person in one sync."""

    def __init__(
        self,
        targets: Mapping[Side, Target],
        writes: Writes,
        ledger: Ledger,
        effect_ids: IdBlock,
        *,
        consumer: SyncId,
        person: PersonId,
        turn: int,
    ) -> None:
        self._targets = targets
        self._performers = {side: Performer(target, writes, turn=turn) for side, target in targets.items()}
        self._writes = writes
        self._ledger = ledger
        self._effect_ids = effect_ids
        self._consumer = consumer
        self._person = person
        #: Journalled, and surely not sent yet.
        self._unsent: dict[str, EffectRow] = {}

    async def journal(self, planned: Sequence[Planned], *, repeatable: bool = False) -> None:
        """Commit intents, with the person if it is new; those that may be sent are then `ready`.

        `repeatable`: sending again harms nobody, so each is an effect of its own. It is journalled so that whoever goes
        on for us knows by it that what the side shows is no change of somebody else.
        """
        if not planned and not self._writes.persons:
            return
        ids = await self._effect_ids.take(len(planned))
        rows = {
            one.idempotency_key: self._row(effect_id, one, _key(one, effect_id if repeatable else None))
            for effect_id, one in zip(ids, planned, strict=True)
        }
        first = Writes(
            lane_id=self._writes.lane_id, epoch=self._writes.epoch,
            persons=self._writes.persons, keys=self._writes.keys, intents=[*rows.values()], items=[*self._writes.items],
            history=[one for one in self._writes.history if one.subject != "contact"],
        )  # fmt: skip
        self._writes.persons, self._writes.keys = [], []
        journalled = await self._ledger.commit(first)
        for key, row in rows.items():
            if row.idempotency_key in journalled:
                effect_id, tries = journalled[row.idempotency_key]
                self._unsent[key] = msgspec.structs.replace(row, id=effect_id, tries=tries)

    def keep(self, effect: EffectRow) -> None:
        """An earlier turn journalled this one, and surely never sent it."""
        self._unsent[effect.idempotency_key] = effect

    def ready(self, planned: Planned) -> bool:
        """Whether its intent may be sent: it did not take place before."""
        return planned.idempotency_key in self._unsent

    async def send(self, planned: Planned, record_id: str | None) -> Done:
        """Send a journalled command, or one that needs no intent. Raises Later or GivenUp."""
        effect = self._unsent.pop(planned.idempotency_key, None)
        if effect is None:
            (effect_id,) = await self._effect_ids.take(1)
            effect = self._row(effect_id, planned, _key(planned, effect_id))
        return await self._performers[planned.side].perform(effect, planned.command, record_id)

    async def resume(self, effect: EffectRow, command: Command, record_id: str | None) -> Done:
        """Go on with what an earlier turn sent, or may have."""
        return await self._performers[effect.side].resume(effect, command, record_id)

    def confirm(self, effect: EffectRow, result_id: str | None) -> None:
        """What an earlier turn sent is known to have taken place, without a call."""
        self._writes.effects.append(
            msgspec.structs.replace(effect, state="confirmed", result_id=result_id, absent_at=None)
        )

    def drop(self, effect: EffectRow) -> None:
        """What an earlier turn meant to send did not take place, or is not there any more."""
        self._writes.effects.append(msgspec.structs.replace(effect, state="dropped", absent_at=None))

    def drop_unsent(self) -> None:
        """Whatever stopped the turn: these were not sent, so a later one may take them up without a look-up."""
        for effect in self._unsent.values():
            self._writes.effects.append(msgspec.structs.replace(effect, state="dropped"))
        self._unsent.clear()

    def _row(self, effect_id: int, planned: Planned, key: str) -> EffectRow:
        return EffectRow(
            id=effect_id, idempotency_key=key, consumer_id=self._consumer, person_id=self._person,
            event_id=planned.event_id, operation=self._targets[planned.side].operation_id(planned.command),
            state="intent", input=_encode(planned.command), side=planned.side,
        )  # fmt: skip


def _key(planned: Planned, effect_id: int | None) -> str:
    """That of a repeatable command carries the effect's id."""
    return planned.idempotency_key if effect_id is None else f"{planned.idempotency_key}:{effect_id}"


def effect_of(row: tuple[Any, ...], keys: Keys) -> EffectRow:
    """A row of `load_open_effects`."""
    given = open_value(keys, effect_place(row[1]), row[7], row[13], row[14])
    return EffectRow(
        id=row[0], idempotency_key=row[1], consumer_id=row[2], person_id=row[3], event_id=row[4],
        operation=row[5], state=row[6], input=given, tries=row[8], absent_at=row[9], result_id=row[10],
        reason=row[11], side=row[12],
    )  # fmt: skip
