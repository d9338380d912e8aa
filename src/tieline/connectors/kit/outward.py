"""HTTP to addresses that a user wrote: a guard that knows where they may not lead, and a session that obeys it.

An address is judged when it is connected to: after names were looked up, and after each redirect.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Literal

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from tieline.connectors.kit.redact import is_secret, redact_url
from tieline.errors import ConfigurationError, OutcomeUnknown, RejectedError, Unavailable

#: Ports that need no permission.
PORTS = frozenset({80, 443, 8080, 8443})
#: From the first socket to the last byte of the last answer.
TIMEOUT_S = 10.0
CONNECT_S = 5.0
#: Bytes of an answer, once it is unpacked; what is longer is no answer.
MAX_ANSWER = 1_048_576
#: Characters of an address.
MAX_URL = 8_192
MAX_REDIRECTS = 5
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
#: Sending them twice leaves what sending them once leaves.
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
#: Answers that name another place.
_MOVED = frozenset({301, 302, 303, 307, 308})
#: A gateway makes an IPv4 address of what stands in there. Source: RFC 6052.
_NAT64 = IPv6Network("64:ff9b::/96")
#: Public by its number, but answered by the machine's own cloud. Source: the vendor's docs on its wire server.
_CLOUDS = frozenset({ip_address("168.63.129.16")})
_Address = IPv4Address | IPv6Address


class Forbidden(OSError):
    """A name leads where nobody may go."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, whatever its status."""

    status: int
    headers: dict[str, str]
    body: bytes
    #: Where it came from in the end, redacted.
    url: str


class OutwardGuard:
    """Where user-made HTTP may go: anywhere public by http and https, and what an admin allows by name."""

    def __init__(
        self,
        allowed: Callable[[], Collection[str]] = tuple,
        *,
        own_hosts: Collection[str] = (),
        resolver: AbstractResolver | None = None,
    ) -> None:
        """`allowed` gives the entries that hold now (`read_entry`); `own_hosts`: names of the hub itself."""
        self._allowed = allowed
        self._own = frozenset(host.lower() for host in own_hosts)
        self._resolver = resolver

    def require_url(self, url: str | URL) -> URL:
        """The address, if it may be asked at all. Raises RejectedError, which says why it may not."""
        if len(str(url)) > MAX_URL:
            raise RejectedError(f"the address is longer than {MAX_URL} characters")
        try:
            found = URL(url) if isinstance(url, str) else url
            host, port = found.host, found.port
        except ValueError:
            raise RejectedError("that is no address; write https://host/path") from None
        if found.scheme not in ("http", "https") or not host or port is None:
            raise RejectedError("an address begins with https:// or http:// and names a host")
        if found.user is not None or found.password is not None:
            raise RejectedError("an address holds no user name and password; put them into a connection")
        if self._is_named(host, port):
            return found
        if port not in PORTS:
            raise RejectedError(f"port {port} of {host} is not allowed; {_permit(host, port)}")
        if host.lower().rstrip(".") in self._own:
            raise RejectedError(f"{host} is this hub itself; {_permit(host, port)}")
        if (address := _literal(host)) is not None and (why := self._why_not(address, host, port)):
            raise RejectedError(why)
        return found

    def require_address(self, address: str, host: str, port: int) -> None:
        """Raises Forbidden where `host` leads to an address that it may not lead to."""
        found = _literal(address)
        if found is None:
            raise Forbidden(f"{host} leads to {address!r}, which is no address")
        if not self._is_named(host, port) and (why := self._why_not(found, host, port)):
            raise Forbidden(why)

    def connector(self) -> aiohttp.TCPConnector:
        """Connects to what was judged, and to nothing else: each time anew, so that no answer is good for later."""
        inner = self._resolver or aiohttp.ThreadedResolver()
        return aiohttp.TCPConnector(
            resolver=_Guarded(self, inner), use_dns_cache=False, force_close=True, limit=64, limit_per_host=8
        )

    def _why_not(self, address: _Address, host: str, port: int) -> str | None:
        """None where anybody may go."""
        for one in _inside(address):
            if _is_public(one):
                continue
            if any(isinstance(entry, _Net) and entry.holds(one, port) for entry in self._entries()):
                continue
            where = f"{host} ({address})" if str(address) != host else host
            return f"{where} is no public address; {_permit(host, port)}"
        return None

    def _is_named(self, host: str, port: int) -> bool:
        plain = host.lower().rstrip(".")
        if any(isinstance(one, _Host) and one.holds(plain, port) for one in self._entries()):
            return True
        # A network with a port names its port, too.
        address = _literal(host)
        nets = [one for one in self._entries() if isinstance(one, _Net) and one.port is not None]
        return address is not None and any(one.holds(address, port) for one in nets)

    def _entries(self) -> list[_Host | _Net]:
        return [read_entry(one) for one in self._allowed()]


class _Host(msgspec.Struct, frozen=True):
    name: str
    port: int | None

    def holds(self, host: str, port: int) -> bool:
        return host == self.name and self.port in (None, port)


class _Net(msgspec.Struct, frozen=True):
    net: Any
    port: int | None

    def holds(self, address: _Address, port: int) -> bool:
        return address.version == self.net.version and address in self.net and self.port in (None, port)


def read_entry(text: str) -> _Host | _Net:
    """What an admin allows: "host", "host:8080", "10.1.2.0/24", "10.1.2.0/24:8080", "[fd00::/8]:8080". Raises
    ConfigurationError."""
    written = text.strip().lower()
    bracketed = written.startswith("[")
    name, _, rest = written[1:].partition("]") if bracketed else (written, "", "")
    port: int | None = None
    if bracketed and "]" not in written:
        raise ConfigurationError(f"{text!r} has a bracket without its partner")
    if bracketed:
        port = _port(rest.removeprefix(":"), text) if rest else None
    elif name.count(":") == 1:
        name, _, digits = name.partition(":")
        port = _port(digits, text)
    try:
        return _Net(ip_network(name, strict=False), port)
    except ValueError:
        pass
    plain = name.rstrip(".")
    if not plain or "/" in plain or ":" in plain or "*" in plain or any(char.isspace() for char in plain):
        raise ConfigurationError(
            f"{text!r} is no host, host:port or network; write hooks.internal:8080 or 10.1.2.0/24"
        )
    return _Host(plain, port)


def _port(digits: str, text: str) -> int:
    if not digits.isdecimal() or not 0 < int(digits) < 65_536:
        raise ConfigurationError(f"{text!r} names no port between 1 and 65535")
    return int(digits)


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
            raise Unavailable(f"{at.host} cannot be reached: {error.os_error}") from error
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
    session._retry_connection = False
    try:
        yield OutwardSession(session, guard, timeout_s)
    finally:
        await session.close()


class _Guarded(AbstractResolver):
    """Judges every address that a name leads to: one that is not allowed spoils them all."""

    def __init__(self, guard: OutwardGuard, inner: AbstractResolver) -> None:
        self._guard = guard
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for one in found:
            self._guard.require_address(one["host"], host, port)
        return found

    async def close(self) -> None:
        await self._inner.close()


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    found = bytearray()
    async for chunk in answer.content.iter_chunked(65_536):
        found += chunk
        if len(found) > MAX_ANSWER:
            raise aiohttp.ClientPayloadError(f"the answer is longer than {MAX_ANSWER // 1024} KiB")
    return bytes(found)


def _literal(host: str) -> _Address | None:
    """The address that a host is written as; None for a name."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _inside(address: _Address) -> list[_Address]:
    """The address, or those that are wrapped in it: a gateway on the way would unwrap them."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return [address.ipv4_mapped]
        if address in _NAT64:
            return [IPv4Address(int(address) & 0xFFFFFFFF)]
        if address.sixtofour is not None:
            return [address, address.sixtofour]
    return [address]


def _is_public(address: _Address) -> bool:
    if address in _CLOUDS or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    return address.is_global


def _permit(host: str, port: int) -> str:
    return f"an admin may allow it: tieline outward allow {host}:{port}"
