"""Which call of a person is the latest, read from the account's list of calls: the one list that every account has.

It knows days and no numbers, so a project is read once, `DAYS` back, and kept by number; from then on only the days
since the last look are read again, at most once in `FRESH_S`. At first that costs one call for each page of
`pagination.max_size`, at least one a week (an account with 300 calls a day: 20), then about one a minute while somebody
is written to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
from msgspec import UNSET

from tieline.connectors.kit.budget import Priority
from tieline.connectors.kit.client import Client
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.operations.activities import (
    GET_CALL,
    LIST_CALLS,
    CallId,
    ListActivity,
    of_days,
)
from tieline.connectors.nimbata.shapes import CallRecord
from tieline.mapping.phone import to_e164

#: An older call is not written to.
DAYS = 30
#: Calls that came in within the last so many seconds may not be known yet.
FRESH_S = 60.0
#: Read and kept at a time: what fails does not begin at the beginning again.
_SLICE = timedelta(days=6)


class SeenCall(msgspec.Struct, frozen=True, kw_only=True):
    """What a call shows of its person."""

    id: str
    started_at: datetime
    caller_name: str | None
    value: Decimal | None
    tags: tuple[str, ...]
    updated_at: datetime | None


class LatestCalls:
    """The calls of one project's people."""

    def __init__(
        self,
        gateway: Gateway,
        connection: Connection,
        config: NimbataConfig,
        *,
        project: str,
        country: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`country` is how numbers without a country code are read."""
        self._client = Client(gateway, connection)
        self._config = config
        self._project = project
        self._country = country
        self._now = now
        #: Number → id → call.
        self._calls: dict[str, dict[str, SeenCall]] = {}
        #: First and last day read.
        self._first: date | None = None
        self._last: date | None = None
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def of(self, phone: str, priority: Priority = "live") -> list[SeenCall]:
        """Calls of a number within the last days, the latest first. Raises ConnectorError."""
        async with self._reading:
            if time.monotonic() - self._read_at > FRESH_S:
                await self._read(priority)
        return sorted(self._calls.get(phone, {}).values(), key=lambda one: one.started_at, reverse=True)

    async def whole(self, call_id: str, priority: Priority = "live") -> CallRecord:
        """One call with its comments, as it is now. Raises NotFoundError."""
        asked = CallId(project=self._project, id=call_id)
        return (await self._client.call(GET_CALL, asked, priority)).record

    def saw(self, phone: str, record: CallRecord) -> None:
        """An answer shows how a call of this number stands now."""
        known = self._calls.get(phone, {}).get(record.id)
        at = record.started_at or (None if known is None else known.started_at)
        if record.id and at is not None:
            self._calls.setdefault(phone, {})[record.id] = _seen(record, at)

    def forget(self, phone: str, call_id: str) -> None:
        """A call is not there any more."""
        self._calls.get(phone, {}).pop(call_id, None)

    async def _read(self, priority: Priority) -> None:
        """Up to today, then back as far as has to be."""
        today = self._now().date()
        oldest = today - timedelta(days=DAYS)
        if self._last is not None:
            await self._read_days(max(self._last, oldest), today, priority)
            self._last = today
        while self._first is None or self._first > oldest:
            last = today if self._first is None else self._first - timedelta(days=1)
            first = max(last - _SLICE, oldest)
            await self._read_days(first, last, priority)
            self._first, self._last = first, today
        self._drop_before(oldest)
        self._read_at = time.monotonic()

    async def _read_days(self, first: date, last: date, priority: Priority) -> None:
        whole = self._config.comes_whole(LIST_CALLS.id)
        given = ListActivity(
            project=self._project, filters=of_days("call", first, last),
            per_page=UNSET if whole else self._config.pagination.max_size,
        )  # fmt: skip
        async for record in self._client.each(LIST_CALLS, given, priority):
            phone = to_e164(record.caller, self._country)
            if phone is not None:
                self.saw(phone, record)

    def _drop_before(self, oldest: date) -> None:
        for phone, calls in list(self._calls.items()):
            for one in [one for one in calls.values() if one.started_at.date() < oldest]:
                del calls[one.id]
            if not calls:
                del self._calls[phone]


def _seen(record: CallRecord, at: datetime) -> SeenCall:
    return SeenCall(
        id=record.id, started_at=at, caller_name=record.caller_name, value=record.value, tags=record.tags,
        updated_at=record.updated_at,
    )  # fmt: skip
