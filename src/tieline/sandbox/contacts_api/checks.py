"""Validation as the far side does it: a white list of properties, and messages as a list. Source: section 4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import phonenumbers

#: Says what is wrong with a value, after the property's name; None = nothing.
Check = Callable[[Any], str | None]


def text(value: Any) -> str | None:
    """A string."""
    return None if isinstance(value, str) else "must be a string"


def filled(value: Any) -> str | None:
    """A string with something in it."""
    if not isinstance(value, str):
        return "must be a string"
    return None if value.strip() else "should not be empty"


def boolean(value: Any) -> str | None:
    """true or false."""
    return None if isinstance(value, bool) else "must be a boolean value"


def number(value: Any) -> str | None:
    """A whole number."""
    return (
        None
        if isinstance(value, int) and not isinstance(value, bool)
        else "must be a number conforming to the specified constraints"
    )


def texts(value: Any) -> str | None:
    """A list of strings."""
    if not isinstance(value, list):
        return "must be an array"
    return None if all(isinstance(one, str) for one in value) else "each value must be a string"


def amount(value: Any) -> str | None:
    """Any number."""
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    return None if fits else "must be a number conforming to the specified constraints"


def digits(value: Any) -> str | None:
    """A whole number as a query has it: as text."""
    fits = isinstance(value, str) and value.lstrip("-").isdecimal()
    return None if fits else "must be a number conforming to the specified constraints"


def flag(value: Any) -> str | None:
    """true or false as a query has it: as text."""
    return None if value in ("true", "false") else "must be a boolean value"


def one_of(*words: str) -> Check:
    """One of these words."""

    def check(value: Any) -> str | None:
        return None if value in words else f"must be one of the following values: {', '.join(words)}"

    return check


def moment(value: Any) -> str | None:
    """A time in ISO 8601."""
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return "must be a valid ISO 8601 date string"
    return None


def record(value: Any) -> str | None:
    """An object."""
    return None if isinstance(value, dict) else "must be an object"


def records(value: Any) -> str | None:
    """A list of objects."""
    if not isinstance(value, list):
        return "must be an array"
    return None if all(isinstance(one, dict) for one in value) else "each value must be an object"


def anything(value: Any) -> str | None:
    """No rule."""
    return None


#: What a contact may be given.
CONTACT: Mapping[str, Check] = {
    "firstName": text, "lastName": text, "name": text, "email": text, "phone": text, "gender": text,
    "address1": text, "city": text, "state": text, "postalCode": text, "country": text, "website": text,
    "timezone": text, "companyName": text, "source": text, "assignedTo": text, "dateOfBirth": anything,
    "dnd": boolean, "dndSettings": record, "inboundDndSettings": record, "tags": texts, "customFields": records,
}  # fmt: skip


def problems(body: Any, allowed: Mapping[str, Check], required: tuple[str, ...] = ()) -> list[str]:
    """Every message that the body earns; none = it is fine."""
    if not isinstance(body, dict):
        return ["the body must be an object"]
    found = [f"property {name} should not exist" for name in body if name not in allowed]
    found += [f"{name} should not be empty" for name in required if name not in body]
    for name, value in body.items():
        check = allowed.get(name)
        if check is None or (value is None and name not in required):
            continue
        if problem := check(value):
            found.append(f"{name} {problem}")
    return found


def e164(value: str, country: str) -> str | None:
    """The number as it is stored; None when it is none."""
    try:
        parsed = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
