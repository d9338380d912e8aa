"""Where HTTP to addresses that a user wrote may go, and where not: judged after names were looked up."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from tieline.errors import ConfigurationError, RejectedError

#: Ports that need no permission.
PORTS = frozenset({80, 443, 8080, 8443})
#: Characters of an address.
MAX_URL = 8_192
#: A gateway makes an IPv4 address of what stands in there. Source: RFC 6052.
_NAT64 = IPv6Network("64:ff9b::/96")
#: Public by its number, but answered by the machine's own cloud. Source: the vendor's docs on its wire server.
_CLOUDS = frozenset({ip_address("168.63.129.16")})
_Address = IPv4Address | IPv6Address


class Forbidden(OSError):
    """A name leads where nobody may go."""


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
            # Alone: whether the wrapping itself counts as public depends on the release of Python.
            return [address.sixtofour]
    return [address]


def _is_public(address: _Address) -> bool:
    if address in _CLOUDS or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    return address.is_global


def _permit(host: str, port: int) -> str:
    return f"an admin may allow it: tieline outward allow {host}:{port}"
