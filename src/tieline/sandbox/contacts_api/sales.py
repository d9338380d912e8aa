"""Opportunities in their pipelines: what a location sells, and to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tieline.sandbox.contacts_api.api_opportunities import Opportunities
from tieline.sandbox.contacts_api.api_opportunity_lists import OpportunityLists
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.deeds_opportunities import OpportunityDeeds
from tieline.sandbox.contacts_api.driver import Deed, Hand
from tieline.sandbox.contacts_api.offer import Offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.opportunities import OpportunityBook
from tieline.sandbox.contacts_api.places import PlaceBook
from tieline.sandbox.contacts_api.records import Location


class Sales:
    """The subject of opportunities."""

    def __init__(self, office: Office, hand: Hand, contacts: ContactBook, places: PlaceBook) -> None:
        self.book = OpportunityBook(office, contacts, places)
        self._parts = (OpportunityLists(self.book), Opportunities(self.book))
        self._deeds = OpportunityDeeds(office, hand, self.book)

    def offers(self) -> list[Offer]:
        """Everything under /opportunities."""
        return [one for part in self._parts for one in part.offers()]

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return self._deeds.deeds()

    def state(self, location: Location) -> dict[str, Any]:
        """Pipelines with all that is in them."""
        shelf = self.book.shelf(location)
        return {
            "pipelines": list(shelf.pipelines.values()),
            "lost_reasons": list(shelf.lost_reasons.values()),
            "opportunities": [one.out(location) for one in shelf.opportunities.values()],
        }

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """Opportunities of one contact in one pipeline that are called the same."""
        held = self.book.shelf(location).opportunities.values()
        said = Counter((one.contact_id, one.pipeline_id, one.name) for one in held)
        return [
            {"kind": "opportunity", "location": location.id, "contact": contact, "body": name[:80]}
            for (contact, _, name), times in said.items()
            if times > 1
        ]
