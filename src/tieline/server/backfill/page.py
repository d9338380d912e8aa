"""One page of history."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.store.backfill import Found


class PageRead(msgspec.Struct, frozen=True, kw_only=True):
    """One page."""

    found: tuple[Found, ...] = ()
    #: Where the next one begins; None = this list is read.
    cursor: dict[str, Any] | None = None
    #: Records on it, those that are left out among them.
    records: int = 0
    total: int | None = None
