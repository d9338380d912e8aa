"""What a request says of a contact, as the contact's next state. Source: nimbata.md, B1, B2, AS-12."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tieline.sandbox.nimbata.problems import invalid
from tieline.sandbox.nimbata.records import Address, Contact
from tieline.sandbox.nimbata.request_values import (
    read_email,
    read_flag,
    read_number,
    read_phone,
    read_tags,
    read_text,
    read_whole,
)
from tieline.sandbox.nimbata.sources import ATTRIBUTION

#: Keys that the account sets itself; sent back to it, they are ignored with a warning.
READ_ONLY = frozenset({
    "id", "milestones", "times_called", "last_activity_at", "created_at", "updated_at", "deleted_at",
})  # fmt: skip
_TEXTS = ("name", "first_name", "last_name", "company", "lead_status")
#: Keys that a request may set.
WRITABLE = frozenset({
    *_TEXTS, "email", "phone", "additional_phones", "address", "tags", "lead_score", "value", "dnd", "attribution",
    "custom_fields", "external_ids",
})  # fmt: skip
_TOUCHES = ("first", "last")


def next_state(
    before: Contact, body: Mapping[str, Any], country: str
) -> tuple[Contact, tuple[str, ...], list[str]]:
    """The contact as the request wants it, the names of the keys that differ, and warnings.

    Absent keys leave, null clears; records (address, attribution, custom fields, external ids) are merged key by
    key. Raises Problem 422 with a message for each key.
    """
    readers = _readers(before, country)
    fields: dict[str, list[str]] = {}
    told: dict[str, Any] = {}
    warnings = []
    for key, value in body.items():
        if key in READ_ONLY:
            warnings.append(f"{key}: is set by the account, ignored")
        elif key not in WRITABLE:
            warnings.append(f"{key}: unknown key, ignored")
        else:
            try:
                told[key] = readers[key](value)
            except ValueError as error:
                fields[key] = [str(error)]
    if fields:
        raise invalid(fields)
    after = msgspec.structs.replace(before, **told)
    after = _with_whole_name(after, told)
    if after.phone is None and after.email is None:
        words = ["a phone or an e-mail is required"]
        raise invalid({"phone": words, "email": words})
    changes = tuple(
        name for name in Contact.__struct_fields__ if getattr(before, name) != getattr(after, name)
    )
    return after, changes, warnings


def _readers(before: Contact, country: str) -> dict[str, Callable[[Any], Any]]:
    return {
        **dict.fromkeys(_TEXTS, read_text),
        "email": read_email,
        "phone": lambda value: read_phone(value, country),
        "additional_phones": lambda value: _phones(value, country),
        "address": lambda value: _address(before.address, value),
        "tags": read_tags,
        "lead_score": read_whole,
        "value": read_number,
        "dnd": read_flag,
        "attribution": lambda value: _attribution(before.attribution, value),
        "custom_fields": lambda value: _merged(before.custom_fields, value, _scalar),
        "external_ids": lambda value: _merged(before.external_ids, value, read_text),
    }


def _with_whole_name(contact: Contact, told: Mapping[str, Any]) -> Contact:
    """`name` follows its parts, and the parts follow a name that came alone."""
    if "first_name" in told or "last_name" in told:
        if "name" in told:
            return contact
        name = " ".join(filter(None, (contact.first_name, contact.last_name))) or None
        return msgspec.structs.replace(contact, name=name)
    if "name" in told:
        first, _, last = (contact.name or "").partition(" ")
        return msgspec.structs.replace(contact, first_name=first or None, last_name=last or None)
    return contact


def _phones(value: Any, country: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of telephone numbers")
    return tuple(dict.fromkeys(phone for one in value if (phone := read_phone(one, country)) is not None))


def _address(before: Address, value: Any) -> Address:
    if value is None:
        return Address()
    return Address(**_merged(_told(before), _known(value, Address.__struct_fields__), read_text))


def _told(record: Address) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _attribution(before: dict[str, dict[str, str | None]], value: Any) -> dict[str, dict[str, str | None]]:
    if value is None:
        return {}
    touches = _known(value, _TOUCHES)
    return {
        **before,
        **{
            touch: _merged(before.get(touch, {}), _known(one, ATTRIBUTION), read_text)
            for touch, one in touches.items()
        },
    }


def _known(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be a record")
    if unknown := sorted(set(value) - set(names)):
        raise ValueError(f"has no key {unknown[0]}; there are: {', '.join(names)}")
    return value


def _merged(before: Mapping[str, Any], value: Any, reader: Callable[[Any], Any]) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("must be a record")
    after = dict(before)
    for key, one in value.items():
        read = reader(one)
        if read is None:
            after.pop(key, None)
        else:
            after[key] = read
    return after


def _scalar(value: Any) -> Any:
    if isinstance(value, dict | list):
        raise ValueError("must hold plain values")
    return read_text(value) if isinstance(value, str) else value
