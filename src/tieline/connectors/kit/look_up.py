"""Carries the look-up of any operation out: what became of a call whose outcome nobody knows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from tieline.catalogue.look_up import is_ours
from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.answer import Answer
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway

#: A list that is longer proves nothing: what is ours may stand behind what was read.
MAX_PAGES = 30
#: How far a far side's clock may be off where it does not tell its time, and how exact its time is where it does.
UNKNOWN_CLOCK_S, EXACT_S = 60.0, 2.0


class Found(msgspec.Struct, frozen=True):
    """It took effect: the record that it left behind, and the answer that shows it."""

    row: Any
    answer: Answer[Any]


class Absent(msgspec.Struct, frozen=True):
    """Nothing of it is to be seen (yet)."""


class Untold(msgspec.Struct, frozen=True):
    """Nobody can tell: there is no look-up for it, or what it shows decides nothing."""

    why: str


Looked = Found | Absent | Untold


def can_ask(operation: AnyOperation, given: Any) -> bool:
    """Whether a call with that input can be looked up at all."""
    look_up = operation.look_up
    return (
        look_up is not None
        and look_up.executable
        and look_up.ask is not None
        and look_up.ask(given) is not None
    )


async def look_up(
    gateway: Gateway,
    connection: Connection,
    operation: AnyOperation,
    looking: AnyOperation,
    given: Any,
    *,
    reference: str,
    zone: str = "UTC",
    since: datetime | None = None,
    max_pages: int = MAX_PAGES,
) -> Looked:
    """What a call of `operation` with `given` left behind; `looking` is the operation that its look-up names.

    `since`: when the call was decided, by our clock. Raises the classes of `errors`.
    """
    spec = operation.look_up
    if spec is None or spec.ask is None or spec.rows is None or not spec.executable:
        return Untold(f"{operation.id} has no look-up")
    asked = spec.ask(given)
    if asked is None:
        return Untold(f"{operation.id} cannot be looked up by what was written")
    paging = looking.paging
    at = asked if paging is None else paging.first(asked)
    for _ in range(max_pages):
        answer = await gateway.call(connection, looking, at, "retry")
        earliest = _by_their_clock(since, answer)
        rows = spec.rows(answer.value)
        for row in rows:
            if is_ours(spec, row, given, reference=reference, zone=zone, since=earliest):
                return Found(row, answer)
        if rows and spec.single:
            return Untold("another record stands where it would be seen")
        following = paging.following(asked, at, answer.value) if paging is not None else None
        if following is None:
            return Absent()
        at = following
    return Untold(f"{looking.id} goes on behind {max_pages} pages")


def _by_their_clock(since: datetime | None, answer: Answer[Any]) -> datetime | None:
    """The earliest moment, as the far side would write it, at which a record of ours can have been made.

    A clock that is ahead of ours is not made up for: it may have been put forward only after the record was made, and
    to take somebody else's for ours doubles nothing.
    """
    if since is None:
        return None
    if answer.served_at is None:
        return since - timedelta(seconds=UNKNOWN_CLOCK_S)
    answered_at = answer.started_at + timedelta(seconds=answer.duration_s)
    behind = max(answered_at - answer.served_at, timedelta())
    return since - behind - timedelta(seconds=EXACT_S)
