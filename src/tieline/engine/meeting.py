"""Two records of one person meet: the other side's is found or made, and both are linked."""

from __future__ import annotations

from functools import partial

from tieline.domain.command import AddTags, CreateContact, Planned, UpsertContact
from tieline.domain.contact import Contact, field_of
from tieline.domain.side import SIDE_NAMES, Side, other
from tieline.effects.perform import GivenUp
from tieline.effects.target import Done
from tieline.effects.writes import AssignmentState
from tieline.engine.deletion import removed
from tieline.engine.identity import Identity
from tieline.engine.turn import Turn
from tieline.mapping.two_way import travels
from tieline.sync.merge import refused
from tieline.sync.merge_person import PersonMerger
from tieline.sync.who.conflicts import DUPLICATE_TAG, New, Same


class Meeting:
    """For one person, in one turn."""

    def __init__(self, turn: Turn, identity: Identity, causes: list[int], notices: list[str]) -> None:
        """`causes` are the events that all this is for; what cannot be done goes into `notices`."""
        self._turn = turn
        self._identity = identity
        self._causes = causes
        self._notices = notices

    async def link(self, merger: PersonMerger, side: Side, record: Contact) -> None:
        """`record` is new to us: link it to the other side's record of the same person."""
        state, there = self._turn.state, other(side)
        if there in state.records:
            state.see(side, record)
            self._since_made(merger, there)
            return
        found = await self._same(merger, side, record)
        if found is None:
            return
        state.see(there, found.record)
        state.see(side, record)
        self._since_made(merger, there)
        for pair in merger.rules.fields:
            if pair.name(there) in found.leave:
                # It stands on somebody else's record: it is not offered.
                value = field_of(record, pair.name(side))
                state.set_merge(refused(state.merge, there, {pair.name(there): value}))
        for duplicate in found.duplicates:
            await self._mark(there, duplicate)

    async def complete(self, merger: PersonMerger) -> None:
        """A contact that activities brought, in an account that has records of its own but none of this person."""
        contact = self._turn.state.contact
        if contact is None or "nimbata" in self._turn.state.records or not merger.wants(contact):
            return
        if self._may_create(merger, "nimbata"):
            await self.link(merger, "contacts_api", contact)

    def link_derived(self) -> None:
        """A derived person is there by its calls, and has no values of its own."""
        nimbata, state = self._turn.consumer.nimbata, self._turn.state
        if not self._turn.consumer.derived or nimbata is None or state.contact is None:
            return
        if "nimbata" not in state.records and (derived_id := nimbata.identify(state.contact)) is not None:
            state.see("nimbata", Contact(id=derived_id), news=False)

    async def _same(self, merger: PersonMerger, side: Side, record: Contact) -> Same | None:
        """Who it is on the other side. Where a second record is refused there, making one is asking."""
        there = other(side)
        if (made := self._turn.made_before.get(there)) is not None:
            return Same(record=made.record)
        target, may_create = self._turn.consumer.targets[there], self._may_create(merger, there)
        if may_create and target.forbids_duplicates and not await self._identity.answers():
            done = await self._create(merger, there, record, frozenset())
            if done is None or not done.adopted:
                return await self._made(there, done)
        decision = await self._identity.who(side, record, await self._candidates(there, record))
        match decision:
            case Same():
                return decision
            case New(leave=leave) if may_create:
                return await self._made(there, await self._create(merger, there, record, leave))
            case New():
                self._end("skipped", f"unknown people get no record in {SIDE_NAMES[there]}")
            case None:
                self._end("done", self._identity.asked)
        return None

    def _since_made(self, merger: PersonMerger, there: Side) -> None:
        """Of a record that an earlier turn made, only what became different since is a change."""
        state = self._turn.state
        if (made := self._turn.made_before.get(there)) is not None:
            tags = made.sent.tags if isinstance(made.sent, CreateContact) else frozenset[str]()
            state.set_merge(merger.since_made(there, made.sent.fields, tags, state.records))

    def _may_create(self, merger: PersonMerger, there: Side) -> bool:
        return there in merger.rules.create and travels(merger.rules.direction, there)

    async def _candidates(self, there: Side, record: Contact) -> list[Contact]:
        if record.phone is None and record.email is None:
            return []
        target = self._turn.consumer.targets[there]
        return await self._turn.read(
            f"looking for the person in {SIDE_NAMES[there]}",
            partial(target.candidates, phone=record.phone, email=record.email),
        )

    async def _made(self, there: Side, done: Done | None) -> Same | None:
        if done is None:
            return None
        made = done.contact
        if made is None and done.result_id is not None:
            target = self._turn.consumer.targets[there]
            made = await self._turn.read("reading the new record", partial(target.fetch, done.result_id))
        return Same(record=made) if made is not None else None

    async def _create(
        self, merger: PersonMerger, there: Side, record: Contact, leave: frozenset[str]
    ) -> Done | None:
        turn, target = self._turn, self._turn.consumer.targets[there]
        wanted = merger.new(there, record, target.holds)
        fields = {
            name: value for name, value in wanted.fields.items() if value is not None and name not in leave
        }
        if "phone" not in fields and "email" not in fields:
            self._end("skipped", "neither a phone nor an e-mail that we could use")
            return None
        command: CreateContact | UpsertContact = CreateContact(
            fields=fields, tags=wanted.add_tags, external_id=record.id
        )
        if not target.forbids_duplicates:
            command = UpsertContact(fields=fields)
        apart = ":apart" if leave else ""
        planned = Planned(
            command=command, side=there, event_id=turn.state.cause,
            idempotency_key=f"sync{turn.consumer.id}:person{turn.person}:{there}.create:{record.id}{apart}"
            f":{turn.state.generation}",
        )  # fmt: skip
        if (reason := target.cannot(command)) is not None:
            self._notices.append(reason)
            return None
        await turn.carrier.journal([planned])
        if not turn.carrier.ready(planned):
            # It took place before, and the commit that said so was lost: it is found as one that was there.
            found = await self._candidates(there, record)
            if not found:
                await self._deleted_meanwhile(there, record, planned)
                return None
            return Done(
                contact=found[0], result_id=found[0].id, adopted=True, started_at=turn.began, duration_s=0.0
            )
        try:
            return await turn.carrier.send(planned, None)
        except GivenUp as given_up:
            self._end("dead", given_up.reason)
            return None

    async def _deleted_meanwhile(self, there: Side, record: Contact, planned: Planned) -> None:
        """Our record was made, and was deleted before it was linked: the sync's policy decides, as for a linked one."""
        turn = self._turn
        made = Contact(id=await turn.result_of(planned) or "", phone=record.phone, email=record.email)
        turn.state.see(there, made, news=False)
        turn.state.see(other(there), record, news=False)
        self._end(*await removed(turn, there))

    async def _mark(self, there: Side, duplicate: Contact) -> None:
        """A record that a person said is the same one's twice: whoever looks after the CRM merges them."""
        turn = self._turn
        planned = Planned(
            command=AddTags(tags=frozenset({DUPLICATE_TAG})), side=there, event_id=turn.state.cause,
            idempotency_key=f"sync{turn.consumer.id}:{there}.duplicate:{duplicate.id}",
        )  # fmt: skip
        try:
            await turn.carrier.send(planned, duplicate.id)
        except GivenUp as given_up:
            self._notices.append(given_up.reason)

    def _end(self, state: AssignmentState, reason: str | None) -> None:
        self._turn.end(self._causes, state, reason)
