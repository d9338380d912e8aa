"""The custom values of a location: texts that its messages and pages show. Source: contacts-api.md, section 8.

Assumed, since nothing says it: a name is taken once, and its key stays when it changes.
"""

from __future__ import annotations

import re

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.offer import Offer, body, offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.places import CustomValue, PlaceBook
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.side import Call, Reply

_READ, _WRITE = ("locations/customValues.readonly",), ("locations/customValues.write",)
_VALUE = body(("name", "value"), name=checks.filled, value=checks.text)


class CustomValues:
    """The handlers."""

    def __init__(self, office: Office, places: PlaceBook) -> None:
        self._office = office
        self._places = places

    def offers(self) -> list[Offer]:
        """All under /customValues."""
        every = "/locations/{locationId}/customValues"
        one = f"{every}/{{id}}"
        return [
            offer("custom_values.list", "GET", every, self._list, _READ),
            offer("custom_values.create", "POST", every, self._create, _WRITE, body=_VALUE),
            offer("custom_values.get", "GET", one, self._get, _READ),
            offer("custom_values.update", "PUT", one, self._update, _WRITE, body=_VALUE),
            offer("custom_values.delete", "DELETE", one, self._delete, _WRITE),
        ]

    def _list(self, call: Call) -> Reply:
        values = self._places.place(located(call)).custom_values
        return Reply(status=200, body={"customValues": list(values.values())})

    def _create(self, call: Call) -> Reply:
        location, given = located(call), call.body
        held = self._places.place(location).custom_values
        key = re.sub(r"\W+", "_", given["name"].strip().lower()).strip("_")
        key = f"{{{{ custom_values.{key} }}}}"
        if any(one.field_key == key for one in held.values()):
            raise Problem(400, f"{key} already exists")
        value = CustomValue(
            id=self._office.new_id(location), name=given["name"], field_key=key, value=given["value"],
            location_id=location.id,
        )  # fmt: skip
        held[value.id] = value
        return Reply(status=201, body={"customValue": value}, effect=True, result_id=value.id)

    def _get(self, call: Call) -> Reply:
        return Reply(status=200, body={"customValue": self._value(call)[1]})

    def _update(self, call: Call) -> Reply:
        _, value = self._value(call)
        value.name, value.value = call.body["name"], call.body["value"]
        return Reply(status=200, body={"customValue": value}, effect=True, result_id=value.id)

    def _delete(self, call: Call) -> Reply:
        location, value = self._value(call)
        del self._places.place(location).custom_values[value.id]
        return Reply(status=200, body={"succeded": True}, effect=True, result_id=value.id)

    def _value(self, call: Call) -> tuple[Location, CustomValue]:
        location, wanted = located(call), call.params["id"]
        found = self._places.place(location).custom_values.get(wanted)
        if found is None:
            raise Problem(400, f"Custom value with id {wanted} not found")
        return location, found
