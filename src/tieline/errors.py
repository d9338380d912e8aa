"""Every error of ours, by what happens next.

TielineError
├── ConfigurationError      an operator must change something; never retried
│   └── StoreError          the database cannot be used as it is; says the next step
│       └── StoreMoved      it is on another server for good: go on there
├── ConnectorError          a far side answered, or did not; carries connection and operation
│   ├── TransientError      try later
│   │   ├── RateLimited     after `retry_after_s`; holds the whole lane
│   │   └── Unavailable     nothing took effect: refused before it was sent, or 503 to a read
│   ├── OutcomeUnknown      it may have worked: look it up before repeating
│   ├── CredentialError     the connection waits until someone reconnects it
│   └── RejectedError       the far side will never take it: a dead letter, with its messages
│       └── NotFoundError   the record is not there (any more)
├── MappingError            our data cannot be mapped: a dead letter, with the field path
├── UnreadableError         a verified body that we cannot read: a dead letter
└── LeaseLost               another worker owns the lane: drop the result
"""

from __future__ import annotations

from typing import Literal


class TielineError(Exception):
    """Root of the tree; the message is for people and names the next step where there is one."""


class ConfigurationError(TielineError):
    """An operator must change something before this can work."""


class StoreError(ConfigurationError):
    """The database cannot be reached or used as it is."""


class StoreMoved(StoreError):
    """The database is on another server for good: go on there."""


class ConnectorError(TielineError):
    """One call to a far side failed."""

    def __init__(
        self,
        message: str,
        *,
        connection: str = "",
        operation: str = "",
        status: int | None = None,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.connection = connection
        self.operation = operation
        #: HTTP status, None when no answer came.
        self.status = status
        #: The far side's own id of the exchange, for its support.
        self.trace_id = trace_id


class TransientError(ConnectorError):
    """Nothing took effect; the same call may work later."""


class RateLimited(TransientError):
    """The far side asks us to wait. `retry_after_s` is None when it did not say how long."""

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        daily: bool = False,
        connection: str = "",
        operation: str = "",
        status: int | None = 429,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(
            message, connection=connection, operation=operation, status=status, trace_id=trace_id
        )
        self.retry_after_s = retry_after_s
        #: The day's allowance is spent, not only the window's.
        self.daily = daily


class Unavailable(TransientError):
    """The far side could not be reached, or an idempotent call got no usable answer."""


class OutcomeUnknown(ConnectorError):
    """A call that is not idempotent may have taken effect: cut, timed out, or a 5xx."""


#: What is wrong with an access. token: refused or run out; scope: it lacks one; place: it reaches another account;
#: inactive: the account is switched off over there; host: the address is not the API's.
CredentialFault = Literal["token", "scope", "place", "inactive", "host"]


class CredentialError(ConnectorError):
    """Our access is not good for this; the same call cannot help before somebody, or a new token, mends it."""

    def __init__(
        self,
        message: str,
        *,
        fault: CredentialFault = "token",
        connection: str = "",
        operation: str = "",
        status: int | None = None,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(
            message, connection=connection, operation=operation, status=status, trace_id=trace_id
        )
        self.fault = fault
        #: Connection and version whose access it was; None = not known.
        self.refused: tuple[int, int] | None = None


class RejectedError(ConnectorError):
    """The far side understood and refused."""

    def __init__(
        self,
        message: str,
        *,
        messages: tuple[str, ...] = (),
        existing_id: str | None = None,
        connection: str = "",
        operation: str = "",
        status: int | None = None,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(
            message, connection=connection, operation=operation, status=status, trace_id=trace_id
        )
        #: The far side's messages, one a field where it gives them so.
        self.messages = messages
        #: The record that was in the way, where the far side names it (a duplicate).
        self.existing_id = existing_id


class OutdatedError(RejectedError):
    """The record changed since it was read: read it again, and decide anew."""


class NotFoundError(RejectedError):
    """The record that the call names does not exist on the far side."""


class MappingError(TielineError):
    """A value cannot be mapped; `path` names the field."""

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class UnreadableError(TielineError):
    """A body that proved genuine but cannot be read."""


class LeaseLost(TielineError):
    """Another worker owns the lane now."""
