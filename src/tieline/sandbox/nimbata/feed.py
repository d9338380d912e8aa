"""The account's events in order, for whoever asks by cursor. Source: nimbata.md, B3 (assumption; off by default)."""

from __future__ import annotations

import re
from collections import deque

from tieline.sandbox.nimbata.records import Event

#: Older ones can no longer be asked for.
KEPT = 10_000
_CURSOR = re.compile(r"chg_(\d{1,12})", re.ASCII)


class Feed:
    """Events by their number, from 1; a cursor names the last one that was seen."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._count = 0

    def add(self, event: Event) -> None:
        """One more."""
        self._events.append(event)
        self._count += 1

    def after(self, cursor: str, count: int) -> tuple[list[Event], str, bool]:
        """At most `count` events after `cursor` ("" = from the oldest that is kept), the cursor after them, and
        whether there are more. Raises ValueError for a cursor that was never given, or is too old."""
        dropped = self._count - len(self._events)
        seen = dropped if not cursor else self._read(cursor)
        if seen < dropped:
            raise ValueError("is too old: read everything again")
        start = seen - dropped
        chosen = [self._events[at] for at in range(start, min(start + count, len(self._events)))]
        end = seen + len(chosen)
        return chosen, f"chg_{end}", end < self._count

    def _read(self, cursor: str) -> int:
        match = _CURSOR.fullmatch(cursor)
        if match is None or int(match[1]) > self._count:
            raise ValueError("is no cursor of this account")
        return int(match[1])
