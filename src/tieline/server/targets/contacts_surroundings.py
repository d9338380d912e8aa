"""What a location has around its contacts, read when it is first needed: who works there, and its calendars."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from tieline.connectors.contacts_api.operations import calendars, locations, users
from tieline.connectors.contacts_api.shapes_calendars import Calendar
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.paging import each_page
from tieline.errors import CredentialError, RejectedError

#: Somebody, or a calendar, that is not known is looked for again after so many seconds, and not before.
_AGAIN_S = 300.0


class Surroundings:
    """Of one location. `assignees` of a sync's definition go before the location's own e-mails."""

    def __init__(self, gateway: Gateway, connection: Connection, assignees: Mapping[str, str]) -> None:
        self._gateway = gateway
        self._connection = connection
        self._named = {email.strip().lower(): user_id for email, user_id in assignees.items()}
        self._naming = {user_id: email for email, user_id in reversed(self._named.items())}
        self._users: dict[str, str] = {}
        self._users_at: float | None = None
        self._calendars: list[Calendar] = []
        self._calendars_at: float | None = None

    @property
    def emails(self) -> Mapping[str, str]:
        """E-mail of each user's id, as far as they were read."""
        return {**self._users, **self._naming}

    async def user_id(self, email: str | None) -> str | None:
        """The user with that e-mail; None where nobody is known to have it."""
        if email is None:
            return None
        wanted = email.strip().lower()
        if wanted in self._named:
            return self._named[wanted]
        if wanted not in self._users.values():
            await self._read_users()
        return next((user_id for user_id, held in self._users.items() if held == wanted), None)

    async def learn(self, *user_ids: Any) -> None:
        """Read the users where one of these ids is not known yet."""
        if any(isinstance(one, str) and one and one not in self.emails for one in user_ids):
            await self._read_users()

    async def calendar(self, named: str | None) -> Calendar:
        """The calendar of that id or name, else the only one that can be booked.

        Raises RejectedError where there is none, or several to choose from.
        """
        if not self._calendars or not self._chosen(named):
            await self._read_calendars()
        found = self._chosen(named)
        if len(found) == 1:
            return found[0]
        names = ", ".join(sorted(str(one.name) for one in self._calendars)) or "none"
        why = (
            f"no calendar, or more than one, is called {named}" if named else "the location has not just one"
        )
        raise RejectedError(
            f"which calendar are appointments booked in? {why}: name one in the sync's definition, under appointments, "
            f"calendar; there are: {names}"
        )

    def _chosen(self, named: str | None) -> list[Calendar]:
        if named is None:
            return [one for one in self._calendars if one.is_active is not False]
        by_id = [one for one in self._calendars if one.id == named]
        wanted = named.strip().casefold()
        return by_id or [one for one in self._calendars if str(one.name or "").strip().casefold() == wanted]

    async def _read_users(self) -> None:
        if self._users_at is not None and time.monotonic() - self._users_at < _AGAIN_S:
            return
        try:
            place = await self._call(locations.GET, locations.LocationId())
            asked = users.SearchUsers(
                company_id=str(place.location.company_id or ""),
                location_id=self._connection.account,
                limit=100,
            )
            assert users.SEARCH.paging is not None
            found = {
                user.id: str(user.email).strip().lower()
                async for page in each_page(
                    lambda at: self._call(users.SEARCH, at), users.SEARCH.paging, asked
                )
                for user in page.users
                if user.email and user.deleted is not True
            }
        except CredentialError as error:
            if error.fault != "scope":
                raise
            # Whom a task belongs to is worth less than the task: a token that may not read users carries it without.
            found = {}
        self._users, self._users_at = found, time.monotonic()

    async def _read_calendars(self) -> None:
        if self._calendars_at is not None and time.monotonic() - self._calendars_at < _AGAIN_S:
            return
        answer = await self._call(calendars.LIST, calendars.ListCalendars())
        self._calendars, self._calendars_at = answer.calendars, time.monotonic()

    async def _call(self, operation: Any, given: msgspec.Struct) -> Any:
        return (await self._gateway.call(self._connection, operation, given, "live")).value


def team(calendar: Calendar) -> list[str]:
    """Users whom its appointments can be assigned to, the primary one first; none = it has no team."""
    members = calendar.team_members or []
    return [one.user_id for one in sorted(members, key=lambda one: one.is_primary is not True)]
