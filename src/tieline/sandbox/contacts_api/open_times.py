"""When a business is open, in its own wall clock, as moments: right also on days on which clocks change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

#: From, until (not included), both UTC.
Stretch = tuple[datetime, datetime]
_DAY = timedelta(days=1)
#: Every place on earth has a given date within this time before and after that date of UTC.
_AHEAD, _BEHIND = timedelta(hours=15), timedelta(hours=13)


class Hours(msgspec.Struct, frozen=True):
    """One time of a day in which the business is open: minutes of the wall clock since midnight, 0 to 1440."""

    opens: int
    closes: int


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """When a calendar is open."""

    #: 0 = Sunday, as JavaScript counts; the specs do not say.
    by_day: Mapping[int, tuple[Hours, ...]] = {}
    #: In place of what the weekday has.
    by_date: Mapping[date, tuple[Hours, ...]] = {}

    def on(self, day: date) -> tuple[Hours, ...]:
        """The hours of one day."""
        if (own := self.by_date.get(day)) is not None:
            return own
        return self.by_day.get(day.isoweekday() % 7, ())


def slots(
    week: Week, since: datetime, until: datetime, zone: ZoneInfo, *, length: timedelta, step: timedelta
) -> list[datetime]:
    """Starts between both moments, included, of everything that fits into the open times: every `step` from opening
    on, counted in real time, so that a day of 23 hours has fewer and one of 25 hours has more. In order, UTC."""
    day = since.astimezone(zone).date() - _DAY
    last = until.astimezone(zone).date()
    found: set[datetime] = set()
    while day <= last:
        for hours in week.on(day):
            for opens, closes in open_stretches(day, hours, zone):
                at = opens
                while at + length <= closes:
                    if since <= at <= until:
                        found.add(at)
                    at += step
        day += _DAY
    return sorted(found)


def open_stretches(day: date, hours: Hours, zone: ZoneInfo) -> list[Stretch]:
    """All moments of that day at which the wall clock is within the hours: one stretch as a rule, none where the clock
    jumps over them, two where it shows an edge of them twice."""
    midnight = datetime.combine(day, time(), UTC)
    opens, closes = midnight + timedelta(minutes=hours.opens), midnight + timedelta(minutes=hours.closes)
    found: list[Stretch] = []
    for since, until, offset in _steady(midnight - _AHEAD, midnight + _DAY + _BEHIND, zone):
        begin, end = max(since, opens - offset), min(until, closes - offset)
        if begin >= end:
            continue
        if found and found[-1][1] == begin:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def _steady(begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Stretches of one offset from UTC each; a zone changes its clock once within two days at most."""
    before, after = _offset(begin, zone), _offset(end, zone)
    if before == after:
        yield begin, end, before
        return
    change = _change(begin, end, before, zone)
    yield begin, change, before
    yield change, end, after


def _change(begin: datetime, end: datetime, before: timedelta, zone: ZoneInfo) -> datetime:
    """The first second with another offset."""
    still, changed = 0, int((end - begin).total_seconds())
    while changed - still > 1:
        middle = (still + changed) // 2
        if _offset(begin + timedelta(seconds=middle), zone) == before:
            still = middle
        else:
            changed = middle
    return begin + timedelta(seconds=changed)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None, "a zone always knows its offset"
    return offset
