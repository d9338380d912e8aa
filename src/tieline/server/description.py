"""The API in its own words: OpenAPI 3.1, from what the routes declare and the structs that they take and give.

The schemas are those of msgspec, which reads and writes the bodies: what the description allows is what is taken.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Any, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg, PathParameter
from litestar.routes import HTTPRoute

from tieline import __version__
from tieline.server.access.problems import MEDIA_TYPE, Problem
from tieline.server.access.scopes import ALL, KNOWN, OPEN, declared

_JSON = "application/json"
#: Refusals that stand before every route, and what they are about.
_ANYWHERE = (400,)
_KNOWN_ONLY = (401, 403)
_WITH_A_BODY = (400, 413, 415)
#: A number that no row has, a word that is none of those that can stand there.
_NOWHERE = (404,)
_AWAY = (503,)
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: {"Retry-After": {"schema": {"type": "integer"}}},
    503: {"Retry-After": {"schema": {"type": "integer"}}},
}
_SECURITY: dict[str, Any] = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token: tl_…"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "tieline_session",
        "description": "See /api/session.",
    },
}
_TEXT = "Keeps a call-tracking account and a CRM in step. Refusals are problems as RFC 9457 has them."


def description(app: Litestar) -> dict[str, Any]:
    """The document."""
    operations = list(_operations(app))
    schemas = _Schemas([one for _, _, handler in operations for one in _types(handler)])
    paths: dict[str, dict[str, Any]] = {}
    for path, method, handler in operations:
        paths.setdefault(path, {})[method] = _operation(handler, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tieline", "version": __version__, "description": _TEXT},
        "security": [{name: []} for name in _SECURITY],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas.components, "securitySchemes": _SECURITY},
    }


def _operations(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            # Whoever may ask is answered to OPTIONS as well; the framework adds it.
            if handler.operation_id is not None and handler.include_in_schema is not False:
                for method in sorted(handler.http_methods):
                    yield route.path_format, str(method).lower(), handler


def _operation(handler: HTTPRouteHandler, schemas: _Schemas) -> dict[str, Any]:
    needed = declared(handler.opt) or ALL
    known = needed != OPEN
    data = handler.parsed_data_field
    statuses = {
        *_AWAY,
        *(() if not known else (*_ANYWHERE, *_KNOWN_ONLY)),
        *(() if data is None else _WITH_A_BODY),
        *(
            _NOWHERE
            if any(_in_path(field) and field.annotation is not str for _, field in _fields(handler))
            else ()
        ),
    }
    answers = {str(handler.status_code): _answer(handler.status_code, _given(handler), schemas)}
    for status, extra in (handler.responses or {}).items():
        refusal = extra.data_container is Problem
        answers[str(status)] = (
            _refusal(status, schemas) if refusal else _answer(status, extra.data_container, schemas)
        )
    answers.update((str(status), _refusal(status, schemas)) for status in statuses)
    told: dict[str, Any] = {
        "operationId": handler.operation_id,
        "tags": [str(handler.operation_id).partition(".")[0]],
        "description": inspect.cleandoc(handler.fn.__doc__ or ""),
        "parameters": [_parameter(name, field) for name, field in _fields(handler)],
        "responses": dict(sorted(answers.items())),
    }
    if data is not None:
        told["requestBody"] = {"required": True, "content": {_JSON: {"schema": schemas.of(data.annotation)}}}
    if not known:
        told["security"] = []
    elif needed != KNOWN:
        told["x-scope"] = needed
    return told


def _fields(handler: HTTPRouteHandler) -> Iterator[tuple[str, Any]]:
    for name, field in handler.parsed_fn_signature.parameters.items():
        if isinstance(field.kwarg_definition, ParameterKwarg):
            yield name, field


def _parameter(name: str, field: Any) -> dict[str, Any]:
    kwarg = field.kwarg_definition
    in_path = _in_path(field)
    kinds = [one for one in get_args(field.annotation) if one is not type(None)] if field.is_optional else []
    kind = kinds[0] if len(kinds) == 1 else field.annotation
    schema = msgspec.json.schema(kind)
    if kind is datetime:
        # Seconds since 1970 are understood as well.
        schema = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]}
    for word, bound in (("minimum", kwarg.ge), ("maximum", kwarg.le)):
        if bound is not None:
            schema[word] = bound
    if field.is_optional and kind is not str:
        # The word itself, for a text that is not there; of texts it is one like any other.
        schema = {"anyOf": [schema, {"type": "null"}]}
    if not field.is_optional and not field.is_required:
        schema["default"] = msgspec.to_builtins(field.default)
    return {
        "name": kwarg.name or name,
        "in": "path" if in_path else "query",
        "required": in_path or field.is_required,
        "schema": schema,
    }


def _in_path(field: Any) -> bool:
    return isinstance(field.kwarg_definition, PathParameter)


def _answer(status: int, given: Any, schemas: _Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if given is not None:
        told["content"] = {_JSON: {"schema": schemas.of(given)}}
    return told


def _refusal(status: int, schemas: _Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": schemas.of(Problem)}},
    }
    return {**told, "headers": _HEADERS[status]} if status in _HEADERS else told


def _given(handler: HTTPRouteHandler) -> Any:
    """What a route answers with; None = nothing."""
    annotation = handler.parsed_fn_signature.return_type.annotation
    if get_origin(annotation) is Response:
        (annotation,) = get_args(annotation)
    return None if annotation is type(None) else annotation


def _types(handler: HTTPRouteHandler) -> Iterator[Any]:
    if handler.parsed_data_field is not None:
        yield handler.parsed_data_field.annotation
    for given in (_given(handler), *(extra.data_container for extra in (handler.responses or {}).values())):
        if given is not None:
            yield given
    yield Problem


class _Schemas:
    """Schemas of types, which refer to one table of components."""

    def __init__(self, types: list[Any]) -> None:
        distinct = list({repr(one): one for one in types}.values())
        schemas, self.components = msgspec.json.schema_components(
            distinct, ref_template="#/components/schemas/{name}"
        )
        self._known = dict(zip(map(repr, distinct), schemas, strict=True))

    def of(self, kind: Any) -> dict[str, Any]:
        """Its schema."""
        return self._known[repr(kind)]
