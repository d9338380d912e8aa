"""What a look at a list tells: which records are news, which were missed, which are gone. Pure.

A missing row alone proves nothing: pages shift, indexes lag. What was missed twice, far enough apart, is told as gone,
and whoever hears it gets it by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from tieline.domain.swept import GONE, Row, Swept

#: Two looks this far apart, that both miss a record, tell that it is gone; a connection may say otherwise.
MISSED_FOR = timedelta(minutes=10)


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at some rows tells."""

    #: Ids of the rows that nobody knows in this state.
    news: frozenset[str]
    #: What to remember from now on.
    remember: tuple[Swept, ...]


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """What the records that a whole look did not find come to."""

    #: Told as gone now.
    vanished: tuple[Swept, ...]
    #: What to remember from now on.
    remember: tuple[Swept, ...]


def compare(
    known: Mapping[str, Swept], rows: Sequence[Row], *, since: datetime, first: bool, now: datetime
) -> Look:
    """Hold rows against what was last seen of them. One that was never seen is news if it was made after `since`,
    when the sweeps began: what is older is history, which somebody brings over on purpose. `first`: nobody looked
    here before, so that a row without a date is history too."""
    news, remember = set(), {}
    for row in rows:
        before = known.get(row.record_id)
        if before is None:
            fresh = not first if row.added_at is None else row.added_at >= since
        else:
            fresh = before.digest != row.digest
        if fresh:
            news.add(row.record_id)
        remember[row.record_id] = Swept(
            record_id=row.record_id, contact_id=row.contact_id, digest=row.digest, seen_at=now
        )
    return Look(news=frozenset(news), remember=tuple(remember.values()))


def missing(absent: Iterable[Swept], *, now: datetime, apart: timedelta = MISSED_FOR) -> Missing:
    """What follows from records that stood in no row of a whole look; `apart` as in MISSED_FOR."""
    vanished, remember = [], []
    for one in absent:
        if one.digest == GONE:
            after = one
        elif one.missed_at is None:
            after = msgspec.structs.replace(one, missed_at=now)
        elif now - one.missed_at >= apart:
            vanished.append(one)
            after = msgspec.structs.replace(one, digest=GONE, missed_at=None)
        else:
            after = one
        remember.append(msgspec.structs.replace(after, seen_at=now))
    return Missing(vanished=tuple(vanished), remember=tuple(remember))
