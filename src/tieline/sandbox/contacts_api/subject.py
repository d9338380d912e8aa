"""A part of the CRM: what it offers over the API, what somebody can do there, and what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tieline.sandbox.contacts_api.driver import Deed
from tieline.sandbox.contacts_api.offer import Offer
from tieline.sandbox.contacts_api.records import Location


class Subject(Protocol):
    """Contacts, calendars, conversations, …"""

    def offers(self) -> list[Offer]:
        """Its operations."""
        ...

    def deeds(self) -> Mapping[str, Deed]:
        """What the driver can do there."""
        ...

    def state(self, location: Location) -> dict[str, Any]:
        """What a location holds of it, by name, as JSON."""
        ...

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """What stands there twice though it must not."""
        ...
