"""Times as people write them, and as they read them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_EXAMPLE = "2026-09-03T15:00"


def read_moment(text: str, zone: ZoneInfo | None) -> datetime:
    """A time with an offset, or of `zone`; UTC. Raises ValueError, also for a time that the clock of `zone` leaves out
    or shows twice."""
    written = text.strip()
    try:
        at = datetime.fromisoformat(written)
        if ":" not in written:
            raise ValueError("a day alone")
        if at.tzinfo is not None:
            return at.astimezone(UTC)
        folds = (0, 1) if zone is not None else ()
        early_late = [at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in folds]
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time; write {_EXAMPLE}Z or {_EXAMPLE}-05:00") from None
    if not early_late:
        raise ValueError(f"{text!r} names no zone; write {written}Z or {written}-05:00, or give the timezone")
    early, late = early_late
    if early != late:
        # The clock was set back over it, or forward.
        twice = early.astimezone(zone).replace(tzinfo=None) == at
        why = "comes twice" if twice else "does not come"
        raise ValueError(
            f"{text!r} {why} in {zone}, as the clock is changed; give the offset from UTC as well"
        )
    return early


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that IANA name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write it as America/Chicago") from None


def show_moment(at: datetime, zone: ZoneInfo | None) -> str:
    """By the clock of `zone`, with its offset; without one in UTC."""
    shown = at.astimezone(zone or UTC)
    text = shown.isoformat(timespec="auto" if shown.second or shown.microsecond else "minutes")
    return text if zone is not None else text.replace("+00:00", "Z")
