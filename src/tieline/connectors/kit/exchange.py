"""The redacted record of one exchange with a far side: for the log, and for whoever reads of a failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import msgspec
import structlog

from tieline.connectors.kit.personal import sketch, sketch_path
from tieline.connectors.kit.redact import redact_text, redact_url
from tieline.errors import ConnectorError

log = structlog.get_logger(__name__)

#: Characters kept of each body.
EXCERPT = 2048
#: Read beyond the excerpt before redaction, so that a secret on its edge is still recognised.
_EDGE = 512
_kept: ContextVar[bool] = ContextVar("kept", default=False)


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and what came back; no secret is in it."""

    connection: str
    operation: str
    method: str
    #: Path and query.
    path: str
    #: None when no answer came.
    status: int | None = None
    duration_ms: float = 0.0
    trace_id: str | None = None
    request: str = ""
    response: str = ""


def excerpt(body: bytes | None, secrets: tuple[str, ...] = ()) -> str:
    """The start of a body as text, redacted; says how much was left out."""
    if not body:
        return ""
    text = redact_text(body[: EXCERPT + _EDGE].decode("utf-8", "replace"), secrets)
    return text if len(text) <= EXCERPT and len(body) <= EXCERPT else f"{text[:EXCERPT]}… ({len(body)} bytes)"


def record(
    *,
    connection: str,
    operation: str,
    method: str,
    path: str,
    status: int | None,
    duration_s: float,
    trace_id: str | None,
    request: bytes | None,
    response: bytes | None,
    secrets: tuple[str, ...],
) -> Exchange:
    """The exchange, redacted; `secrets` are removed wherever they stand."""
    return Exchange(
        connection=connection,
        operation=operation,
        method=method,
        path=redact_text(redact_url(path), secrets),
        status=status,
        duration_ms=round(duration_s * 1000, 1),
        trace_id=trace_id,
        request=excerpt(request, secrets),
        response=excerpt(response, secrets),
    )


@contextmanager
def keeping() -> Iterator[None]:
    """Within, every answer carries its exchange, also where none is written down: somebody wants to see it."""
    before = _kept.set(True)
    try:
        yield
    finally:
        _kept.reset(before)


def kept() -> bool:
    """Whether somebody wants to see the exchange."""
    return _kept.get()


def write_down(exchange: Exchange) -> None:
    """Log the exchange, at debug: what was done and to which record, without what people are called or wrote."""
    told = msgspec.structs.asdict(exchange)
    for name in ("request", "response"):
        told[name] = sketch(told[name])
    log.debug("exchange", **{**told, "path": sketch_path(exchange.path)})


def attach(error: ConnectorError, exchange: Exchange) -> None:
    """Let `error` carry its exchange."""
    error.__dict__["exchange"] = exchange


def exchange_of(error: ConnectorError) -> Exchange | None:
    """The exchange that ended in `error`; None where nothing was sent."""
    found = error.__dict__.get("exchange")
    return found if isinstance(found, Exchange) else None
