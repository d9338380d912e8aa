"""One connection as the gateway holds it: its quota, and its operations made ready to send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from multidict import CIMultiDict

import tieline
from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.answer import Raw
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.connector import Connector
from tieline.connectors.kit.governor import Governor
from tieline.connectors.kit.route import Rendered, compile_route
from tieline.errors import ConfigurationError, ConnectorError, CredentialError

_FORM = "application/x-www-form-urlencoded"
_USER_AGENT = f"tieline/{tieline.__version__}"


class Prepared:
    """One operation on one connection, with all that does not change from call to call."""

    __slots__ = ("decode", "headers", "method", "operation", "render")

    def __init__(
        self,
        operation: AnyOperation,
        method: str,
        render: Callable[[Any], Rendered],
        headers: CIMultiDict[str],
        decode: Callable[[bytes], Any] | None = None,
    ) -> None:
        self.operation = operation
        self.method = method
        self.render = render
        self.headers = headers
        self.decode: Callable[[bytes], Any] = (
            decode or msgspec.json.Decoder(operation.output, strict=False).decode
        )


class Line:
    """A connection in use."""

    __slots__ = ("connection", "connector", "governor", "prepared", "tuned")

    def __init__(
        self, connection: Connection, connector: Connector, governor: Governor | None = None
    ) -> None:
        self.connection = connection
        self.connector = connector
        #: The connector as this connection's settings make it.
        self.tuned = connector if connector.tuned is None else connector.tuned(connection)
        self.governor = governor or Governor(_limits(connection, connector), name=connection.name)
        self.prepared: dict[str, Prepared] = {}

    def reopened(self, connection: Connection) -> Line:
        """The same connection after its row changed. A new token has the old one's quota; a new account has not."""
        old = self.connection
        if (old.connector, old.base_url, old.account, old.settings) == (
            connection.connector, connection.base_url, connection.account, connection.settings,
        ):  # fmt: skip
            return Line(connection, self.connector, self.governor)
        self.governor.close()
        return Line(connection, self.connector)

    def prepare(self, operation: AnyOperation) -> Prepared:
        """Make an operation ready. Raises RejectedError, CredentialError or ConfigurationError."""
        connection, connector = self.connection, self.connector
        if operation.app != connector.app:
            raise ConfigurationError(
                f"{operation.id} is no operation of connection {connection.name}, which speaks {connector.app}"
            )
        route = connector.route(connection, operation)
        headers = CIMultiDict({
            "User-Agent": _USER_AGENT,
            "Accept": "*/*" if operation.output is Raw else "application/json",
            "Content-Type": _FORM if operation.form else "application/json",
        })  # fmt: skip
        headers.update(_checked(connection, connector.headers(connection, operation)))
        if route.method == "GET":
            del headers["Content-Type"]
        render = compile_route(operation, connection, route, connector.account_field)
        prepared = self.prepared[operation.id] = Prepared(
            operation, route.method, render, headers, connector.decoder(connection, operation)
        )
        return prepared

    def trace_id(self, headers: Mapping[str, str]) -> str | None:
        """The far side's own id of an exchange, from its headers."""
        for name in self.connector.trace_headers:
            if (found := headers.get(name)) is not None:
                return found[:200]
        return None

    def place(
        self, error: ConnectorError, operation: AnyOperation, status: int | None = None
    ) -> ConnectorError:
        """`error`, saying where it happened."""
        error.connection = self.connection.name
        error.operation = operation.id
        if status is not None:
            error.status = status
        return error


def _limits(connection: Connection, connector: Connector) -> Any:
    return None if connection.settings.get("limits") == "off" else connector.limits(connection)


def _checked(connection: Connection, headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise CredentialError(
                f"connection {connection.name}: what is to stand in the header {name} holds characters that "
                "no header can carry; enter the token again"
            )
    return headers
