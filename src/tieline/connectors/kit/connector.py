"""What the gateway must know of a product beside its operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tieline.catalogue.spec import AnyOperation, AnyTrigger
from tieline.connectors.kit.budget import Limits
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.route import Route
from tieline.errors import ConnectorError


def _as_specified(connection: Connection, operation: AnyOperation) -> Route:
    return Route(method=operation.method, path=operation.path)


def _as_typed(connection: Connection, operation: AnyOperation) -> None:
    return None


class Connector(msgspec.Struct, frozen=True, kw_only=True):
    """One product: its operations, and what its accounts have in common. All functions are pure."""

    app: str
    operations: tuple[AnyOperation, ...]
    #: What its accounts tell of.
    triggers: tuple[AnyTrigger, ...] = ()
    #: Headers of every call: credentials, version. Called once for each connection and operation.
    headers: Callable[[Connection, AnyOperation], Mapping[str, str]]
    #: The one table from an answer outside 200–299 to an error; a 5xx is Unavailable there, and becomes
    #: OutcomeUnknown in the gateway where the operation is not idempotent.
    classify: Callable[[AnyOperation, int, Mapping[str, str], bytes], ConnectorError]
    #: The quota before any header told; None = none is kept.
    limits: Callable[[Connection], Limits | None]
    #: Wire name that stands for the account: filled from the connection where the input leaves it UNSET.
    account_field: str
    #: Where a connection's settings put an operation. Raises RejectedError where the account lacks it.
    route: Callable[[Connection, AnyOperation], Route] = _as_specified
    #: How an answer's body becomes the operation's output where the connection's settings decide; None = as the
    #: output's type says. What it gives raises UnreadableError.
    decoder: Callable[[Connection, AnyOperation], Callable[[bytes], Any] | None] = _as_typed
    #: Headers that may carry the far side's own id of the exchange.
    trace_headers: tuple[str, ...] = ("x-trace-id", "x-request-id")
    #: Longest Retry-After that is believed, in seconds.
    max_retry_after_s: float = 900.0
    #: The connector as a connection's settings make it: what `classify` and `max_retry_after_s` are there.
    tuned: Callable[[Connection], Connector] | None = None


def settle_s(connection: Connection, operation: AnyOperation) -> float:
    """Seconds after which a cut-off call of this operation has taken effect or never will; 0 without a look-up."""
    if operation.look_up is None:
        return 0.0
    override = connection.settings.get("settle_s")
    if isinstance(override, int | float) and not isinstance(override, bool) and override >= 0:
        return float(override)
    return operation.look_up.settle_s
