"""Businesses, which contacts can belong to. Source: contacts-api.md, section 8, and section 11 (33).

Nothing tells of them. Assumed: contacts of a business that is deleted keep its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located, whole
from tieline.sandbox.contacts_api.driver import Deed
from tieline.sandbox.contacts_api.offer import Offer, Shape, offer, query
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location, shown
from tieline.sandbox.side import Call, Reply

_READ, _WRITE = ("businesses.readonly",), ("businesses.write",)
_FIELDS = (
    "name", "phone", "email", "website", "address", "city", "postalCode", "state", "country", "description"
)  # fmt: skip
_UPDATE = Shape({**dict.fromkeys(_FIELDS, checks.text), "name": checks.filled})
_CREATE = Shape({**_UPDATE.allowed, "locationId": checks.filled}, ("name", "locationId"))
_LIST = query(("locationId",), locationId=checks.filled, limit=checks.digits, skip=checks.digits)
_FIRST = ("Lone Star Property Management", "Müller & Söhne GmbH")


class Business(msgspec.Struct, kw_only=True):
    """One business."""

    id: str
    location_id: str
    #: By the names of the API.
    fields: dict[str, str | None]
    created_at: str
    updated_at: str

    def out(self) -> dict[str, Any]:
        """As the API shows it."""
        return shown(
            id=self.id, locationId=self.location_id, **self.fields, createdAt=self.created_at,
            updatedAt=self.updated_at,
        )  # fmt: skip


class Businesses:
    """The subject."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._held: dict[str, dict[str, Business]] = {one: {} for one in office.locations}
        for location in office.locations.values():
            for name in _FIRST:
                self._add(location, {"name": name})

    def of(self, location: Location) -> dict[str, Business]:
        """By id."""
        return self._held[location.id]

    def offers(self) -> list[Offer]:
        """All under /businesses."""
        one = "/businesses/{businessId}"
        return [
            offer("businesses.list", "GET", "/businesses/", self._list, _READ, query=_LIST),
            offer("businesses.create", "POST", "/businesses/", self._create, _WRITE, body=_CREATE),
            offer("businesses.get", "GET", one, self._get, _READ),
            offer("businesses.update", "PUT", one, self._update, _WRITE, body=_UPDATE),
            offer("businesses.delete", "DELETE", one, self._delete, _WRITE),
        ]

    def deeds(self) -> Mapping[str, Deed]:
        """None."""
        return {}

    def state(self, location: Location) -> dict[str, Any]:
        """All of them."""
        return {"businesses": [one.out() for one in self.of(location).values()]}

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """Two of the same name may well be two."""
        return []

    def _list(self, call: Call) -> Reply:
        skip, limit = whole(call, "skip", 0), whole(call, "limit", 100)
        rows = list(self.of(located(call)).values())[skip : skip + limit]
        return Reply(status=200, body={"businesses": [one.out() for one in rows]})

    def _create(self, call: Call) -> Reply:
        location, given = located(call), dict(call.body)
        del given["locationId"]
        made = self._add(location, given)
        # The misspelling is the vendor's.
        answer = {"success": True, "buiseness": made.out()}
        return Reply(status=201, body=answer, effect=True, result_id=made.id)

    def _get(self, call: Call) -> Reply:
        return Reply(status=200, body={"business": self._one(call)[1].out()})

    def _update(self, call: Call) -> Reply:
        _, found = self._one(call)
        if "name" in call.body and not call.body["name"]:
            raise Problem(422, ["name should not be empty"])
        found.fields |= call.body
        found.updated_at = self._office.stamp()
        answer = {"success": True, "buiseness": found.out()}
        return Reply(status=200, body=answer, effect=True, result_id=found.id)

    def _delete(self, call: Call) -> Reply:
        location, found = self._one(call)
        del self.of(location)[found.id]
        self._office.unfile("business", found.id)
        return Reply(status=200, body={"success": True}, effect=True, result_id=found.id)

    def _add(self, location: Location, fields: dict[str, str | None]) -> Business:
        now = self._office.stamp()
        made = Business(
            id=self._office.file("business", self._office.new_hex_id(location)),
            location_id=location.id, fields=fields, created_at=now,
            updated_at=now,
        )  # fmt: skip
        self.of(location)[made.id] = made
        return made

    def _one(self, call: Call) -> tuple[Location, Business]:
        business_id = call.params["businessId"]
        home = self._office.home_of(business_id)
        found = self.of(home).get(business_id) if home else None
        if home is None or found is None or call.caller not in (None, home):
            raise Problem(400, f"Business with id {business_id} not found")
        return home, found
