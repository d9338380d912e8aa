"""The keys that rows are sealed with, at hand: one a person, one a day, and one for the items that we keep ourselves.

`Keys` is a store without any, which writes in the clear and opens what is clear; `Keyring` is a hub's.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from psycopg import AsyncConnection

from tieline.domain.ids import LaneId, PersonId
from tieline.store.queries import query
from tieline.vault.seal import KEY_BYTES, BrokenSeal, Sealer

if TYPE_CHECKING:
    from tieline.store.key_table import KeyTable

Database = AsyncConnection[Any]
#: `seal` of what was taken out because somebody was erased.
ERASED = -1
#: People's keys at hand at most, and for how long one stays in any case: a commit that is repeated, because its answer
#: was lost, seals with the keys that it made.
PEOPLE = 50_000
STAY_S = 60.0


class Sealing(Protocol):
    """What seals and opens values of one row."""

    @property
    def number(self) -> int:
        """What stands in its `seal`."""
        ...

    def seal(self, place: str, clear: bytes) -> bytes:
        """`place` is column and row."""
        ...

    def open(self, place: str, sealed: bytes) -> bytes:
        """Raises BrokenSeal."""
        ...


class _Clear:
    """Seals nothing."""

    number = 0

    def seal(self, place: str, clear: bytes) -> bytes:
        return clear

    def open(self, place: str, sealed: bytes) -> bytes:
        return bytes(sealed)


#: What was stored before there were keys, and what a store without keys writes.
CLEAR: Sealing = _Clear()


class Keys:
    """None: for a store that was opened without its vault."""

    async def today(self) -> Sealing:
        """The key of what comes in now."""
        return CLEAR

    async def learn(self, seals: Iterable[int]) -> None:
        """Have the keys of these days at hand, as far as there are any."""

    def of_day(self, seal: int) -> Sealing:
        """The key that sealed an event. Raises BrokenSeal."""
        if seal == 0:
            return CLEAR
        if seal == ERASED:
            raise BrokenSeal("what it told was erased")
        raise BrokenSeal(f"the key {seal} of its day is not there (any more)")

    def of_own_items(self) -> Sealing:
        """The key of the items that we keep for derived accounts."""
        return CLEAR

    def of_person(self, seal: int, wrapped: bytes | None) -> Sealing:
        """The key that sealed a row, with that key as `person` has it. Raises BrokenSeal."""
        if seal == 0:
            return CLEAR
        raise BrokenSeal(f"the key of person {seal} is not there (any more)")

    async def of_people(self, db: Database, people: Mapping[PersonId, LaneId]) -> Mapping[PersonId, Sealing]:
        """The key of each, made where there is none yet."""
        return dict.fromkeys(people, CLEAR)

    def make(self, person: PersonId) -> bytes | None:
        """A new person's key, wrapped; the same one however often it is asked for."""
        return None

    def apart(self) -> Keys:
        """For a store with people of its own."""
        return self


class Keyring(Keys):
    """Of one process. Unwrapped keys stay in memory; those of people in a bounded number."""

    def __init__(self, table: KeyTable, persons: Sealer, own_items: Sealer) -> None:
        self._table = table
        self._persons = persons
        self._own_items = own_items
        self._days: dict[int, Sealer] = {}
        self._today: tuple[date, Sealer] | None = None
        self._turning = asyncio.Lock()
        #: Person → (the key wrapped, the key, when it came), the oldest first.
        self._people: dict[int, tuple[bytes, Sealer, float]] = {}

    async def today(self) -> Sealing:
        day = datetime.now(UTC).date()
        if self._today is None or self._today[0] != day:
            # One asks for all: whoever is in a transaction already takes a second connection of the pool for it.
            async with self._turning:
                if self._today is None or self._today[0] != day:
                    sealer = await self._table.key_of_day(day)
                    self._days[sealer.number] = sealer
                    self._today = day, sealer
        return self._today[1]

    async def learn(self, seals: Iterable[int]) -> None:
        if missing := {seal for seal in seals if seal > 0 and seal not in self._days}:
            self._days |= await self._table.keys_of_days(missing)

    def of_day(self, seal: int) -> Sealing:
        found = self._days.get(seal)
        return found if found is not None else super().of_day(seal)

    def of_own_items(self) -> Sealing:
        return self._own_items

    def of_person(self, seal: int, wrapped: bytes | None) -> Sealing:
        if seal == 0 or wrapped is None:
            return super().of_person(seal, wrapped)
        held = self._people.get(seal)
        if held is not None and held[0] == wrapped:
            return held[1]
        return self._keep(seal, bytes(wrapped), self._persons.open(_place(seal), wrapped))

    async def of_people(self, db: Database, people: Mapping[PersonId, LaneId]) -> Mapping[PersonId, Sealing]:
        if missing := [person for person in people if person not in self._people]:
            rows = await db.execute(query("load_person_keys"), {"persons": missing})
            found = {row[0]: row[1] for row in await rows.fetchall()}
            without = [person for person in missing if found.get(person) is None]
            if without:
                # They were known before there were keys.
                made = await db.execute(
                    query("give_person_keys"),
                    {
                        "persons": without, "lanes": [people[person] for person in without],
                        "keys": [self.make(person) for person in without],
                    },
                )  # fmt: skip
                found |= {row[0]: row[1] for row in await made.fetchall()}
            for person in missing:
                self.of_person(person, found[person])
        return {person: self._people[person][1] for person in people}

    def make(self, person: PersonId) -> bytes:
        if (held := self._people.get(person)) is not None:
            return held[0]
        key = os.urandom(KEY_BYTES)
        wrapped = self._persons.seal(_place(person), key)
        self._keep(person, wrapped, key)
        return wrapped

    def apart(self) -> Keyring:
        return Keyring(self._table, self._persons, self._own_items)

    def forget(self, people: Collection[int]) -> None:
        """They were erased."""
        for person in people:
            self._people.pop(person, None)

    def _keep(self, person: int, wrapped: bytes, key: bytes) -> Sealer:
        now = time.monotonic()
        self._people.pop(person, None)
        sealer = Sealer(key, person)
        self._people[person] = wrapped, sealer, now
        while len(self._people) > PEOPLE:
            oldest = next(iter(self._people))
            if now - self._people[oldest][2] < STAY_S:
                break
            del self._people[oldest]
        return sealer


def _place(person: int) -> str:
    return f"person.key:{person}"
