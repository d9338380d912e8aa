"""What the headers of an answer say about our quota. Absent or unreadable headers say nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec
from multidict import istr

_MAX = istr("X-RateLimit-Max")
_REMAINING = istr("X-RateLimit-Remaining")
_INTERVAL = istr("X-RateLimit-Interval-Milliseconds")
_DAILY_LIMIT = istr("X-RateLimit-Limit-Daily")
_DAILY_REMAINING = istr("X-RateLimit-Daily-Remaining")
_DAILY_RESET = istr("X-RateLimit-Daily-Reset")
_RETRY_AFTER = istr("Retry-After")


class Told(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The far side's view of our quota, at the moment at which it counted this request."""

    #: Requests allowed in a window, and what is left of them.
    requests: int | None = None
    remaining: int | None = None
    interval_s: float | None = None
    daily_limit: int | None = None
    daily_remaining: int | None = None
    #: Seconds until the day's allowance is new.
    daily_reset_s: float | None = None


def read_told(headers: Mapping[str, str]) -> Told | None:
    """The quota headers, None where there are none at all."""
    remaining = headers.get(_REMAINING)
    most = headers.get(_MAX)
    daily = headers.get(_DAILY_REMAINING)
    if remaining is None and most is None and daily is None:
        return None
    interval = _whole(headers.get(_INTERVAL))
    reset = _whole(headers.get(_DAILY_RESET)) if daily is not None else None
    return Told(
        requests=_whole(most) or None,
        remaining=_whole(remaining),
        interval_s=interval / 1000 if interval else None,
        daily_limit=_whole(headers.get(_DAILY_LIMIT)) if daily is not None else None,
        daily_remaining=_whole(daily),
        daily_reset_s=None if reset is None else reset / 1000,
    )


def read_retry_after(
    headers: Mapping[str, str], *, at_most_s: float, now: datetime | None = None
) -> float | None:
    """Seconds that Retry-After asks for, given as seconds or as a date, between 0 and `at_most_s`."""
    written = headers.get(_RETRY_AFTER)
    if not written:
        return None
    try:
        seconds = float(written)
    except ValueError:
        try:
            until = parsedate_to_datetime(written)
        except (ValueError, IndexError, TypeError):
            return None
        until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
        seconds = (until - (now or datetime.now(UTC))).total_seconds()
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), at_most_s)


def _whole(written: str | None) -> int | None:
    """A whole number of at least 0, written plainly; None for anything else."""
    if written is None or len(written) > 15 or not written.isdecimal():
        return None
    return int(written)
