"""A Nimbata account as the gateway sees it: all that differs between accounts comes from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.budget import Limits
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.connector import Connector
from tieline.connectors.kit.route import Route
from tieline.connectors.nimbata.answers import decoder
from tieline.connectors.nimbata.checks import PLACES
from tieline.connectors.nimbata.config import build
from tieline.connectors.nimbata.errors import classify
from tieline.connectors.nimbata.operations import OPERATIONS
from tieline.connectors.nimbata.triggers import TRIGGERS
from tieline.errors import RejectedError


def _headers(connection: Connection, _: AnyOperation) -> Mapping[str, str]:
    auth = build(connection.own_settings()).auth
    return {auth.header: auth.format.replace("{token}", connection.token), **auth.extra_headers}


def _limits(connection: Connection) -> Limits:
    """No limit of Nimbata is known: a careful one, spread over the minute."""
    config = build(connection.own_settings())
    return Limits(
        requests=config.rate.per_minute, interval_s=60.0, smooth=True, concurrency=config.rate.concurrency
    )


def _route(connection: Connection, operation: AnyOperation) -> Route:
    config = build(connection.own_settings())
    if not config.offers(operation.id):
        raise RejectedError(
            f"{connection.name}: {operation.id} is not available on this Nimbata account; "
            "if it is, name its call under `paths`, or switch it on under `capabilities`"
        )
    query = {name: text.replace("{token}", connection.token) for name, text in config.auth.query.items()}
    own = config.routes.get(operation.id)
    if own is None:
        return Route(method=operation.method, path=operation.path, query=query)
    return Route(
        method=own.method or operation.method, path=_placed(own.path), query={**_placed(own.query), **query},
        body=_placed(own.body), templated=True,
    )  # fmt: skip


def _tuned(connection: Connection) -> Connector:
    config = build(connection.own_settings())
    return msgspec.structs.replace(
        CONNECTOR, classify=partial(classify, paths=config.response.error),
        max_retry_after_s=config.rate.max_retry_after_s,
    )  # fmt: skip


def _placed(template: Any) -> Any:
    """The template with the places that stand for others."""
    match template:
        case str():
            for name, ours in PLACES.items():
                template = template.replace(f"{{{name}}}", f"{{{ours}}}")
            return template
        case dict():
            return {name: _placed(item) for name, item in template.items()}
        case list():
            return [_placed(item) for item in template]
        case _:
            return template


CONNECTOR = Connector(
    app="nimbata", operations=OPERATIONS, triggers=TRIGGERS, headers=_headers, classify=classify,
    limits=_limits, route=_route, decoder=decoder, account_field="account", tuned=_tuned,
)  # fmt: skip
