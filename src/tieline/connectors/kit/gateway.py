"""The one way out: credential, quota, time-out, one HTTP exchange, and an error that says what happens next.

Nothing is repeated here, not even a call that an idle connection swallowed: who repeats must know, and count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from time import perf_counter
from typing import Any, Protocol, TypeVar

import aiohttp
from multidict import CIMultiDictProxy, istr
from yarl import URL

from tieline.catalogue.spec import Operation
from tieline.connectors.kit import fence
from tieline.connectors.kit.answer import Answer
from tieline.connectors.kit.budget import Priority, Slot
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.connector import Connector
from tieline.connectors.kit.exchange import Exchange, attach, kept, record, write_down
from tieline.connectors.kit.governor import Governor
from tieline.connectors.kit.line import Line, Prepared
from tieline.connectors.kit.outcome import cut_off, read_refusal, read_value, why
from tieline.connectors.kit.personal import without_values
from tieline.connectors.kit.quota_class import lowered
from tieline.connectors.kit.rate_headers import read_retry_after, read_told
from tieline.domain.ids import ConnectionId
from tieline.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialError,
    LeaseLost,
    RateLimited,
    RejectedError,
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
_ENCODING = istr("Content-Encoding")


class Tokens(Protocol):
    """Where tokens that run out are renewed; both raise ConnectorError, CredentialError when that cannot be done."""

    async def good(self, connection: Connection) -> Connection:
        """The connection with a token that is good now, renewed early where it runs out soon."""
        ...

    async def renewed(self, connection: Connection) -> Connection:
        """The far side refused this connection's token: with another one."""
        ...


class Gateway:
    """Sends calls. Belongs to one event loop; open it with `async with Gateway.open(connectors)`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        connectors: Iterable[Connector],
        *,
        log_exchanges: bool = False,
    ) -> None:
        #: Renews tokens that run out; set by whoever wires the parts.
        self.tokens: Tokens | None = None
        self._session = session
        self._connectors = {connector.app: connector for connector in connectors}
        self._log_exchanges = log_exchanges
        self._lines: dict[ConnectionId, Line] = {}
        #: Calls sent by connection and class.
        self.sent: Counter[tuple[ConnectionId, Priority]] = Counter()

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
        then means that nothing did. RateLimited with `status` None was decided here: nothing was sent. LeaseLost too
        means so: see `fence`.
        `exchange.exchange_of(error)` tells what was sent and answered.

        A token that runs out is renewed before, or once after it was refused: a refused call took no effect.
        """
        try:
            return await self._call_renewed(connection, operation, given, priority)
        except CredentialError as error:
            error.refused = (connection.id, connection.version)
            raise

    async def _call_renewed(
        self, connection: Connection, operation: Operation[In, Out], given: In, priority: Priority
    ) -> Answer[Out]:
        if connection.token_until is None or self.tokens is None:
            return await self._call(connection, operation, given, priority)
        connection = await self.tokens.good(connection)
        try:
            return await self._call(connection, operation, given, priority)
        except CredentialError as error:
            if error.fault != "token":
                raise
            connection = await self.tokens.renewed(connection)
        return await self._call(connection, operation, given, priority)

    async def _call(
        self, connection: Connection, operation: Operation[In, Out], given: In, priority: Priority
    ) -> Answer[Out]:
        priority = lowered(priority)
        line = self._lines.get(connection.id)
        if line is None or line.connection is not connection:
            line = self._line(connection)
        try:
            prepared = line.prepared.get(operation.id)
            if prepared is None or prepared.operation is not operation:
                prepared = line.prepare(operation)
            url, body = prepared.render(given)
            slot = line.governor.try_take(priority) or await line.governor.take(priority)
        except ConnectorError as error:
            raise line.place(error, operation) from None
        try:
            fence.require()
        except LeaseLost:
            line.governor.abandon(slot)
            raise
        self.sent[connection.id, priority] += 1
        started_at, started = datetime.now(UTC), perf_counter()
        status, headers, raw = None, None, b""
        in_flight = True
        try:
            async with self._session.request(
                prepared.method, url, data=body, headers=prepared.headers, allow_redirects=False
            ) as response:
                status, headers = response.status, response.headers
                raw = await _read(response)
            in_flight = False
            outcome = _settle(line, prepared, slot, status, headers, raw)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            in_flight = False
            line.governor.abandon(slot)
            outcome = Unavailable(f"{connection.name} cannot be reached: {why(error)}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            outcome = cut_off(line, operation, error, status)
        finally:
            if in_flight:
                # Cut off, or cancelled by us: the far side may have counted it.
                line.governor.settle(slot, read_told(headers) if headers else None, answered=False)
        duration_s = perf_counter() - started
        trace_id = getattr(outcome, "trace_id", None) or (line.trace_id(headers) if headers else None)
        exchange = None
        if self._log_exchanges or kept() or isinstance(outcome, ConnectorError):
            exchange = _record(line, prepared, url, status, duration_s, trace_id, body, raw)
            if self._log_exchanges:
                write_down(exchange)
            if isinstance(outcome, ConnectorError):
                outcome.trace_id = trace_id
                attach(outcome, exchange)
                raise line.place(_discreet(outcome, given), operation, status)
        return Answer(
            value=outcome, status=status or 0, trace_id=trace_id, started_at=started_at,
            duration_s=duration_s, exchange=exchange, served_at=_moment(headers.get("Date")) if headers else None,
        )  # fmt: skip

    def rendered(
        self, connection: Connection, operation: Operation[In, Out], given: In
    ) -> tuple[str, URL, bytes]:
        """Method, address and body of a call, which is not sent. Raises ConnectorError and ConfigurationError."""
        line = self._line(connection)
        prepared = line.prepared.get(operation.id)
        if prepared is None or prepared.operation is not operation:
            prepared = line.prepare(operation)
        url, body = prepared.render(given)
        return prepared.method, url, body or b""

    def governor(self, connection: Connection) -> Governor:
        """The quota of a connection: its forecast, its capacity, a hold."""
        return self._line(connection).governor

    def handover(self, connection_id: ConnectionId) -> None:
        """The lane of this connection was taken over from another worker: look before sending more than one."""
        if (line := self._lines.get(connection_id)) is not None:
            line.governor.handover()

    def _line(self, connection: Connection) -> Line:
        known = self._lines.get(connection.id)
        if known is not None and known.connection == connection:
            known.connection = connection
            return known
        connector = self._connectors.get(connection.connector)
        if connector is None:
            raise ConfigurationError(f"connection {connection.name}: no connector {connection.connector!r}")
        same = known is not None and known.connector is connector
        line = known.reopened(connection) if known is not None and same else Line(connection, connector)
        self._lines[connection.id] = line
        return line


def _settle(
    line: Line,
    prepared: Prepared,
    slot: Slot,
    status: int,
    headers: CIMultiDictProxy[str],
    raw: bytes,
) -> Any:
    """Give the slot back with what the answer taught, and tell what the answer means."""
    told = read_told(headers)
    if 200 <= status < 300:
        line.governor.settle(slot, told, answered=True)
        return read_value(line, prepared, status, headers, raw)
    held: tuple[float, bool] | None = None
    if status == 429:
        asked_s = read_retry_after(headers, at_most_s=line.tuned.max_retry_after_s)
        held = line.governor.limited(slot, told, asked_s)
    else:
        line.governor.settle(slot, told, answered=status < 500)
        if status == 503 and (pause_s := read_retry_after(headers, at_most_s=_MAX_PAUSE_S)):
            line.governor.hold(pause_s)
    outcome = read_refusal(line, prepared.operation, status, headers, raw)
    if held is not None and isinstance(outcome, RateLimited):
        outcome.retry_after_s, outcome.daily = held
    return outcome


def _discreet(error: ConnectorError, given: Any) -> ConnectorError:
    """Its words are kept in plain: without what was sent, which far sides like to say back."""
    error.args = (without_values(str(error), given), *error.args[1:])
    if isinstance(error, RejectedError):
        error.messages = tuple(without_values(one, given) for one in error.messages)
    return error


@lru_cache(maxsize=64)
def _moment(written: str | None) -> datetime | None:
    """A `Date` header, UTC. Kept, since it changes once a second."""
    if written is None:
        return None
    try:
        told = parsedate_to_datetime(written)
    except ValueError:
        return None
    return told.astimezone(UTC) if told.tzinfo is not None else None


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


def _record(
    line: Line,
    prepared: Prepared,
    url: URL,
    status: int | None,
    duration_s: float,
    trace_id: str | None,
    request: bytes | None,
    response: bytes,
) -> Exchange:
    return record(
        connection=line.connection.name, operation=prepared.operation.id, method=prepared.method,
        path=url.raw_path_qs, status=status, duration_s=duration_s, trace_id=trace_id, request=request,
        response=response, secrets=(line.connection.token,),
    )  # fmt: skip
