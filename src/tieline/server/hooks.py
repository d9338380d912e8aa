"""Webhook intake: verify, look just far enough to route, store, and only then say 200.

A bare ASGI handler: this is the path that every delivery takes. What each answer means to its sender stands in
docs/webhooks.md.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import psycopg
import structlog
from psycopg_pool import PoolTimeout

from tieline.errors import UnreadableError
from tieline.inbox.receive import Delivery, Inbox, delivery_key
from tieline.server.accounts.intakes import Intake, Request
from tieline.server.doors import AppDoor, ConnectionDoor, Door
from tieline.store.directory import Directory
from tieline.store.pool import Store
from tieline.store.queries import query

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Path segment → connector whose deliveries come there.
PATHS: Mapping[str, str] = {"contacts": "contacts_api", "nimbata": "nimbata"}
#: A delivery that is not stored by then is answered "later"; its sender has long timed out otherwise.
STORE_S = 8.0
RETRY_AFTER_S = 10


class Hooks:
    """`POST /hooks/contacts/{connection or app}[/{event}]` and `/hooks/nimbata/{connection}[/{event}]`."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        inbox: Inbox,
        intakes: Mapping[str, Intake],
        *,
        body_limit: int = 1_048_576,
    ) -> None:
        self._store = store
        self._directory = directory
        self._inbox = inbox
        self._intakes = intakes
        self._body_limit = body_limit
        self._refusals: Counter[tuple[int, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request whose path begins with /hooks/."""
        segments = scope["path"].split("/")[2:]
        connector = PATHS.get(segments[0]) if segments else None
        if connector is None or not 2 <= len(segments) <= 3:
            await _answer(send, 404, "no such webhook address")
            return
        if scope["method"] != "POST":
            await _answer(send, 405, "deliveries are POSTed", {b"allow": b"POST"})
            return
        try:
            status, text = await self._take(scope, receive, connector, segments[1], segments[2:])
        except (asyncio.CancelledError, ConnectionError):
            raise
        except (psycopg.OperationalError, PoolTimeout, TimeoutError) as error:
            # The store is away or overloaded: said once a delivery, without a trace that tells nothing more.
            log.warning("delivery not stored", connection=segments[1], error=str(error).partition("\n")[0])
            status, text = 503, "not stored, deliver it again later"
        except Exception:  # every failure of ours means "later" to the sender, never a stack trace
            log.exception("delivery not stored", connection=segments[1])
            status, text = 503, "not stored, deliver it again later"
        if status == 503:
            # The vendor of the Contacts API has at times re-sent on 429 alone.
            status = 429 if connector == "contacts_api" else 503
            await _answer(send, status, text, {b"retry-after": str(RETRY_AFTER_S).encode()})
        else:
            await _answer(send, status, text)

    async def _take(
        self, scope: Scope, receive: Receive, connector: str, name: str, event: list[str]
    ) -> tuple[int, str]:
        if self._directory.moving is not None:
            return 503, "the database is being moved, deliver it again later"
        door = self._door(connector, name)
        if door is None:
            self._refuse(0, "unknown connection")
            return 404, "no such connection"
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        body = await _body(receive, self._body_limit)
        if body is None:
            self._refuse(door.id, "too large")
            return 413, f"the body is larger than {self._body_limit} bytes"
        request = Request(
            headers=headers,
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            body=body,
            event=event[0] if event else None,
            now=datetime.now(UTC),
        )
        refused = door.verify(request)
        if refused is not None:
            self._refuse(door.id, refused)
            return 401, "the delivery does not prove where it comes from"
        deliveries = self._deliveries(door, request)
        async with asyncio.timeout(STORE_S):
            await self._inbox.receive(deliveries)
        return 200, "stored"

    def _door(self, connector: str, name: str) -> Door | None:
        """Where a delivery under that name comes in: a connection, or an app that has many."""
        connection = self._directory.connection(name)
        if connection is not None and connection.connector == connector:
            return ConnectionDoor(self._intakes[connector], connection)
        app = self._directory.app(name)
        if app is not None and connector == "contacts_api":
            return AppDoor(self._directory, app)
        return None

    def _deliveries(self, door: Door, request: Request) -> list[Delivery]:
        """One a happening. What cannot be read is kept whole, for a person."""
        try:
            peeked = door.peek(request)
        except UnreadableError as error:
            key, ttl = delivery_key("webhook", "", None, request.body)
            return [
                Delivery(
                    connection_id=door.id, key=key, ttl=ttl, source="webhook", kind="", project=None,
                    state="unreadable", reason=str(error), body=request.body,
                )
            ]  # fmt: skip
        deliveries = []
        for connection, one in peeked:
            key, ttl = delivery_key("webhook", one.kind, one.delivery_id, one.body)
            syncs = self._directory.consumers(connection, one.project)
            state, reason = one.state, one.reason
            if state == "routed" and not syncs and not one.errands:
                state, reason = "unrouted", "no sync wants events of this connection and project"
            deliveries.append(
                Delivery(
                    connection_id=connection, key=key, ttl=ttl, source="webhook", kind=one.kind,
                    project=one.project, state=state, reason=reason, body=one.body,
                    routes=tuple((sync.id, sync.lane_id) for sync in syncs) if state == "routed" else (),
                    errands=one.errands,
                )
            )  # fmt: skip
        return deliveries

    def _refuse(self, connection_id: int, reason: str) -> None:
        self._refusals[connection_id, reason] += 1

    async def keep_counting(self) -> None:
        """Write the counts of what was turned away, once a second, until cancelled."""
        while True:
            await asyncio.sleep(1)
            if not self._refusals:
                continue
            counted, self._refusals = self._refusals, Counter()
            try:
                async with self._store.transaction() as db:
                    await db.execute(
                        query("count_refusals"),
                        {
                            "connections": [connection for connection, _ in counted],
                            "reasons": [reason for _, reason in counted],
                            "counts": list(counted.values()),
                        },
                    )
            except Exception as error:  # noqa: BLE001 - the counts are kept for the next second
                self._refusals.update(counted)
                log.warning("refusals not counted", error=str(error))


async def _body(receive: Receive, limit: int) -> bytes | None:
    """The whole body; None when it is larger than `limit`."""
    chunks = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the sender hung up")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _answer(send: Send, status: int, text: str, headers: Mapping[bytes, bytes] | None = None) -> None:
    body = msgspec.json.encode({"status": status, "message": text})
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                *(headers or {}).items(),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
