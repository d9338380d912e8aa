"""Calendars over the API, and their free slots. Source: contacts-api.md, section 6."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.availability import Availability
from tieline.sandbox.contacts_api.calendars import CalendarBook
from tieline.sandbox.contacts_api.offer import Offer, offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.records_calendars import Calendar, from_ms, local
from tieline.sandbox.contacts_api.white_list_calendars import (
    CREATE_CALENDAR,
    FREE_SLOTS,
    LIST_CALENDARS,
    UPDATE_CALENDAR,
    V3_CREATE_CALENDAR,
    V3_UPDATE_CALENDAR,
)
from tieline.sandbox.side import Call, Reply

READ, WRITE = ("calendars.readonly",), ("calendars.write",)
_LONGEST = timedelta(days=31)


class Calendars:
    """The handlers."""

    def __init__(self, office: Office, book: CalendarBook, availability: Availability) -> None:
        self._office = office
        self._book = book
        self._availability = availability

    def offers(self) -> list[Offer]:
        """The calendars themselves."""
        all_, one = "/calendars/", "/calendars/{calendarId}"
        return [
            offer("calendars.list", "GET", all_, self._list, READ, query=LIST_CALENDARS),
            offer(
                "calendars.create", "POST", all_, self._create, WRITE, body=CREATE_CALENDAR, v3_body=V3_CREATE_CALENDAR
            ),
            offer("calendars.get", "GET", one, self._get, READ),
            offer(
                "calendars.update", "PUT", one, self._update, WRITE, body=UPDATE_CALENDAR, v3_body=V3_UPDATE_CALENDAR
            ),
            offer("calendars.delete", "DELETE", one, self._delete, WRITE),
            offer("calendars.free_slots", "GET", f"{one}/free-slots", self._free, READ, query=FREE_SLOTS),
        ]  # fmt: skip

    def _list(self, call: Call) -> Reply:
        location = located(call)
        if group_id := call.query.get("groupId"):
            self._book.group(location, group_id, 400)
        drafts = call.query.get("showDrafted") != "false"
        rows = [
            one.out()
            for one in self._book.shelf(location).calendars.values()
            if (drafts or one.active) and group_id in (None, "", one.group_id)
        ]
        return Reply(status=200, body={"calendars": rows})

    def _create(self, call: Call) -> Reply:
        made = self._book.create(located(call), call.body)
        return Reply(status=200, body={"calendar": made.out()}, effect=True, result_id=made.id)

    def _get(self, call: Call) -> Reply:
        _, calendar = self._at(call)
        return Reply(status=200, body={"calendar": calendar.out()})

    def _update(self, call: Call) -> Reply:
        location, calendar = self._at(call)
        self._book.update(location, calendar, call.body)
        return Reply(status=200, body={"calendar": calendar.out()}, effect=True, result_id=calendar.id)

    def _delete(self, call: Call) -> Reply:
        location, calendar = self._at(call)
        self._book.delete(location, calendar)
        return Reply(status=200, body={"success": True}, effect=True, result_id=calendar.id)

    def _free(self, call: Call) -> Reply:
        location, calendar = self._at(call)
        since, until = moment(call, "startDate"), moment(call, "endDate")
        if until < since:
            raise Problem(400, "endDate must be after startDate")
        if until - since > _LONGEST:
            raise Problem(400, "Date range cannot be more than 31 days")
        zone = _zone(call.query.get("timezone"), location)
        users = [one for one in (call.query.get("userId"), *call.every("userIds")) if one]
        for user in users:
            self._office.user(location, user)
        free = self._availability.free(location, calendar, since, until, users=users)
        return Reply(status=200, body=_by_date(free, zone), traced=self._office.quirks.trace_id_among_slots)

    def _at(self, call: Call) -> tuple[Location, Calendar]:
        return self._book.calendar(call.caller, call.params["calendarId"])


def moment(call: Call, name: str) -> datetime:
    """Milliseconds of the query as a moment, UTC. Raises Problem 422."""
    try:
        found = from_ms(int(call.query[name]))
        # So that whatever is counted from there on stays within what a date can be.
        if not datetime(1900, 1, 1, tzinfo=UTC) < found < datetime(2900, 1, 1, tzinfo=UTC):
            raise ValueError
    except (OverflowError, ValueError):
        raise Problem(422, [f"{name} must be a valid timestamp in milliseconds"]) from None
    return found


def _zone(name: str | None, location: Location) -> ZoneInfo:
    """The zone asked for, else the location's. Raises Problem 422."""
    if not name:
        return ZoneInfo(location.timezone)
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise Problem(422, ["timezone must be a valid IANA time zone"]) from None


def _by_date(free: Sequence[datetime], zone: ZoneInfo) -> dict[str, Any]:
    """Slots under the date that they have in the zone; a date without any is left out."""
    found: dict[str, Any] = {}
    for start in free:
        written = local(start, zone)
        found.setdefault(written[:10], {"slots": []})["slots"].append(written)
    return found
