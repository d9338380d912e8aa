"""The sandbox's own time, which a test may shift."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The system's time plus an offset."""

    def __init__(self) -> None:
        self.offset_s = 0.0

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_s)

    def monotonic(self) -> float:
        """Seconds for windows and lags; jumps with the offset."""
        return time.monotonic() + self.offset_s

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self.offset_s += seconds
