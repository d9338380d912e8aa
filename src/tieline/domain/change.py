"""What the CRM says of its own records."""

from __future__ import annotations

import msgspec

from tieline.domain.contact import Contact


class ContactChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The CRM reports a change of one of its records."""

    contact_id: str
    #: The whole record as the event showed it; None where it did not.
    contact: Contact | None = None
    removed: bool = False
