"""The location itself, and its custom fields."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.look_up import says
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.shapes import CustomField, Location
from tieline.connectors.contacts_api.versions import LOCATIONS, SETTLE_S

Text = str | UnsetType


class LocationId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which location; UNSET = the connection's own."""

    location_id: Text = UNSET


class ListCustomFields(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose custom fields."""

    location_id: Text = UNSET
    model: Literal["contact", "opportunity", "all"] | UnsetType = UNSET


class CreateCustomField(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new custom field. `field_key` makes a key that stays when the field is renamed (vendor's issue 300)."""

    location_id: Text = UNSET
    name: str
    data_type: str = "TEXT"
    model: Literal["contact", "opportunity"] = "contact"
    placeholder: Text = UNSET
    field_key: Text = UNSET


class LocationAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One location."""

    location: Location
    trace_id: str | None = None


class CustomFieldsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All custom fields; there is no paging."""

    custom_fields: list[CustomField] = []
    trace_id: str | None = None


class CustomFieldAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One custom field."""

    custom_field: CustomField
    trace_id: str | None = None


GET = Operation[LocationId, LocationAnswer](
    id="locations.get", app="contacts_api", title="Get the location",
    description="Country, time zone, and whether duplicates are allowed.",
    method="GET", path="/locations/{locationId}", input=LocationId, output=LocationAnswer, version=LOCATIONS,
    scopes=("locations.readonly",), idempotent=True, source="locations.json#get-location",
)  # fmt: skip

LIST_CUSTOM_FIELDS = Operation[ListCustomFields, CustomFieldsAnswer](
    id="custom_fields.list", app="contacts_api", title="List custom fields",
    description="The location's custom fields, with the ids by which contacts carry them.",
    method="GET", path="/locations/{locationId}/customFields", query=frozenset({"model"}),
    input=ListCustomFields, output=CustomFieldsAnswer, version=LOCATIONS,
    scopes=("locations/customFields.readonly",), idempotent=True, source="locations.json#get-custom-fields",
)  # fmt: skip

_FIELD_CREATED = LookUp[CreateCustomField, ListCustomFields, CustomFieldsAnswer, CustomField](
    kind="list", operation="custom_fields.list", settle_s=SETTLE_S,
    ask=lambda given: ListCustomFields(location_id=given.location_id, model=given.model),
    rows=lambda answer: answer.custom_fields,
    same=lambda row, given, _: says(row.name, given.name) and says(row.data_type, given.data_type),
)  # fmt: skip

CREATE_CUSTOM_FIELD = Operation[CreateCustomField, CustomFieldAnswer](
    id="custom_fields.create", app="contacts_api", title="Create a custom field",
    description="Makes a custom field of contacts or opportunities.",
    method="POST", path="/locations/{locationId}/customFields", input=CreateCustomField,
    output=CustomFieldAnswer, version=LOCATIONS, scopes=("locations/customFields.write",),
    look_up=_FIELD_CREATED,
    source="locations.json#create-custom-field",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (GET, LIST_CUSTOM_FIELDS, CREATE_CUSTOM_FIELD)
