"""What all parts of one person's turn share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from tieline.domain.command import CreateContact, Planned, UpsertContact
from tieline.domain.contact import Contact
from tieline.domain.ids import PersonId, SyncId
from tieline.domain.items import ItemKind
from tieline.domain.side import Side
from tieline.effects.perform import Later, later, persevere
from tieline.effects.target import Target
from tieline.effects.writes import AssignmentState, Ledger, Writes
from tieline.engine.carrier import Carrier
from tieline.engine.person_state import PersonState
from tieline.engine.read import Read
from tieline.errors import ConnectorError, NotFoundError
from tieline.mapping.two_way import ItemRules
from tieline.store.id_block import IdBlock
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.sync.merge_person import PersonMerger

Out = TypeVar("Out")


#: Why an event ends that is about somebody who was erased.
ERASED_REASON = "about somebody who was erased; what it told was not kept"


class Erased(Exception):
    """A record tells that its person, whom nobody knew, was erased: nothing of the turn is kept."""


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """A sync, ready to work: its rules bound to the two sides."""

    id: SyncId
    name: str
    #: The CRM's location.
    target: Target
    #: The call-tracking account, where records go back to it.
    nimbata: Target | None = None
    #: None = people's records are not kept equal.
    merger: PersonMerger | None = None
    items: Mapping[ItemKind, ItemRules] = {}
    #: The account has no records of its own, only activities.
    derived: bool = False

    @property
    def targets(self) -> dict[Side, Target]:
        """By side."""
        if self.nimbata is None:
            return {"contacts_api": self.target}
        return {"contacts_api": self.target, "nimbata": self.nimbata}


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
    #: A backfill told it, or a replay of many took it up: nobody waits for it.
    history: bool = False


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What all turns of a worker use."""

    store: Store
    ledger: Ledger
    effect_ids: IdBlock
    history_ids: IdBlock
    item_ids: IdBlock
    digest: Callable[[str, str], bytes]


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A record of a person that we made some time ago."""

    sent: CreateContact | UpsertContact
    #: As it stands by now.
    record: Contact


@dataclass
class Turn:
    """One turn's tools and findings."""

    shared: Shared
    consumer: Consumer
    person: PersonId
    writes: Writes
    state: PersonState
    carrier: Carrier
    #: How often these events have been tried, this time included.
    tries: int
    #: Keys of the lane that are not committed yet, and whose they will be.
    in_hand: dict[bytes, PersonId] = field(default_factory=dict)
    #: By side: what an earlier turn made there, and ended before it said so.
    made_before: dict[Side, Made] = field(default_factory=dict)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    #: How the assignments end; those that are not here are done.
    ends: dict[int, tuple[AssignmentState, str | None]] = field(default_factory=dict)

    def end(self, event_ids: Iterable[int], state: AssignmentState, reason: str | None) -> None:
        """These end so."""
        for event_id in event_ids:
            self.ends[event_id] = (state, reason)

    async def read(self, doing: str, call: Callable[[], Awaitable[Out]]) -> Out:
        """What a read gives. Raises NotFoundError, or Later where the person must wait."""
        try:
            return await persevere(call, turn=self.tries)
        except NotFoundError:
            raise
        except ConnectorError as error:
            raise later(error, doing, turn=self.tries) from error

    async def result_of(self, planned: Planned) -> str | None:
        """The id of what an earlier turn made by this command."""
        async with self.shared.store.transaction() as db:
            rows = await db.execute(query("load_result"), {"key": planned.idempotency_key})
            row = await rows.fetchone()
        return row[0] if row is not None else None

    async def claim(self, record: Contact) -> None:
        """A record that was read on the way says who its person is: its phone and e-mail lead here from now on.

        Of a person who was not known before: raises Erased where they led to somebody who was erased, and Later where
        they lead to somebody else already, whose events these then are.
        """
        named = {"phone": record.phone, "email": record.email}
        digests = {self.shared.digest(kind, value): kind for kind, value in named.items() if value}
        lane = self.writes.lane_id
        async with self.shared.store.transaction() as db:
            erased = await db.execute(
                query("load_erased"), {"lanes": [lane] * len(digests), "digests": list(digests)}
            )
            for row in await erased.fetchall():
                if self.writes.persons:
                    raise Erased
                digests.pop(bytes(row[1]), None)
            rows = await db.execute(
                query("load_owners"), {"lane": self.writes.lane_id, "digests": list(digests)}
            )
            owners = {bytes(row[0]): PersonId(row[1]) for row in await rows.fetchall()}
        for digest, kind in digests.items():
            owner = owners.get(digest) or self.in_hand.setdefault(digest, self.person)
            if owner != self.person and self.writes.persons:
                self._hand_over(owner)
                raise Later("it belongs to somebody who is known", after_s=0.0)
            if owner == self.person and digest not in owners:
                self.writes.keys.append((kind, digest, self.person))

    def _hand_over(self, owner: PersonId) -> None:
        """All that led to the person whom nobody knew leads to `owner`."""
        mine = self.person
        self.writes.keys = [
            (kind, digest, owner if one == mine else one) for kind, digest, one in self.writes.keys
        ]
        self.writes.persons = [one for one in self.writes.persons if one != mine]
