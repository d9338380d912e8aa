"""What holds for all that is served: headers that browsers mind; and for `/api`: how much, how deep, how long."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tieline.server.access.problems import MEDIA_TYPE, Refusal, encoded

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[Any]]

#: Largest body of a request, bytes, and how deep its JSON may nest.
BODY_BYTES = 1_048_576
NESTING = 32
#: Longest that one request may take.
REQUEST_S = 30.0

#: Nothing that we serve loads anything; a page that needs more says so itself.
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_NO_STORE = (b"cache-control", b"no-store")
#: A string of JSON, also one that does not end: never tried twice from the same place.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_NOT_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))


def guarded(app: App, *, https: bool, request_s: float = REQUEST_S) -> App:
    """`app` within these limits."""
    headers = (*_HEADERS, _HSTS) if https else _HEADERS

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        is_api = scope["path"] == "/api" or scope["path"].startswith("/api/")
        started = False

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = list(message.get("headers", ()))
                there = {name.lower() for name, _ in own}
                more = (*headers, _NO_STORE) if is_api else headers
                message["headers"] = [*own, *(one for one in more if one[0] not in there)]
            await send(message)

        if not is_api:
            await app(scope, receive, sent)
            return
        try:
            async with asyncio.timeout(request_s):
                await app(scope, _Body(receive), sent)
        except TimeoutError:
            if started:
                raise
            await _too_long(sent, request_s)

    return limited


class _Body:
    """A request's body as it is read: after the guard, and no further than it may go on."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._chunks: list[bytes] = []
        self._size = 0

    async def __call__(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        if message["type"] == "http.request":
            chunk = message.get("body", b"")
            self._size += len(chunk)
            if self._size > BODY_BYTES:
                raise Refusal(413, f"the body is larger than {BODY_BYTES} bytes")
            self._chunks.append(chunk)
            if not message.get("more_body", False) and depth(b"".join(self._chunks)) > NESTING:
                raise Refusal(400, f"the body is nested deeper than {NESTING}")
        return message


def depth(body: bytes) -> int:
    """How deep the brackets of a JSON text nest; no further than one beyond what is allowed."""
    deepest = now = 0
    for bracket in _STRING.sub(b"", body).translate(None, _NOT_BRACKETS):
        if bracket in b"[{":
            now += 1
            deepest = max(deepest, now)
            if deepest > NESTING:
                break
        else:
            now -= 1
    return deepest


async def _too_long(send: Send, request_s: float) -> None:
    problem = Refusal(503, f"it took longer than {request_s:g} s, and was given up").problem
    body = encoded(problem)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
