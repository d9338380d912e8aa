"""What the calls themselves tell: which were for nothing, which outcome nobody can know, where a search came too soon.

Out of the sandboxes' audit. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tieline.chaos.kinds import LAG_S
from tieline.connectors import CONNECTORS

#: Answers after which nobody knows whether it took effect.
_UNCLEAR = frozenset({"500", "502", "503", "cut_before", "cut_after", "created_422"})
_SEARCHES = frozenset({"contacts.search", "tasks.search"})
#: What took effect, and its answer did not arrive.
_LOST = frozenset({"cut_after", "created_422"})
#: A token that was taken back, what was deleted, a newer version than the one that would be overwritten, the quota.
_EXPECTED = frozenset({401, 404, 409, 429})
_CONTACT = re.compile(r"/contacts/([^/?]+)")
#: The moment of an end is asked for right after it.
_SLACK_S = 2.0
#: The sandbox names operations as the catalogue does.
WITHOUT_LOOK_UP = frozenset(
    one.id for connector in CONNECTORS for one in connector.operations
    if one.look_up is not None and one.look_up.kind == "none"
)  # fmt: skip


def wasted(
    calls: Iterable[Mapping[str, Any]], *, there: Collection[str], ends: Sequence[float]
) -> list[Mapping[str, Any]]:
    """Calls of one side that were for nothing, and nothing explains why: writes that went through and changed nothing,
    and what was refused as wrong.

    `there` are the ids of the people who are left: of others a refusal is to be expected. `ends` are the moments, by
    the far sides' clock, at which whoever might have heard an answer ended or stood still.
    """
    found, did = [], dict[bytes, Mapping[str, Any]]()
    for call in calls:
        key = msgspec.json.encode(
            [call["operation"], call.get("path"), call.get("body")], order="deterministic"
        )
        if call.get("effect"):
            did[key] = call
        elif call.get("fault") is None:
            status = call.get("status") or 0
            refused = 400 <= status < 500 and not _answers(call, there)
            idle = call.get("write") and 200 <= status < 300 and not _unheard(did.get(key), call, ends)
            if refused or idle:
                found.append(call)
    return found


def _answers(call: Mapping[str, Any], there: Collection[str]) -> bool:
    """A refusal that says something: what is asked for is gone, somebody was quicker, the token or the quota ended."""
    # Where a second record is refused, making one is asking whose the phone is.
    asks = call["operation"] == "contacts.create" and call["status"] == 400
    whose = _CONTACT.search(call.get("path") or "")
    return call["status"] in _EXPECTED or asks or (whose is not None and whose[1] not in there)


def _unheard(before: Mapping[str, Any] | None, again: Mapping[str, Any], ends: Sequence[float]) -> bool:
    """It was done before, and whoever asked for it did not hear so."""
    if before is None:
        return False
    return before.get("fault") in _LOST or any(before["at"] - _SLACK_S <= end <= again["at"] for end in ends)


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
