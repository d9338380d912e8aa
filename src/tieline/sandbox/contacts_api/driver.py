"""Somebody who works in the CRM: what a test or a demo lets happen there without the API."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, Literal

import msgspec

from tieline.sandbox.contacts_api.book import Book
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location

Kind = Literal[
    "contact.create",
    "contact.update",
    "contact.delete",
    "contact.merge",
    "tag.add",
    "tag.remove",
    "note.create",
]


class Emission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request to the control API. What is left out is drawn from the sandbox's seed."""

    kind: Kind
    location: str | None = None
    #: Which contact; any of the location's where it is left out.
    id: str | None = None
    #: Of a merge: the record that goes.
    other: str | None = None
    #: By the names of the API.
    fields: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    body: str = "Called back; wants an offer."
    count: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 1


class Driver:
    """Makes it happen and writes it down."""

    def __init__(self, book: Book, rng: Random) -> None:
        self._book = book
        self._rng = rng
        self.log: list[dict[str, Any]] = []

    def emit(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """What happened. Raises ValueError."""
        try:
            emission = msgspec.convert(wanted, Emission)
            made = [self._once(emission) for _ in range(emission.count)]
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error
        except Problem as problem:
            raise ValueError(str(problem.message)) from problem
        return made

    def _once(self, emission: Emission) -> dict[str, Any]:
        location = self._location(emission)
        if emission.kind == "contact.create":
            fields = emission.fields or {"firstName": "Ada", "phone": self._phone(location)}
            contact = self._book.create(location, {**fields, "tags": list(emission.tags)})
        else:
            contact = self._contact(location, emission.id)
            self._change(location, contact, emission)
        record = {
            "number": len(self.log) + 1,
            "kind": emission.kind,
            "location": location.id,
            "contact": contact.id,
            "fields": emission.fields,
            "tags": emission.tags,
        }
        self.log.append(record)
        return record

    def _change(self, location: Location, contact: Contact, emission: Emission) -> None:
        book = self._book
        match emission.kind:
            case "contact.update":
                book.update(location, contact, emission.fields or {"city": "Springfield"})
            case "contact.delete":
                book.delete(location, contact)
            case "contact.merge":
                book.merge(location, contact, self._contact(location, emission.other, not_this=contact))
            case "tag.add":
                book.add_tags(location, contact, emission.tags or ("hot",))
            case "tag.remove":
                book.remove_tags(location, contact, emission.tags)
            case _:
                book.add_note(location, contact, {"body": emission.body})

    def _location(self, emission: Emission) -> Location:
        if emission.location is not None:
            found = self._book.locations.get(emission.location)
            if found is None:
                raise ValueError(f"there is no location {emission.location}")
            return found
        named = self._book.location_of(emission.id) if emission.id else None
        return named or self._rng.choice(list(self._book.locations.values()))

    def _contact(
        self, location: Location, contact_id: str | None, not_this: Contact | None = None
    ) -> Contact:
        if contact_id is not None:
            return self._book.contact(location, contact_id)[1]
        choices = [one for one in location.contacts.values() if one is not not_this]
        if not choices:
            raise ValueError(f"location {location.id} has no contact for that")
        return self._rng.choice(choices)

    def _phone(self, location: Location) -> str:
        starts = {"US": "+1737555", "GB": "+44161496", "DE": "+49221910", "NZ": "+643555"}
        return f"{starts.get(location.country, '+1737555')}{self._rng.randrange(10_000):04d}"
