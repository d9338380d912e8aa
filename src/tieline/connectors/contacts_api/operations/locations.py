"""The location and its custom fields. Source: contacts-api.md, section 8."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import LookUp, Operation
from tieline.connectors.contacts_api.operations.contacts import APP, SETTLE_S, VERSION

SOURCE = "contacts-api.md#8"


class LocationIdInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call about one location."""

    location_id: str


class LocationSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the location allows."""

    allow_duplicate_contact: bool = False


class WireLocation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One location."""

    id: str
    name: str | None = None
    timezone: str | None = None
    country: str | None = None
    company_id: str | None = None
    settings: LocationSettings | None = None


class LocationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One location."""

    location: WireLocation


class WireCustomField(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One custom field; its key stands behind "contact."."""

    id: str
    name: str | None = None
    field_key: str | None = None
    data_type: str | None = None
    model: str | None = None


class CustomFieldsInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The fields of one model, "contact" or "opportunity"."""

    location_id: str
    model: str | UnsetType = UNSET


class CustomFieldsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All of them, at once."""

    custom_fields: list[WireCustomField] = []


class CreateCustomFieldInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new field; `field_key` makes its key stable."""

    location_id: str
    name: str
    data_type: str = "TEXT"
    model: str = "contact"
    field_key: str | UnsetType = UNSET


class CustomFieldAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The field as stored."""

    custom_field: WireCustomField


GET_LOCATION: Operation[LocationIdInput, LocationAnswer] = Operation(
    id="locations.get", app=APP, title="Get a location", description="Its time zone, country and settings.",
    method="GET", path="/locations/{locationId}", input=LocationIdInput, output=LocationAnswer, version=VERSION,
    scopes=("locations.readonly",), idempotent=True, source=SOURCE,
)  # fmt: skip
LIST_CUSTOM_FIELDS: Operation[CustomFieldsInput, CustomFieldsAnswer] = Operation(
    id="custom_fields.list", app=APP, title="List custom fields", description="Ids, keys and types.",
    method="GET", path="/locations/{locationId}/customFields", input=CustomFieldsInput, output=CustomFieldsAnswer,
    query=frozenset({"model"}), version=VERSION, scopes=("locations/customFields.readonly",), idempotent=True,
    source=SOURCE,
)  # fmt: skip
CREATE_CUSTOM_FIELD: Operation[CreateCustomFieldInput, CustomFieldAnswer] = Operation(
    id="custom_fields.create", app=APP, title="Create a custom field", description="A field of contacts.",
    method="POST", path="/locations/{locationId}/customFields", input=CreateCustomFieldInput,
    output=CustomFieldAnswer, version=VERSION, scopes=("locations/customFields.write",),
    look_up=LookUp(kind="list", operation="custom_fields.list", settle_s=SETTLE_S), source=SOURCE,
)  # fmt: skip

OPERATIONS = (GET_LOCATION, LIST_CUSTOM_FIELDS, CREATE_CUSTOM_FIELD)
