"""What every subject of the CRM shares: the company with its people and locations, ids, time, events, quirks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from random import Random

from tieline.sandbox.contacts_api.events import Announcer
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.quirks import Quirks
from tieline.sandbox.contacts_api.records import Contact, Location, User, mint, stamp


class Office:
    """One company."""

    def __init__(
        self,
        company_id: str,
        locations: Iterable[Location],
        *,
        rng: Random,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        announce: Announcer,
    ) -> None:
        self.company_id = company_id
        self.locations = {location.id: location for location in locations}
        self.users: dict[str, User] = {}
        #: Ids of locations that the API refuses: nobody pays for them any more.
        self.inactive: set[str] = set()
        self.announce = announce
        self.quirks = Quirks()
        self.now = now
        self.monotonic = monotonic
        self._rng = rng
        #: Id of any record → its location: a path rarely names the location itself.
        self._homes: dict[str, Location] = {}

        #: Called with (location, kept, lost) when somebody merges two contacts: each subject moves what is its own.
        self.on_merge: list[Callable[[Location, Contact, Contact], None]] = []
        #: Ids that other subjects refer to, by kind: "campaign", "workflow", "business".
        self._filed: dict[str, set[str]] = {}

    def file(self, kind: str, record_id: str) -> str:
        """Let other subjects refer to the record; gives its id."""
        self._filed.setdefault(kind, set()).add(record_id)
        return record_id

    def unfile(self, kind: str, record_id: str) -> None:
        """It is gone."""
        self._filed.get(kind, set()).discard(record_id)

    def has(self, location: Location, kind: str, record_id: str) -> bool:
        """Whether the location has such a record."""
        return record_id in self._filed.get(kind, ()) and self._homes.get(record_id) is location

    def new_id(self, location: Location, length: int = 20) -> str:
        """An id for a record of that location."""
        return self._at_home(mint(self._rng, length), location)

    def new_uuid(self, location: Location) -> str:
        """The same for records whose ids are UUIDs: workflows, pipelines and their stages."""
        return self._at_home(str(uuid.UUID(int=self._rng.getrandbits(128), version=4)), location)

    def new_hex_id(self, location: Location) -> str:
        """The same for records whose ids are 24 hexadecimal digits: businesses."""
        return self._at_home(f"{self._rng.getrandbits(96):024x}", location)

    def _at_home(self, record_id: str, location: Location) -> str:
        self._homes[record_id] = location
        return record_id

    def home_of(self, record_id: str) -> Location | None:
        """Where a record lives, or lived."""
        home = self._homes.get(record_id) or self.locations.get(record_id)
        if home is None:
            return next(
                (
                    one
                    for one in self.locations.values()
                    if one.crowd is not None and one.crowd.owns(record_id)
                ),
                None,
            )
        return home

    def stamp(self) -> str:
        """Now, as the API writes times."""
        return stamp(self.now())

    def user(self, location: Location, user_id: str) -> User:
        """A user of that location. Raises Problem 400."""
        user = self.users.get(user_id)
        if user is None or location.id not in user.locations:
            raise Problem(400, f"User with id {user_id} not found in this location")
        return user

    def users_of(self, location: Location) -> list[User]:
        """Everybody who works there."""
        return [user for user in self.users.values() if location.id in user.locations]
