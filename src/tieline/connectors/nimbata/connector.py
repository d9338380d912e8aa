"""A Nimbata account as the gateway sees it: all that differs between accounts comes from its settings."""

from __future__ import annotations

from collections.abc import Mapping

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.budget import Limits
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.connector import Connector
from tieline.connectors.kit.route import Route
from tieline.connectors.nimbata.config import build
from tieline.connectors.nimbata.errors import classify
from tieline.connectors.nimbata.operations import OPERATIONS
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
    query = {name: text.replace("{token}", connection.token) for name, text in config.auth.query.items()}
    own = config.paths.get(operation.id)
    lacking = operation.id in config.paths and own is None
    if lacking or config.capabilities.get(operation.id) is False:
        raise RejectedError(f"{connection.name}: this account does not offer {operation.id}")
    if own is None:
        return Route(method=operation.method, path=operation.path, query=query)
    return Route(
        method=own.method, path=own.path, query={**own.query, **query}, body=own.body, templated=True
    )


CONNECTOR = Connector(
    app="nimbata", operations=OPERATIONS, headers=_headers, classify=classify, limits=_limits, route=_route,
    account_field="account", max_retry_after_s=120.0,
)  # fmt: skip
