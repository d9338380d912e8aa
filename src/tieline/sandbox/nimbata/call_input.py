"""What a request says of a call. Source: nimbata.md, B3: a name, a value and a rating can be changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tieline.sandbox.nimbata.problems import invalid
from tieline.sandbox.nimbata.request_values import read_number, read_tags, read_text

_MAX_RATING = 5


def _rating(value: Any) -> float:
    rating = read_number(value) or 0.0
    if not 0 <= rating <= _MAX_RATING:
        raise ValueError(f"must be from 0 to {_MAX_RATING}")
    return rating


Readers = Mapping[str, Callable[[Any], Any]]
#: What the API takes.
WRITABLE: Readers = {"caller_name": read_text, "value": read_number, "rating": _rating}
#: What comes later beside that: tags by hand, and the account's own analysis of the recording.
LATE: Readers = {**WRITABLE, "tags": read_tags, "summary": read_text, "transcription": read_text}


def read_call(body: Mapping[str, Any], readers: Readers) -> tuple[dict[str, Any], list[str]]:
    """Values by key, and warnings about keys that are not taken. Raises Problem 422."""
    values: dict[str, Any] = {}
    warnings = []
    fields: dict[str, list[str]] = {}
    for key, value in body.items():
        if (reader := readers.get(key)) is None:
            warnings.append(f"{key}: unknown key, ignored")
            continue
        try:
            values[key] = reader(value)
        except ValueError as error:
            fields[key] = [str(error)]
    if fields:
        raise invalid(fields)
    return values, warnings
