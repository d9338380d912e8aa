"""What tests of calendars do at the CRM's door, in one line each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.sandbox.crm_door import CrmDoor

WEEK = timedelta(days=7)
ALL = "/calendars/events/appointments"


def calendar(door: CrmDoor, name: str = "Consultation") -> dict[str, Any]:
    """A calendar that the first location has from the start."""
    return next(one for one in door.state()["calendars"] if one["name"] == name)


def user(door: CrmDoor, number: int = 0) -> str:
    """Id of one of the two who work there."""
    found: str = door.state()["users"][number]["id"]
    return found


def ms(moment: datetime) -> int:
    """As the lists and free slots want it."""
    return int(moment.timestamp() * 1000)


def free(
    door: CrmDoor,
    name: str = "Consultation",
    since: datetime | None = None,
    until: datetime | None = None,
    **more: Any,
) -> dict[str, list[str]]:
    """Free slots by date, a week from now on unless said otherwise."""
    since = since or door.now
    answer = door.done(
        "GET", f"/calendars/{calendar(door, name)['id']}/free-slots", startDate=ms(since),
        endDate=ms(until or since + WEEK), **more,
    )  # fmt: skip
    return {day: held["slots"] for day, held in answer.items() if day != "traceId"}


def slots(door: CrmDoor, name: str = "Consultation", **more: Any) -> list[str]:
    """The same in one row."""
    return [slot for day in free(door, name, **more).values() for slot in day]


def draft(door: CrmDoor, name: str = "Consultation", **more: Any) -> dict[str, Any]:
    """The body of a booking on the first free slot."""
    given = {
        "locationId": door.location, "calendarId": calendar(door, name)["id"], "assignedUserId": user(door), **more,
    }  # fmt: skip
    given.setdefault("contactId", None)
    given["contactId"] = given["contactId"] or door.contact()
    if "startTime" not in given:
        whose = {"userId": given["assignedUserId"]} if given["assignedUserId"] else {}
        given["startTime"] = slots(door, name, **whose)[0]
    return {key: value for key, value in given.items() if value is not None}


def book(door: CrmDoor, name: str = "Consultation", **more: Any) -> dict[str, Any]:
    """An appointment; what it told is forgotten."""
    made: dict[str, Any] = door.done("POST", ALL, draft(door, name, **more))
    door.sent.clear()
    return made


def get(door: CrmDoor, made: dict[str, Any]) -> dict[str, Any]:
    """As it stands now."""
    found: dict[str, Any] = door.done("GET", f"{ALL}/{made['id']}")["event"]
    return found


def switch(door: CrmDoor, **quirks: Any) -> None:
    """Turn quirks."""
    door.side.set_quirks(quirks)
