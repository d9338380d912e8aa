"""The contacts of an account: unique by phone and e-mail within a project, listed by the time of their last change."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from random import Random
from typing import Literal

from tieline.sandbox.nimbata.crowd import PeopleCrowd
from tieline.sandbox.nimbata.records import Contact

KeyKind = Literal["phone", "email", "external_id"]
_Place = tuple[datetime, int, str]


class Duplicate(Exception):
    """Another contact of the project holds this phone or e-mail."""

    def __init__(self, kind: KeyKind, existing_id: str) -> None:
        super().__init__(f"the {kind} belongs to {existing_id}")
        self.kind: KeyKind = kind
        self.existing_id = existing_id


class ContactBook:
    """All contacts, the deleted ones too."""

    def __init__(self) -> None:
        #: People beside the records below who take no room; None = there are none.
        self.crowd: PeopleCrowd | None = None
        self._records: dict[str, Contact] = {}
        #: A number for each id, so that contacts changed in one second keep a fixed order.
        self._numbers: dict[str, int] = {}
        self._all: list[_Place] = []
        self._live: list[_Place] = []
        #: Who holds a phone (E.164), an e-mail (lower-case) or an external id; deleted contacts too.
        self._holders: dict[tuple[KeyKind, str], set[str]] = {}
        #: Live ids of each project in no particular order, and where each stands: a random one costs nothing.
        self._pools: dict[str, list[str]] = {}
        self._spots: dict[str, int] = {}

    def __len__(self) -> int:
        """Contacts that are not deleted."""
        return len(self._live)

    def get(self, contact_id: str) -> Contact | None:
        """The contact, deleted or not; None where the id was never given."""
        return self._records.get(contact_id) or (self.crowd.get(contact_id) if self.crowd else None)

    def live(self) -> list[Contact]:
        """Contacts that are not deleted, oldest change first."""
        return [self._records[contact_id] for _, _, contact_id in self._live]

    def is_live(self, contact_id: str) -> bool:
        """Whether the contact is there and not deleted."""
        contact = self.get(contact_id)
        return contact is not None and contact.deleted_at is None

    def holder(self, project: str, kind: KeyKind, value: str | None) -> Contact | None:
        """The project's live contact with this phone or e-mail; by external id, the first one."""
        ids = (
            ()
            if value is None
            else sorted(self._holders.get((kind, value), ()), key=self._numbers.__getitem__)
        )
        found = (self._records[contact_id] for contact_id in ids)
        held = next((one for one in found if one.project_id == project and one.deleted_at is None), None)
        return held or self._in_crowd(kind, value, project)

    def _in_crowd(self, kind: KeyKind, value: str | None, project: str | None = None) -> Contact | None:
        found = self.crowd.matching(kind, value) if self.crowd is not None else None
        ours = found is not None and found.id not in self._records and project in (None, found.project_id)
        return found if ours else None

    def any_live(self, project: str, rng: Random) -> Contact | None:
        """One of the project's contacts that are not deleted, None where there is none."""
        pool = self._pools.get(project)
        return self._records[rng.choice(pool)] if pool else None

    def save(self, contact: Contact) -> None:
        """Store a contact or its new state. Raises Duplicate, and has changed nothing then."""
        keys = set(_keys(contact))
        if contact.deleted_at is None:
            for kind, value in sorted(keys):
                if kind == "external_id":
                    continue
                holder = self.holder(contact.project_id, kind, value)
                if holder is not None and holder.id != contact.id:
                    raise Duplicate(kind, holder.id)
        before = self._records.get(contact.id)
        if before is not None:
            self._withdraw(before)
        self._numbers.setdefault(contact.id, len(self._numbers))
        self._records[contact.id] = contact
        for key in keys:
            self._holders.setdefault(key, set()).add(contact.id)
        insort(self._all, self._place(contact))
        if contact.deleted_at is None:
            insort(self._live, self._place(contact))
            if contact.id not in self._spots:
                pool = self._pools.setdefault(contact.project_id, [])
                self._spots[contact.id] = len(pool)
                pool.append(contact.id)
        elif contact.id in self._spots:
            self._leave_pool(contact)

    def page(
        self, since: datetime | None, *, include_deleted: bool, skip: int, count: int
    ) -> tuple[list[Contact], int]:
        """At most `count` contacts changed at or after `since`, oldest change first, and how many there are in all."""
        places = self._all if include_deleted else self._live
        start = 0 if since is None else bisect_left(places, (since, -1, ""))
        if self.crowd is not None:
            # The crowd's changes are older than any other.
            first = list(islice(self.crowd.since(since, self._records), skip, skip + count))
            total = self.crowd.known_since(since) + len(places) - start
            if len(first) == count:
                return first, total
            met = sum(1 for _ in self.crowd.since(since, self._records)) if not first else skip + len(first)
            rest = places[start + max(0, skip - met) :][: count - len(first)]
            return [*first, *(self._records[contact_id] for _, _, contact_id in rest)], total
        chosen = places[start + skip : start + skip + count]
        return [self._records[contact_id] for _, _, contact_id in chosen], len(places) - start

    def matching(self, wanted: dict[KeyKind, str]) -> list[Contact]:
        """Contacts, also deleted ones, that hold all the values of `wanted` (not empty); oldest change first."""
        found = set.intersection(*(self._holders.get(key, set()) for key in wanted.items()))
        held = sorted((self._records[contact_id] for contact_id in found), key=self._place)
        if not held and len(wanted) == 1 and self.crowd is not None:
            ((kind, value),) = wanted.items()
            held = [one for one in (self._in_crowd(kind, value),) if one is not None]
        return held

    def _place(self, contact: Contact) -> _Place:
        return contact.updated_at, self._numbers[contact.id], contact.id

    def _leave_pool(self, contact: Contact) -> None:
        pool, spot = self._pools[contact.project_id], self._spots.pop(contact.id)
        last = pool.pop()
        if last != contact.id:
            pool[spot] = last
            self._spots[last] = spot

    def _withdraw(self, contact: Contact) -> None:
        place = self._place(contact)
        for places in (self._all, *([self._live] if contact.deleted_at is None else [])):
            del places[bisect_left(places, place)]
        for key in set(_keys(contact)):
            self._holders[key].discard(contact.id)
            if not self._holders[key]:
                del self._holders[key]


def _keys(contact: Contact) -> Iterator[tuple[KeyKind, str]]:
    for phone in (contact.phone, *contact.additional_phones):
        if phone is not None:
            yield "phone", phone
    if contact.email is not None:
        yield "email", contact.email.lower()
    for value in contact.external_ids.values():
        yield "external_id", value
