"""Custom objects: their schemas and records, and what links them. Their bodies do not say which event they are."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.catalogue.spec import AnyTrigger, Trigger
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.triggers.told import Told


class Property(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One field of a record."""

    key: Loose = None
    value_string: Loose = None


class RecordTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A record of a custom object, or a business."""

    id: Loose = None
    owners: list[Any] | None = None
    followers: list[Any] | None = None
    properties: list[Property] | None = None


class RelationTold(Told, frozen=True, kw_only=True, rename="camel"):
    """Two records, and under which association they belong together."""

    id: Loose = None
    association_id: Loose = None
    first_object_key: Loose = None
    first_record_id: Loose = None
    second_object_key: Loose = None
    second_record_id: Loose = None


class AssociationTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A kind of link between two objects."""

    id: Loose = None
    key: Loose = None
    association_type: Loose = None
    first_object_key: Loose = None
    first_object_label: Loose = None
    first_object_to_second_object_cardinality: Loose = None
    second_object_key: Loose = None
    second_object_label: Loose = None
    second_object_to_first_object_cardinality: Loose = None


class ObjectSchemaTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A kind of record."""

    id: Loose = None
    #: "custom_objects.pets"
    key: Loose = None
    #: {"singular", "plural"}
    labels: dict[str, Any] | None = None
    description: Loose = None
    searchable_properties: list[Any] | None = None
    primary_display_property: Loose = None
    object_type: Loose = None
    created_by: dict[str, Any] | None = None
    updated_by: dict[str, Any] | None = None
    created_at: Loose = None
    updated_at: Loose = None


RECORD_CREATED = Trigger[RecordTold](
    id="records.created", app="contacts_api", title="Record created", event="RecordCreate", types=("RecordCreate",),
    output=RecordTold, source="webhook-events/RecordCreate.json",
    description="A record of a custom object was created; the docs say that businesses are told of so too.",
)  # fmt: skip

RECORD_UPDATED = Trigger[RecordTold](
    id="records.updated", app="contacts_api", title="Record changed", event="RecordUpdate", types=("RecordUpdate",),
    output=RecordTold, source="webhook-events/RecordUpdate.json",
    description="A record of a custom object was edited.",
)  # fmt: skip

RECORD_DELETED = Trigger[RecordTold](
    id="records.deleted", app="contacts_api", title="Record deleted", event="RecordDelete", types=("RecordDelete",),
    output=RecordTold, source="webhook-events/RecordDelete.json",
    description="A record of a custom object was deleted.",
)  # fmt: skip

RELATION_CREATED = Trigger[RelationTold](
    id="relations.created", app="contacts_api", title="Records linked", event="RelationCreate",
    types=("RelationCreate",), output=RelationTold, source="webhook-events/RelationCreate.json",
    description="Two records were linked.",
)  # fmt: skip

RELATION_DELETED = Trigger[RelationTold](
    id="relations.deleted", app="contacts_api", title="Records unlinked", event="RelationDelete",
    types=("RelationDelete",), output=RelationTold, source="webhook-events/RelationDelete.json",
    description="The link between two records was removed.",
)  # fmt: skip

ASSOCIATION_CREATED = Trigger[AssociationTold](
    id="associations.created", app="contacts_api", title="Association defined", event="AssociationCreate",
    types=("AssociationCreate",), output=AssociationTold, source="webhook-events/AssociationCreate.json",
    description="A kind of link between two objects was defined.",
)  # fmt: skip

ASSOCIATION_UPDATED = Trigger[AssociationTold](
    id="associations.updated", app="contacts_api", title="Association changed", event="AssociationUpdate",
    types=("AssociationUpdate",), output=AssociationTold, source="webhook-events/AssociationUpdate.json",
    description="A kind of link between two objects was edited.",
)  # fmt: skip

ASSOCIATION_DELETED = Trigger[AssociationTold](
    id="associations.deleted", app="contacts_api", title="Association removed", event="AssociationDelete",
    types=("AssociationDelete",), output=AssociationTold, source="webhook-events/AssociationDelete.json",
    description="A kind of link between two objects was removed.",
)  # fmt: skip

OBJECT_SCHEMA_CREATED = Trigger[ObjectSchemaTold](
    id="object_schemas.created", app="contacts_api", title="Custom object defined", event="ObjectSchemaCreate",
    types=("ObjectSchemaCreate",), output=ObjectSchemaTold, source="webhook-events/ObjectSchemaCreate.json",
    description="A custom object was defined.",
)  # fmt: skip

OBJECT_SCHEMA_UPDATED = Trigger[ObjectSchemaTold](
    id="object_schemas.updated", app="contacts_api", title="Custom object changed", event="ObjectSchemaUpdate",
    types=("ObjectSchemaUpdate",), output=ObjectSchemaTold, source="webhook-events/ObjectSchemaUpdate.json",
    description="The definition of a custom object was edited.",
)  # fmt: skip

TRIGGERS: tuple[AnyTrigger, ...] = (
    RECORD_CREATED, RECORD_UPDATED, RECORD_DELETED, RELATION_CREATED, RELATION_DELETED, ASSOCIATION_CREATED,
    ASSOCIATION_UPDATED, ASSOCIATION_DELETED, OBJECT_SCHEMA_CREATED, OBJECT_SCHEMA_UPDATED,
)  # fmt: skip
