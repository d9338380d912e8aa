"""Any operation of the catalogue as something that effects carry out: sent, looked up and repeated like a sync's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_origin

import msgspec

from tieline.catalogue.look_up import marked
from tieline.catalogue.spec import AnyOperation
from tieline.connectors import CONNECTORS, operation
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.connector import settle_s
from tieline.connectors.kit.exchange import attach, exchange_of
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.look_up import Absent, Found, can_ask, look_up
from tieline.domain.command import CallOperation
from tieline.effects.target import Done, Untold
from tieline.errors import ConfigurationError, OutdatedError, RejectedError
from tieline.server.targets.answers import done


class OperationTarget:
    """Carries calls of the catalogue out at one connection."""

    def __init__(self, gateway: Gateway, connection: Connection, *, zone: str | None = None) -> None:
        """`zone`: IANA name of the place's time zone; left out, it is what the connection's location says."""
        self._gateway = gateway
        self._connection = connection
        self._zone = zone or _zone_of(connection)

    def repeatable(self, command: CallOperation) -> bool:
        """What is idempotent, and what the far side itself refuses to do twice."""
        found = self._operation(command)
        return found is not None and (
            found.idempotent or (found.look_up is not None and found.look_up.kind == "repeat")
        )

    def can_look_up(self, command: CallOperation) -> bool:
        """Whether there is a look-up, this account offers what it asks, and this input can be asked for."""
        found = self._operation(command)
        if found is None or found.look_up is None or not found.look_up.executable:
            return False
        try:
            return self._offers(operation(found.look_up.operation)) and can_ask(found, _read(found, command))
        except RejectedError:
            return False

    def lags(self, command: CallOperation) -> bool:
        """Of a search that sees a record only some seconds after it was made."""
        found = self._operation(command)
        return found is not None and found.look_up is not None and found.look_up.kind == "index"

    def settle_s(self, command: CallOperation) -> float:
        """The operation's settling time, or the connection's own."""
        found = self._operation(command)
        return 0.0 if found is None else settle_s(self._connection, found)

    async def send(self, command: CallOperation, record_id: str | None, *, repeat: bool = False) -> Done:
        """One call. Raises RejectedError for an operation that there is none of, or an input that is not its."""
        self._require_ours(command)
        found = self._operation(command)
        if found is None:
            raise RejectedError(
                f"there is no operation {command.operation}", connection=self._connection.name,
                operation=command.operation,
            )  # fmt: skip
        given = marked(found.look_up, _read(found, command), command.reference)
        try:
            answer = await self._gateway.call(self._connection, found, given, "retry" if repeat else "live")
        except OutdatedError as error:
            raise _outdated(error, repeat) from error
        return done(answer, result_id(answer.value), value=answer.value)

    async def look_up(self, command: CallOperation, record_id: str | None) -> Done | None:
        """The record that the call left behind; None when nothing is to be seen. Raises Untold."""
        self._require_ours(command)
        found = self._operation(command)
        if found is None or found.look_up is None or not found.look_up.operation:
            raise Untold(f"{command.operation} has no look-up")
        looked = await look_up(
            self._gateway, self._connection, found, operation(found.look_up.operation), _read(found, command),
            reference=command.reference, zone=self._zone, since=command.decided_at,
        )  # fmt: skip
        match looked:
            case Found(row, answer):
                return done(answer, result_id(row), value=as_answered(found, row))
            case Absent():
                return None
            case _:
                raise Untold(looked.why)

    def _operation(self, command: CallOperation) -> AnyOperation | None:
        try:
            return operation(command.operation)
        except KeyError:
            return None

    def _offers(self, wanted: AnyOperation) -> bool:
        connector = next(one for one in CONNECTORS if one.app == self._connection.connector)
        try:
            connector.route(self._connection, wanted)
        except RejectedError:
            return False
        return True

    def _require_ours(self, command: CallOperation) -> None:
        if command.connection != self._connection.id:
            raise ConfigurationError(
                f"a call for connection {command.connection} came to {self._connection.name}, which is another"
            )


def call(
    found: AnyOperation,
    given: Any,
    *,
    connection: Connection,
    reference: str,
    decided_at: datetime | None = None,
) -> CallOperation:
    """A call of that operation, as it is journalled."""
    return CallOperation(
        connection=connection.id, operation=found.id, input=msgspec.Raw(msgspec.json.encode(given)),
        reference=reference, decided_at=decided_at or datetime.now(UTC),
    )  # fmt: skip


def as_answered(found: AnyOperation, row: Any) -> Any:
    """A record that a look-up met, in the shape of the operation's own answer: whoever goes on with it finds it where
    it always is, whether the answer arrived or not."""
    shape = msgspec.inspect.type_info(found.output)
    if not isinstance(shape, msgspec.inspect.StructType) or type(row) is (get_origin(shape.cls) or shape.cls):
        return row
    for one in shape.fields:
        if isinstance(one.type, msgspec.inspect.StructType) and isinstance(row, one.type.cls):
            return shape.cls(**{one.name: row})
    names = {one.name for one in shape.fields}
    given = {name: value for name in names if (value := getattr(row, name, None)) is not None}
    if "message_id" in names:
        given["message_id"] = row.id
    return shape.cls(**given)


def result_id(value: Any) -> str | None:
    """Id of the record that an answer shows: its own, or that of the one record in it; None where it names none."""
    for name in ("id", "message_id"):
        if isinstance(found := getattr(value, name, None), str) and found:
            return found
    fields = getattr(value, "__struct_fields__", ())
    inner = [one for name in fields if isinstance(one := getattr(value, name), msgspec.Struct)]
    return result_id(inner[0]) if len(inner) == 1 else None


def _read(found: AnyOperation, command: CallOperation) -> Any:
    try:
        return msgspec.json.decode(command.input, type=found.input)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedError(f"that is no input of {found.id}: {error}", operation=found.id) from error


def _outdated(error: OutdatedError, repeat: bool) -> RejectedError:
    """A sync decides anew when a record changed meanwhile; for whoever called an operation, a person does."""
    tried = "; this call was tried before, and may itself be what changed it" if repeat else ""
    refused = RejectedError(
        f"{error}{tried}", messages=error.messages, connection=error.connection, operation=error.operation,
        status=error.status, trace_id=error.trace_id,
    )  # fmt: skip
    if (exchange := exchange_of(error)) is not None:
        attach(refused, exchange)
    return refused


def _zone_of(connection: Connection) -> str:
    location = connection.settings.get("location")
    named = location.get("timezone") if isinstance(location, dict) else None
    return named if isinstance(named, str) and named else "UTC"
