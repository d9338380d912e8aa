"""Refusals in the far side's own words. Source: contacts-api.md, section 4."""

from __future__ import annotations

from typing import Any

from tieline.sandbox.side import Reply

_ERRORS = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 422: "Unprocessable Entity",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
}  # fmt: skip


class Problem(Exception):
    """A refusal; `message` is one text or, for validation, a list of them."""

    def __init__(self, status: int, message: str | list[str], **more: Any) -> None:
        super().__init__(str(message))
        self.status = status
        self.message = message
        self.more = more


def refusal(problem: Problem, trace_id: str) -> Reply:
    """The answer that a problem becomes."""
    return Reply(
        status=problem.status,
        body={
            "statusCode": problem.status,
            "message": problem.message,
            "error": _ERRORS.get(problem.status, "Error"),
            **problem.more,
            "traceId": trace_id,
        },
    )
