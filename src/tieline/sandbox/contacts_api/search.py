"""Filters, sorting and paging of POST /contacts/search. Source: contacts-api.md, section 5.2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tieline.sandbox.contacts_api.records import Contact

_FIELDS = {
    "id", "address", "assignedTo", "businessName", "city", "companyName", "contactName", "country", "dateAdded",
    "dateUpdated", "dateOfBirth", "dnd", "email", "firstNameLowerCase", "lastNameLowerCase", "phone", "postalCode",
    "source", "state", "tags", "timezone", "type", "validEmail", "website",
}  # fmt: skip
SORTS = {
    "dateAdded", "dateUpdated", "firstNameLowerCase", "lastNameLowerCase", "businessName", "email", "dnd", "source",
}  # fmt: skip
Test = Callable[[Contact], bool]


class SearchError(Exception):
    """A filter or sort that the search does not know; answered 400."""


def compile_filters(filters: list[Any]) -> Test:
    """All of the filters must hold; a group says otherwise for its own."""
    tests = [_compile(one) for one in filters]
    return lambda contact: all(test(contact) for test in tests)


def _compile(given: Any) -> Test:
    if not isinstance(given, dict):
        raise SearchError("filters must be objects")
    if "group" in given:
        tests = [_compile(one) for one in given.get("filters", [])]
        joined = any if str(given["group"]).upper() == "OR" else all
        return lambda contact: joined(test(contact) for test in tests)
    field, operator, wanted = given.get("field"), given.get("operator"), given.get("value")
    if not isinstance(field, str) or (field not in _FIELDS and not field.startswith("customFields.")):
        raise SearchError(f"Invalid field {field}")
    if isinstance(wanted, str) and len(wanted) > 75:
        raise SearchError("value must be shorter than or equal to 75 characters")
    if operator == "contains" and field == "email":
        raise SearchError("Invalid operator contains for field email")
    match operator:
        case "eq":
            return lambda contact: _equal(_value(contact, field), wanted)
        case "not_eq":
            return lambda contact: not _equal(_value(contact, field), wanted)
        case "contains":
            return lambda contact: _contains(_value(contact, field), wanted)
        case "not_contains":
            return lambda contact: not _contains(_value(contact, field), wanted)
        case "exists":
            return lambda contact: _value(contact, field) not in (None, "", [])
        case "not_exists":
            return lambda contact: _value(contact, field) in (None, "", [])
        case "range":
            low, high = _bounds(wanted)
            return lambda contact: _within(_value(contact, field), low, high)
    raise SearchError(f"Invalid operator {operator}")


def _value(contact: Contact, field: str) -> Any:
    match field:
        case "id":
            return contact.id
        case "tags":
            return contact.tags
        case "dateAdded":
            return contact.date_added
        case "dateUpdated":
            return contact.date_updated
        case "address":
            return contact.fields.get("address1")
        case "firstNameLowerCase" | "lastNameLowerCase":
            return (contact.fields.get(field.removesuffix("LowerCase")) or "").lower() or None
        case "contactName":
            names = (contact.fields.get("firstName"), contact.fields.get("lastName"))
            return " ".join(filter(None, names)).lower() or None
    if field.startswith("customFields."):
        return contact.custom.get(field.removeprefix("customFields."))
    return contact.fields.get(field)


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, list):
        return any(_equal(one, wanted) for one in value)
    if isinstance(wanted, list):
        return any(_equal(value, one) for one in wanted)
    if isinstance(value, datetime):
        return value == _moment(wanted)
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower() == wanted.lower()
    return bool(value == wanted)


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, list):
        return any(_contains(one, wanted) for one in value)
    return isinstance(value, str) and isinstance(wanted, str) and wanted.lower() in value.lower()


def _bounds(wanted: Any) -> tuple[datetime | None, datetime | None]:
    if not isinstance(wanted, dict):
        raise SearchError("a range needs gte or lte")
    low, high = wanted.get("gte", wanted.get("gt")), wanted.get("lte", wanted.get("lt"))
    return (_moment(low) if low is not None else None, _moment(high) if high is not None else None)


def _within(value: Any, low: datetime | None, high: datetime | None) -> bool:
    if not isinstance(value, datetime):
        return False
    return (low is None or value >= low) and (high is None or value <= high)


def _moment(given: Any) -> datetime:
    try:
        if isinstance(given, int | float):
            return datetime.fromtimestamp(given / 1000).astimezone()
        moment = datetime.fromisoformat(str(given))
    except (ValueError, OverflowError, OSError) as error:
        raise SearchError(f"Invalid date {given}") from error
    return moment if moment.tzinfo else moment.astimezone()


def sort_key(field: str) -> Callable[[Contact], tuple[Any, str]]:
    """Order by one field, then by id."""
    if field not in SORTS:
        raise SearchError(f"Invalid sort field {field}")
    return lambda contact: (_sortable(_value(contact, field)), contact.id)


def _sortable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    return value if isinstance(value, str | int | float) else ""
