"""Notices what is worth telling, and sends it: any number of hubs do so on one store.

An alert is an intent before it is sent. One whose hub was killed in between goes out again where receivers can tell a
double by its number; by mail and apprise they cannot, so that it is left as one that may have been sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import structlog

from tieline.connectors.kit.outward_guard import OutwardGuard
from tieline.server.alerts.channels import WebhookTarget, open_target
from tieline.server.alerts.notice import TROUBLE_FOR, Told, notice
from tieline.server.alerts.ways import TIMEOUT_S, Alert, MaySent, NotSent, Ways
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.seal import BrokenSeal, Vault

log = structlog.get_logger(__name__)

EVERY_S = 2.0
#: Alerts under way at a time, of all channels; and of one.
AT_ONCE, OF_ONE = 16, 2
#: How long whoever began to send has it: longer than any way takes.
LEASE_S = 2 * TIMEOUT_S
#: What a channel does not take is tried again after so long, twice as long each time.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 3600.0
#: What was not taken for a day is not told any more.
GIVEN_UP_AFTER = timedelta(days=1)


class Alerter:
    """Of one hub."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        guard: OutwardGuard,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        trouble_for: timedelta = TROUBLE_FOR,
    ) -> None:
        self._store = store
        self._vault = vault
        self._ways = Ways(guard)
        self._clock = clock
        self._trouble_for = trouble_for

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                try:
                    await notice(self._store, now=self._clock(), trouble_for=self._trouble_for)
                    more = await self.send_due()
                except (psycopg.Error, OSError, BrokenSeal) as error:
                    log.warning("alerts wait", error=str(error).partition("\n")[0])
                    more = 0
                if not more:
                    await asyncio.sleep(EVERY_S)
        finally:
            self._ways.close()

    async def send_due(self) -> int:
        """Send what is due, each channel beside the others; how many alerts."""
        async with self._store.transaction() as db:
            rows = await db.execute(
                query("claim_alerts"),
                {"limit": AT_ONCE, "of_one": OF_ONE, "lease": timedelta(seconds=LEASE_S)},
            )
            found = await rows.fetchall()
        if found:
            async with asyncio.TaskGroup() as group:
                for row in found:
                    group.create_task(self._send_one(row))
        return len(found)

    async def _send_one(self, row: tuple[Any, ...]) -> None:
        """As `_send`. Where the store is away the intent stands, and is found when its lease has run out; the others
        that are under way are not cut off by that."""
        try:
            await self._send(row)
        except (psycopg.Error, OSError) as error:
            log.warning(
                "what came of an alert is not written down", alert=row[0], error=str(error).partition("\n")[0]
            )

    async def _send(self, row: tuple[Any, ...]) -> None:
        """One alert through one channel, and what came of it."""
        alert_id, channel, name, sealed, begun, kind, title, body, created_at = row
        tells_doubles = False
        try:
            async with self._store.transaction() as db:
                target = await open_target(db, self._vault, name, sealed)
            tells_doubles = isinstance(target, WebhookTarget)
            if begun and not tells_doubles:
                raise MaySent("a hub ended while it was sent")
            alert = Alert(
                id=alert_id, kind=kind, title=title, body=msgspec.convert(body, Told), created_at=created_at
            )
            await self._ways.send(target, alert, now=self._clock())
        except (MaySent, NotSent, BrokenSeal) as error:
            over = self._clock() - created_at > GIVEN_UP_AFTER or kind == "test"
            unknown = isinstance(error, MaySent) and not tells_doubles
            state = "unknown" if unknown else "given_up" if over else "waiting"
            await self._failed(alert_id, channel, str(error), state=state)
        else:
            async with self._store.transaction() as db:
                await db.execute(
                    "UPDATE alert_sending SET state = 'sent', tries = tries + 1, ended_at = now(), reason = NULL"
                    " WHERE alert_id = %s AND channel_id = %s",
                    (alert_id, channel),
                )
                await db.execute(
                    "UPDATE alert_channel SET failures = 0, failing_since = NULL, last_error = NULL,"
                    " last_sent_at = now(), next_try_at = now() WHERE id = %s",
                    (channel,),
                )

    async def _failed(self, alert_id: int, channel: int, reason: str, *, state: str) -> None:
        """The channel shows why, and is tried later; no alert is made of that."""
        log.warning("an alert was not sent", channel=channel, alert=alert_id, why=reason)
        async with self._store.transaction() as db:
            await db.execute(
                "UPDATE alert_sending SET state = %(state)s, tries = tries + 1, reason = %(reason)s, due_at = now(),"
                " ended_at = CASE WHEN %(state)s <> 'waiting' THEN now() END"
                " WHERE alert_id = %(alert)s AND channel_id = %(channel)s",
                {"state": state, "reason": reason, "alert": alert_id, "channel": channel},
            )
            await db.execute(
                "UPDATE alert_channel SET failures = failures + 1, failing_since = COALESCE(failing_since, now()),"
                " last_error = %(reason)s, next_try_at = now() + LEAST("
                "     %(first)s * power(2, LEAST(failures, 20)), %(longest)s) * interval '1 second'"
                " WHERE id = %(channel)s",
                {"reason": reason, "first": FIRST_PAUSE_S, "longest": LONGEST_PAUSE_S, "channel": channel},
            )
