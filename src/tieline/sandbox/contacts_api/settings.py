"""The location itself with the lists of its settings: tags, custom fields and values, templates, recurring tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline.sandbox.contacts_api.api_custom_fields import CustomFields
from tieline.sandbox.contacts_api.api_custom_values import CustomValues
from tieline.sandbox.contacts_api.api_location_tags import LocationTags
from tieline.sandbox.contacts_api.api_locations import Locations
from tieline.sandbox.contacts_api.api_recurring_tasks import RecurringTasks
from tieline.sandbox.contacts_api.api_templates import Templates
from tieline.sandbox.contacts_api.driver import Deed, Done, Emission
from tieline.sandbox.contacts_api.offer import Offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.places import PlaceBook
from tieline.sandbox.contacts_api.records import Location


class Settings:
    """The subject of locations."""

    def __init__(self, office: Office) -> None:
        self.places = PlaceBook(office)
        self._templates, self._recurring = Templates(office), RecurringTasks(office)
        self._parts = (
            Locations(office, self.places), LocationTags(office), CustomFields(office),
            CustomValues(office, self.places), self._templates, self._recurring,
        )  # fmt: skip

    def offers(self) -> list[Offer]:
        """Everything under /locations but the search for tasks."""
        return [one for part in self._parts for one in part.offers()]

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return {"location.update": self._update}

    def state(self, location: Location) -> dict[str, Any]:
        """What the settings hold; tags and custom fields stand with the contacts."""
        return {
            "location": self.places.whole(location),
            "custom_values": list(self.places.place(location).custom_values.values()),
            "templates": [one.out() for one in self._templates.of(location).values()],
            "recurring_tasks": [one.out() for one in self._recurring.of(location).values()],
        }

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """Nothing can stand there twice."""
        return []

    def _update(self, location: Location, wanted: Emission) -> Done:
        self.places.update(location, wanted.fields or {"phone": "+15125550100"})
        return Done(location.id)
