"""Hands the assignments of one load to the chains of the people whom they are about."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from tieline.domain.ids import LaneId, PersonId, SyncId
from tieline.effects.writes import AssignmentRow, AssignmentState, LinkRow, Writes
from tieline.engine.chain import BEHIND, Chain
from tieline.engine.lane import OwnedLane
from tieline.engine.turn import ERASED_REASON, Item, Shared
from tieline.store.id_block import IdBlock
from tieline.store.person_rows import open_link
from tieline.store.queries import query
from tieline.vault.seal import BrokenSeal

#: (kind, digest) of whom an assignment is about, the strongest first.
Keys = tuple[tuple[str, bytes], ...]


class _Known(NamedTuple):
    """Whom a key leads to, as the store has it."""

    person: PersonId
    link: LinkRow | None
    #: An earlier event of the person waits until then.
    waits_until: datetime | None
    open_effects: bool


@dataclass(frozen=True)
class _Before:
    """What a lane had in hand before the store was asked."""

    chains: frozenset[PersonId]
    fresh_keys: dict[bytes, PersonId]
    fresh_waits: dict[PersonId, datetime]
    occurrences: frozenset[tuple[int, bytes]]

    @classmethod
    def of(cls, lane: OwnedLane) -> _Before:
        return cls(
            frozenset(lane.chains), dict(lane.fresh_keys), dict(lane.fresh_waits), frozenset(lane.occurrences)
        )  # fmt: skip


class Dispatch:
    """One load on its way to the chains."""

    def __init__(
        self,
        shared: Shared,
        person_ids: IdBlock,
        *,
        chain: Callable[[OwnedLane, PersonId, bool], Chain],
        look_soon: Callable[[SyncId, str], Awaitable[None]],
    ) -> None:
        """`chain` makes one, given whether effects of the person are open; `look_soon` hastens a sweep."""
        self._shared = shared
        self._person_ids = person_ids
        self._chain = chain
        self._look_soon = look_soon
        self._items: list[tuple[OwnedLane, Item, Keys]] = []
        #: (lane, digest, consumer) → whom it leads to.
        self._known: dict[tuple[LaneId, bytes, SyncId], _Known] = {}
        #: (lane, digest) of people who were erased.
        self._erased: set[tuple[LaneId, bytes]] = set()
        #: People whose link does not open, and why.
        self._broken: dict[PersonId, str] = {}
        self._before: dict[LaneId, _Before] = {}
        #: Chains that begin with this load.
        self.started: dict[tuple[LaneId, PersonId], Chain] = {}
        #: What ends or waits without a turn.
        self.ends: dict[LaneId, Writes] = {}

    def add(self, lane: OwnedLane, item: Item) -> None:
        """One more, younger than those before it."""
        keys = tuple((str(kind), self._shared.digest(kind, value)) for kind, value in item.read.keys)
        self._items.append((lane, item, keys))

    def end(self, lane: OwnedLane, row: AssignmentRow, *, waited: bool, occurrence: bytes = b"") -> None:
        """This one needs no turn: it counts as in hand until `row` is committed."""
        writes = self.ends.setdefault(lane.id, Writes(lane_id=lane.id, epoch=lane.epoch))
        writes.assignments.append(row)
        lane.take(row.event_id, row.consumer_id, occurrence, waited=waited)
        lane.let_go_later.append((row.event_id, row.consumer_id, occurrence))

    async def assign(self) -> None:
        """Find out whom each is about, leave out repeats, and append the rest to chains; they are not started."""
        # A chain may end while we look: what it had in hand at this moment is not as the store will tell us.
        self._before = {lane.id: _Before.of(lane) for lane, _, _ in self._items}
        repeats = await self._look_up()
        for lane, item, keys in self._items:
            if (item.consumer_id, item.occurrence) in repeats:
                known = (self._known.get((lane.id, digest, item.consumer_id)) for _, digest in keys)
                person = next((one.person for one in known if one is not None), None)
                self._end(
                    lane,
                    item,
                    "duplicate",
                    "told before",
                    person=person,
                    erased=self._is_erased(lane, item, keys),
                )
            else:
                await self._assign(lane, item, keys)

    async def _look_up(self) -> set[tuple[int, bytes]]:
        """Learn whom the keys lead to; gives the occurrences that were told before."""
        wanted = list(
            {(lane.id, digest, item.consumer_id) for lane, item, keys in self._items for _, digest in keys}
        )
        if not wanted:
            return set()
        occurrences = list({(item.consumer_id, item.occurrence) for _, item, _ in self._items})
        async with self._shared.store.connection() as db, db.pipeline(), db.transaction():
            people = await db.execute(
                query("load_people"),
                {
                    "lanes": [lane for lane, _, _ in wanted],
                    "digests": [digest for _, digest, _ in wanted],
                    "consumers": [consumer for _, _, consumer in wanted],
                },
            )
            repeats = await db.execute(
                query("load_occurrences"),
                {"consumers": [one for one, _ in occurrences], "keys": [key for _, key in occurrences]},
            )
            erased = await db.execute(
                query("load_erased"),
                {"lanes": [lane for lane, _, _ in wanted], "digests": [digest for _, digest, _ in wanted]},
            )
        for row in await people.fetchall():
            self._known[row[0], bytes(row[1]), row[2]] = self._read(row)
        self._erased = {(row[0], bytes(row[1])) for row in await erased.fetchall()}
        return {(row[0], bytes(row[1])) for row in await repeats.fetchall()}

    def _read(self, row: tuple[Any, ...]) -> _Known:
        """A row of `load_people`."""
        person, link = PersonId(row[3]), None
        if row[4] is not None:
            try:
                contact, nimbata, merge = open_link(
                    self._shared.store.keys, row[2], person, (row[7], row[11], row[12]), row[13], row[14]
                )
            except BrokenSeal as error:
                self._broken[person] = str(error)
            else:
                link = LinkRow(
                    consumer_id=row[2], person_id=person, contact_id=row[4], state=row[5], generation=row[6],
                    contact=contact, nimbata_id=row[10], nimbata=nimbata, merge=merge,
                )  # fmt: skip
        return _Known(person, link, waits_until=row[8], open_effects=row[9])

    def _is_erased(self, lane: OwnedLane, item: Item, keys: Keys) -> bool:
        """It leads to somebody who was erased, and to nobody else who is known."""
        left = [digest for _, digest in keys if (lane.id, digest) not in self._erased]
        return len(left) < len(keys) and not any(
            (lane.id, digest, item.consumer_id) in self._known or digest in lane.fresh_keys for digest in left
        )

    async def _assign(self, lane: OwnedLane, item: Item, keys: Keys) -> None:
        """Find the person, or make one, and hand the item to its chain."""
        if self._is_erased(lane, item, keys):
            self._end(lane, item, "skipped", ERASED_REASON, erased=True)
            return
        # What led to somebody who was erased leads to nobody else.
        keys = tuple(one for one in keys if (lane.id, one[1]) not in self._erased)
        before = self._before[lane.id]
        found = [self._known.get((lane.id, digest, item.consumer_id)) for _, digest in keys]
        ids = [
            known.person
            if known is not None
            else lane.fresh_keys.get(digest) or before.fresh_keys.get(digest)
            for known, (_, digest) in zip(found, keys, strict=True)
        ]
        person = next((one for one in ids if one is not None), None)
        if person is None and await self._is_strange(lane, item, keys):
            return
        known = next((one for one in found if one is not None and one.person == person), None)
        if person in self._broken:
            self._end(lane, item, "dead", self._broken[person], person=person)
            return
        chain = lane.chains.get(person) or self.started.get((lane.id, person)) if person is not None else None
        if person in before.chains:
            known = None  # read while its chain was writing: the new chain reads for itself
        waits_until = known.waits_until if known is not None else None
        if waits_until is None and person is not None:
            waits_until = lane.fresh_waits.get(person) or before.fresh_waits.get(person)
        if chain is None and waits_until is not None and waits_until > datetime.now(UTC):
            self._wait(lane, item, person, waits_until, keys, ids)
            return
        new = person is None
        if person is None:
            (person,) = map(PersonId, await self._person_ids.take(1))
        if chain is None:
            chain = self._chain(lane, person, known.open_effects if known is not None else not new)
            chain.new_person = new
            self.started[lane.id, person] = chain
        chain.new_keys.extend(_lead_to(lane, person, keys, ids))
        if known is not None:
            chain.links.setdefault(item.consumer_id, known.link)
        elif chain.new_person:
            chain.links.setdefault(item.consumer_id, None)
        occurrence = (item.consumer_id, item.occurrence)
        doubtful = occurrence in lane.occurrences or occurrence in before.occurrences
        conflict = len({one for one in ids if one is not None}) > 1
        lane.take(item.event_id, item.consumer_id, item.occurrence, waited=item.waited)
        chain.append(msgspec.structs.replace(item, doubtful=doubtful, conflict=conflict))

    async def _is_strange(self, lane: OwnedLane, item: Item, keys: Keys) -> bool:
        """About nobody whom we know, and none to be made known by it: it ends here."""
        if not item.read.introduces:
            self._end(lane, item, "skipped", "this contact is not linked")
            return True
        if all(kind == "item" for kind, _ in keys):
            reason = "it names nobody, and is not linked; a sweep finds whom it belongs to"
            self._end(lane, item, "skipped", reason)
            if item.read.look_at is not None:
                await self._look_soon(item.consumer_id, item.read.look_at)
            return True
        return False

    def _end(
        self,
        lane: OwnedLane,
        item: Item,
        state: AssignmentState,
        reason: str,
        *,
        person: PersonId | None = None,
        erased: bool = False,
    ) -> None:
        row = AssignmentRow(
            event_id=item.event_id, consumer_id=item.consumer_id, state=state, person_id=person, tries=item.tries,
            reason=reason,
        )  # fmt: skip
        if erased:
            self.ends.setdefault(lane.id, Writes(lane_id=lane.id, epoch=lane.epoch)).erased.append(
                item.event_id
            )
        self.end(lane, row, waited=item.waited, occurrence=item.occurrence)

    def _wait(
        self,
        lane: OwnedLane,
        item: Item,
        person: PersonId | None,
        due_at: datetime,
        keys: Keys,
        ids: Sequence[PersonId | None],
    ) -> None:
        row = AssignmentRow(
            event_id=item.event_id, consumer_id=item.consumer_id, state="waiting", person_id=person,
            due_at=due_at, tries=item.tries, reason=BEHIND,
        )  # fmt: skip
        self.end(lane, row, waited=item.waited, occurrence=item.occurrence)
        if person is not None and (new := _lead_to(lane, person, keys, ids)):
            # Whoever is told of by one of these keys alone meanwhile is the same one.
            lane.fresh_waits[person] = due_at
            self.ends[lane.id].keys.extend((kind, digest, person) for kind, digest in new)


def _lead_to(lane: OwnedLane, person: PersonId, keys: Keys, ids: Sequence[PersonId | None]) -> Keys:
    """Keys that led to nobody lead to this person from now on: those."""
    new = []
    for (kind, digest), one in zip(keys, ids, strict=True):
        if one is None and digest not in lane.fresh_keys:
            lane.fresh_keys[digest] = person
            new.append((kind, digest))
    return tuple(new)
