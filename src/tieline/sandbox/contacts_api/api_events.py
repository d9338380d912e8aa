"""What stands in calendars, over the API: lists of events and of blocked time, block slots. Source: section 6."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tieline.sandbox.contacts_api.api_calendars import moment
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.block_slots import BlockSlotBook
from tieline.sandbox.contacts_api.calendars import CalendarBook
from tieline.sandbox.contacts_api.offer import Offer, offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.records_calendars import Appointment, BlockSlot
from tieline.sandbox.contacts_api.white_list_calendars import CREATE_BLOCK, EVENTS, UPDATE_BLOCK
from tieline.sandbox.side import Call, Reply

READ, WRITE = ("calendars/events.readonly",), ("calendars/events.write",)


class Events:
    """The handlers."""

    def __init__(self, office: Office, calendars: CalendarBook, blocks: BlockSlotBook) -> None:
        self._office = office
        self._calendars = calendars
        self._blocks = blocks

    def offers(self) -> list[Offer]:
        """Both lists, and the writing of block slots."""
        blocks = "/calendars/events/block-slots"
        return [
            offer("calendars.list_events", "GET", "/calendars/events", self._list, READ, query=EVENTS),
            offer(
                "calendars.list_blocked_slots", "GET", "/calendars/blocked-slots", self._list_blocks, READ,
                query=EVENTS,
            ),
            offer("calendars.create_block_slot", "POST", blocks, self._block, WRITE, body=CREATE_BLOCK),
            offer(
                "calendars.update_block_slot", "PUT", f"{blocks}/{{eventId}}", self._move, WRITE, body=UPDATE_BLOCK
            ),
        ]  # fmt: skip

    def _list(self, call: Call) -> Reply:
        """Appointments that touch the time, cancelled ones too; blocked time has a list of its own."""
        location, since, until = self._asked(call)
        shelf, zone = self._calendars.shelf(location), ZoneInfo(location.timezone)
        found = [
            one
            for one in shelf.appointments.values()
            if _touches(one, since, until) and self._wanted(call, location, one)
        ]
        found.sort(key=lambda one: (one.starts_at, one.id))
        return Reply(status=200, body={"events": [one.event(zone, shelf.group_of(one)) for one in found]})

    def _list_blocks(self, call: Call) -> Reply:
        location, since, until = self._asked(call)
        zone = ZoneInfo(location.timezone)
        found = [
            one
            for one in self._calendars.shelf(location).blocks.values()
            if _touches(one, since, until) and self._wanted(call, location, one)
        ]
        found.sort(key=lambda one: (one.starts_at, one.id))
        return Reply(status=200, body={"events": [one.event(zone) for one in found]})

    def _block(self, call: Call) -> Reply:
        location = located(call)
        made = self._blocks.create(location, call.body)
        return _shown(made, location)

    def _move(self, call: Call) -> Reply:
        location, found = self._blocks.block(call.caller, call.params["eventId"])
        self._blocks.update(location, found, call.body)
        return _shown(found, location)

    def _asked(self, call: Call) -> tuple[Location, datetime, datetime]:
        """Location and time. Raises Problem where neither a user nor a calendar nor a group is named."""
        location = located(call)
        since, until = moment(call, "startTime"), moment(call, "endTime")
        if until < since:
            raise Problem(400, "endTime must be after startTime")
        user, calendar, group = (call.query.get(name) for name in ("userId", "calendarId", "groupId"))
        if not (user or calendar or group):
            raise Problem(422, ["Either of userId, calendarId or groupId is required"])
        if user:
            self._office.user(location, user)
        if calendar:
            self._calendars.calendar(location, calendar, 400)
        if group:
            self._calendars.group(location, group, 400)
        return location, since, until

    def _wanted(self, call: Call, location: Location, one: Appointment | BlockSlot) -> bool:
        """Whether it is the user's, of the calendar and of the group that are named."""
        user, calendar, group = (call.query.get(name) for name in ("userId", "calendarId", "groupId"))
        its = self._calendars.shelf(location).calendars.get(one.calendar_id or "")
        takes_part = one.of(user or "") if isinstance(one, Appointment) else one.assigned_user_id == user
        return (
            (not user or takes_part)
            and calendar in (None, "", one.calendar_id)
            and group in (None, "", its.group_id if its else None)
        )


def _touches(one: Appointment | BlockSlot, since: datetime, until: datetime) -> bool:
    return one.starts_at < until and one.ends_at > since


def _shown(block: BlockSlot, location: Location) -> Reply:
    shown: dict[str, Any] = block.flat(ZoneInfo(location.timezone))
    return Reply(status=201, body=shown, effect=True, result_id=block.id)
