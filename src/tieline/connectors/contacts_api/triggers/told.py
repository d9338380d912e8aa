"""What every event carries, and how one is read: nothing is required, and a value of a wrong type costs that value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

import msgspec

from tieline.connectors.contacts_api.shapes import Loose

Payload = TypeVar("Payload", bound=msgspec.Struct)


class Told(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What real deliveries add to the documented fields. Source: contacts-api.md, section 9.1."""

    type: Loose = None
    #: Missing in events of the company.
    location_id: Loose = None
    #: When it was sent; ISO 8601.
    timestamp: Loose = None
    webhook_id: Loose = None
    app_id: Loose = None
    version_id: Loose = None


class FieldValue(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A custom field of a record: its id, and no key."""

    id: Loose = None
    value: Any = None


def read(shape: type[Payload], fields: Mapping[str, Any]) -> Payload:
    """The fields as that shape, of whose fields all have defaults. What cannot be read is left at its default."""
    try:
        return msgspec.convert(fields, shape)
    except msgspec.ValidationError:
        return _piecewise(shape, fields)


def _piecewise(shape: type[Payload], fields: Mapping[str, Any]) -> Payload:
    kept: dict[str, Any] = {}
    for field in msgspec.structs.fields(shape):
        if field.encode_name not in fields:
            continue
        value = fields[field.encode_name]
        try:
            kept[field.name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError:
            nested = _nested(field.type)
            if nested is not None and isinstance(value, dict):
                kept[field.name] = _piecewise(nested, value)
    return shape(**kept)


def _nested(kind: Any) -> type[msgspec.Struct] | None:
    """The struct in "Struct | None"."""
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            return one
    return None
