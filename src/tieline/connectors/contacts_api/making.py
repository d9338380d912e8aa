"""When a record was made, and by what it can be found again: what the look-ups of several subjects share."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET, UnsetType

from tieline.connectors.contacts_api.records import moment
from tieline.connectors.contacts_api.shapes_calendars import read_moment

#: A search takes no more characters.
LONGEST_QUERY = 75
_E164 = re.compile(r"\+[1-9]\d{6,14}")


def made_at(value: Any) -> datetime | None:
    """When a record says that it was made, UTC. One without an offset says nothing: taken for UTC, it could make ours
    look older than our first try."""
    if isinstance(value, str) and not value.strip().isdecimal():
        told = read_moment(value.strip())
        return None if told is None else told.astimezone(UTC)
    return moment(value)


def e164(number: str | UnsetType) -> str | UnsetType:
    """The number where it is spelt as the far side keeps it, else UNSET: only that spelling can be looked for."""
    return number if number is not UNSET and _E164.fullmatch(number) else UNSET
