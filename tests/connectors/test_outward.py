"""Where HTTP of users' own making may go, and where not: by any way of writing an address, name or redirect."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from tests.loopback import served
from tieline.connectors.kit.outward import MAX_ANSWER, MAX_REDIRECTS, outward_session
from tieline.connectors.kit.outward_guard import OutwardGuard, read_entry
from tieline.errors import ConfigurationError, OutcomeUnknown, RejectedError, Unavailable

#: Where nobody's HTTP may lead, with what is wrapped in other addresses.
INSIDE = (
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fec0::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2001:db8::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
)  # fmt: skip
OUTSIDE = (
    "8.8.8.8",
    "1.1.1.1",
    "2606:4700:4700::1111",
    "64:ff9b::808:808",
    "::ffff:8.8.8.8",
    "2002:808:808::",
)


def _url(address: str, port: int = 443) -> str:
    return f"https://[{address}]:{port}/" if ":" in address else f"https://{address}:{port}/"


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_is_asked(address: str) -> None:
    """Neither written as such, nor looked up."""
    guard = OutwardGuard()
    with pytest.raises(RejectedError):
        guard.require_url(_url(address))
    with pytest.raises(OSError, match=r"tieline outward allow name\.example:443"):
        guard.require_address(address, "name.example", 443)


@pytest.mark.parametrize("address", OUTSIDE)
def test_any_public_address_is_asked(address: str) -> None:
    """Also one in another's form, as networks without IPv4 have them."""
    guard = OutwardGuard()
    guard.require_url(_url(address))
    guard.require_address(address, "name.example", 443)


@given(st.integers(0, 2**32 - 1))
def test_whatever_wraps_an_address_is_judged_as_it_is(number: int) -> None:
    """An IPv4 address, and every IPv6 one that leads to it."""
    plain = IPv4Address(number)
    guard = OutwardGuard()

    def goes(address: str) -> bool:
        try:
            guard.require_address(address, "name.example", 443)
        except OSError:
            return False
        return True

    public = goes(str(plain))
    assert public == (plain.is_global and not plain.is_multicast and plain != ip_address("168.63.129.16"))
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    assert (
        goes(f"::ffff:{plain}") == goes(f"64:ff9b::{high}:{low}") == goes(f"2002:{high}:{low}::1") == public
    )


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.com/", "begins with https"), ("file:///etc/passwd", "begins with https"),
        ("https://", "no address|names a host"), ("//example.com/", "begins with https"), ("", "begins with https"),
        ("https://ann:secret@example.com/", "user name"), ("https://example.com:25/", "port 25"),
        ("https://example.com:6379/", "port 6379"), ("https://example.com:99999/", "no address"),
        ("https://tieline.example/api/status", "this hub itself"), ("https://TIELINE.example./", "this hub itself"),
        ("https://example.com/" + "a" * 9000, "longer than"),
    ],
)  # fmt: skip
def test_what_is_no_address_for_it_is_said_plainly(url: str, why: str) -> None:
    """Before anything is looked up."""
    with pytest.raises(RejectedError, match=why):
        OutwardGuard(own_hosts=["tieline.example"]).require_url(url)


def test_what_an_admin_names_may_be_reached_and_nothing_beside_it() -> None:
    """A host, one with a port, a network, one with a port."""
    guard = OutwardGuard(lambda: ["hooks.internal", "one.internal:9000", "10.1.2.0/24", "[fd00:1::/32]:7000"])
    for url in (
        "http://hooks.internal:1234/", "http://HOOKS.internal./", "http://one.internal:9000/", "http://10.1.2.9/",
        "http://[fd00:1::5]:7000/",
    ):  # fmt: skip
        guard.require_url(url)
    guard.require_address("10.9.9.9", "hooks.internal", 1234)
    guard.require_address("10.1.2.3", "any.example", 443)
    for url in (
        "http://one.internal:9001/",
        "http://10.1.3.1/",
        "http://[fd00:1::5]/",
        "http://10.1.2.9:5432/",
    ):
        with pytest.raises(RejectedError):
            guard.require_url(url)
    with pytest.raises(OSError, match="no public address"):
        guard.require_address("10.9.9.9", "other.internal", 443)


@pytest.mark.parametrize(
    "entry",
    ["", " ", "*", "*.internal", "http://x/", "a b", "host:0", "host:70000", "host:x", "10.1.2.0/40", "[::1"],
)
def test_what_is_no_entry_is_refused(entry: str) -> None:
    """With what one looks like."""
    with pytest.raises(ConfigurationError):
        read_entry(entry)


@dataclass
class Listener:
    """A server on loopback that must not be reached unless that is meant."""

    port: int = 0
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


async def _answer(request: web.Request) -> web.StreamResponse:
    listener: Listener = request.app[_LISTENER]
    listener.asked.append((request.method, request.path, dict(request.headers), await request.read()))
    match request.path:
        case "/moved":
            return web.Response(
                status=int(request.query["status"]), headers={"Location": request.query["to"]}
            )
        case "/round":
            return web.Response(status=302, headers={"Location": "/round"})
        case "/huge":
            return web.Response(body=b"x" * (MAX_ANSWER + 1))
        case "/slow":
            await asyncio.sleep(30)
        case "/cut":
            assert request.transport is not None
            request.transport.close()
    return web.Response(text="reached", status=201)


_LISTENER: web.AppKey[Any] = web.AppKey("listener", object)


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    """It listens on loopback."""
    app = web.Application()
    app[_LISTENER] = it = Listener()
    app.router.add_route("*", "/{path:.*}", _answer)
    async with served(app) as it.port:
        yield it


class Names(AbstractResolver):
    """Names as a test says, each time the next answer."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        found = self.answers[host.partition(".")[0]]
        address = found.pop(0) if len(found) > 1 else found[0]
        return [
            ResolveResult(hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0)
            for one in address.split()
        ]

    async def close(self) -> None:
        return None


def _forms(port: int) -> list[str]:
    return [
        f"http://{host}:{port}/"
        for host in (
            "127.0.0.1", "localhost", "LOCALHOST.", "2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1",
            "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "0", "[::]",
        )
    ]  # fmt: skip


async def test_loopback_is_reached_in_no_way_of_writing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of any base, mapped and shortened ones, and names; with its port allowed for all."""
    async with listening() as it:
        monkeypatch.setattr("tieline.connectors.kit.outward_guard.PORTS", frozenset({it.port}))
        async with outward_session(OutwardGuard(), timeout_s=3) as session:
            for url in _forms(it.port):
                with pytest.raises((RejectedError, Unavailable)):
                    await session.request("GET", url)
        assert it.asked == []


async def test_a_name_that_leads_elsewhere_at_the_second_look_is_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was judged is what is connected to: there is one look, and each request has its own."""
    async with listening() as it:
        monkeypatch.setattr("tieline.connectors.kit.outward_guard.PORTS", frozenset({it.port}))
        names = Names(rebinding=["192.88.99.1", "127.0.0.1"], mixed=["8.8.8.8 127.0.0.1"])
        async with outward_session(OutwardGuard(resolver=names), timeout_s=0.5) as session:
            # Some networks answer for every address.
            with suppress(Unavailable):
                await session.request("GET", f"http://rebinding.example:{it.port}/")
            with pytest.raises(RejectedError, match="no public address"):
                await session.request("GET", f"http://rebinding.example:{it.port}/")
            with pytest.raises(RejectedError, match="no public address"):
                await session.request("GET", f"http://mixed.example:{it.port}/")
        assert it.asked == []
        assert names.asked == 3


async def test_what_is_allowed_by_name_is_reached_and_its_redirects_are_judged_anew() -> None:
    """Inside, to another port, to another scheme, and round in a circle."""
    async with listening() as it, listening() as other:
        names = Names(hooks=["127.0.0.1"], other=["127.0.0.1"])
        guard = OutwardGuard(lambda: [f"hooks.internal:{it.port}"], resolver=names)
        base = f"http://hooks.internal:{it.port}"
        async with outward_session(guard, timeout_s=5) as session:
            assert (await session.request("GET", f"{base}/")).body == b"reached"
            for to in (
                f"http://127.0.0.1:{it.port}/", "http://169.254.169.254/latest", f"http://other.internal:{other.port}/",
                "file:///etc/passwd", "gopher://x/", "http://[::1]/", "http://ann:pw@hooks.internal/",
            ):  # fmt: skip
                with pytest.raises(RejectedError):
                    await session.request("GET", f"{base}/moved?status=302&to={to}")
            with pytest.raises(RejectedError, match=f"more than {MAX_REDIRECTS} redirects"):
                await session.request("GET", f"{base}/round")
        assert other.asked == []
        assert {path for _, path, _, _ in it.asked} == {"/", "/moved", "/round"}


async def test_a_redirect_takes_no_secret_to_another_host() -> None:
    """303 asks for it anew; 307 sends it once more."""
    async with listening() as it, listening() as other:
        names = Names(hooks=["127.0.0.1"], other=["127.0.0.1"])
        guard = OutwardGuard(lambda: ["hooks.internal", "other.internal"], resolver=names)
        secret = {"Authorization": "Bearer s3cret-token", "X-Api-Key": "s3cret", "X-Plain": "plain"}
        async with outward_session(guard, timeout_s=5) as session:
            for status, method in ((303, "GET"), (307, "POST"), (302, "GET")):
                to = f"http://other.internal:{other.port}/there"
                await session.request(
                    "POST", f"http://hooks.internal:{it.port}/moved?status={status}&to={to}", headers=secret,
                    body=b"{}",
                )  # fmt: skip
                asked = other.asked.pop()
                assert asked[0] == method
                assert asked[2].get("X-Plain") == "plain"
                assert "Authorization" not in asked[2]
                assert "X-Api-Key" not in asked[2]
                assert asked[3] == (b"{}" if method == "POST" else b"")
            await session.request(
                "GET", f"http://hooks.internal:{it.port}/moved?status=302&to=/again", headers=secret
            )
            assert it.asked[-1][2]["Authorization"] == "Bearer s3cret-token"


async def test_what_may_have_taken_effect_is_said_so() -> None:
    """A cut, a silence, an answer without an end: after a POST nobody knows; where nothing listens, nothing did."""
    async with listening() as it:
        guard = OutwardGuard(lambda: ["hooks.internal"], resolver=Names(hooks=["127.0.0.1"]))
        base = f"http://hooks.internal:{it.port}"
        async with outward_session(guard, timeout_s=1) as session:
            for path in ("/cut", "/slow", "/huge"):
                with pytest.raises(OutcomeUnknown):
                    await session.request("POST", base + path, body=b"{}")
                with pytest.raises(Unavailable):
                    await session.request("PUT", base + path, body=b"{}")
                with pytest.raises(Unavailable):
                    await session.request("POST", base + path, body=b"{}", repeatable=True)
            assert [path for _, path, _, _ in it.asked] == ["/cut"] * 3 + ["/slow"] * 3 + ["/huge"] * 3
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            closed = free.getsockname()[1]
        async with outward_session(guard, timeout_s=1) as session:
            with pytest.raises(Unavailable, match="cannot be reached"):
                await session.request("POST", f"http://hooks.internal:{closed}/")


async def test_a_post_that_was_taken_and_led_on_is_not_called_untaken() -> None:
    """What answered with another place may have done its part; that place cannot be reached, or may not be asked."""
    async with listening() as it:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            closed = free.getsockname()[1]
        names = Names(hooks=["127.0.0.1"], inside=["127.0.0.1"])
        guard = OutwardGuard(lambda: ["hooks.internal"], resolver=names)
        base = f"http://hooks.internal:{it.port}/moved?status=303&to="
        async with outward_session(guard, timeout_s=1) as session:
            with pytest.raises(OutcomeUnknown, match="cannot be reached"):
                await session.request("POST", f"{base}http://hooks.internal:{closed}/", body=b"{}")
            with pytest.raises(Unavailable, match="cannot be reached"):
                await session.request("PUT", f"{base}http://hooks.internal:{closed}/", body=b"{}")
            with pytest.raises(RejectedError, match="no public address"):
                await session.request("POST", f"{base}http://inside.internal:8080/", body=b"{}")


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look names up by itself, behind the guard's back."""
    async with listening() as it:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{it.port}")
        monkeypatch.setattr("tieline.connectors.kit.outward_guard.PORTS", frozenset({9}))
        async with outward_session(
            OutwardGuard(resolver=Names(far=["192.88.99.1"])), timeout_s=0.5
        ) as session:
            # Some networks answer for every address.
            with suppress(Unavailable):
                await session.request("GET", "http://far.example:9/")
        assert it.asked == []
