"""Figures of a run, out of the sandbox's records alone. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

#: Faults after which only a look tells whether a write took effect.
_UNCLEAR = frozenset({"cut_after", "cut_before", "created_422", "500", "502", "503"})


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """In milliseconds; None where nothing was measured."""

    p50: float | None
    p99: float | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run. Everything from the sandbox's records and the driver's own, nothing from the hub."""

    events: int
    contacts: int
    notes: int
    effects: int
    expected: int
    found: int
    lost: int
    doubled: int
    uncertain: int
    rate_limited: int
    calls_per_change: float
    faults_fired: dict[str, int]
    limits: str
    #: People entered by hand who are not the same on both sides.
    unequal: int
    ack_ms: Percentiles
    end_to_end_ms: Percentiles


def percentiles(values: Iterable[float]) -> Percentiles:
    """By the nearest rank."""
    ordered = sorted(values)

    def rank(share: float) -> float | None:
        return round(ordered[max(math.ceil(share * len(ordered)) - 1, 0)], 1) if ordered else None

    return Percentiles(p50=rank(0.5), p99=rank(0.99))


def acknowledgements(deliveries: Iterable[Mapping[str, Any]]) -> Percentiles:
    """How long the sender of the webhooks waited for its 200."""
    return percentiles(one["ack_ms"] for one in deliveries if one.get("ack_ms") is not None)


def end_to_end(
    deliveries: Iterable[Mapping[str, Any]], recordings: Mapping[str, str], calls: Iterable[Mapping[str, Any]]
) -> Percentiles:
    """From the moment in which a call's webhook was due to the moment in which its note stood in the CRM.

    Calls with a recording alone: its address tells which note is theirs. Webhooks that a fault dropped are left out:
    those calls were found by polling, as late as the poll comes.
    """
    sent: dict[str, float] = {}
    for one in deliveries:
        url = recordings.get(one["subject_id"])
        if url is not None and one["kind"] == "call.completed" and "drop" not in one.get("faults", ()):
            sent.setdefault(url, one["emitted_at"])
    spent = []
    for one in calls:
        if one["operation"] == "notes.create" and one.get("effect"):
            for word in one["body"]["body"].split():
                if word in sent:
                    spent.append((one["at"] - sent.pop(word)) * 1000)
    return percentiles(spent)


def uncertain(calls: Sequence[Mapping[str, Any]]) -> int:
    """Writes with an unclear answer after which nobody looked, or sent again."""
    open_: dict[str, int] = {}
    for number, one in enumerate(calls):
        key = _subject(one)
        if one.get("fault") in _UNCLEAR and one["write"]:
            open_[key] = number
        else:
            open_.pop(key, None)
    return len(open_)


def _subject(call: Mapping[str, Any]) -> str:
    """Whom a call is about, as far as its address or body tells: the same for a write and for the look after it."""
    path: str = call["path"]
    parts = path.strip("/").split("/")
    if parts[0] == "contacts" and len(parts) > 1 and parts[1] not in ("search", "upsert"):
        return parts[1]
    body = call.get("body") or {}
    if not isinstance(body, dict):
        return path
    return str(body.get("phone") or body.get("number") or body.get("email") or path)


def merged(*counts: Mapping[str, int]) -> dict[str, int]:
    """Counts of several sides in one."""
    total: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            total[name] = total.get(name, 0) + count
    return dict(sorted(total.items()))
