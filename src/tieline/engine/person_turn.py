"""Keeps both records of a person equal: listens to what each side shows, and brings over what differs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from tieline.domain.change import RecordChanged
from tieline.domain.command import (
    AddTags,
    Planned,
    RemoveTags,
    UpdateContact,
)
from tieline.domain.contact import Contact, with_fields
from tieline.domain.side import SIDES, Side, other
from tieline.effects.perform import GivenUp
from tieline.effects.target import Done
from tieline.effects.writes import AssignmentState
from tieline.engine.deletion import lost, removed
from tieline.engine.identity import Identity
from tieline.engine.meeting import Meeting
from tieline.engine.turn import NAMES, Turn
from tieline.errors import NotFoundError, OutdatedError, RejectedError
from tieline.sync.echo import judge
from tieline.sync.merge import Question, refused, settled
from tieline.sync.merge_person import PersonMerger, Wanted
from tieline.sync.who.conflicts import Value, field_conflict, key_of, remembered
from tieline.sync.who.identity import Links, Unclear, conflict_of

#: A record found on the way is compared once more; a side that alters what it is given ends the matter there.
_ROUNDS = 3
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

    async def listen(self, event_id: int, change: RecordChanged) -> None:
        """Take what a side shows into what was seen there."""
        self._causes.append(event_id)
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
            return await removed(turn, side)
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
            return "done", f"the record of {NAMES[side]} was taken into the snapshot"
        return ("done", "echo") if verdict == "echo" else ("stale", "older than what we know")

    async def _listen_to_stranger(self, change: RecordChanged, known: Contact | None) -> End:
        turn, side = self._turn, change.side
        if self._merger is None:
            return "skipped", "this contact is not linked"
        if change.removed:
            return "skipped", "deleted, and not linked"
        if known is not None:
            return "skipped", f"this person is linked to another record of {NAMES[side]}, {known.id}"
        if turn.state.was(side, change.record_id):
            return "skipped", "the person's other record was deleted; it is not made anew"
        told = change.record
        if told is None or change.present is not None:
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
            if side in self._fresh:
                await self._meeting.link(merger, side, self._fresh[side])
        if not turn.consumer.derived and not self._fresh:
            await self._meeting.complete(merger)
        if not turn.state.merge.quiet:
            self._meeting.link_derived()
        for _ in range(_ROUNDS):
            if not await self._round(merger):
                break

    async def _round(self, merger: PersonMerger) -> bool:
        """Write once to each side what it lacks; True = something was written, so look again."""
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
        wrote = False
        for side in SIDES:
            if not merged.to[side].nothing:
                wrote = await self._write(side, merged.to[side], "merge") or wrote
        if not wrote:
            # Both sides were brought as far as they can be; fields that one does not take stay marked.
            state = turn.state
            state.set_merge(msgspec.structs.replace(state.merge, linked=True, tags={}))
        return wrote

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
                    went_on = await self._write(side, Wanted(fields={names[side]: text}), "answer") or went_on
        return went_on

    async def _write(self, side: Side, wanted: Wanted, why: str) -> bool:
        """One call for the fields, one for tags that come, one for those that go."""
        commands: list[tuple[str, UpdateContact | AddTags | RemoveTags]] = []
        version = self._turn.state.records[side].version
        if wanted.fields:
            commands.append(("update", UpdateContact(fields=wanted.fields, version=version)))
        if wanted.add_tags:
            commands.append(("tags", AddTags(tags=wanted.add_tags)))
        if wanted.remove_tags:
            commands.append(("untag", RemoveTags(tags=wanted.remove_tags)))
        wrote = False
        for name, command in commands:
            wrote = await self._send(side, name, command, why) or wrote
        return wrote

    async def _send(
        self, side: Side, name: str, command: UpdateContact | AddTags | RemoveTags, why: str
    ) -> bool:
        turn = self._turn
        planned = Planned(
            command=command, side=side, event_id=turn.state.cause,
            idempotency_key=self._key(f"{side}.{why}.{name}:event{turn.state.cause}"),
        )  # fmt: skip
        if not self._can(side, planned):
            return False
        try:
            done = await turn.carrier.send(planned, turn.state.record_id(side))
        except GivenUp as given_up:
            if isinstance(given_up.error, NotFoundError):
                raise await lost(turn, side) from given_up
            if isinstance(given_up.error, OutdatedError):
                return await self._look_again(side)
            return await self._refused(side, name, command, why, given_up)
        self._took(side, command, done)
        return True

    async def _look_again(self, side: Side) -> bool:
        """Somebody changed the record meanwhile: what they wrote takes part in the merge."""
        turn, known = self._turn, self._turn.state.records[side]
        try:
            record = await turn.read(
                "reading the record", partial(turn.consumer.targets[side].fetch, known.id)
            )
        except NotFoundError as error:
            raise await lost(turn, side) from error
        turn.state.see(side, record)
        return True

    async def _refused(
        self, side: Side, name: str, command: UpdateContact | AddTags | RemoveTags, why: str, error: GivenUp
    ) -> bool:
        """One bad value must not keep the good ones back: each is offered by itself once."""
        if isinstance(command, UpdateContact):
            if len(command.fields) > 1:
                wrote = False
                for field, value in command.fields.items():
                    version = self._turn.state.records[side].version
                    alone = UpdateContact(fields={field: value}, version=version)
                    wrote = await self._send(side, f"{name}.{field}", alone, why) or wrote
                return wrote
            state = self._turn.state
            state.set_merge(refused(state.merge, side, command.fields))
            if isinstance(error.error, RejectedError) and error.error.existing_id is not None:
                await self._ask_about(side, error.error.existing_id)
                return False
        self._turn.end(self._causes, "dead", error.reason)
        return False

    async def _ask_about(self, side: Side, existing_id: str) -> None:
        """A phone or e-mail that stands on somebody else's record there: one person, or two?"""
        turn = self._turn
        mine, theirs = turn.state.records[other(side)], turn.state.records[side]
        try:
            existing = await turn.read(
                "reading the record", partial(turn.consumer.targets[side].fetch, existing_id)
            )
        except NotFoundError:
            return
        unclear = Unclear(reason="two_people", records=(theirs, existing))
        conflict = conflict_of(mine, unclear, side=other(side), links=Links(own=theirs))
        turn.end(self._causes, "done", self._identity.ask(conflict))

    def _took(self, side: Side, command: UpdateContact | AddTags | RemoveTags, done: Done) -> None:
        state = self._turn.state
        before = state.records[side]
        match command:
            case UpdateContact(fields=fields):
                written = msgspec.structs.replace(with_fields(before, fields), as_of=done.as_of)
                state.see(side, done.contact or written, what="written")
                if self._merger is not None:
                    state.set_merge(self._merger.wrote(state.merge, side, Wanted(fields=fields)))
            case AddTags(tags=tags) | RemoveTags(tags=tags):
                # The whole record, where it is given: with an older time, an older telling would pass for news.
                left = before.tags | tags if isinstance(command, AddTags) else before.tags - tags
                tagged = msgspec.structs.replace(before, tags=done.tags or left, as_of=done.as_of)
                state.see(side, done.contact or tagged, what="written")

    def _can(self, side: Side, planned: Planned) -> bool:
        reason = self._turn.consumer.targets[side].cannot(planned.command)
        if reason is not None:
            self.notices.append(reason)
        return reason is None

    def _key(self, what: str) -> str:
        turn = self._turn
        return f"sync{turn.consumer.id}:person{turn.person}:{what}:{turn.state.generation}"


def _completed(told: Contact, known: Contact, present: frozenset[str]) -> Contact:
    """A sparse record, with what it did not tell as it was known."""
    names = {
        name
        for name in Contact.__struct_fields__
        if name not in ("id", "custom", "updated_at", "version", "as_of")
    }
    kept = {name: getattr(known, name) for name in names - present}
    custom = {
        key: value for key, value in known.custom.items() if f"custom.{key}" not in present
    } | told.custom
    return msgspec.structs.replace(told, custom=custom, **kept)
