"""Refusals of the account's API. Source: nimbata.md, AS-07: clients decide on the status alone."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """An answer that is not the one hoped for: status, code and words, and whatever more the body shows."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: dict[str, list[str]] | None = None,
        beside: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        #: Messages by the name of the request's key.
        self.fields = fields or {}
        #: Keys that stand beside `error` in the body.
        self.beside = beside or {}

    def body(self, request_id: str) -> dict[str, Any]:
        """The body that the API shows."""
        error = {"code": self.code, "message": self.message, "fields": self.fields}
        return {"error": error, **self.beside, "request_id": request_id}


def unauthenticated(message: str) -> Problem:
    """No token, or a wrong one."""
    return Problem(401, "unauthenticated", message)


def not_found(what: str) -> Problem:
    """No such thing here; `what` is a noun."""
    return Problem(404, "not_found", f"{what} not found")


def invalid(fields: dict[str, list[str]]) -> Problem:
    """Values that cannot be taken, by key."""
    return Problem(422, "validation_failed", "the request has invalid values", fields=fields)


def duplicate(kind: str, existing_id: str) -> Problem:
    """Another contact of the project has this phone or e-mail."""
    message = f"a contact with this {kind} exists already"
    return Problem(409, "duplicate", message, fields={kind: [message]}, beside={"existing_id": existing_id})


def stale(what: str, version: int, shown: Any) -> Problem:
    """Somebody else changed the record; the body shows it as it is now (AS-17)."""
    return Problem(409, "version_conflict", f"the {what} is at version {version}", beside={"data": shown})
