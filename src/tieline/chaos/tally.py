"""What the calls themselves tell: which were for nothing, which outcome nobody can know, where a search came too soon.

Out of the sandboxes' audit. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tieline.chaos.kinds import LAG_S
from tieline.connectors import CONNECTORS

#: Answers after which nobody knows whether it took effect.
_UNCLEAR = frozenset({"500", "502", "503", "cut_before", "cut_after", "created_422"})
_SEARCHES = frozenset({"contacts.search", "tasks.search"})
#: Of a person or an item that was deleted meanwhile, and of a token that was taken back, a refusal is to be expected.
_EXPECTED = frozenset({401, 404})
#: The sandbox names operations as the catalogue does.
WITHOUT_LOOK_UP = frozenset(
    one.id for connector in CONNECTORS for one in connector.operations
    if one.look_up is not None and one.look_up.kind == "none"
)  # fmt: skip


def wasted(calls: Iterable[Mapping[str, Any]]) -> int:
    """Writes that went through and changed nothing, and calls that the far side refused as wrong."""
    return sum(
        call.get("fault") is None
        and (
            (bool(call.get("write")) and _done(call) and not call.get("effect"))
            or (400 <= (call.get("status") or 0) < 500 and call["status"] not in (*_EXPECTED, 429))
        )
        for call in calls
    )


def uncertain(calls: Iterable[Mapping[str, Any]]) -> int:
    """Unclear answers to operations that have no look-up: each of them has to stand in the error queue."""
    return sum(call.get("fault") in _UNCLEAR and call["operation"] in WITHOUT_LOOK_UP for call in calls)


def lagged(calls: Sequence[Mapping[str, Any]]) -> int:
    """Searches that came so soon after a change at their location that they could not see it."""
    changed: dict[str, float] = {}
    found = 0
    for call in calls:
        place = call.get("place", "")
        if call["operation"] in _SEARCHES:
            found += call["at"] - changed.get(place, float("-inf")) < LAG_S
        elif call.get("effect"):
            changed[place] = call["at"]
    return found


def _done(call: Mapping[str, Any]) -> bool:
    return 200 <= (call.get("status") or 0) < 300
