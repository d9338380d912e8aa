"""What the Contacts API's refusals mean: the one table from status and body to an error.

status  body                                                    error
400     meta.contactId ("does not allow duplicated contacts")   RejectedError(existing_id)
400     meta.existingId (code OPPORTUNITY_NO_DUPLICATE)         RejectedError(existing_id)
400     "Contact with id X not found", and other records        NotFoundError, where the call named a record
400     anything else                                           RejectedError(messages)
400-403 "Location is not active"                                CredentialError(inactive)
401     token invalid or expired                                CredentialError(token)
401     token without the scope, or of the wrong kind           CredentialError(scope)
403     a message of somebody else's conversation provider      RejectedError
403     anything else: no access to this location               CredentialError(place)
404     "Cannot GET /path": unknown in this version             RejectedError
404     anything else                                           NotFoundError, where the call named a record
422     list of messages                                        RejectedError(messages)
429     -                                                       RateLimited
3xx     redirects are not followed                              CredentialError(host)
408, 425, 5xx                                                   Unavailable
other 4xx                                                       RejectedError(messages)

A 422 to a create has been seen beside a contact that was created all the same (the vendor's issue 64): whoever sends
creates looks up what a 422 left behind. The table cannot know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.redact import redact_text
from tieline.errors import (
    ConnectorError,
    CredentialError,
    NotFoundError,
    RateLimited,
    RejectedError,
    Unavailable,
)

#: Not users, pipelines, …: those are named inside of a body.
_NOT_FOUND = re.compile(
    r"(?i)\b(contact|note|location|opportunity|business|custom value|conversation|message|email|event|appointment)\b"
    r"(?: with id \S+)?(?: was| is)? not found"
)
_NO_SUCH_PATH = re.compile(r"Cannot (?:GET|POST|PUT|DELETE|PATCH) /")
_SCOPE = re.compile(r"(?i)scope|user type|authclass")
_PROVIDER = re.compile(r"(?i)conversation provider")
_INACTIVE = re.compile(r"(?i)location is (?:not active|inactive)")
_MAX_MESSAGE = 500
_MAX_MESSAGES = 20


class _Body(msgspec.Struct, frozen=True):
    """What an error body may hold, whatever type each has."""

    message: Any = None
    error: Any = None
    #: Beside `error` where OAuth is refused.
    error_description: Any = None
    meta: Any = None
    trace_id: Any = msgspec.field(default=None, name="traceId")


_decode = msgspec.json.Decoder(_Body).decode


def classify(operation: AnyOperation, status: int, headers: Mapping[str, str], body: bytes) -> ConnectorError:
    """The error that an answer outside 200–299 means. An unreadable body leaves the status to decide."""
    told = _read(body)
    messages = _messages(told)
    said = "; ".join(messages) or f"no message, status {status}"
    error = _error(operation, status, said, messages, told)
    error.status = status
    error.trace_id = told.trace_id[:200] if isinstance(told.trace_id, str) else None
    return error


def _error(
    operation: AnyOperation, status: int, said: str, messages: tuple[str, ...], told: _Body
) -> ConnectorError:
    names_record = "{" in operation.path or "contact_id" in operation.input.__struct_fields__
    match status:
        case 400 if (existing := _existing(told.meta)) is not None:
            return RejectedError(said, messages=messages, existing_id=existing)
        case 400 if names_record and any(map(_NOT_FOUND.search, messages)):
            return NotFoundError(said, messages=messages)
        case 400 | 401 | 403 if _INACTIVE.search(said):
            return CredentialError(said, fault="inactive")
        case 401 if _SCOPE.search(said):
            needs = ", ".join(operation.scopes)
            return CredentialError(f"{said} (the token needs {needs})" if needs else said, fault="scope")
        case 401:
            return CredentialError(said)
        case 403 if _PROVIDER.search(said):
            return RejectedError(said, messages=messages)
        case 403:
            return CredentialError(f"{said} (does the token belong to this location?)", fault="place")
        case 404 if _NO_SUCH_PATH.search(said):
            return RejectedError(f"{said} (unknown in API version {operation.version})", messages=messages)
        case 404 if names_record:
            return NotFoundError(said, messages=messages)
        case 429:
            return RateLimited(said)
        case 408 | 425:
            return Unavailable(said)
        case _ if 400 <= status < 500:
            return RejectedError(said, messages=messages)
        case _ if 300 <= status < 400:
            return CredentialError(f"redirected (status {status}); is the base URL right?", fault="host")
        case _:
            return Unavailable(said)


def _read(body: bytes) -> _Body:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # An error page of a server on the way; its text helps nobody.
        return _Body()


def _messages(told: _Body) -> tuple[str, ...]:
    """The messages, whether one, a list, or hidden in `error` (as the newer API version has it)."""
    found: list[str] = []
    nested = told.error.get("message") if isinstance(told.error, dict) else told.error
    for source in (told.message, told.error_description, nested):
        for item in source if isinstance(source, list) else (source,):
            if isinstance(item, str) and item.strip():
                found.append(redact_text(item.strip())[:_MAX_MESSAGE])
        if found:
            break
    return tuple(found[:_MAX_MESSAGES])


def _existing(meta: Any) -> str | None:
    found = (meta.get("contactId") or meta.get("existingId")) if isinstance(meta, dict) else None
    return found if isinstance(found, str) and found else None
