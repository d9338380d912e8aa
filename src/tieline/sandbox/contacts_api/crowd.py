"""A location's contacts that take no room. One that is written to becomes a contact like any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline.sandbox.contacts_api.records import Contact, Location
from tieline.sandbox.virtual import Crowd, Person

_ID = "virtualcontact{:06x}"


class ContactCrowd:
    """Those of one location."""

    def __init__(self, crowd: Crowd, location: Location) -> None:
        self._crowd = crowd
        self._location = location
        #: Deleted, or made real.
        self._taken: set[str] = set()

    def owns(self, contact_id: str) -> bool:
        """Whether the id is, or was, one of theirs."""
        return _number(contact_id) is not None

    def get(self, contact_id: str) -> Contact | None:
        """The contact of that id, while it is none of the real ones."""
        number = _number(contact_id)
        person = self._crowd.person(number) if number is not None and contact_id not in self._taken else None
        return self._contact(person) if person is not None else None

    def matching(self, field: str, value: str) -> Contact | None:
        """Whoever has that phone or e-mail."""
        person = self._crowd.matching(field, value)
        return self.get(_ID.format(person.number)) if person is not None else None

    def take(self, contact_id: str) -> None:
        """From now on it is real, or gone."""
        if _number(contact_id) is not None:
            self._taken.add(contact_id)

    def page(self, indexed: Mapping[str, Contact], after: Any, limit: int) -> tuple[list[Contact], int]:
        """Rows by the time of their making, behind the one that `searchAfter` names; and how many there are in all."""
        rows: list[Contact] = []
        last = after[1] if after else None
        number = _number(last) if last is not None else -1
        if number is not None:
            number += 1
            while len(rows) < limit and number < self._crowd.count:
                name = _ID.format(number)
                row = indexed.get(name) or self.get(name) or self._location.contacts.get(name)
                rows += [row] if row is not None else []
                number += 1
            last = None
        if len(rows) < limit:
            real = sorted(
                (one for one in indexed.values() if _number(one.id) is None),
                key=lambda one: (one.date_added, one.id),
            )
            start = next((place + 1 for place, one in enumerate(real) if one.id == last), 0)
            rows += real[start : start + limit - len(rows)]
        real_ones = sum(1 for one in indexed if not one.startswith("virtualcontact"))
        return rows, self._crowd.known() + real_ones

    def _contact(self, person: Person) -> Contact:
        fields = {"firstName": person.first_name, "lastName": person.last_name, "phone": person.phone}
        if person.email:
            fields["email"] = person.email
        return Contact(
            id=_ID.format(person.number), location_id=self._location.id, fields=fields, tags=[], custom={},
            date_added=person.at, date_updated=person.at,
        )  # fmt: skip


def _number(contact_id: str) -> int | None:
    if not contact_id.startswith("virtualcontact"):
        return None
    try:
        return int(contact_id.removeprefix("virtualcontact"), 16)
    except ValueError:
        return None
