"""HTTP to addresses that a user wrote: a session that obeys the guard, also where an answer redirects it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Literal

import aiohttp
import msgspec
from yarl import URL

from tieline.connectors.kit.outward_guard import Forbidden, OutwardGuard
from tieline.connectors.kit.redact import is_secret, redact_url
from tieline.errors import OutcomeUnknown, RejectedError, Unavailable

#: From the first socket to the last byte of the last answer.
TIMEOUT_S = 10.0
CONNECT_S = 5.0
#: Bytes of an answer, once it is unpacked; what is longer is no answer.
MAX_ANSWER = 1_048_576
MAX_REDIRECTS = 5
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
#: Sending them twice leaves what sending them once leaves.
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
#: Answers that name another place.
_MOVED = frozenset({301, 302, 303, 307, 308})


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, whatever its status."""

    status: int
    headers: dict[str, str]
    body: bytes
    #: Where it came from in the end, redacted.
    url: str


class OutwardSession:
    """Sends one request after the other through the guard. Belongs to one event loop."""

    def __init__(self, session: aiohttp.ClientSession, guard: OutwardGuard, timeout_s: float) -> None:
        self._session = session
        self._guard = guard
        self._timeout_s = timeout_s

    async def request(
        self,
        method: Method,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        repeatable: bool | None = None,
    ) -> Answered:
        """One request, and those that its answers redirect it to.

        Raises RejectedError for an address that may not be asked, Unavailable where nothing took effect, and
        OutcomeUnknown for what may have. `repeatable`: a second one would do no harm; left out, the method says so.
        """
        harmless = method in _REPEATABLE if repeatable is None else repeatable
        at, sent = self._guard.require_url(url), dict(headers or {})
        began = False
        try:
            # Not ClientTimeout: that one begins anew with each redirect.
            async with asyncio.timeout(self._timeout_s):
                for _ in range(MAX_REDIRECTS + 1):
                    async with self._session.request(
                        method, at, headers=sent, data=body, allow_redirects=False
                    ) as answer:
                        began = True
                        if answer.status not in _MOVED or "Location" not in answer.headers:
                            return Answered(
                                status=answer.status, headers=dict(answer.headers), body=await _read(answer),
                                url=redact_url(str(at)),
                            )  # fmt: skip
                        status, to = answer.status, answer.headers["Location"]
                    at, method, body, sent = self._moved(status, at, to, method, body, sent)
            raise RejectedError(f"more than {MAX_REDIRECTS} redirects", status=status)
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, Forbidden):
                raise RejectedError(str(error.os_error)) from error
            # Whoever answered first, and named this place, may have done what it was asked.
            kind = Unavailable if harmless or not began else OutcomeUnknown
            raise kind(f"{at.host} cannot be reached: {error.os_error}") from error
        except aiohttp.InvalidURL:
            raise RejectedError("that is no address; write https://host/path") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            what = (
                f"no answer within {self._timeout_s:g} s" if isinstance(error, TimeoutError) else str(error)
            )
            unsent = not began and isinstance(error, aiohttp.ConnectionTimeoutError)
            kind = Unavailable if harmless or unsent else OutcomeUnknown
            raise kind(f"{at.host}: {what or type(error).__name__}") from error

    def _moved(
        self, status: int, at: URL, to: str, method: Method, body: bytes | None, sent: dict[str, str]
    ) -> tuple[URL, Method, bytes | None, dict[str, str]]:
        """What is asked next. A secret goes to no other host, and nothing goes on unencrypted."""
        try:
            following = at.join(URL(to))
        except ValueError:
            raise RejectedError(f"{at.host} redirects to what is no address", status=status) from None
        if at.scheme == "https" and following.scheme == "http":
            raise RejectedError(f"{at.host} redirects from https to http", status=status)
        following = self._guard.require_url(following)
        if following.origin() != at.origin():
            sent = {name: value for name, value in sent.items() if not is_secret(name)}
        if status == 303 or (status in (301, 302) and method == "POST"):
            method, body = ("HEAD" if method == "HEAD" else "GET"), None
            sent = {name: value for name, value in sent.items() if not name.lower().startswith("content-")}
        return following, method, body, sent


@asynccontextmanager
async def outward_session(
    guard: OutwardGuard, *, timeout_s: float = TIMEOUT_S
) -> AsyncIterator[OutwardSession]:
    """A session that obeys the guard. It uses no proxy of the environment, and keeps no cookie."""
    session = aiohttp.ClientSession(
        connector=guard.connector(),
        timeout=aiohttp.ClientTimeout(total=timeout_s, connect=min(CONNECT_S, timeout_s / 2)),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "Tieline"},
        trust_env=False,
    )
    # It would ask once more by itself after a cut; whether that does harm is for the caller to say.
    session._retry_connection = False
    try:
        yield OutwardSession(session, guard, timeout_s)
    finally:
        await session.close()


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    found = bytearray()
    async for chunk in answer.content.iter_chunked(65_536):
        found += chunk
        if len(found) > MAX_ANSWER:
            raise aiohttp.ClientPayloadError(f"the answer is longer than {MAX_ANSWER // 1024} KiB")
    return bytes(found)
