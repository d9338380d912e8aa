"""What a call gives back."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from tieline.connectors.kit.exchange import Exchange

Out = TypeVar("Out")


class Answer(msgspec.Struct, Generic[Out], frozen=True, kw_only=True):
    """The far side took the call."""

    value: Out
    status: int
    #: The far side's own id of the exchange, where it gave one.
    trace_id: str | None
    #: When the request left, UTC; waiting for quota lies before it.
    started_at: datetime
    duration_s: float
    #: When it was given, by the far side's own clock and to the second; None where it does not say.
    served_at: datetime | None = None
    #: Only where exchanges are written down.
    exchange: Exchange | None = None


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    """Output of an operation that removes a record. One that was not there is removed as well as can be."""

    #: False: the far side did not find it.
    existed: bool = True
    trace_id: str | None = msgspec.field(default=None, name="traceId")


class Nothing(msgspec.Struct, frozen=True):
    """Output of an operation whose answer says nothing that we use."""


class Raw(msgspec.Struct, frozen=True, kw_only=True):
    """Output of an operation that answers with a file: its bytes as they came, and what they say they are."""

    content: bytes
    content_type: str = "application/octet-stream"
