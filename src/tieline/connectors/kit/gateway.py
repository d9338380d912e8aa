"""The one way out: credential, quota, time-out, one HTTP exchange, and an error that says what happens next.

Nothing is repeated here, not even a call that an idle connection swallowed: who repeats must know, and count.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, TypeVar

import aiohttp
import msgspec
from multidict import CIMultiDict, CIMultiDictProxy, istr

import tieline
from tieline.catalogue.spec import AnyOperation, Operation
from tieline.connectors.kit.answer import Answer, Deleted, Nothing
from tieline.connectors.kit.budget import Priority, Slot
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.connector import Connector
from tieline.connectors.kit.exchange import Exchange, attach, record, write_down
from tieline.connectors.kit.governor import Governor
from tieline.connectors.kit.rate_headers import read_retry_after, read_told
from tieline.connectors.kit.redact import redact_text
from tieline.connectors.kit.route import Rendered, compile_route
from tieline.domain.ids import ConnectionId
from tieline.errors import (
    ConfigurationError,
    ConnectorError,
    NotFoundError,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)

In = TypeVar("In")
Out = TypeVar("Out")

#: From taking a socket to the last byte of the answer. The lease of a lane counts on it.
TIMEOUT_S = 10.0
#: Of it, to get a connected socket. Below the whole, so that running out of it proves that nothing was sent.
CONNECT_S = 5.0
#: Idle sockets are dropped before the servers that close theirs soonest (after 5 s) do: a request written into a
#: closing socket may or may not have been read.
KEEP_IDLE_S = 4.0
MAX_SOCKETS = 512
MAX_SOCKETS_PER_HOST = 128
#: An answer larger than this is no answer of the APIs that we speak.
MAX_ANSWER = 16 * 1024 * 1024
#: A Retry-After beside a 503 holds the connection, but no longer than this.
_MAX_PAUSE_S = 60.0
_USER_AGENT = f"tieline/{getattr(tieline, '__version__', '0')}"
_ENCODING = istr("Content-Encoding")


class _Prepared:
    """One operation on one connection, with all that does not change from call to call."""

    __slots__ = ("decode", "headers", "method", "operation", "render")

    def __init__(
        self,
        operation: AnyOperation,
        method: str,
        render: Callable[[Any], Rendered],
        headers: CIMultiDict[str],
        decode: Callable[[bytes], Any],
    ) -> None:
        self.operation = operation
        self.method = method
        self.render = render
        self.headers = headers
        self.decode = decode


class _Line:
    """One connection as the gateway holds it."""

    __slots__ = ("connection", "connector", "governor", "prepared")

    def __init__(self, connection: Connection, connector: Connector, governor: Governor) -> None:
        self.connection = connection
        self.connector = connector
        self.governor = governor
        self.prepared: dict[str, _Prepared] = {}


class Gateway:
    """Sends calls. Belongs to one event loop; open it with `async with Gateway.open(connectors)`."""

    def __init__(
        self, session: aiohttp.ClientSession, connectors: Iterable[Connector], *, log_exchanges: bool = False
    ) -> None:
        self._session = session
        self._connectors = {connector.app: connector for connector in connectors}
        self._log_exchanges = log_exchanges
        self._lines: dict[ConnectionId, _Line] = {}

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        connectors: Iterable[Connector],
        *,
        timeout_s: float = TIMEOUT_S,
        connect_s: float = CONNECT_S,
        log_exchanges: bool = False,
    ) -> AsyncIterator[Gateway]:
        """A gateway for these connectors. `log_exchanges` writes every exchange to the debug log, redacted."""
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=MAX_SOCKETS,
                limit_per_host=MAX_SOCKETS_PER_HOST,
                keepalive_timeout=KEEP_IDLE_S,
                ttl_dns_cache=60,
            ),
            timeout=aiohttp.ClientTimeout(total=timeout_s, connect=min(connect_s, timeout_s / 2)),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent",),
        )
        # aiohttp would repeat PUT and DELETE by itself: unseen, unrecorded, and not counted against the quota.
        session._retry_connection = False
        gateway = cls(session, connectors, log_exchanges=log_exchanges)
        try:
            yield gateway
        finally:
            for line in gateway._lines.values():
                line.governor.close()
            await session.close()

    async def call(
        self,
        connection: Connection,
        operation: Operation[In, Out],
        given: In,
        priority: Priority = "live",
    ) -> Answer[Out]:
        """One call, in its turn. Raises the classes of `errors`, with connection, operation, status and trace id.

        An operation that is not idempotent raises OutcomeUnknown for whatever may have taken effect; Unavailable
        then means that nothing did. RateLimited with `status` None was decided here: nothing was sent.
        """
        line = self._lines.get(connection.id)
        if line is None or line.connection is not connection:
            line = self._open_line(connection)
        prepared = line.prepared.get(operation.id)
        if prepared is None or prepared.operation is not operation:
            prepared = self._prepare(line, operation)
        try:
            url, body = prepared.render(given)
            slot = line.governor.try_take(priority) or await line.governor.take(priority)
        except ConnectorError as error:
            raise _placed(error, line, operation) from None
        started_at, started = datetime.now(UTC), perf_counter()
        status, headers, raw = None, None, None
        failure: ConnectorError | None = None
        try:
            async with self._session.request(
                prepared.method, url, data=body, headers=prepared.headers, allow_redirects=False
            ) as response:
                status, headers = response.status, response.headers
                raw = await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            line.governor.abandon(slot)
            slot = None
            failure = Unavailable(f"{line.connection.name} cannot be reached: {_why(error)}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = _cut(operation, line, error, status)
        finally:
            duration_s = perf_counter() - started
            if slot is not None and (failure is not None or raw is None):
                # Cut off, also by our own cancellation: the far side may have counted it.
                line.governor.settle(slot, None if headers is None else read_told(headers), answered=False)
        if failure is None:
            assert status is not None and headers is not None and raw is not None and slot is not None
            outcome = self._outcome(line, prepared, slot, status, headers, raw)
            if isinstance(outcome, ConnectorError):
                failure = outcome
            else:
                trace_id = getattr(outcome, "trace_id", None) or _trace_id(line.connector, headers)
                return Answer(
                    value=outcome,
                    status=status,
                    trace_id=trace_id,
                    started_at=started_at,
                    duration_s=duration_s,
                    exchange=self._log(line, prepared, url, status, duration_s, trace_id, body, raw)
                    if self._log_exchanges
                    else None,
                )
        if failure.trace_id is None and headers is not None:
            failure.trace_id = _trace_id(line.connector, headers)
        attach(failure, self._log(line, prepared, url, status, duration_s, failure.trace_id, body, raw))
        raise _placed(failure, line, operation, status)

    def governor(self, connection: Connection) -> Governor:
        """The quota of a connection: its forecast, its capacity, a hold."""
        return self._open_line(connection).governor

    def handover(self, connection_id: ConnectionId) -> None:
        """The lane of this connection was taken over from another worker: look before sending more than one."""
        if (line := self._lines.get(connection_id)) is not None:
            line.governor.handover()

    def _open_line(self, connection: Connection) -> _Line:
        known = self._lines.get(connection.id)
        if known is not None and known.connection == connection:
            known.connection = connection
            return known
        connector = self._connectors.get(connection.connector)
        if connector is None:
            raise ConfigurationError(f"connection {connection.name}: no connector {connection.connector!r}")
        old = known.connection if known is not None else None
        if (
            known is not None
            and old is not None
            and (old.connector, old.base_url, old.account, old.settings)
            == (connection.connector, connection.base_url, connection.account, connection.settings)
        ):
            # A new token has the old one's quota.
            governor = known.governor
        else:
            limits = None if connection.settings.get("limits") == "off" else connector.limits(connection)
            governor = Governor(limits, name=connection.name)
            if known is not None:
                known.governor.close()
        line = self._lines[connection.id] = _Line(connection, connector, governor)
        return line

    def _prepare(self, line: _Line, operation: AnyOperation) -> _Prepared:
        connection, connector = line.connection, line.connector
        if operation.app != connector.app:
            raise ConfigurationError(
                f"{operation.id} is not an operation of connection {connection.name}, which speaks {connector.app}"
            )
        try:
            route = connector.route(connection, operation)
        except ConnectorError as error:
            raise _placed(error, line, operation) from None
        headers = CIMultiDict({
            "User-Agent": _USER_AGENT,
            "Accept": "application/json",
            "Content-Type": "application/json",
            **connector.headers(connection, operation),
        })  # fmt: skip
        if route.method == "GET":
            del headers["Content-Type"]
        prepared = line.prepared[operation.id] = _Prepared(
            operation,
            route.method,
            compile_route(operation, connection, route, connector.account_field),
            headers,
            msgspec.json.Decoder(operation.output, strict=False).decode,
        )
        return prepared

    def _outcome(
        self,
        line: _Line,
        prepared: _Prepared,
        slot: Slot,
        status: int,
        headers: CIMultiDictProxy[str],
        raw: bytes,
    ) -> Any:
        """The answer's value, or the error that it means. Gives the slot back."""
        told = read_told(headers)
        if 200 <= status < 300:
            line.governor.settle(slot, told, answered=True)
            return _value(line, prepared, status, raw)
        error = line.connector.classify(prepared.operation, status, headers, raw)
        if isinstance(error, RateLimited):
            asked_s = read_retry_after(headers, at_most_s=line.connector.max_retry_after_s)
            error.retry_after_s, error.daily = line.governor.limited(slot, told, asked_s)
            return error
        line.governor.settle(slot, told, answered=status < 500)
        if status == 503 and (pause_s := read_retry_after(headers, at_most_s=_MAX_PAUSE_S)):
            line.governor.hold(pause_s)
        if isinstance(error, NotFoundError) and prepared.operation.output is Deleted:
            return Deleted(existed=False)
        if isinstance(error, Unavailable) and not prepared.operation.idempotent:
            return OutcomeUnknown(f"{error}; it may have taken effect all the same", trace_id=error.trace_id)
        return error

    def _log(
        self,
        line: _Line,
        prepared: _Prepared,
        url: Any,
        status: int | None,
        duration_s: float,
        trace_id: str | None,
        request: bytes | None,
        response: bytes | None,
    ) -> Exchange:
        exchange = record(
            connection=line.connection.name, operation=prepared.operation.id, method=prepared.method,
            path=str(url.relative()), status=status, duration_s=duration_s, trace_id=trace_id,
            request=request, response=response, secrets=(line.connection.token,),
        )  # fmt: skip
        if self._log_exchanges:
            write_down(exchange)
        return exchange


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, bounded, also where it says a small size and unpacks to a large one."""
    if (length := response.content_length) is not None and _ENCODING not in response.headers:
        if length > MAX_ANSWER:
            raise aiohttp.ClientPayloadError(f"an answer of {length} bytes")
        return await response.read()
    parts = bytearray()
    async for part in response.content.iter_any():
        parts += part
        if len(parts) > MAX_ANSWER:
            raise aiohttp.ClientPayloadError(f"an answer of more than {MAX_ANSWER} bytes")
    return bytes(parts)


def _value(line: _Line, prepared: _Prepared, status: int, raw: bytes) -> Any:
    operation = prepared.operation
    if operation.output is Nothing:
        return Nothing()
    try:
        return prepared.decode(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = f"{line.connection.name} answered {status}, but not as this operation answers: {error}"
        if operation.idempotent:
            return Unavailable(reason)
        return OutcomeUnknown(f"{reason}; it may have taken effect")


def _cut(operation: AnyOperation, line: _Line, error: BaseException, status: int | None) -> ConnectorError:
    what = "did not answer in time" if isinstance(error, TimeoutError) else f"was cut off: {_why(error)}"
    where = line.connection.name if status is None else f"{line.connection.name} answered {status} and"
    reason = f"{where} {what}"
    if operation.idempotent:
        return Unavailable(reason)
    return OutcomeUnknown(f"{reason}; it may have taken effect")


def _why(error: BaseException) -> str:
    return redact_text(str(error)) or type(error).__name__


def _trace_id(connector: Connector, headers: Mapping[str, str]) -> str | None:
    for name in connector.trace_headers:
        if (found := headers.get(name)) is not None:
            return found[:200]
    return None


def _placed(
    error: ConnectorError, line: _Line, operation: AnyOperation, status: int | None = None
) -> ConnectorError:
    """`error`, saying where it happened."""
    error.connection = line.connection.name
    error.operation = operation.id
    if status is not None:
        error.status = status
    return error
