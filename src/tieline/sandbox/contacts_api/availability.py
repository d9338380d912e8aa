"""What of a calendar can be booked: its slots, less what its team does already. Source: contacts-api.md, section 6."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from tieline.sandbox.contacts_api.calendars import CalendarBook
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.open_times import slots
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.records_calendars import Appointment, Calendar

#: More than any buffer: how far from a slot something may stand and still touch it.
_FAR = timedelta(days=2)


class _Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A time that is not free."""

    begins: datetime
    ends: datetime
    users: frozenset[str]
    #: Whose appointment it is; of a block slot the calendar that is closed.
    calendar_id: str | None
    blocked: bool = False


class Availability:
    """The slots of all calendars."""

    def __init__(self, office: Office, calendars: CalendarBook) -> None:
        self._office = office
        self._calendars = calendars

    def free(
        self,
        location: Location,
        calendar: Calendar,
        since: datetime,
        until: datetime,
        *,
        users: Collection[str] = (),
        but: Appointment | None = None,
        any_date: bool = False,
    ) -> list[datetime]:
        """Starts between both moments, included, that can be booked, UTC. `users` = with one of these alone; `but` is
        thought away; `any_date` = neither the notice nor the horizon of the calendar counts."""
        if not calendar.active:
            return []
        zone = ZoneInfo(location.timezone)
        starts = slots(calendar.week(), since, until, zone, length=calendar.length, step=calendar.step)
        if not starts:
            return []
        first, last = self._bounds(calendar, any_date)
        taken = list(self._taken(location, starts[0] - _FAR, starts[-1] + _FAR, but))
        full = self._full_days(location, calendar, zone, but)
        return [
            start
            for start in starts
            if first <= start
            and (last is None or start <= last)
            and start.astimezone(zone).date() not in full
            and _can(calendar, start, start + calendar.length, taken, users)
        ]

    def collides(
        self, location: Location, calendar: Calendar, start: datetime, end: datetime, *,
        users: Collection[str] = (), but: Appointment | None = None,
    ) -> bool:  # fmt: skip
        """Whether that time is taken, be it a slot or not."""
        taken = list(self._taken(location, start - _FAR, end + _FAR, but))
        return not _can(calendar, start, end, taken, users)

    def whoever_is_free(
        self, location: Location, calendar: Calendar, start: datetime, end: datetime
    ) -> str | None:
        """The member that a booking goes to: of the free ones by priority, or whoever has least to do."""
        taken = list(self._taken(location, start - _FAR, end + _FAR, None))
        team = calendar.fields.get("teamMembers") or []
        if calendar.kind == "collective":
            return next((one["userId"] for one in team if one.get("isPrimary")), None)
        free = [one for one in team if _can(calendar, start, end, taken, (one["userId"],))]
        if not free:
            return None
        if calendar.fields.get("eventType") == "RoundRobin_OptimizeForEqualDistribution":
            held = self._calendars.shelf(location).appointments.values()
            return str(
                min(free, key=lambda one: sum(each.of(one["userId"]) for each in held if each.live))["userId"]
            )
        return str(max(free, key=lambda one: one["priority"])["userId"])

    def _bounds(self, calendar: Calendar, any_date: bool) -> tuple[datetime, datetime | None]:
        """Nothing is booked in the past, and as early and as late as the calendar says."""
        now = self._office.now()
        if any_date:
            return now, None
        late = calendar.fields.get("allowBookingFor")
        return (
            now + calendar.span("allowBookingAfter", 0, "hours"),
            now + calendar.span("allowBookingFor", 0, "days") if late else None,
        )

    def _taken(
        self, location: Location, since: datetime, until: datetime, but: Appointment | None
    ) -> Iterator[_Taken]:
        shelf = self._calendars.shelf(location)
        for one in shelf.appointments.values():
            if not one.live or one is but or one.ends_at < since or one.starts_at > until:
                continue
            calendar = shelf.calendars.get(one.calendar_id)
            before, after = (calendar.before, calendar.after) if calendar else (timedelta(), timedelta())
            users = frozenset((*one.users, *filter(None, (one.assigned_user_id,))))
            yield _Taken(
                begins=one.starts_at - before,
                ends=one.ends_at + after,
                users=users,
                calendar_id=one.calendar_id,
            )
        for block in shelf.blocks.values():
            if block.ends_at < since or block.starts_at > until:
                continue
            users = frozenset(filter(None, (block.assigned_user_id,)))
            yield _Taken(
                begins=block.starts_at, ends=block.ends_at, users=users, calendar_id=block.calendar_id,
                blocked=True,
            )  # fmt: skip

    def _full_days(
        self, location: Location, calendar: Calendar, zone: ZoneInfo, but: Appointment | None
    ) -> set[date]:
        """Dates on which the calendar has as many appointments as it takes."""
        limit = calendar.fields.get("appoinmentPerDay")
        if not limit:
            return set()
        booked = Counter(
            one.starts_at.astimezone(zone).date()
            for one in self._calendars.shelf(location).appointments.values()
            if one.live and one is not but and one.calendar_id == calendar.id
        )
        return {day for day, times in booked.items() if times >= limit}


def _can(
    calendar: Calendar, start: datetime, end: datetime, taken: list[_Taken], users: Collection[str]
) -> bool:
    """Whether one more appointment has room there."""
    begins, ends = start - calendar.before, end + calendar.after
    near = [one for one in taken if one.begins < ends and begins < one.ends]
    if any(one.blocked and one.calendar_id == calendar.id for one in near):
        return False
    seats = int(calendar.fields.get("appoinmentPerSlot") or 1)
    here = [one for one in near if not one.blocked and one.calendar_id == calendar.id]
    if calendar.kind == "class_booking" and len(here) >= seats:
        return False
    if not calendar.members:
        return calendar.kind == "event" and len(here) < seats
    if calendar.kind == "collective":
        return all(_is_free(calendar, user, near, seats) for user in calendar.members)
    return any(
        _is_free(calendar, user, near, seats) for user in calendar.members if not users or user in users
    )


def _is_free(calendar: Calendar, user: str, near: list[_Taken], seats: int) -> bool:
    """Whether one member has time: nothing elsewhere, and fewer appointments here than a slot takes."""
    mine = [one for one in near if user in one.users]
    if any(one.blocked or one.calendar_id != calendar.id for one in mine):
        return False
    return calendar.kind == "class_booking" or len(mine) < seats
