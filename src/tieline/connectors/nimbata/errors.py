"""What a call-tracking account's refusals mean: the one table from status and body to an error.

No error body of Nimbata is known (nimbata.md, A1), so the status decides, and any text found is shown: first what
stands at the paths that the account's settings name.

status          error
400, 422        RejectedError(messages)
401, 403        CredentialError
404             NotFoundError, where the call names a record; else RejectedError: the account lacks this call
409             RejectedError(existing_id); OutdatedError where no other record is in the way
408, 425, 5xx   Unavailable; so is a redirect
429             RateLimited
other 4xx       RejectedError
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.redact import redact_text
from tieline.errors import (
    ConnectorError,
    CredentialError,
    NotFoundError,
    OutdatedError,
    RateLimited,
    RejectedError,
    Unavailable,
)

_MAX_MESSAGES = 20
_MAX_LENGTH = 500
#: Keys under which words for people stand, at the top or below "error".
_WORDS = ("message", "error", "reason", "detail", "title")


def classify(
    operation: AnyOperation,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    paths: Sequence[str] = (),
) -> ConnectorError:
    """The error that an answer outside 200–299 means. An unreadable body leaves the status to decide."""
    told = _read(body)
    messages = tuple(dict.fromkeys((*_named(told, paths), *_messages(told))))[:_MAX_MESSAGES]
    said = "; ".join(messages) or f"no message, status {status}"
    error = _error(operation, status, said, messages, told)
    error.status = status
    request_id = told.get("request_id")
    error.trace_id = request_id[:200] if isinstance(request_id, str) else None
    return error


def _error(
    operation: AnyOperation, status: int, said: str, messages: tuple[str, ...], told: dict[str, Any]
) -> ConnectorError:
    match status:
        case 401:
            return CredentialError(said)
        case 403:
            return CredentialError(f"{said} (may this token read this account?)")
        case 404 if "{id}" in operation.path:
            return NotFoundError(said, messages=messages)
        case 404:
            return RejectedError(
                f"{said}; if this account does not offer {operation.id}, switch it off under `capabilities`",
                messages=messages,
            )
        case 409:
            existing = told.get("existing_id")
            if isinstance(existing, str):
                return RejectedError(said, messages=messages, existing_id=existing)
            return OutdatedError(said, messages=messages)
        case 429:
            return RateLimited(said)
        case 408 | 425:
            return Unavailable(said)
        case _ if 400 <= status < 500:
            return RejectedError(said, messages=messages)
        case _ if 300 <= status < 400:
            return Unavailable(f"redirected (status {status}); is the base URL right?")
        case _:
            return Unavailable(said)


def _read(body: bytes) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # An error page of a server on the way; its text helps nobody.
        return {}
    return told if isinstance(told, dict) else {}


def _named(told: dict[str, Any], paths: Sequence[str]) -> Iterator[str]:
    """Texts at "error.message" and the like."""
    for path in paths:
        value: Any = told
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            yield redact_text(value.strip())[:_MAX_LENGTH]


def _messages(told: dict[str, Any]) -> Iterator[str]:
    nested = told.get("error")
    for source in (nested, told):
        if not isinstance(source, dict):
            continue
        for key in _WORDS:
            if isinstance(text := source.get(key), str) and text.strip():
                yield redact_text(text.strip())[:_MAX_LENGTH]
        fields = source.get("fields")
        for name, words in fields.items() if isinstance(fields, dict) else ():
            for word in words if isinstance(words, list) else (words,):
                yield redact_text(f"{name}: {word}")[:_MAX_LENGTH]
