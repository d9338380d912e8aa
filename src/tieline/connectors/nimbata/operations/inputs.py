"""What inputs share: whose account, which page, and how a value is left out (UNSET) or cleared (None)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

#: UNSET is not sent: it stays as it is.
Text = str | UnsetType
#: None clears.
TextOrNone = str | UnsetType | None
Money = Decimal | UnsetType | None
Moment = datetime | UnsetType
#: Seconds after which a call that was cut off has taken effect or never will. Nobody knows: assumed.
SETTLE_S = 30.0
ACCOUNT = "/v1/a/{account}"
#: What of a list's input travels in the query string.
PAGE = frozenset({"page", "per_page", "cursor"})


class Paged(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list. The account's settings say how it pages; UNSET = the first page, of its usual size."""

    account: Text = UNSET
    page: int | UnsetType = UNSET
    per_page: int | UnsetType = UNSET
    cursor: Text = UNSET


class OfContact(Paged, frozen=True, kw_only=True):
    """A page of what hangs on a contact, oldest change first."""

    contact_id: str = msgspec.field(name="id")
    updated_since: Moment = UNSET
