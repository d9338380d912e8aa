"""Calendars and their groups, whoever asks. Source: contacts-api.md, section 6, and the texts of calendars.json.

Where neither says what is refused, and how, the choice is ours: an unknown calendar or group is a 404, and a 400 where
it is named inside of a body or a query.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location, User
from tieline.sandbox.contacts_api.records_calendars import Calendar, CalendarShelf, Group

#: Types that are nothing without a team.
TEAMS = frozenset({"round_robin", "collective", "class_booking", "service_booking", "personal"})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T00:00:00(\.0+)?Z")
_DEFAULTS = {
    "isActive": True, "eventType": "RoundRobin_OptimizeForAvailability", "widgetType": "classic",
    "eventTitle": "{{contact.name}}", "eventColor": "#039be5", "slotDuration": 30, "slotDurationUnit": "mins",
    "slotInterval": 30, "slotIntervalUnit": "mins", "appoinmentPerSlot": 1, "enableRecurring": False,
    "autoConfirm": True, "googleInvitationEmails": False, "allowReschedule": True, "allowCancellation": True,
    "formSubmitType": "ThankYouMessage", "openHours": [],
}  # fmt: skip
_WEEKDAYS = [1, 2, 3, 4, 5]


class CalendarBook:
    """The calendars of all locations."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._shelves = {location.id: CalendarShelf() for location in office.locations.values()}
        for location in office.locations.values():
            self._begin(location)

    def shelf(self, location: Location) -> CalendarShelf:
        """What the location holds."""
        return self._shelves[location.id]

    def calendar(
        self, location: Location | None, calendar_id: str, status: int = 404
    ) -> tuple[Location, Calendar]:
        """The calendar, at `location` where one is named. Raises Problem."""
        home = self._office.home_of(calendar_id)
        calendar = self.shelf(home).calendars.get(calendar_id) if home else None
        if home is None or calendar is None or location not in (None, home):
            raise Problem(status, f"Calendar with id {calendar_id} not found")
        return home, calendar

    def group(self, location: Location | None, group_id: str, status: int = 404) -> tuple[Location, Group]:
        """The group, at `location` where one is named. Raises Problem."""
        home = self._office.home_of(group_id)
        group = self.shelf(home).groups.get(group_id) if home else None
        if home is None or group is None or location not in (None, home):
            raise Problem(status, f"Calendar group with id {group_id} not found")
        return home, group

    def create(self, location: Location, given: Mapping[str, Any]) -> Calendar:
        """A new calendar. Raises Problem. Without a type it is for a team that may still be empty."""
        wanted = {name: value for name, value in given.items() if name != "locationId" and value is not None}
        fields = {**_DEFAULTS, **wanted}
        fields.setdefault("calendarType", "round_robin")
        self._check(location, fields, team_needed="calendarType" in wanted)
        fields["slug"] = self._slug(location, given.get("slug"), fields["name"])
        fields.setdefault("widgetSlug", fields["slug"])
        calendar = Calendar(id=self._office.new_id(location), location_id=location.id, fields={})
        calendar.fields = self._filled(location, fields)
        self.shelf(location).calendars[calendar.id] = calendar
        return calendar

    def update(self, location: Location, calendar: Calendar, given: Mapping[str, Any]) -> None:
        """Write what is given; None empties it. Raises Problem."""
        fields = {**calendar.fields, **given}
        if given.get("availabilities") is not None:
            fields["availabilities"] = _merged(
                calendar.fields.get("availabilities") or [], given["availabilities"]
            )
        fields = {name: value for name, value in fields.items() if value is not None}
        self._check(location, fields, team_needed="teamMembers" in given)
        if given.get("slug"):
            fields["slug"] = self._slug(location, given["slug"], fields["name"], but=calendar)
        calendar.fields = self._filled(location, fields)

    def delete(self, location: Location, calendar: Calendar) -> None:
        """Gone; its appointments can still be read by their ids."""
        del self.shelf(location).calendars[calendar.id]

    def slug_is_free(self, location: Location, slug: str) -> bool:
        """Whether a group can have it."""
        return all(one.slug != slug for one in self.shelf(location).groups.values())

    def add_group(self, location: Location, given: Mapping[str, Any]) -> Group:
        """A new group. Raises Problem 400 where the slug is taken."""
        self._check_group_slug(location, given["slug"])
        group = Group(
            id=self._office.new_id(location), location_id=location.id, name=given["name"],
            description=given["description"], slug=given["slug"], is_active=given.get("isActive") is not False,
        )  # fmt: skip
        self.shelf(location).groups[group.id] = group
        return group

    def edit_group(self, location: Location, group: Group, given: Mapping[str, Any]) -> None:
        """Write name, description and slug."""
        if given["slug"] != group.slug:
            self._check_group_slug(location, given["slug"])
        group.name, group.description, group.slug = given["name"], given["description"], given["slug"]

    def delete_group(self, location: Location, group: Group) -> None:
        """Gone; its calendars stay, in no group."""
        shelf = self.shelf(location)
        del shelf.groups[group.id]
        for calendar in shelf.calendars.values():
            if calendar.group_id == group.id:
                del calendar.fields["groupId"]

    def _check_group_slug(self, location: Location, slug: str) -> None:
        if not self.slug_is_free(location, slug):
            raise Problem(400, "Slug is already taken")

    def _check(self, location: Location, fields: Mapping[str, Any], *, team_needed: bool) -> None:
        kind, team = fields["calendarType"], fields.get("teamMembers") or []
        if team_needed and kind in TEAMS and not team:
            raise Problem(422, [f"teamMembers are required for a {kind} calendar"])
        if kind == "personal" and len(team) > 1:
            raise Problem(422, ["a personal calendar must have exactly one team member"])
        if kind == "collective" and team and sum(one.get("isPrimary") is True for one in team) != 1:
            raise Problem(422, ["exactly one team member must be primary"])
        for one in team:
            self._office.user(location, one["userId"])
        if group_id := fields.get("groupId"):
            self.group(location, group_id, 400)
        for name in ("slotDuration", "slotInterval"):
            if fields[name] <= 0:
                raise Problem(422, [f"{name} must be a positive number"])
        hours = [*(fields.get("openHours") or ()), *(fields.get("availabilities") or ())]
        for each in (each for one in hours for each in one["hours"]):
            _check_hours(each)
        for one in fields.get("availabilities") or ():
            if not _DATE.fullmatch(one["date"]):
                raise Problem(422, ["date must be formatted as <YYYY-MM-DD>T00:00:00.000Z"])

    def _filled(self, location: Location, fields: dict[str, Any]) -> dict[str, Any]:
        """With what the far side adds to what it is given."""
        if team := fields.get("teamMembers"):
            fields["teamMembers"] = [{"priority": 0.5, **_with_meetings(one)} for one in team]
        if days := fields.get("availabilities"):
            fields["availabilities"] = [
                {
                    "date": one["date"],
                    "hours": one["hours"],
                    "id": one.get("id") or self._office.new_id(location),
                }
                for one in days
            ]
        return _with_meetings(fields)

    def _slug(self, location: Location, given: str | None, name: str, but: Calendar | None = None) -> str:
        """The slug given, else one made of the name. Raises Problem 400 where another calendar has it."""
        taken = {
            one.fields["slug"] for one in self.shelf(location).calendars.values() if but is None or one is not but
        }  # fmt: skip
        if given:
            if given in taken:
                raise Problem(400, "Slug is already taken")
            return given
        made = re.sub(r"\W+", "-", name.strip().lower()).strip("-") or "calendar"
        number, slug = 1, made
        while slug in taken:
            number += 1
            slug = f"{made}-{number}"
        return slug

    def _begin(self, location: Location) -> None:
        """What a location that uses calendars has: one of each type that behaves in its own way, and a draft."""
        team = self._office.users_of(location)
        group = self.add_group(
            location, {"name": "Bookings", "description": "What can be booked online", "slug": "bookings"}
        )
        for fields in _first_calendars(team):
            self.create(location, {"groupId": group.id, **fields})


def _first_calendars(team: list[User]) -> Iterable[dict[str, Any]]:
    workdays = [_open(_WEEKDAYS, (9, 0), (17, 0))]
    both = [{"userId": one.id, "priority": 0.5} for one in team]
    yield {
        "name": "Consultation", "calendarType": "round_robin", "teamMembers": both, "openHours": workdays,
        "description": "Half an hour with whoever is free",
    }  # fmt: skip
    yield {
        "name": "Site visit", "calendarType": "personal", "teamMembers": both[:1], "slotDuration": 1,
        "slotDurationUnit": "hours", "slotBuffer": 15, "slotBufferUnit": "mins",
        "openHours": [_open(_WEEKDAYS, (8, 0), (12, 0)), _open(_WEEKDAYS, (13, 0), (16, 30))],
    }  # fmt: skip
    yield {
        "name": "Workshop", "calendarType": "class_booking", "teamMembers": both[-1:], "slotDuration": 90,
        "slotInterval": 90, "appoinmentPerSlot": 3, "openHours": [_open([6], (10, 0), (16, 0))],
    }  # fmt: skip
    yield {
        "name": "Board", "calendarType": "collective", "slotDuration": 45, "slotInterval": 45,
        "teamMembers": [{**one, "isPrimary": number == 0} for number, one in enumerate(both)],
        "openHours": workdays, "autoConfirm": False,
    }  # fmt: skip
    yield {"name": "Room", "calendarType": "event", "openHours": [_open(range(7), (0, 0), (23, 60))]}
    yield {"name": "Draft", "calendarType": "event", "isActive": False, "openHours": workdays}


def _open(days: Iterable[int], opens: tuple[int, int], closes: tuple[int, int]) -> dict[str, Any]:
    return {
        "daysOfTheWeek": list(days),
        "hours": [
            {"openHour": opens[0], "openMinute": opens[1], "closeHour": closes[0], "closeMinute": closes[1]}
        ],
    }


def _check_hours(each: Mapping[str, Any]) -> None:
    opens, closes = (each[f"{edge}Hour"] * 60 + each[f"{edge}Minute"] for edge in ("open", "close"))
    if not 0 <= opens < closes <= 24 * 60:
        raise Problem(422, ["hours must close after they open, on the same day"])


def _merged(known: list[dict[str, Any]], given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Dates after an update: one with an `id` is changed, or removed by `deleted`; one without is added."""
    by_id = {one["id"]: one for one in known}
    added = []
    for one in given:
        if one.get("id") in by_id:
            if one.get("deleted"):
                del by_id[one["id"]]
            else:
                by_id[one["id"]] = one
        elif not one.get("deleted"):
            added.append(one)
    return [*by_id.values(), *added]


def _with_meetings(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Each place of a meeting with the id by which an appointment selects it."""
    places = fields.get("locationConfigurations")
    if not places:
        return dict(fields)
    named = [{**one, "meetingId": f"{one['kind']}_{number}"} for number, one in enumerate(places)]
    return {**fields, "locationConfigurations": named}
