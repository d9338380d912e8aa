"""Logs: lines on stderr, JSON where nobody watches, and never a secret in them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from tieline.connectors.kit.redact import REDACTED, is_secret, redact_text
from tieline.errors import ConfigurationError

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def set_up_logs() -> None:
    """Once a process. TIELINE_LOG sets the level (debug, info, warning, error). Raises ConfigurationError."""
    named = os.environ.get("TIELINE_LOG", "info").strip().lower()
    level = _LEVELS.get(named)
    if level is None:
        raise ConfigurationError(f"TIELINE_LOG is {named!r}; it can be {', '.join(_LEVELS)}")
    watched = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redacted,
            structlog.dev.ConsoleRenderer(colors=True) if watched else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard library; of them only what is wrong is of interest.
    logging.basicConfig(level=logging.WARNING, handlers=[_Forward()], force=True)


def redacted(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A processor: no value passes that may hold a secret."""
    return {name: _clean(name, value) for name, value in event.items()}


def _clean(name: str, value: Any) -> Any:
    match value:
        case str() if is_secret(name):
            return REDACTED
        case str():
            return redact_text(value)
        case Mapping():
            return {key: _clean(str(key), item) for key, item in value.items()}
        case list() | tuple():
            return [_clean(name, item) for item in value]
        case _:
            return value


class _Forward(logging.Handler):
    """Records of the standard library, by the same way out."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info or None)
