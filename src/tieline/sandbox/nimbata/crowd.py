"""People of an account who take no room. One that is written to becomes a contact like any other."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from tieline.sandbox.nimbata.records import Contact
from tieline.sandbox.virtual import Crowd, Person

_PREFIX = "ncv_"


class PeopleCrowd:
    """Those of one project."""

    def __init__(self, crowd: Crowd, project: str) -> None:
        self._crowd = crowd
        self._project = project

    def get(self, contact_id: str) -> Contact | None:
        """The person of that id."""
        digits = contact_id.removeprefix(_PREFIX)
        if not contact_id.startswith(_PREFIX) or not digits.isdecimal():
            return None
        person = self._crowd.person(int(digits))
        return self._contact(person) if person is not None else None

    def matching(self, kind: str, value: str | None) -> Contact | None:
        """Whoever has that phone or e-mail."""
        person = self._crowd.matching(kind, value)
        return self._contact(person) if person is not None else None

    def since(self, moment: datetime | None, taken: Collection[str]) -> Iterator[Contact]:
        """Oldest change first, without those who are real by now."""
        for number in range(self._crowd.first_since(moment), self._crowd.count):
            person = self._crowd.person(number)
            if person is not None and f"{_PREFIX}{number}" not in taken:
                yield self._contact(person)

    def known_since(self, moment: datetime | None) -> int:
        """How many there are, those who are real by now among them."""
        return self._crowd.known(self._crowd.first_since(moment))

    def _contact(self, person: Person) -> Contact:
        return Contact(
            id=f"{_PREFIX}{person.number}", project_id=self._project, first_name=person.first_name,
            last_name=person.last_name, name=f"{person.first_name} {person.last_name}", email=person.email,
            phone=person.phone, company=person.company, created_at=person.at, updated_at=person.at,
        )  # fmt: skip
