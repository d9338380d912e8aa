"""Blocked time, whoever asks. Source: contacts-api.md, section 6; integrators' live calls for what can be blocked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from tieline.sandbox.contacts_api.appointments import read_moment
from tieline.sandbox.contacts_api.calendars import CalendarBook
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.records_calendars import BlockSlot


class BlockSlotBook:
    """Time that nobody can book. No event tells of it, as far as is known."""

    def __init__(self, office: Office, calendars: CalendarBook) -> None:
        self._office = office
        self._calendars = calendars

    def block(self, location: Location | None, event_id: str) -> tuple[Location, BlockSlot]:
        """The block slot, at `location` where one is named. Raises Problem 404."""
        home = self._office.home_of(event_id)
        found = self._calendars.shelf(home).blocks.get(event_id) if home else None
        if home is None or found is None or location not in (None, home):
            raise Problem(404, f"Event with id {event_id} not found")
        return home, found

    def create(self, location: Location, given: Mapping[str, Any]) -> BlockSlot:
        """One more. Raises Problem."""
        self._check(location, given)
        start, end = (read_moment(given[name], name) for name in ("startTime", "endTime"))
        if end <= start:
            raise Problem(422, ["endTime must be after startTime"])
        now = self._office.now()
        made = BlockSlot(
            id=self._office.new_id(location), location_id=location.id, title=given.get("title") or "Blocked",
            starts_at=start.astimezone(UTC), ends_at=end.astimezone(UTC), calendar_id=given.get("calendarId"),
            assigned_user_id=given.get("assignedUserId"), date_added=now, date_updated=now,
        )  # fmt: skip
        self._calendars.shelf(location).blocks[made.id] = made
        return made

    def update(self, location: Location, found: BlockSlot, given: Mapping[str, Any]) -> None:
        """Write what is given; whom it blocks is given in any case. Raises Problem."""
        self._check(location, given)
        start, end = (
            read_moment(given[name], name).astimezone(UTC) if given.get(name) else was
            for name, was in (("startTime", found.starts_at), ("endTime", found.ends_at))
        )
        if end <= start:
            raise Problem(422, ["endTime must be after startTime"])
        found.starts_at, found.ends_at = start, end
        found.title = given.get("title") or found.title
        found.calendar_id, found.assigned_user_id = given.get("calendarId"), given.get("assignedUserId")
        found.date_updated = self._office.now()

    def delete(self, location: Location, found: BlockSlot) -> None:
        """Gone."""
        del self._calendars.shelf(location).blocks[found.id]

    def _check(self, location: Location, given: Mapping[str, Any]) -> None:
        """A calendar or a user, not both."""
        calendar_id, user_id = given.get("calendarId"), given.get("assignedUserId")
        if bool(calendar_id) == bool(user_id):
            raise Problem(422, ["Either calendarId or assignedUserId can be set, not both."])
        if user_id:
            self._office.user(location, user_id)
            return
        _, calendar = self._calendars.calendar(location, str(calendar_id), 400)
        if calendar.kind != "event" and self._office.quirks.block_slots_want_event_calendars:
            raise Problem(400, "The calendar is not an event calendar.")
