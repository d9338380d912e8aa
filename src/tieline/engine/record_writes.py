"""Writes to a person's record on one side what it lacks, and takes what became of it into what is known."""

from __future__ import annotations

from functools import partial

import msgspec

from tieline.domain.command import AddTags, Planned, RemoveTags, UpdateContact
from tieline.domain.contact import Contact, field_of, with_fields
from tieline.domain.side import SIDES, Side, other
from tieline.effects.perform import GivenUp
from tieline.effects.target import Done
from tieline.engine.deletion import lost
from tieline.engine.identity import Identity
from tieline.engine.turn import Turn
from tieline.errors import NotFoundError, OutdatedError, RejectedError
from tieline.mapping.apply import same
from tieline.sync.merge import refused, still_changed, with_tags
from tieline.sync.merge_person import Wanted
from tieline.sync.who.identity import Links, Unclear, conflict_of

Change = UpdateContact | AddTags | RemoveTags


class RecordWrites:
    """Of one person, in one turn."""

    def __init__(self, turn: Turn, identity: Identity, causes: list[int], notices: list[str]) -> None:
        """`causes` are the events that all this is for; what cannot be done goes into `notices`."""
        self._turn = turn
        self._identity = identity
        self._causes = causes
        self._notices = notices

    async def write(self, side: Side, wanted: Wanted, why: str) -> bool:
        """One call for the fields, one for tags that come, one for those that go; True = something was written."""
        commands: list[tuple[str, Change]] = []
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

    async def _send(self, side: Side, name: str, command: Change, why: str) -> bool:
        turn = self._turn
        planned = Planned(
            command=command, side=side, event_id=turn.state.cause,
            idempotency_key=f"sync{turn.consumer.id}:person{turn.person}:{side}.{why}.{name}"
            f":event{turn.state.cause}:{turn.state.generation}",
        )  # fmt: skip
        if (reason := turn.consumer.targets[side].cannot(command)) is not None:
            self._notices.append(reason)
            return False
        await turn.carrier.journal([planned], repeatable=True)
        try:
            done = await turn.carrier.send(planned, turn.state.record_id(side))
        except GivenUp as given_up:
            if isinstance(given_up.error, NotFoundError):
                raise await lost(turn, side) from given_up
            if isinstance(given_up.error, OutdatedError):
                return await self._look_again(side)
            return await self._refused(side, name, command, why, given_up)
        _took(turn, side, command, done)
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

    async def _refused(self, side: Side, name: str, command: Change, why: str, error: GivenUp) -> bool:
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


def found(turn: Turn, side: Side, command: Change, record: Contact) -> Change | None:
    """`side` shows this, and an earlier turn meant to write `command` there, but ended before it said what became of
    it: what stands there as it was to be written is ours. That part of it; None where there is none."""
    ours: Change | None = None
    match command:
        case UpdateContact(fields=fields):
            stands = {
                name: value for name, value in fields.items()
                if same(name, field_of(record, name) or "", value or "")
            }  # fmt: skip
            ours = UpdateContact(fields=stands) if stands else None
        case AddTags(tags=tags):
            ours = AddTags(tags=tags & record.tags) if tags & record.tags else None
        case RemoveTags(tags=tags):
            ours = RemoveTags(tags=tags - record.tags) if tags - record.tags else None
    state = turn.state
    if ours is not None:
        before = state.merge.changed.get(other(side), {})
        _took(turn, side, ours, Done(started_at=turn.began, duration_s=0.0))
        # What changed on the other side since it was decided has yet to come over.
        state.set_merge(still_changed(state.merge, other(side), before))
    state.see(side, record)
    return ours


def found_origin(turn: Turn, side: Side, ours: Change, record: Contact) -> None:
    """And the side that it was written for shows this: an older telling of it must not be written after it, and what
    differs from what was written was changed there since."""
    state, merger, origin = turn.state, turn.consumer.merger, other(side)
    state.see(origin, record)
    if merger is None:
        return
    match ours:
        case UpdateContact(fields=fields):
            state.set_merge(merger.since_written(state.merge, side, fields, record))
        case AddTags(tags=tags) if gone := tags - record.tags:
            for one in SIDES:
                agreed = state.merge.tags.get(one, state.records[one].tags)
                state.set_merge(with_tags(state.merge, one, agreed | gone))
        case RemoveTags(tags=tags) if back := tags & record.tags:
            for one in SIDES:
                agreed = state.merge.tags.get(one, state.records[one].tags)
                state.set_merge(with_tags(state.merge, one, agreed - back))


def _took(turn: Turn, side: Side, command: Change, done: Done) -> None:
    state, merger = turn.state, turn.consumer.merger
    before = state.records[side]
    match command:
        case UpdateContact(fields=fields):
            written = msgspec.structs.replace(with_fields(before, fields), as_of=done.as_of)
            state.see(side, done.contact or written, what="written")
            if merger is not None:
                state.set_merge(merger.wrote(state.merge, side, Wanted(fields=fields)))
        case AddTags(tags=tags) | RemoveTags(tags=tags):
            # The whole record, where it is given: with an older time, an older telling would pass for news.
            left = before.tags | tags if isinstance(command, AddTags) else before.tags - tags
            tagged = msgspec.structs.replace(before, tags=done.tags or left, as_of=done.as_of)
            state.see(side, done.contact or tagged, what="written")
