"""Somebody who works in the CRM: what a test or a demo lets happen there without the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Annotated, Any, TypeVar

import msgspec

from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location

Picked = TypeVar("Picked")


class Emission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request to the control API. What is left out is drawn from the sandbox's seed."""

    #: Name of a deed: "contact.update", "task.complete", …
    kind: str
    location: str | None = None
    #: Which record; any of the location's where it is left out. Of `contact.*`, `tag.*` and `*.create` the contact.
    id: str | None = None
    #: Of a merge: the record that goes.
    other: str | None = None
    #: By the names of the API.
    fields: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    body: str = "Called back; wants an offer."
    count: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 1


class Done(msgspec.Struct, frozen=True):
    """What a deed touched: the record, and the contact that it belongs to (itself, of a contact)."""

    record: str
    contact: str | None = None


#: Something that can be done at a location.
Deed = Callable[[Location, Emission], Done]


class Driver:
    """Makes it happen and writes it down."""

    def __init__(self, office: Office, rng: Random, deeds: Mapping[str, Deed]) -> None:
        self._office = office
        self._rng = rng
        self._deeds = deeds
        self.log: list[dict[str, Any]] = []

    def emit(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """What happened. Raises ValueError."""
        try:
            emission = msgspec.convert(wanted, Emission)
            deed = self._deeds.get(emission.kind)
            if deed is None:
                raise ValueError(f"kind can be {', '.join(sorted(self._deeds))}")
            return [self._once(deed, emission) for _ in range(emission.count)]
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error
        except Problem as problem:
            raise ValueError(str(problem.message)) from problem

    def _once(self, deed: Deed, emission: Emission) -> dict[str, Any]:
        location = self._location(emission)
        done = deed(location, emission)
        record = {
            "number": len(self.log) + 1,
            "kind": emission.kind,
            "location": location.id,
            "contact": done.contact,
            "record": done.record,
            "fields": emission.fields,
            "tags": emission.tags,
        }
        self.log.append(record)
        return record

    def _location(self, emission: Emission) -> Location:
        if emission.location is not None:
            found = self._office.locations.get(emission.location)
            if found is None:
                raise ValueError(f"there is no location {emission.location}")
            return found
        named = self._office.home_of(emission.id) if emission.id else None
        return named or self._rng.choice(list(self._office.locations.values()))


class Hand:
    """What the deeds of all subjects share: picking a record where none is named."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def contact(
        self, location: Location, contact_id: str | None, *, not_this: Contact | None = None
    ) -> Contact:
        """The contact named, else any. Raises ValueError."""
        if contact_id is not None:
            named = location.contacts.get(contact_id)
            if named is None:
                raise ValueError(f"there is no contact {contact_id} at location {location.id}")
            return named
        return self.pick([one for one in location.contacts.values() if one is not not_this], "contact")

    def pick(self, choices: Sequence[Picked], what: str) -> Picked:
        """One of them. Raises ValueError where there is none."""
        if not choices:
            raise ValueError(f"the location has no {what} for that")
        return self._rng.choice(choices)

    def phone(self, location: Location) -> str:
        """A number of the location's country that is nobody's."""
        starts = {"US": "+1737555", "GB": "+44161496", "DE": "+49221910", "NZ": "+643555"}
        return f"{starts.get(location.country, '+1737555')}{self._rng.randrange(10_000):04d}"
