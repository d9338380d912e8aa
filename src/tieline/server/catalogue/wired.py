"""The catalogue of this hub: what its connectors offer, beside what needs none."""

from __future__ import annotations

from functools import cache

from tieline.catalogue.registry import Catalogue, catalogue_of
from tieline.connectors import CONNECTORS
from tieline.server.sweeps.standard_polls import POLL_EVERY_S, location_polls

#: Activities of a call-tracking account, each a stream of its own.
_ACTIVITIES = ("call", "form", "text")


@cache
def catalogue() -> Catalogue:
    """Made once a process, by whoever asks first: it takes a moment, so not on the event loop."""
    every_s = {one.stream: one.every_s for one in location_polls()} | dict.fromkeys(_ACTIVITIES, POLL_EVERY_S)
    return catalogue_of(
        [one for connector in CONNECTORS for one in connector.operations],
        [one for connector in CONNECTORS for one in connector.triggers],
        every_s,
    )
