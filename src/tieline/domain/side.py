"""The two sides of a sync."""

from __future__ import annotations

from typing import Literal, get_args

#: The call-tracking account, and the CRM's location.
Side = Literal["nimbata", "contacts_api"]
SIDES: tuple[Side, Side] = get_args(Side)
#: What people read.
SIDE_NAMES: dict[Side, str] = {"nimbata": "the call-tracking account", "contacts_api": "the CRM"}


def other(side: Side) -> Side:
    """The side that is not this one."""
    return "contacts_api" if side == "nimbata" else "nimbata"
