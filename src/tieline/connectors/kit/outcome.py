"""What came of a request, said as a value or as an error that names what happens next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.answer import Deleted, Nothing, Raw
from tieline.connectors.kit.line import Line, Prepared
from tieline.connectors.kit.redact import redact_text
from tieline.errors import ConnectorError, NotFoundError, OutcomeUnknown, Unavailable, UnreadableError


def read_value(line: Line, prepared: Prepared, status: int, headers: Mapping[str, str], raw: bytes) -> Any:
    """The value of an answer in 200–299, or the error where it cannot be read: whatever was asked, was done."""
    operation = prepared.operation
    if operation.output is Nothing:
        return Nothing()
    if operation.output is Raw:
        return Raw(content=raw, content_type=headers.get("Content-Type", "application/octet-stream"))
    try:
        return prepared.decode(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, UnreadableError) as error:
        reason = f"{line.connection.name} answered {status}, but not as {operation.id} answers: {error}"
        return _unclear(operation, reason)


def read_refusal(
    line: Line, operation: AnyOperation, status: int, headers: Mapping[str, str], raw: bytes
) -> Deleted | ConnectorError:
    """What an answer outside 200–299 means, by the connector's table."""
    error = line.tuned.classify(operation, status, headers, raw)
    if isinstance(error, NotFoundError) and operation.output is Deleted:
        return Deleted(existed=False, trace_id=error.trace_id)
    if isinstance(error, Unavailable) and status >= 500 and not operation.idempotent:
        # Also a 502 or 503: it may stem from a server on the way, after the real one had begun.
        return OutcomeUnknown(f"{error}; it may have taken effect", trace_id=error.trace_id)
    return error


def cut_off(line: Line, operation: AnyOperation, error: BaseException, status: int | None) -> ConnectorError:
    """What a request means that left, or may have, and got no whole answer."""
    what = "did not answer in time" if isinstance(error, TimeoutError) else f"was cut off ({why(error)})"
    where = line.connection.name if status is None else f"{line.connection.name} answered {status}, but"
    return _unclear(operation, f"{where} {what}")


def why(error: BaseException) -> str:
    """An error's own words, without secrets that an address in them may hold."""
    return redact_text(str(error)) or type(error).__name__


def _unclear(operation: AnyOperation, reason: str) -> ConnectorError:
    if operation.idempotent:
        return Unavailable(reason)
    return OutcomeUnknown(f"{reason}; it may have taken effect")
