"""One person's turn in one sync: bring both sides up to everything that was heard since the last turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from tieline.domain.change import ItemChanged, RecordChanged
from tieline.domain.ids import PersonId
from tieline.domain.undo import RecordUndo
from tieline.effects.writes import AssignmentRow, AssignmentState, LinkRow, Writes
from tieline.engine.activity_turn import ActivityTurn
from tieline.engine.carrier import Carrier
from tieline.engine.item_turn import ItemTurn
from tieline.engine.open_effects import OpenEffects
from tieline.engine.person_state import PersonState
from tieline.engine.person_turn import PersonTurn
from tieline.engine.turn import ERASED_REASON, Consumer, Erased, Item, Shared, Turn
from tieline.engine.undo_turn import UndoTurn
from tieline.mapping.apply import Desired
from tieline.store.queries import query
from tieline.sync.plan import Heard


class SyncTurn:
    """One turn. `run` does it and leaves everything that must be committed in `writes`."""

    def __init__(
        self,
        *,
        shared: Shared,
        consumer: Consumer,
        person: PersonId,
        writes: Writes,
        link: LinkRow | None,
        open_effects: bool,
        in_hand: dict[bytes, PersonId] | None = None,
    ) -> None:
        """`in_hand` are the lane's keys that are not committed yet."""
        self.writes = writes
        self._shared = shared
        self._consumer = consumer
        self._person = person
        self._open_effects = open_effects
        self._in_hand = in_hand if in_hand is not None else {}
        #: The turn found out that its person was erased once.
        self.erased = False
        self._state = PersonState(
            consumer=consumer.id, person=person, link=link, digest=shared.digest,
            merger=consumer.merger, derived=consumer.derived,
        )  # fmt: skip

    @property
    def link(self) -> LinkRow | None:
        """The link after the turn."""
        return self._state.link

    async def run(self, items: Sequence[Item]) -> None:
        """Raises Later when the person must wait; then no item of the turn has ended."""
        items = await self._without_repeats(items)
        tries = max((item.tries for item in items), default=0) + 1
        carrier = Carrier(
            self._consumer.targets, self.writes, self._shared.ledger, self._shared.effect_ids,
            consumer=self._consumer.id, person=self._person, turn=tries,
        )  # fmt: skip
        turn = Turn(
            shared=self._shared, consumer=self._consumer, person=self._person, writes=self.writes,
            state=self._state, carrier=carrier, tries=tries, in_hand=self._in_hand,
        )  # fmt: skip
        self._state.cause = items[-1].event_id if items else 0
        try:
            await self._work(turn, items)
        except Erased:
            self.forget(items)
            return
        finally:
            if not self.erased:
                carrier.drop_unsent()
                await self._state.flush(self.writes, self._shared.history_ids)
        for item in items:
            state, reason = turn.ends.get(item.event_id, ("done", None))
            self._end(item, state, reason)
            self.writes.occurrences.append((self._consumer.id, item.occurrence, item.event_id))

    async def _work(self, turn: Turn, items: Sequence[Item]) -> None:
        people = PersonTurn(turn)
        things = ItemTurn(turn, people)
        if self._open_effects:
            await OpenEffects(turn, things, [item.read.change for item in items]).finish()
        heard = _still_asked(turn, await _listen(turn, items, people, things))
        if heard:
            self._state.cause = heard[-1].event_id
            await ActivityTurn(turn).run(heard)
        if things.heard:
            await things.introduce()
        await people.bring_equal()
        if things.heard:
            await things.run()
        if notices := list(dict.fromkeys([*people.notices, *things.notices])):
            # What an account cannot do is said by name at whatever asked for it.
            for item in items:
                if turn.ends.get(item.event_id, ("done", None))[0] == "done":
                    turn.ends[item.event_id] = ("done", "; ".join(notices))

    def forget(self, items: Sequence[Item]) -> None:
        """They are about somebody who was erased: they end, and nothing that they told is kept."""
        writes, self.erased = self.writes, True
        kept = Writes(lane_id=writes.lane_id, epoch=writes.epoch, assignments=writes.assignments)
        for name in writes.__dataclass_fields__:
            setattr(writes, name, getattr(kept, name))
        for item in items:
            self._end(item, "skipped", ERASED_REASON)
            writes.erased.append(item.event_id)

    def wait(self, items: Sequence[Item], due_at: datetime, reason: str) -> None:
        """Let `items` wait; those that ended in this turn already stay ended."""
        ended = {row.event_id for row in self.writes.assignments}
        for item in items:
            if item.event_id not in ended:
                self.writes.assignments.append(
                    AssignmentRow(
                        event_id=item.event_id, consumer_id=self._consumer.id, state="waiting",
                        person_id=self._person, due_at=due_at, tries=item.tries + 1, reason=reason,
                    )
                )  # fmt: skip

    def _end(self, item: Item, state: AssignmentState, reason: str | None) -> None:
        self.writes.assignments.append(
            AssignmentRow(
                event_id=item.event_id, consumer_id=self._consumer.id, state=state, person_id=self._person,
                tries=item.tries + 1, reason=reason,
            )
        )  # fmt: skip

    async def _without_repeats(self, items: Sequence[Item]) -> list[Item]:
        """Leave out what happened once but was told twice, by webhook and poll, say."""
        known: set[bytes] = set()
        if doubtful := [item.occurrence for item in items if item.doubtful]:
            async with self._shared.store.transaction() as db:
                rows = await db.execute(
                    query("load_occurrences"),
                    {"consumers": [self._consumer.id] * len(doubtful), "keys": doubtful},
                )
                known = {bytes(row[1]) for row in await rows.fetchall()}
        fresh = []
        for item in items:
            if item.occurrence in known:
                self._end(item, "duplicate", "told before")
            else:
                known.add(item.occurrence)
                fresh.append(item)
        return fresh


async def _listen(turn: Turn, items: Sequence[Item], people: PersonTurn, things: ItemTurn) -> list[Heard]:
    """Take what the sides show of their own, and give what activities ask for."""
    heard = []
    for item in items:
        turn.state.cause = item.event_id
        match item.read.change:
            case RecordChanged() as change:
                await people.listen(item.event_id, change, of_two=item.conflict)
            case ItemChanged() as told:
                things.hear(item.event_id, told)
            case RecordUndo() as undo:
                await UndoTurn(turn, things, item.event_id).run(undo)
                people.await_merge(item.event_id)
            case Desired() as desired:
                if item.conflict:
                    desired = _without_email(desired)
                    turn.ends[item.event_id] = ("done", _CONFLICT)
                heard.append(Heard(event_id=item.event_id, occurrence=item.read.occurrence, desired=desired))
            case None:
                turn.ends[item.event_id] = ("skipped", item.read.skip)
    return heard


def _still_asked(turn: Turn, heard: Sequence[Heard]) -> list[Heard]:
    """Without what took place before its person was deleted in the CRM, and was told late: it brings nobody back."""
    gone_at, left = turn.state.gone_at if turn.state.gone else None, []
    for one in heard:
        at = one.desired.at
        if gone_at is not None and at is not None and at + _UNSURE <= gone_at:
            turn.end([one.event_id], "skipped", "it took place before its person was deleted in the CRM")
        else:
            left.append(one)
    return left


#: When a call began, how long it lasted and when a record was answered are told to the second: what seems to have ended
#: so shortly before the deletion may have come after it.
_UNSURE = timedelta(seconds=3)
_CONFLICT = (
    "identity conflict: phone and e-mail belong to two people; written to the phone's, without the e-mail"
)


def _without_email(desired: Desired) -> Desired:
    fields = tuple(wish for wish in desired.fields if wish.to != "email")
    return msgspec.structs.replace(desired, email=None, fields=fields)


__all__ = ["Consumer", "Item", "Shared", "SyncTurn"]
