"""`format.date`: a moment in another zone, moved, and written as people read it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tieline.catalogue.builtins.function import Function, Name
from tieline.errors import MappingError
from tieline.mapping.moments import read_moment, zone_named

#: No far side keeps a moment beyond these.
_MOST_DAYS = 36_500


class FormatDate(msgspec.Struct, frozen=True, kw_only=True):
    """A moment, and what is made of it."""

    moment: Annotated[
        str | int | float,
        Meta(title="Moment", description="A time, a day, or milliseconds since 1970.",
             examples=["2027-03-14T06:30:00Z"], extra={"type": "date_time"}),
    ]  # fmt: skip
    zone: Annotated[
        Name,
        Meta(title="Time zone", description="In which it is read where it names none, and written.",
             examples=["America/Chicago"]),
    ] = "UTC"  # fmt: skip
    pattern: Annotated[
        Name,
        Meta(title="Pattern", description="How it is written: %Y year, %m month, %d day, %H:%M time, %A weekday.",
             examples=["%A, %d %B %Y, %H:%M"]),
    ] = "%Y-%m-%d %H:%M"  # fmt: skip
    add_days: Annotated[
        int,
        Meta(title="Add days", description="Days by the calendar of the zone; negative ones go back.", ge=-_MOST_DAYS,
             le=_MOST_DAYS, examples=[1]),
    ] | UnsetType = UNSET  # fmt: skip
    add_minutes: Annotated[
        int,
        Meta(title="Add minutes", description="Minutes that pass; negative ones go back.", ge=-_MOST_DAYS * 1440,
             le=_MOST_DAYS * 1440, examples=[-60]),
    ] | UnsetType = UNSET  # fmt: skip


class FormattedDate(msgspec.Struct, frozen=True, kw_only=True):
    """The moment in every way that is asked for."""

    text: Annotated[str, Meta(title="Text", examples=["Sunday, 14 March 2027, 23:30"])]
    at: Annotated[datetime, Meta(title="Moment (UTC)", examples=["2027-03-15T04:30:00Z"])]
    local: Annotated[datetime, Meta(title="Moment in the zone", examples=["2027-03-14T23:30:00-05:00"])]
    day: Annotated[date, Meta(title="Day", examples=["2027-03-14"])]
    weekday: Annotated[str, Meta(title="Weekday", examples=["Sunday"])]
    #: Milliseconds since 1970.
    milliseconds: Annotated[int, Meta(title="Milliseconds since 1970", examples=[1805085000000])]


def format_date(given: FormatDate) -> FormattedDate:
    """Raises MappingError for what is no moment, or none that any clock shows."""
    try:
        zone = zone_named(given.zone)
    except ValueError as error:
        raise MappingError(str(error), path="zone") from None
    try:
        at = _read(given.moment, given.zone)
        if given.add_days is not UNSET:
            # By the calendar: a day more is the same time of day, also where a clock is changed.
            at = (at.astimezone(zone) + timedelta(days=given.add_days)).astimezone(UTC)
        if given.add_minutes is not UNSET:
            at += timedelta(minutes=given.add_minutes)
        local = at.astimezone(zone)
        text = local.strftime(given.pattern)
    except (ValueError, OverflowError, OSError) as error:
        raise MappingError(str(error), path="moment") from None
    return FormattedDate(
        text=text, at=at, local=local, day=local.date(), weekday=f"{local:%A}",
        milliseconds=round(at.timestamp() * 1000),
    )  # fmt: skip


def _read(moment: str | float, zone: str) -> datetime:
    written = str(moment).strip()
    if written.lstrip("-").replace(".", "", 1).isdecimal():
        return datetime.fromtimestamp(float(written) / 1000, UTC)
    if ":" not in written:
        # A day alone begins at midnight there.
        written = f"{date.fromisoformat(written).isoformat()}T00:00"
    return read_moment(written, zone_named(zone))


FORMAT_DATE = Function[FormatDate, FormattedDate](
    id="format.date", title="Format a date or time",
    description="Brings a moment into a time zone, moves it by days or minutes, and writes it by a pattern.",
    input=FormatDate, output=FormattedDate, run=format_date,
)  # fmt: skip
