"""Erasing a person: their key and look-ups go, and tombstones stay, so that nothing brings them back.

Far sides are not touched. What is left says that something was, and not of whom: counts, states and times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tieline.domain.contact import Contact
from tieline.domain.ids import LaneId
from tieline.engine.lane import CHANNEL as LANE_CHANNEL
from tieline.engine.turn import ERASED_REASON
from tieline.server.people.people import NoSuchPerson, People, Person
from tieline.store.audit import note
from tieline.store.directory import StoredSync
from tieline.store.keyring import Keyring
from tieline.store.pool import Connection
from tieline.store.queries import query

#: Of one name, at most: more are no one person.
MOST = 20


class ErasedIn(msgspec.Struct, frozen=True, kw_only=True):
    """The person as one sync knows them."""

    sync: str
    #: Their records, which stay on the far sides.
    contact_id: str
    nimbata_id: str | None


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a person, and what becomes of it."""

    #: Numbers of the people that are one for us: a phone or an e-mail of theirs is the same.
    people: tuple[int, ...]
    #: As their records name them; empty once they are erased.
    names: tuple[str, ...]
    linked: tuple[ErasedIn, ...]
    #: Phones, e-mails and record ids that lead to them: each becomes a tombstone.
    look_ups: int
    links: int
    items: int
    history: int
    conflicts: int
    #: Calls that were made because of them: their inputs go, that they were made stays.
    effects: int
    #: Events about them: their bodies go, that they came stays.
    events: int
    #: Of these, those that are not worked off yet, and will not be.
    waiting: int
    #: Tasks, notes and appointments that we keep for an account.
    own_items: int
    done: bool


class Eraser:
    """Of this hub's people."""

    def __init__(self, people: People, digest: Callable[[str, str], bytes]) -> None:
        self._people = people
        self._store = people.store
        self._digest = digest

    async def preview(self, name: str) -> Erasure:
        """What would go. Raises NoSuchPerson and ConfigurationError."""
        whom = await self._whom(name)
        async with self._store.transaction() as db:
            return await self._told(db, whom, done=False)

    async def erase(self, name: str) -> Erasure:
        """All of it, in one transaction. Raises NoSuchPerson and ConfigurationError.

        Their lanes are taken for that moment: whatever is in flight there is fenced out, as after a worker's death,
        and worked off again from the store, which does not know them any more.
        """
        whom = await self._whom(name)
        async with self._store.transaction() as db:
            await _take_lanes(db, whom.lanes)
            # What was in flight may have added to it.
            whom = await self._read(db, [(one.id, lane) for one, lane in whom.found])
            told = await self._told(db, whom, done=True)
            await self._take_out(db, whom)
            counts = msgspec.structs.asdict(told)
            for private in ("people", "names", "linked", "done"):
                del counts[private]
            subjects = " ".join(f"person:{number}" for number in told.people)
            await note(db, "people.erase", subjects, after=counts)
        if isinstance(self._store.keys, Keyring):
            self._store.keys.forget(told.people)
        return told

    async def _whom(self, name: str) -> _Whom:
        found = await self._people.find(name, limit=MOST)
        if not found:
            raise NoSuchPerson(
                f"nobody is known by {name!r}; name them by phone (+1…), e-mail, a record's id, or person:NUMBER"
            )
        async with self._store.transaction() as db:
            rows = await db.execute(
                "SELECT id, lane_id FROM person WHERE id = ANY(%s)", ([one.id for one in found],)
            )
            known = [(row[0], row[1]) for row in await rows.fetchall()]
            lanes = sorted({one.lane_id for one in self._people.syncs(None)})
            given = {"persons": [number for number, _ in known], "lanes": lanes}
            others = await (await db.execute(query("find_namesakes"), given)).fetchall()
            return await self._read(db, [*known, *((row[0], row[1]) for row in others)])

    async def _read(self, db: Connection, known: Sequence[tuple[int, LaneId]]) -> _Whom:
        syncs = self._people.syncs(None)
        found = []
        for number, lane in known:
            mine = [one for one in syncs if one.lane_id == lane]
            found.append((await self._people.person(number, lane, mine), lane))
        lanes = {lane for _, lane in found}
        return _Whom(found=found, syncs=[one for one in syncs if one.lane_id in lanes])

    async def _told(self, db: Connection, whom: _Whom, *, done: bool) -> Erasure:
        given = {
            "persons": whom.people, "consumers": [one.id for one in whom.syncs], "connections": whom.connections,
            "owners": whom.owners,
        }  # fmt: skip
        row = await (await db.execute(query("count_kept"), given)).fetchone()
        assert row is not None, "an aggregate always gives a row"
        names = (
            "look_ups",
            "links",
            "items",
            "history",
            "conflicts",
            "effects",
            "events",
            "waiting",
            "own_items",
        )
        linked = tuple(
            ErasedIn(sync=one.sync, contact_id=one.contact_id, nimbata_id=one.nimbata_id)
            for person, _ in whom.found
            for one in person.linked
        )
        return Erasure(
            people=tuple(whom.people), linked=linked, done=done,
            names=() if done else tuple(person.name for person, _ in whom.found),
            **dict(zip(names, row, strict=True)),
        )  # fmt: skip

    async def _take_out(self, db: Connection, whom: _Whom) -> None:
        people, syncs = whom.people, [one.id for one in whom.syncs]
        digests = {
            (self._digest(kind, value), 0 if kind in ("phone", "email") else lane)
            for person, lane in whom.found
            for kind, value in _keys(person)
        }
        await db.execute(
            query("bury_people"),
            {
                "persons": people, "digests": [digest for digest, _ in digests],
                "lanes": [lane for _, lane in digests],
            },
        )  # fmt: skip
        ended = await db.execute(query("end_erased"), {"persons": people, "reason": ERASED_REASON})
        events = list({row[0] for row in await ended.fetchall()})
        await db.execute(query("blank_events"), {"events": events})
        await db.execute(query("blank_effects"), {"persons": people, "events": events})
        for table in ("link", "item"):
            await db.execute(
                f"DELETE FROM {table} WHERE consumer_id = ANY(%s) AND person_id = ANY(%s)",  # noqa: S608
                (syncs, people),
            )
        await db.execute("DELETE FROM history WHERE person_id = ANY(%s)", (people,))
        await db.execute("DELETE FROM conflict WHERE person_id = ANY(%s) OR seal = ANY(%s)", (people, people))
        await db.execute(
            "DELETE FROM own_item WHERE connection_id = ANY(%s) AND person = ANY(%s)",
            (whom.connections, whom.owners),
        )
        await db.execute(
            "DELETE FROM swept WHERE connection_id = ANY(%s) AND contact_id = ANY(%s)",
            (whom.connections, whom.records),
        )
        # Both can be made again, and do not say whom each line is about.
        await db.execute("DELETE FROM preview_write WHERE sync_id = ANY(%s)", (syncs,))
        await db.execute(
            "UPDATE backfill SET report = NULL WHERE kind = 'drift' AND sync_id = ANY(%s)", (syncs,)
        )
        await db.execute("DELETE FROM person_key WHERE person_id = ANY(%s)", (people,))
        await db.execute("DELETE FROM person WHERE id = ANY(%s)", (people,))


@dataclass
class _Whom:
    """The people who are one, and where they may be."""

    found: list[tuple[Person, LaneId]]
    syncs: list[StoredSync]

    @property
    def people(self) -> list[int]:
        return [person.id for person, _ in self.found]

    @property
    def lanes(self) -> list[LaneId]:
        return sorted({lane for _, lane in self.found})

    @property
    def connections(self) -> list[int]:
        return sorted({one for sync in self.syncs for one in (sync.source_id, sync.target_id)})

    @property
    def owners(self) -> list[str]:
        """Ids of theirs at call-tracking accounts."""
        return [
            one.nimbata_id for person, _ in self.found for one in person.linked if one.nimbata_id is not None
        ]

    @property
    def records(self) -> list[str]:
        """Ids of theirs on either side."""
        return [one.contact_id for person, _ in self.found for one in person.linked] + self.owners


def _keys(person: Person) -> list[tuple[str, str]]:
    """What their records name them by, whether it led to them or not."""
    found = []
    for one in person.linked:
        found += [("contact", one.contact_id), *([("nimbata", one.nimbata_id)] if one.nimbata_id else [])]
        for record in (one.contacts_api, one.nimbata):
            found += _named(record) if record is not None else []
    return found


def _named(record: Contact) -> list[tuple[str, str]]:
    named = (("phone", record.phone), ("email", record.email))
    return [(kind, value) for kind, value in named if value]


async def _take_lanes(db: Any, lanes: Sequence[LaneId]) -> None:
    """Wait for commits that are under way, and let no other of these lanes' owners follow."""
    await db.execute("SELECT FROM lane WHERE id = ANY(%s) ORDER BY id FOR UPDATE", (list(lanes),))
    await db.execute(
        "UPDATE lane SET epoch = epoch + 1, owner = NULL, lease_until = '-infinity', ready_at = now()"
        " WHERE id = ANY(%(lanes)s) RETURNING pg_notify(%(channel)s, id::text)",
        {"lanes": list(lanes), "channel": LANE_CHANNEL},
    )
