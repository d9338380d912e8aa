"""Sweeps and pauses of a night, in minutes: the one thing in which a hub of a run differs from any other.

What was told to nobody is found by looks that a hub spreads over the day; here they come one after the other.
"""

from __future__ import annotations

from datetime import timedelta

from tieline.connectors.kit.backoff import RetryPolicy
from tieline.engine import polls
from tieline.server.sweeps import ground, pollers, walk

#: Seconds between reads of a list, and between rounds of the walk.
EVERY_S = 4.0
ROUND_S = 8.0
#: Two looks so far apart tell that a record is gone.
VANISH_S = 3.0
#: The sandbox has done what it does with a call before it cuts it off.
SETTLE_S = 2.0
#: Calls a minute that the account of a run takes; real ones may take fewer.
PER_MINUTE = 600
#: Share of the quota that sweeps may take.
_SHARE = 0.35
#: Reads reach back so far behind their cursor: more than a far side's clock may jump in a run.
_OVERLAP = timedelta(minutes=10)
#: A list that could not be read is read again within this.
_AGAIN = RetryPolicy(first_s=1.0, factor=2.0, max_s=6.0, max_attempts=1_000_000)


def hasten() -> None:
    """For this process, before its hub is opened."""
    for module, name, quick in (
        (ground, "SHARE", _SHARE),
        (walk, "ROUND", timedelta(seconds=ROUND_S)),
        (pollers, "OVERLAP", _OVERLAP),
        (polls, "_BACKOFF", _AGAIN),
    ):
        # Raises AttributeError where it is called otherwise by now.
        getattr(module, name)
        setattr(module, name, quick)
