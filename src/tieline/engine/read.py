"""An event as its consumer understands it."""

from __future__ import annotations

from typing import Literal

import msgspec

from tieline.domain.change import ItemChanged, RecordChanged
from tieline.domain.undo import RecordUndo
from tieline.mapping.apply import Desired

#: contact, nimbata = a side's own id of the person; item = "{side}:{kind}:{id}" of a task, note or appointment.
KeyKind = Literal["phone", "email", "contact", "nimbata", "item"]


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, to whom, and what it asks for."""

    #: Unique name of what happened, however often it was told.
    occurrence: str
    #: Whom it is about: (kind, normalised value), the strongest first; empty = about nobody we can name.
    keys: tuple[tuple[KeyKind, str], ...] = ()
    #: What it asks of the CRM, a side says of its own, or is to be put back; None = nothing for this consumer.
    change: Desired | RecordChanged | ItemChanged | RecordUndo | None = None
    #: Whether it may bring in somebody who is not known yet.
    introduces: bool = True
    #: The stream that shows whom it is about, where it names nobody.
    look_at: str | None = None
    #: Why it is not for this consumer; None = it is.
    skip: str | None = None
