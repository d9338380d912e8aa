"""Refusals, as RFC 9457 has them told."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response

MEDIA_TYPE = "application/problem+json"


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


def encoded(problem: Problem) -> bytes:
    """The body, in which the type and title stand even where they are the usual ones."""
    return msgspec.json.encode({"type": problem.type, **msgspec.to_builtins(problem)})


def refused(_: Request[Any, Any, Any], error: Refusal) -> Response[bytes]:
    """The handler of `Refusal`."""
    return Response(
        encoded(error.problem), status_code=error.problem.status, media_type=MEDIA_TYPE, headers=error.headers
    )
