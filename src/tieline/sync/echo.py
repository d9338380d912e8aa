"""Is what the CRM tells newer than what we know, an echo of our own write, or old? Pure."""

from __future__ import annotations

from typing import Literal

from tieline.domain.contact import Contact

Verdict = Literal["newer", "echo", "stale", "undecidable"]


def judge(told: Contact, known: Contact) -> Verdict:
    """Compare a payload with the snapshot. Only a provably newer one may replace it; equal content is an echo
    whatever its time; a difference under the same time cannot be decided by the payload alone."""
    if _content(told) == _content(known):
        return "echo"
    if told.updated_at is None or known.updated_at is None or told.updated_at == known.updated_at:
        return "undecidable"
    return "newer" if told.updated_at > known.updated_at else "stale"


def _content(contact: Contact) -> tuple[object, ...]:
    return tuple(getattr(contact, name) for name in Contact.__struct_fields__ if name not in ("updated_at", "version"))
