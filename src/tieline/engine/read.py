"""An event as its consumer understands it."""

from __future__ import annotations

from typing import Literal

import msgspec

from tieline.domain.change import ItemChanged, RecordChanged
from tieline.mapping.apply import Desired

KeyKind = Literal["phone", "email", "contact", "nimbata"]


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, to whom, and what it asks for."""

    #: Unique name of what happened, however often it was told.
    occurrence: str
    #: Whom it is about: (kind, normalised value), the strongest first; empty = about nobody we can name.
    keys: tuple[tuple[KeyKind, str], ...] = ()
    #: What it asks of the CRM, or what a side says of its own; None = nothing for this consumer.
    change: Desired | RecordChanged | ItemChanged | None = None
    #: Why it is not for this consumer; None = it is.
    skip: str | None = None
