"""Custom values: texts of a location that its messages and pages show."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from tieline.catalogue.spec import AnyOperation, Operation
from tieline.connectors.contacts_api.operations.locations import LocationId, Text
from tieline.connectors.contacts_api.shapes_surroundings import LocationValue
from tieline.connectors.contacts_api.versions import LOCATIONS


class UpdateCustomValue(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Name and text of a custom value. Both are written."""

    location_id: Text = UNSET
    id: str
    name: str
    value: str


class CustomValueAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One custom value, as it stands now."""

    custom_value: LocationValue
    trace_id: str | None = None


class CustomValuesAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All custom values; there is no paging."""

    custom_values: list[LocationValue] = []
    trace_id: str | None = None


LIST = Operation[LocationId, CustomValuesAnswer](
    id="custom_values.list", app="contacts_api", title="List custom values",
    description="The location's custom values, with their keys.",
    method="GET", path="/locations/{locationId}/customValues", input=LocationId, output=CustomValuesAnswer,
    version=LOCATIONS, scopes=("locations/customValues.readonly",), idempotent=True,
    source="locations.json#get-custom-values",
)  # fmt: skip

UPDATE = Operation[UpdateCustomValue, CustomValueAnswer](
    id="custom_values.update", app="contacts_api", title="Update a custom value",
    description="Changes what the location's messages and pages show in its place.",
    method="PUT", path="/locations/{locationId}/customValues/{id}", input=UpdateCustomValue,
    output=CustomValueAnswer, version=LOCATIONS, scopes=("locations/customValues.write",), idempotent=True,
    source="locations.json#update-custom-value",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST, UPDATE)
