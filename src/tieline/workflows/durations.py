"""Lengths of time as people write them: 90s, 15m, 2h, 3d, 1d12h."""

from __future__ import annotations

import re
from datetime import timedelta

#: Longer than any run should sleep.
LONGEST = timedelta(days=5 * 366)
_PART = re.compile(r"(\d{1,9})(w|d|h|m|s)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def parse_duration(text: str) -> timedelta:
    """The length of time. Raises ValueError, in words for whoever wrote it."""
    written = text.strip().lower().replace(" ", "")
    if _WHOLE.fullmatch(written) is None:
        raise ValueError(f"{text!r} is no length of time; write 90s, 15m, 2h, 3d or 1d12h")
    found = timedelta()
    for number, unit in _PART.findall(written):
        try:
            found += timedelta(**{_UNITS[unit]: int(number)})
        except OverflowError:
            found = timedelta.max
        if found > LONGEST:
            raise ValueError(f"{text!r} is longer than five years")
    return found
