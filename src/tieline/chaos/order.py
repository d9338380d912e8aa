"""Were effects of one person begun in the order of their events? Out of the sandboxes' audit alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import msgspec

from tieline.chaos.record import CONTESTED, Person, Record
from tieline.domain.side import SIDES, Side

#: A value with its number ("City-12-P0007") and words of an item with theirs ("P0007task3 v12").
_VALUE = re.compile(r"\b([a-z]+)-(\d+)-(p\d{4})\b", re.IGNORECASE)
_WORDS = re.compile(r"\b(P\d{4}(?:task|note|meet)\d+) v(\d+)\b")
#: Numbers of texts stand in notes, whose order is looked at by itself.
_NOT_FIELDS = frozenset({CONTESTED, "text"})


def out_of_order(
    record: Record, calls: Mapping[Side, Sequence[Mapping[str, Any]]], deliveries: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Values that were written after a newer one of the same deed-doer, and notes of calls and texts that were begun
    before those of which the hub had been told earlier. `deliveries` are the account's."""
    found = [line for side in SIDES for line in _values(side, calls[side])]
    begun = _begun(calls["contacts_api"])
    told = {
        one["subject_id"]: one
        for one in reversed(deliveries)
        if one["kind"] in ("call.completed", "sms.received")
    }
    for person in record.people.values():
        found += _activities(person, begun, told)
    return found


def _values(side: Side, calls: Iterable[Mapping[str, Any]]) -> list[str]:
    newest: dict[tuple[str, str], int] = {}
    found = []
    for call in calls:
        if not call.get("write") or call.get("body") is None:
            continue
        text = msgspec.json.encode(call["body"]).decode()
        numbers = [
            ((name.lower(), label.upper()), int(number)) for name, number, label in _VALUE.findall(text)
        ]
        numbers += [((item, ""), int(number)) for item, number in _WORDS.findall(text)]
        for key, number in numbers:
            if key[0] in _NOT_FIELDS:
                continue
            if number < newest.get(key, 0):
                named = f"{' of '.join(filter(None, key))} {number}"
                found.append(f"{named} was written to {side} after {newest[key]} (call {call['n']})")
            newest[key] = max(newest.get(key, 0), number)
    return found


def _begun(calls: Iterable[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """(number, body) of every note that was asked for."""
    return [
        (call["n"], str((call.get("body") or {}).get("body", "")))
        for call in calls
        if call.get("write") and call["operation"] == "notes.create"
    ]


def _activities(
    person: Person, begun: Sequence[tuple[int, str]], told: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    first: dict[str, int] = {}
    for one in person.activities:
        number = next((number for number, body in begun if one.marker in body.split()), None)
        if number is not None:
            first[one.id] = number
    found = []
    for earlier, later in combinations([one for one in person.activities if one.id in first], 2):
        acknowledged = told.get(earlier.id, {}).get("acknowledged_at")
        emitted = told.get(later.id, {}).get("emitted_at")
        # Only of what was acknowledged before the other happened is it certain which came first.
        certain = acknowledged is not None and emitted is not None and acknowledged < emitted
        if certain and first[later.id] < first[earlier.id]:
            found.append(
                f"the note of {later.marker} of {person.label} was begun before that of {earlier.marker}"
            )
    return found
