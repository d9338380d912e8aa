"""What came of trying an operation."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tieline.connectors.kit.exchange import Exchange


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One call that somebody asked for, and its answer."""

    operation: str
    #: None for a function, which needs none.
    connection: str | None
    #: unknown: it may have taken effect.
    outcome: Literal["done", "refused", "unknown"]
    status: int | None = None
    #: As later steps of a workflow have it.
    value: Any = None
    reason: str | None = None
    #: Redacted; None where nothing was sent.
    exchange: Exchange | None = None
