"""Business hours by a zone's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: 24:00 is the end of a day.
_Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Hours(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"opens": "from", "closes": "to"},
):
    """When it is open, each of the days: from, to. An end before its beginning is on the next day; an end that is its
    beginning is a whole day."""

    #: IANA name.
    zone: str
    days: tuple[Day, ...] = DAYS[:5]
    opens: _Clock = "09:00"
    closes: _Clock = "17:00"


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; they look like America/Chicago") from None


def next_open(hours: Hours, now: datetime) -> datetime:
    """`now` where it is open, else the next moment at which it opens, in UTC. Raises ValueError for hours that never
    come."""
    zone = zone_of(hours.zone)
    if not hours.days:
        raise ValueError("business hours need at least one day")
    today = now.astimezone(zone).date()
    # Yesterday's hours may reach into today.
    for ahead in range(-1, 9):
        day = today + timedelta(days=ahead)
        if DAYS[day.weekday()] not in hours.days:
            continue
        opens, closes = _between(hours, day, zone)
        if now < opens:
            return opens
        if now < closes:
            return now.astimezone(UTC)
    raise ValueError("these hours never come")


def _between(hours: Hours, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When it opens and closes on that day, in UTC. What the clock leaves out is as much later as it leaves out; of
    what comes twice, it opens the first time and closes the last."""
    until_next = hours.closes <= hours.opens
    return _moment(day, hours.opens, zone, fold=0), _moment(
        day + timedelta(days=until_next), hours.closes, zone, fold=1
    )


def _moment(day: date, clock: str, zone: ZoneInfo, *, fold: int) -> datetime:
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    wall = datetime.combine(day, time.fromisoformat(clock), zone)
    found = wall.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None):
        # The clock leaves it out; by the offset before the change it is after it.
        return found
    return wall.replace(fold=fold).astimezone(UTC)
