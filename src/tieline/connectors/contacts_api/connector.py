"""The Contacts API as the gateway sees it."""

from __future__ import annotations

from collections.abc import Mapping

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.contacts_api.errors import classify
from tieline.connectors.contacts_api.operations import OPERATIONS
from tieline.connectors.contacts_api.triggers import TRIGGERS
from tieline.connectors.kit.budget import Limits
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.connector import Connector

#: Burst limit of an app or token for one location, as documented; headers overrule it (sandbox accounts have 25).
LIMITS = Limits(requests=100, interval_s=10.0)


def _headers(connection: Connection, operation: AnyOperation) -> Mapping[str, str]:
    version = {"Version": operation.version} if operation.version else {}
    return version if operation.bare else {"Authorization": f"Bearer {connection.token}", **version}


def _limits(_: Connection) -> Limits:
    return LIMITS


CONNECTOR = Connector(
    app="contacts_api", operations=OPERATIONS, triggers=TRIGGERS, headers=_headers, classify=classify, limits=_limits,
    account_field="locationId", trace_headers=("x-trace-id", "traceid", "x-request-id"),
)  # fmt: skip
