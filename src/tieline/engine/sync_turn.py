"""One person's turn in one sync: bring the CRM up to everything that was heard since the last turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from tieline.domain.change import ItemChanged, RecordChanged
from tieline.domain.command import (
    AddNote,
    AddTags,
    Command,
    CreateContact,
    Planned,
    UpdateContact,
    UpsertContact,
)
from tieline.domain.contact import Contact, with_fields
from tieline.domain.ids import PersonId, SyncId
from tieline.effects.perform import GivenUp, Later, Performer, later, persevere
from tieline.effects.target import Done, Target
from tieline.effects.writes import (
    AssignmentRow,
    AssignmentState,
    EffectRow,
    Ledger,
    LinkRow,
    Writes,
)
from tieline.engine.read import Read
from tieline.errors import ConnectorError, MappingError, NotFoundError
from tieline.mapping.apply import Desired
from tieline.store.id_block import IdBlock
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.sync.echo import judge
from tieline.sync.plan import Heard, Rules, plan_contact, plan_notes

_decode_command: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_decode_contact = msgspec.json.Decoder(Contact)
_encode = msgspec.json.Encoder().encode


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """A sync, ready to work: its mapping bound to the location that it writes to."""

    id: SyncId
    name: str
    target: Target


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One assignment in hand."""

    event_id: int
    consumer_id: SyncId
    tries: int
    #: It stands as `waiting` in the store.
    waited: bool
    read: Read
    occurrence: bytes
    #: The same occurrence was in hand already when this one was loaded: look again before acting.
    doubtful: bool = False
    #: Its keys belong to two people; the strongest decided.
    conflict: bool = False


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What all turns of a worker use."""

    store: Store
    ledger: Ledger
    effect_ids: IdBlock
    digest: Callable[[str, str], bytes]


@dataclass
class SyncTurn:
    """The state of one turn. `run` does it and leaves everything that must be committed in `writes`."""

    shared: Shared
    consumer: Consumer
    person: PersonId
    writes: Writes
    link: LinkRow | None
    open_effects: bool
    _contact: Contact | None = None
    _ends: dict[int, tuple[AssignmentState, str | None]] = field(default_factory=dict)
    #: Journalled by an earlier turn, and surely never sent.
    _unsent: dict[str, EffectRow] = field(default_factory=dict)
    #: How often these events have been tried, this time included.
    _tries: int = 1

    async def run(self, items: Sequence[Item]) -> None:
        """Raises Later when the person must wait; then no item of the turn has ended."""
        if self.link is not None and self.link.state == "open":
            self._contact = _decode_contact.decode(self.link.contact)
        items = await self._without_repeats(items)
        self._tries = max((item.tries for item in items), default=0) + 1
        performer = Performer(self.consumer.target, self.writes, turn=self._tries)
        if self.open_effects:
            await self._finish_open_effects(performer)
        heard = await self._listen(items)
        if heard:
            await self._bring_over(performer, heard)
        for item in items:
            state, reason = self._ends.get(item.event_id, ("done", None))
            self._end(item, state, reason)
            self.writes.occurrences.append((self.consumer.id, item.occurrence, item.event_id))

    def wait(self, items: Sequence[Item], due_at: datetime, reason: str) -> None:
        """Let `items` wait; those that ended in this turn already stay ended."""
        ended = {row.event_id for row in self.writes.assignments}
        for item in items:
            if item.event_id not in ended:
                self.writes.assignments.append(
                    AssignmentRow(
                        event_id=item.event_id, consumer_id=self.consumer.id, state="waiting",
                        person_id=self.person, due_at=due_at, tries=item.tries + 1, reason=reason,
                    )
                )  # fmt: skip

    def _end(self, item: Item, state: AssignmentState, reason: str | None) -> None:
        self.writes.assignments.append(
            AssignmentRow(
                event_id=item.event_id, consumer_id=self.consumer.id, state=state, person_id=self.person,
                tries=item.tries + 1, reason=reason,
            )
        )  # fmt: skip

    async def _without_repeats(self, items: Sequence[Item]) -> list[Item]:
        """Leave out what happened once but was told twice, by webhook and poll, say."""
        known: set[bytes] = set()
        if doubtful := [item.occurrence for item in items if item.doubtful]:
            async with self.shared.store.transaction() as db:
                rows = await db.execute(
                    query("load_occurrences"),
                    {"consumers": [self.consumer.id] * len(doubtful), "keys": doubtful},
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

    async def _finish_open_effects(self, performer: Performer) -> None:
        async with self.shared.store.transaction() as db:
            rows = await (await db.execute(query("load_open_effects"), {"person": self.person})).fetchall()
        for row in rows:
            effect = _effect(row)
            if effect.consumer_id != self.consumer.id:
                continue
            command = _decode_command.decode(effect.input)
            if isinstance(command, AddNote) and self._contact_id is None:
                # Without a contact it cannot have been written; it goes out once there is one.
                self._unsent[effect.idempotency_key] = effect
                continue
            try:
                self._took_effect(command, await performer.resume(effect, command, self._contact_id))
            except GivenUp as given_up:
                if isinstance(given_up.error, NotFoundError):
                    raise self._gone() from given_up
                self._ends[effect.event_id] = ("dead", given_up.reason)

    async def _listen(self, items: Sequence[Item]) -> list[Heard]:
        """Take the CRM's own changes into the snapshot, and give what activities ask for."""
        heard = []
        for item in items:
            match item.read.change:
                case RecordChanged() as change:
                    self._ends[item.event_id] = await self._contact_changed(change)
                case Desired() as desired:
                    if item.conflict:
                        desired = _without_email(desired)
                        self._ends[item.event_id] = ("done", _CONFLICT)
                    heard.append(
                        Heard(event_id=item.event_id, occurrence=item.read.occurrence, desired=desired)
                    )
                case ItemChanged() | None:
                    self._ends[item.event_id] = ("skipped", item.read.skip)
        return heard

    async def _contact_changed(self, change: RecordChanged) -> tuple[AssignmentState, str | None]:
        if self._contact is None or self._contact_id != change.record_id:
            return "skipped", "this contact is not linked"
        if change.removed:
            self._unlink()
            return "done", "deleted in the CRM; unlinked"
        told = change.record
        verdict = judge(told, self._contact) if told is not None else "undecidable"
        if verdict == "undecidable":
            try:
                told = await persevere(
                    partial(self.consumer.target.fetch, change.record_id), turn=self._tries
                )
            except NotFoundError:
                self._unlink()
                return "done", "not in the CRM any more; unlinked"
            except ConnectorError as error:
                raise later(error, "reading the contact", turn=self._tries) from error
            verdict = "newer" if judge(told, self._contact) != "echo" else "echo"
        if verdict == "newer" and told is not None:
            self._see(told)
            return "done", "the CRM's record was taken into the snapshot"
        return ("done", "echo") if verdict == "echo" else ("stale", "older than what we know")

    async def _bring_over(self, performer: Performer, heard: Sequence[Heard]) -> None:
        """The contact first, then a note for each occurrence; all intents are committed before the first call."""
        notes = plan_notes(self.consumer.id, heard)
        if self._contact is None and not self.consumer.target.forbids_duplicates:
            await self._identify(heard)
        try:
            planned = self._plan_contact(heard)
        except MappingError as error:
            self._end_all(heard, "dead", str(error))
            return
        if self._contact is None and not planned:
            self._end_all(heard, "skipped", "the mapping lets no unknown person become a contact")
            return
        creates = [one for one in planned if isinstance(one.command, CreateContact | UpsertContact)]
        self._unsent |= await self._journal([*creates, *notes])
        try:
            if await self._bring_contact(performer, heard, planned):
                await self._write_notes(performer, notes)
        finally:
            # Whatever stopped us: these were not sent, so a later turn may take them up without a look-up.
            for effect in self._unsent.values():
                self.writes.effects.append(msgspec.structs.replace(effect, state="dropped"))

    async def _write_notes(self, performer: Performer, notes: Sequence[Planned]) -> None:
        for one in notes:
            effect = self._unsent.pop(one.idempotency_key, None)
            if effect is None:
                continue  # it took place before
            try:
                await performer.perform(effect, one.command, self._contact_id)
            except GivenUp as given_up:
                if not isinstance(given_up.error, NotFoundError):
                    self._ends[one.event_id] = ("dead", given_up.reason)
                    continue
                raise self._gone() from given_up

    def _plan_contact(self, heard: Sequence[Heard]) -> list[Planned]:
        target = self.consumer.target
        rules = Rules(forbids_duplicates=target.forbids_duplicates, custom_fields=target.custom_fields)
        return plan_contact(self.consumer.id, self.person, self._generation, self._contact, heard, rules)

    async def _bring_contact(
        self,
        performer: Performer,
        heard: Sequence[Heard],
        planned: Sequence[Planned],
    ) -> bool:
        """Create or update; a record that was there already is compared and brought up in a second round. False
        when there is no contact in the end; the reason then stands at each of `heard`."""
        for _ in range(_ROUNDS):
            compare_again = False
            for one in planned:
                effect = self._unsent.pop(one.idempotency_key, None)
                if effect is None and isinstance(one.command, CreateContact | UpsertContact):
                    # It took place before, yet there is no link: never create blindly.
                    await self._identify(heard)
                    compare_again = self._contact is not None
                    if not compare_again:
                        self._end_all(heard, "dead", "created before, but found no more")
                    break
                effect = effect or await self._unjournalled(one)
                try:
                    done = await performer.perform(effect, one.command, self._contact_id)
                except GivenUp as given_up:
                    if isinstance(given_up.error, NotFoundError):
                        raise self._gone() from given_up
                    self._end_all(heard, "dead", given_up.reason)
                    continue
                self._took_effect(one.command, done)
                compare_again = compare_again or done.adopted or isinstance(one.command, UpsertContact)
            if not compare_again:
                break
            planned = self._plan_contact(heard)
        return self._contact is not None

    async def _identify(self, heard: Sequence[Heard]) -> None:
        """Where duplicates are allowed nobody but us prevents them: look before the first write."""
        phone = next((one.desired.phone for one in heard if one.desired.phone), None)
        email = next((one.desired.email for one in heard if one.desired.email), None)
        if phone is None and email is None:
            return
        try:
            contact = await persevere(
                partial(self.consumer.target.find, phone=phone, email=email), turn=self._tries
            )
        except ConnectorError as error:
            raise later(error, "looking for the contact", turn=self._tries) from error
        if contact is not None:
            self._see(contact)

    async def _journal(self, planned: Sequence[Planned]) -> dict[str, EffectRow]:
        """Commit intents, with the person if it is new. By key, those that may be sent."""
        if not planned and not self.writes.persons:
            return {}
        ids = await self.shared.effect_ids.take(len(planned))
        rows = [
            self._row(effect_id, one, one.idempotency_key)
            for effect_id, one in zip(ids, planned, strict=True)
        ]
        first = Writes(
            lane_id=self.writes.lane_id, epoch=self.writes.epoch,
            persons=self.writes.persons, keys=self.writes.keys, intents=rows,
        )  # fmt: skip
        self.writes.persons, self.writes.keys = [], []
        journalled = await self.shared.ledger.commit(first)
        return {
            row.idempotency_key: msgspec.structs.replace(row, id=journalled[key][0], tries=journalled[key][1])
            for row in rows
            if (key := row.idempotency_key) in journalled
        }

    async def _unjournalled(self, planned: Planned) -> EffectRow:
        """An idempotent command needs no intent; its key carries the effect's id, since repeats are harmless."""
        (effect_id,) = await self.shared.effect_ids.take(1)
        return self._row(effect_id, planned, f"{planned.idempotency_key}:{effect_id}")

    def _row(self, effect_id: int, planned: Planned, key: str) -> EffectRow:
        return EffectRow(
            id=effect_id, idempotency_key=key, consumer_id=self.consumer.id, person_id=self.person,
            event_id=planned.event_id, operation=self.consumer.target.operation_id(planned.command),
            state="intent", input=_encode(planned.command), side=planned.side,
        )  # fmt: skip

    def _took_effect(self, command: Command, done: Done) -> None:
        """Take the answer into the snapshot: the far side's word, else what was sent."""
        if done.contact is not None:
            self._see(done.contact)
        elif self._contact is not None:
            match command:
                case UpdateContact(fields=fields):
                    self._see(with_fields(self._contact, fields))
                case AddTags(tags=tags):
                    self._see(
                        msgspec.structs.replace(self._contact, tags=done.tags or self._contact.tags | tags)
                    )
                case _:
                    pass

    def _see(self, contact: Contact) -> None:
        new = self.link is None or self.link.contact_id != contact.id or self.link.state == "gone"
        self._contact = contact
        self.link = LinkRow(
            consumer_id=self.consumer.id, person_id=self.person, contact_id=contact.id,
            generation=self._generation, contact=_encode(contact),
        )  # fmt: skip
        self.writes.links.append(self.link)
        if new:
            self.writes.keys.append(("contact", self.shared.digest("contact", contact.id), self.person))

    def _unlink(self) -> None:
        if self.link is None:
            return
        self.link = msgspec.structs.replace(self.link, state="gone", generation=self.link.generation + 1)
        self.writes.links.append(self.link)
        self._contact = None

    def _gone(self) -> Later:
        """The linked contact is not there any more: unlink, and let the next turn plan anew."""
        self._unlink()
        return Later("the contact was deleted meanwhile; planning anew", after_s=0.0)

    @property
    def _generation(self) -> int:
        return self.link.generation if self.link is not None else 0

    @property
    def _contact_id(self) -> str | None:
        return self._contact.id if self._contact is not None else None

    def _end_all(self, heard: Sequence[Heard], state: AssignmentState, reason: str) -> None:
        for one in heard:
            self._ends[one.event_id] = (state, reason)


_CONFLICT = (
    "identity conflict: phone and e-mail belong to two people; written to the phone's, without the e-mail"
)


def _without_email(desired: Desired) -> Desired:
    fields = tuple(wish for wish in desired.fields if wish.to != "email")
    return msgspec.structs.replace(desired, email=None, fields=fields)


#: A record found on the way is compared once more; a far side that alters what it is given ends the matter there.
_ROUNDS = 2


def _effect(row: tuple[Any, ...]) -> EffectRow:
    return EffectRow(
        id=row[0], idempotency_key=row[1], consumer_id=row[2], person_id=row[3], event_id=row[4],
        operation=row[5], state=row[6], input=bytes(row[7]), tries=row[8], absent_at=row[9], result_id=row[10],
        reason=row[11], side=row[12],
    )  # fmt: skip
