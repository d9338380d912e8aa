"""Refusals, as RFC 9457 has them told: whatever `/api` does not do, it says so in one shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why it was not done."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    #: The scope that is missing.
    needs: str | None = None


class Refusal(Exception):
    """A request that is not answered with what it asked for."""

    def __init__(
        self, status: int, detail: str, *, needs: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, needs=needs)
        self.headers = dict(headers or {})


def told(*statuses: int) -> dict[int, ResponseSpec]:
    """Refusals that are a route's own: `@get(…, responses=told(404))`. Those of every route are described for all."""
    return {
        status: ResponseSpec(
            Problem, generate_examples=False, description=HTTPStatus(status).phrase, media_type=MEDIA_TYPE
        )
        for status in statuses
    }


def encoded(problem: Problem) -> bytes:
    """The body, in which the type and title stand even where they are the usual ones."""
    return msgspec.json.encode({"type": problem.type, **msgspec.to_builtins(problem)})


def refused(_: Request[Any, Any, Any], error: Refusal) -> Response[bytes]:
    """The handler of `Refusal`."""
    return Response(
        encoded(error.problem), status_code=error.problem.status, media_type=MEDIA_TYPE, headers=error.headers
    )


def refused_as(status: int) -> Callable[[Request[Any, Any, Any], Exception], Response[bytes]]:
    """A handler that tells an error of ours with that status."""

    def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        return refused(request, Refusal(status, str(error)))

    return answer


def misread(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework refuses: an address that there is not, a parameter of the wrong type."""
    extra = error.extra if isinstance(error.extra, list) else []
    told = "; ".join(f"{one['key']}: {one['message']}" for one in extra if {"key", "message"} <= one.keys())
    # An address with a word or number that it cannot have is no address of ours.
    status = 404 if any(one.get("source") == "path" for one in extra) else error.status_code
    return refused(request, Refusal(status, told or error.detail, headers=error.headers))


def broken(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A mistake of ours: the log has it, whoever asked does not."""
    log.error(
        "a request failed",
        method=request.method,
        handler=str(request.scope.get("route_handler")),
        exc_info=error,
    )
    return refused(request, Refusal(500, "this is a mistake of the hub; its log tells more"))


def away(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The database restarts, or cannot be reached."""
    log.warning("the store did not answer", error=str(error).partition("\n")[0])
    detail = "the database does not answer; try again in a moment"
    return refused(request, Refusal(503, detail, headers={"Retry-After": "2"}))
