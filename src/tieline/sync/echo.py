"""Is what a side tells newer than what we know, an echo of our own write, or old? Pure."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal

import msgspec

from tieline.domain.contact import ABOUT_THE_RECORD, Contact

Verdict = Literal["newer", "echo", "stale", "undecidable"]
#: Two moments nearer than this decide nothing: one is told to the second, and both pass through other machines.
APART = timedelta(seconds=2)
_NAMES = tuple(name for name in Contact.__struct_fields__ if name not in ABOUT_THE_RECORD)


def judge(told: Contact, known: Contact, *, at: datetime | None = None, ours: Container[str] = ()) -> Verdict:
    """Compare a payload with the snapshot. Only a provably newer one may replace it; equal content is an echo
    whatever its time; a difference under the same time cannot be decided by the payload alone.

    `at` is when the payload was sent, by the side's clock; `ours` are the fingerprints of states that our own writes
    led to: one that comes late is an echo still.
    """
    if _content(told) == _content(known):
        return "echo"
    if told.version is not None and known.version is not None and told.version != known.version:
        return "newer" if told.version > known.version else "stale"
    if told.updated_at is not None and known.updated_at is not None and told.updated_at != known.updated_at:
        return "newer" if told.updated_at > known.updated_at else "stale"
    if at is None or known.as_of is None:
        return "undecidable"
    if at <= known.as_of and fingerprint(told) in ours:
        return "echo"
    return "newer" if at > known.as_of + APART else "undecidable"


def fingerprint(record: Contact) -> str:
    """Of its content, whatever its time."""
    content = msgspec.json.encode(_content(record), order="deterministic")
    return blake2b(content, digest_size=8).hexdigest()


def _content(contact: Contact) -> tuple[object, ...]:
    return tuple(getattr(contact, name) for name in _NAMES)
