"""Who a phone, an e-mail or a record's id names, and how the person stands on both sides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from tieline.domain.contact import Contact
from tieline.domain.ids import LaneId
from tieline.domain.side import Side
from tieline.errors import ConfigurationError, TielineError
from tieline.mapping.email import normalise
from tieline.mapping.phone import to_e164
from tieline.store.directory import Directory, StoredSync
from tieline.store.keyring import Keys
from tieline.store.person_rows import open_link
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.sync.merge import MergeState

_PREFIX = "person:"
_contact = msgspec.json.Decoder(Contact)
_merge = msgspec.json.Decoder(MergeState)


class NoSuchPerson(TielineError):
    """Nobody of that name is known."""


class Linked(msgspec.Struct, frozen=True, kw_only=True):
    """The person in one sync."""

    sync: str
    #: "open", or "gone": a record was deleted, and they are linked no more.
    state: str
    contact_id: str
    nimbata_id: str | None
    #: Both records as last seen.
    contacts_api: Contact
    nimbata: Contact | None
    updated_at: datetime


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One person, and the syncs that know them."""

    id: int
    #: As their records name them; else the number.
    name: str
    linked: tuple[Linked, ...]
    #: Names of the syncs that they may be in: those of their lane, or the one that was asked for.
    syncs: tuple[str, ...]
    #: The clock at their location, IANA name; UTC where locations differ.
    zone: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """The person's link in one sync, with what their merge remembers."""

    sync: StoredSync
    linked: Linked
    merge: MergeState

    @property
    def records(self) -> dict[Side, Contact]:
        """By side, those that are linked."""
        if self.linked.state == "gone":
            return {}
        found: dict[Side, Contact] = {"contacts_api": self.linked.contacts_api}
        if self.linked.nimbata is not None:
            found["nimbata"] = self.linked.nimbata
        return found


class People:
    """Finds people of this hub."""

    def __init__(self, store: Store, directory: Directory, digest: Callable[[str, str], bytes]) -> None:
        self.store = store
        self.directory = directory
        self._digest = digest

    async def find(self, name: str, *, sync: str | None = None, limit: int = 20) -> list[Person]:
        """Everybody whom a phone, an e-mail, a record's id or `person:NUMBER` names. Raises ConfigurationError."""
        syncs = self.syncs(sync)
        lanes = {one.lane_id for one in syncs}
        async with self.store.transaction() as db:
            if name.startswith(_PREFIX):
                rows = await db.execute("SELECT id, lane_id FROM person WHERE id = %s", (read_number(name),))
            else:
                digests = [self._digest(kind, value) for kind, value in self._keys(name.strip(), syncs)]
                rows = await db.execute(
                    query("find_people"), {"lanes": sorted(lanes), "digests": digests, "limit": limit}
                )
            found = [(row[0], row[1]) for row in await rows.fetchall() if row[1] in lanes]
        return [await self.person(number, lane, syncs) for number, lane in found]

    async def one(self, name: str, *, sync: str | None = None) -> Person:
        """The person whom that names. Raises NoSuchPerson, or ConfigurationError where it is not one alone."""
        found = await self.find(name, sync=sync)
        if not found:
            raise NoSuchPerson(
                f"nobody is known by {name!r}; name them by phone (+1…), e-mail, a record's id, or person:NUMBER"
            )
        if len(found) > 1:
            listed = ", ".join(f"person:{one.id} ({one.name}; {', '.join(one.syncs)})" for one in found)
            raise ConfigurationError(f"{name!r} names several people: {listed}")
        return found[0]

    async def link(self, person: Person, sync: str | None = None) -> Link:
        """The person's link in that sync, or in the only one they are linked in. Raises ConfigurationError."""
        links = await self.links(person.id, [one for one in self.syncs(sync) if one.name in person.syncs])
        if len(links) != 1:
            names = ", ".join(one.linked.sync for one in links)
            why = f"is linked in several syncs, {names}: say which" if links else "is not linked there"
            raise ConfigurationError(f"person:{person.id} {why}")
        return links[0]

    async def links(self, person: int, syncs: list[StoredSync]) -> list[Link]:
        """The person's links in these syncs."""
        by_id = {one.id: one for one in syncs}
        async with self.store.transaction() as db:
            rows = await db.execute(query("load_links"), {"consumers": [*by_id], "person": person})
            return [_link(by_id[row[0]], person, row, db.keys) for row in await rows.fetchall()]

    def syncs(self, name: str | None) -> list[StoredSync]:
        """The sync of that name, or all. Raises ConfigurationError."""
        found = [one for one in self.directory.syncs.values() if name is None or one.name == name]
        if name is not None and not found:
            raise ConfigurationError(f"there is no sync named {name}; see: tieline sync list")
        return found

    def of(self, person: Person) -> list[StoredSync]:
        """The syncs that the person may be in."""
        return [one for one in self.syncs(None) if one.name in person.syncs]

    async def person(self, number: int, lane: LaneId, syncs: list[StoredSync]) -> Person:
        """The person of that number, in these syncs of their lane."""
        mine = [one for one in syncs if one.lane_id == lane]
        linked = tuple(one.linked for one in await self.links(number, mine))
        return Person(
            id=number,
            name=_name(linked) or f"person:{number}",
            linked=linked,
            syncs=tuple(one.name for one in mine),
            zone=self._zone(mine),
        )

    def _zone(self, syncs: list[StoredSync]) -> str:
        places = (self.directory.connections.get(one.target_id) for one in syncs)
        zones = {one.settings.get("location", {}).get("timezone") for one in places if one is not None}
        return (zones.pop() if len(zones) == 1 else None) or "UTC"

    def _keys(self, name: str, syncs: list[StoredSync]) -> list[tuple[str, str]]:
        """What a name may be; of a local phone number, as it reads at any of the locations."""
        keys = [("contact", name), ("nimbata", name)]
        if (email := normalise(name)) is not None:
            keys.append(("email", email))
        places = (self.directory.connections.get(one.target_id) for one in syncs)
        countries = {one.settings.get("location", {}).get("country") for one in places if one is not None}
        phones = {to_e164(name, country) for country in countries or {None}}
        keys.extend(("phone", phone) for phone in sorted(filter(None, phones)))
        return keys


def read_number(name: str) -> int:
    """The number in `person:12`. Raises ConfigurationError."""
    written = name.removeprefix(_PREFIX)
    # 18 digits: more than there will be people, and less than the store's largest number.
    if not (written.isascii() and written.isdecimal() and len(written) <= 18):
        raise ConfigurationError(f"{name!r} is no number of a person; write it as person:12")
    return int(written)


def _link(sync: StoredSync, person: int, row: tuple[Any, ...], keys: Keys) -> Link:
    contact, seen, remembered = open_link(keys, sync.id, person, row[4:7], row[8], row[9])
    nimbata = _contact.decode(seen) if seen is not None else None
    linked = Linked(
        sync=sync.name, contact_id=row[1], nimbata_id=row[2], state=row[3],
        contacts_api=_contact.decode(contact), nimbata=nimbata, updated_at=row[7],
    )  # fmt: skip
    merge = _merge.decode(remembered) if remembered is not None else MergeState(linked=True)
    return Link(sync=sync, linked=linked, merge=merge)


def _name(linked: tuple[Linked, ...]) -> str:
    for one in linked:
        for record in (one.contacts_api, one.nimbata):
            if record is not None:
                said = " ".join(filter(None, (record.first_name, record.last_name)))
                if shown := said or record.phone or record.email:
                    return shown
    return ""
