"""Keeps both records of a person equal: listens to what each side shows, and brings over what differs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from tieline.domain.change import RecordChanged
from tieline.domain.contact import ABOUT_THE_RECORD, Contact
from tieline.domain.side import SIDE_NAMES, SIDES, Side, other
from tieline.effects.writes import AssignmentState
from tieline.engine.deletion import removed
from tieline.engine.identity import Identity
from tieline.engine.meeting import Meeting
from tieline.engine.record_writes import RecordWrites
from tieline.engine.turn import Turn
from tieline.errors import NotFoundError
from tieline.sync.echo import judge
from tieline.sync.merge import Question, settled
from tieline.sync.merge_person import PersonMerger, Wanted
from tieline.sync.who.conflicts import Value, field_conflict, key_of, remembered

#: What an answer shows is compared once more; a side that alters what it is given ends the matter there.
_ROUNDS = 5
End = tuple[AssignmentState, str | None]


class PersonTurn:
    """The part of a turn that is about the person's own records."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._merger = turn.consumer.merger
        self._identity = Identity(turn)
        #: Records of a person who is not linked yet.
        self._fresh: dict[Side, Contact] = {}
        #: Events that wait for what becomes of them.
        self._causes: list[int] = []
        #: What could not be done, in plain words.
        self.notices: list[str] = []
        self._meeting = Meeting(turn, self._identity, self._causes, self.notices)
        self._writes = RecordWrites(turn, self._identity, self._causes, self.notices)

    async def listen(self, event_id: int, change: RecordChanged, *, of_two: bool = False) -> None:
        """Take what a side shows into what was seen there. `of_two`: its keys lead to two people."""
        self._causes.append(event_id)
        if of_two and change.record is not None and not change.removed:
            # Somebody who became known by an item alone a moment ago may be the one whom the phone names.
            await self._turn.claim(change.record)
        self._turn.ends[event_id] = await self._listen(change)
        if change.thorough and self._merger is not None:
            self._reopen(self._merger)

    def await_merge(self, event_id: int) -> None:
        """This event, too, ends with what becomes of the merge."""
        self._causes.append(event_id)

    async def introduce(self, side: Side, record_id: str) -> bool:
        """Someone's item was told of, and the person is not linked: read the record. False where it is not there, or
        left out."""
        if side in self._fresh and self._fresh[side].id == record_id:
            return True
        try:
            record = await self._turn.read(
                "reading the record", partial(self._turn.consumer.targets[side].fetch, record_id)
            )
        except NotFoundError:
            return False
        if self._merger is None or not self._merger.wants(record):
            return False
        await self._turn.claim(record)
        self._fresh[side] = record
        return True

    async def _listen(self, change: RecordChanged) -> End:
        turn, side = self._turn, change.side
        known = turn.state.records.get(side)
        if known is None or known.id != change.record_id:
            return await self._listen_to_stranger(change, known)
        if change.removed:
            return await removed(turn, side, change.at)
        told = change.record
        if told is not None and change.present is not None:
            told = _completed(told, known, change.present)
        ours = turn.state.merge.ours.get(side, ())
        verdict = judge(told, known, at=change.at, ours=ours) if told is not None else "undecidable"
        if verdict == "undecidable":
            try:
                told = await turn.read(
                    "reading the record", partial(turn.consumer.targets[side].fetch, change.record_id)
                )
            except NotFoundError:
                return await removed(turn, side)
            verdict = "newer" if judge(told, known) != "echo" else "echo"
        if verdict == "newer" and told is not None:
            turn.state.see(side, told, at=change.at or told.updated_at)
            return "done", f"the record of {SIDE_NAMES[side]} was taken into the snapshot"
        return ("done", "echo") if verdict == "echo" else ("stale", "older than what we know")

    async def _listen_to_stranger(self, change: RecordChanged, known: Contact | None) -> End:
        turn, side = self._turn, change.side
        if self._merger is None:
            return "skipped", "this contact is not linked"
        if change.removed:
            if side in self._fresh and self._fresh[side].id == change.record_id:
                del self._fresh[side]
            return "skipped", "deleted, and not linked"
        if known is not None:
            return "skipped", f"this person is linked to another record of {SIDE_NAMES[side]}, {known.id}"
        if turn.state.was(side, change.record_id):
            return "skipped", "the person's other record was deleted; it is not made anew"
        told = change.record
        heard = self._fresh.get(side)
        verdict = "newer"
        if heard is not None and heard.id == change.record_id and told is not None and change.present is None:
            # Of what one turn hears of somebody new, the newest stands, in whatever order it came.
            verdict = judge(told, heard, at=change.at)
            if verdict in ("echo", "stale"):
                return ("done", "echo") if verdict == "echo" else ("stale", "older than what we know")
        if told is None or change.present is not None or verdict == "undecidable":
            try:
                told = await turn.read(
                    "reading the record", partial(turn.consumer.targets[side].fetch, change.record_id)
                )
            except NotFoundError:
                return "skipped", "deleted meanwhile, and not linked"
            await turn.claim(told)
        if not self._merger.wants(told):
            return "skipped", "the sync's filter leaves this person out"
        self._fresh[side] = told if told.updated_at else msgspec.structs.replace(told, updated_at=change.at)
        return "done", None

    def _reopen(self, merger: PersonMerger) -> None:
        """What differs goes through the rules once more, though neither side changed."""
        state = self._turn.state
        if len(state.records) == len(SIDES) and not self._turn.consumer.derived:
            holds = {side: target.holds for side, target in self._turn.consumer.targets.items()}
            state.set_merge(merger.reopened(state.merge, state.records, holds))

    def link_derived(self) -> None:
        """Link a person of a derived account, where an item of theirs is carried over."""
        self._meeting.link_derived()

    async def bring_equal(self) -> None:
        """Make both records equal by the rules."""
        merger, turn = self._merger, self._turn
        if merger is None or turn.consumer.nimbata is None:
            return
        if self._causes:
            turn.state.cause = self._causes[-1]
        for side in SIDES:
            record = self._fresh.get(side)
            # The first side's may have turned out to be deleted, and the second's with it.
            if record is None or turn.state.was(side, record.id):
                continue
            made = turn.made_before.get(side)
            # What we made there comes in with what it was made of.
            if made is None or made.record.id != record.id or other(side) not in self._fresh:
                await self._meeting.link(merger, side, record)
        if not turn.consumer.derived and not self._fresh:
            await self._meeting.complete(merger)
        if not turn.state.merge.quiet:
            self._meeting.link_derived()
        for _ in range(_ROUNDS):
            if not await self._round(merger):
                break

    async def _round(self, merger: PersonMerger) -> bool:
        """Write to one side what it lacks; True = something was written, so look again: the answer shows the record,
        and what somebody changed there meanwhile takes part in what goes to the other side."""
        turn = self._turn
        nimbata, contact = (turn.state.records.get(side) for side in SIDES)
        if nimbata is None or contact is None or turn.state.merge.quiet:
            return False
        merged = merger.merge(
            turn.state.merge,
            {"nimbata": nimbata, "contacts_api": contact},
            {side: target.holds for side, target in turn.consumer.targets.items()},
        )
        turn.state.set_merge(merged.state)
        if merged.questions and await self._answered(merger, merged.questions):
            return True
        for side in SIDES:
            if not merged.to[side].nothing and await self._writes.write(side, merged.to[side], "merge"):
                return True
        # Both sides were brought as far as they can be; fields that one does not take stay marked.
        turn.state.set_merge(msgspec.structs.replace(turn.state.merge, linked=True, tags={}))
        return False

    async def _answered(self, merger: PersonMerger, questions: Sequence[Question]) -> bool:
        """Ask what nobody answered yet; True = an answer changed what is to be merged."""
        state, went_on = self._turn.state, False
        answers = await self._identity.answers()
        for question in questions:
            conflict = field_conflict(question, state.records)
            choice = answers.get(key_of(conflict))
            if choice is None:
                self._turn.end(self._causes, "done", self._identity.ask(conflict))
                continue
            value = remembered(conflict, choice)
            assert isinstance(value, Value), "a field is answered by a value"
            names: dict[Side, str] = {"nimbata": question.nimbata, "contacts_api": question.contacts_api}
            if value.side is not None:
                # As if the other side had never changed it.
                loser = other(value.side)
                state.set_merge(settled(state.merge, {loser: [names[loser]]}))
                went_on = True
            else:
                text = None if value.value is None else str(value.value)
                for side in SIDES:
                    answer = Wanted(fields={names[side]: text})
                    went_on = await self._writes.write(side, answer, "answer") or went_on
        return went_on


def _completed(told: Contact, known: Contact, present: frozenset[str]) -> Contact:
    """A sparse record, with what it did not tell as it was known."""
    names = {name for name in Contact.__struct_fields__ if name not in ("id", "custom", *ABOUT_THE_RECORD)}
    kept = {name: getattr(known, name) for name in names - present}
    custom = {
        key: value for key, value in known.custom.items() if f"custom.{key}" not in present
    } | told.custom
    return msgspec.structs.replace(told, custom=custom, **kept)
