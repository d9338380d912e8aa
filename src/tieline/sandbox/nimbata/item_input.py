"""What a request says of a task, note or appointment. Source: nimbata.md, B2 and B3 (assumptions)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tieline.sandbox.nimbata.problems import invalid
from tieline.sandbox.nimbata.records_items import AppointmentStatus
from tieline.sandbox.nimbata.request_values import read_flag, read_moment, read_text

#: Keys that the account sets itself; sent back to it, they are ignored with a warning.
READ_ONLY = frozenset({"id", "contact_id", "completed_at", "created_at", "updated_at"})


def _required(value: Any) -> str:
    text = read_text(value)
    if text is None:
        raise ValueError("must not be empty")
    return text


def _words(value: Any) -> str:
    """What a person wrote, as it stands."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text that is not empty")
    return value


def _whole_second(value: Any) -> datetime:
    return read_moment(value).replace(microsecond=0)


def _moment_or_none(value: Any) -> datetime | None:
    return None if value is None or value == "" else _whole_second(value)


def _status(value: Any) -> Any:
    if value not in get_args(AppointmentStatus):
        raise ValueError(f"must be one of: {', '.join(get_args(AppointmentStatus))}")
    return value


def _zone(value: Any) -> str:
    name = _required(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone") from None
    return name


Readers = Mapping[str, Callable[[Any], Any]]
TASK: Readers = {
    "title": _required, "body": read_text, "due_at": _moment_or_none, "completed": read_flag, "assignee": read_text,
}  # fmt: skip
NOTE: Readers = {"body": _words, "author": read_text, "call_id": read_text}
APPOINTMENT: Readers = {
    "title": _required, "start_time": _whole_second, "end_time": _whole_second, "timezone": _zone,
    "status": _status, "location": read_text, "notes": read_text, "assignee": read_text,
}  # fmt: skip


def read_item(
    body: Mapping[str, Any], readers: Readers, required: tuple[str, ...] = ()
) -> tuple[dict[str, Any], list[str]]:
    """Values by key, and warnings about keys that are not taken. Raises Problem 422 with a message for each key."""
    values: dict[str, Any] = {}
    warnings = []
    fields: dict[str, list[str]] = {name: ["is required"] for name in required if name not in body}
    for key, value in body.items():
        if key in READ_ONLY:
            warnings.append(f"{key}: is set by the account, ignored")
        elif (reader := readers.get(key)) is None:
            warnings.append(f"{key}: unknown key, ignored")
        else:
            try:
                values[key] = reader(value)
            except ValueError as error:
                fields[key] = [str(error)]
    if fields:
        raise invalid(fields)
    return values, warnings
