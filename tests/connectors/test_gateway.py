"""Every way in which a call can end, against a real server: what happened there decides the error's class."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tieline.connectors import CONNECTORS
from tieline.connectors.contacts_api.operations import contacts, notes
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.exchange import exchange_of
from tieline.connectors.kit.gateway import MAX_ANSWER, Gateway
from tieline.domain.ids import ConnectionId
from tieline.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialError,
    NotFoundError,
    OutcomeUnknown,
    RateLimited,
    RejectedError,
    Unavailable,
)

TOKEN = "pit-0123456789-secret"
Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
GET = contacts.ContactId(contact_id="c1")
NOTE = notes.CreateNote(contact_id="c1", body="hello")


@dataclass
class Far:
    """A server that answers as the test says, and remembers what it was asked."""

    url: str = ""
    answer: Answer | None = None
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def connection(self, **settings: Any) -> Connection:
        """A connection to it, without a quota."""
        return Connection(
            id=ConnectionId(1), name="crm", connector="contacts_api", base_url=self.url, account="LOC",
            token=TOKEN, settings={"limits": "off", **settings},
        )  # fmt: skip


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    """The server."""
    found = Far()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        found.asked.append((request.method, request.path_qs, dict(request.headers), body))
        assert found.answer is not None
        return await found.answer(request)

    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway that does not wait long."""
    async with Gateway.open(CONNECTORS, timeout_s=0.6) as opened:
        yield opened


def says(status: int, body: Any = None, **headers: str) -> Answer:
    """An answer with this status and JSON."""

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    return answer


async def cut(request: web.BaseRequest) -> web.StreamResponse:
    """Hang up without a word, having read it all."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def sleep(_: web.BaseRequest) -> web.StreamResponse:
    """Answer too late."""
    await asyncio.sleep(5)
    return web.Response()


async def half(request: web.BaseRequest) -> web.StreamResponse:
    """Begin a good answer, and break off."""
    response = web.StreamResponse(status=201, headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"note":{"id"')
    assert request.transport is not None
    request.transport.abort()
    return response


async def page(_: web.BaseRequest) -> web.Response:
    """An error page of a server on the way, with a good status."""
    return web.Response(text="<html>Service page</html>", content_type="text/html")


async def test_a_call_goes_out_as_the_vendor_wants_it(far: Far, gateway: Gateway) -> None:
    """Method, path, version, bearer; unset fields stay away; the answer comes back typed."""
    far.answer = says(201, {"note": {"id": "n1", "body": "hello"}, "traceId": "t1"})
    answer = await gateway.call(far.connection(), notes.CREATE, NOTE)
    assert answer.value.note.id == "n1"
    (method, path, headers, body) = far.asked[0]
    assert (method, path, body) == ("POST", "/contacts/c1/notes", b'{"body":"hello"}')
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Version"] == "2021-07-28"
    assert answer.trace_id == "t1"


@pytest.mark.parametrize(
    ("ending", "to_a_read", "to_a_write"),
    [
        (says(500), Unavailable, OutcomeUnknown),
        (says(502), Unavailable, OutcomeUnknown),
        (says(503), Unavailable, OutcomeUnknown),
        (cut, Unavailable, OutcomeUnknown),
        (sleep, Unavailable, OutcomeUnknown),
        (half, Unavailable, OutcomeUnknown),
        (page, Unavailable, OutcomeUnknown),
        (says(302, None, Location="http://127.0.0.1:9/elsewhere"), CredentialError, CredentialError),
        (says(429), RateLimited, RateLimited),
        (says(401, {"message": "Invalid token: access token is invalid"}), CredentialError, CredentialError),
        (says(403, {"message": "The token does not have access to this location."}), CredentialError, CredentialError),
        (says(400, {"message": "Contact with id c1 not found"}), NotFoundError, NotFoundError),
        (says(422, {"message": ["property x should not exist"]}), RejectedError, RejectedError),
        (says(418), RejectedError, RejectedError),
    ],
)  # fmt: skip
async def test_an_ending_tells_what_happens_next(
    far: Far, gateway: Gateway, ending: Answer, to_a_read: type[Exception], to_a_write: type[Exception]
) -> None:
    """What may have taken effect is never called unavailable; a read may simply be repeated."""
    far.answer = ending
    with pytest.raises(to_a_read) as read:
        await gateway.call(far.connection(), contacts.GET, GET)
    assert type(read.value) is to_a_read
    with pytest.raises(to_a_write) as written:
        await gateway.call(far.connection(), notes.CREATE, NOTE)
    assert type(written.value) is to_a_write
    assert isinstance(written.value, ConnectorError)
    assert (written.value.connection, written.value.operation) == ("crm", "notes.create")
    assert len(far.asked) == 2, "nothing is repeated here, not even by the HTTP library"


@pytest.mark.parametrize("operation", [contacts.UPDATE, contacts.DELETE])
async def test_the_http_library_repeats_nothing(far: Far, gateway: Gateway, operation: Any) -> None:
    """PUT and DELETE over a socket that the server closed while it lay idle, too."""
    far.answer = cut
    given = contacts.UpdateContact(contact_id="c1", city="x") if operation is contacts.UPDATE else GET
    for _ in range(2):
        with pytest.raises(Unavailable):
            await gateway.call(far.connection(), operation, given)
    assert len(far.asked) == 2


async def test_nothing_was_sent_where_nobody_listens(gateway: Gateway) -> None:
    """Then even a write may be repeated at once."""
    nowhere = Far(url="http://127.0.0.1:9")
    with pytest.raises(Unavailable):
        await gateway.call(nowhere.connection(), notes.CREATE, NOTE)


async def test_an_answer_without_end_is_broken_off(far: Far, gateway: Gateway) -> None:
    """Told by its length, and packed so that only unpacking shows it."""

    async def large(_: web.BaseRequest) -> web.Response:
        return web.Response(body=b"x", headers={"Content-Length": str(MAX_ANSWER + 1)})

    async def bomb(_: web.BaseRequest) -> web.Response:
        packed = gzip.compress(b" " * (MAX_ANSWER + 1))
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    for answer in (large, bomb):
        far.answer = answer
        with pytest.raises(Unavailable):
            await gateway.call(far.connection(), contacts.GET, GET)


async def test_a_deleted_record_that_is_gone_already_counts_as_deleted(far: Far, gateway: Gateway) -> None:
    """Deleting twice is no error."""
    far.answer = says(400, {"message": "Contact with id c1 not found"})
    answer = await gateway.call(far.connection(), contacts.DELETE, GET)
    assert answer.value.existed is False


async def test_the_record_in_the_way_is_named(far: Far, gateway: Gateway) -> None:
    """A create where the person exists: the id is in the answer."""
    far.answer = says(
        400, {"message": "This location does not allow duplicated contacts.", "meta": {"contactId": "c9"}}
    )
    with pytest.raises(RejectedError) as refused:
        await gateway.call(far.connection(), contacts.CREATE, contacts.CreateContact(phone="+12015550123"))
    assert refused.value.existing_id == "c9"


async def test_no_secret_leaves_in_errors_and_exchanges(far: Far, gateway: Gateway) -> None:
    """Even where the far side echoes the token."""
    far.answer = says(
        400, {"message": f"bad token {TOKEN}", "access_token": "abcdef"}, **{"X-Trace-Id": "t9"}
    )
    with pytest.raises(RejectedError) as refused:
        await gateway.call(far.connection(), notes.CREATE, NOTE)
    exchange = exchange_of(refused.value)
    assert exchange is not None
    assert TOKEN not in f"{refused.value}{exchange}"
    assert "abcdef" not in exchange.response
    assert (exchange.status, exchange.method, refused.value.trace_id) == (400, "POST", "t9")


async def test_a_token_that_no_header_can_carry_is_refused_here(far: Far, gateway: Gateway) -> None:
    """A newline in it would be a second header."""
    connection = Connection(
        id=ConnectionId(2), name="crm", connector="contacts_api", base_url=far.url, account="LOC",
        token="pit-x\r\nEvil: 1", settings={"limits": "off"},
    )  # fmt: skip
    with pytest.raises(CredentialError):
        await gateway.call(connection, contacts.GET, GET)
    assert far.asked == []


@pytest.mark.parametrize("record", ["", ".", "..", " "])
async def test_a_record_id_never_addresses_another_resource(far: Far, gateway: Gateway, record: str) -> None:
    """An empty or dotted id would be the list, or something above it."""
    with pytest.raises(RejectedError):
        await gateway.call(far.connection(), contacts.DELETE, contacts.ContactId(contact_id=record))
    assert far.asked == []


async def test_a_slash_in_an_id_is_quoted(far: Far, gateway: Gateway) -> None:
    """So that it stays one segment."""
    far.answer = says(200, {"contact": {"id": "a/b"}})
    await gateway.call(far.connection(), contacts.GET, contacts.ContactId(contact_id="a/../b?x=1#é"))
    assert far.asked[0][1] == "/contacts/a%2F..%2Fb%3Fx%3D1%23%C3%A9"


async def test_retry_after_beside_a_503_holds_the_connection(far: Far, gateway: Gateway) -> None:
    """The next call waits that long."""
    far.answer = says(503, None, **{"Retry-After": "0.3"})
    with pytest.raises(Unavailable):
        await gateway.call(far.connection(), contacts.GET, GET)
    far.answer = says(200, {"contact": {"id": "c1"}})
    began = asyncio.get_running_loop().time()
    await gateway.call(far.connection(), contacts.GET, GET)
    assert asyncio.get_running_loop().time() - began >= 0.25


async def test_an_operation_of_another_product_is_refused(far: Far, gateway: Gateway) -> None:
    """A mistake of ours, told before anything is sent."""
    other = Connection(
        id=ConnectionId(3), name="calls", connector="nimbata", base_url=far.url, account="a", token="t"
    )
    with pytest.raises(ConfigurationError):
        await gateway.call(other, contacts.GET, GET)


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "http://u:p@host", "http://host/?a=1", "host"])
async def test_a_base_url_that_is_none_is_told(gateway: Gateway, url: str) -> None:
    """With what one looks like."""
    with pytest.raises(ConfigurationError, match="base URL"):
        await gateway.call(Far(url=url).connection(), contacts.GET, GET)


async def test_many_calls_at_once_do_not_mix(far: Far, gateway: Gateway) -> None:
    """Each gets its own answer."""

    async def echo(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(0.01)
        return web.json_response({"contact": {"id": request.path.rsplit("/", 1)[1]}})

    far.answer = echo
    ids = [f"c{number}" for number in range(60)]
    answers = await asyncio.gather(
        *(gateway.call(far.connection(), contacts.GET, contacts.ContactId(contact_id=one)) for one in ids)
    )
    assert [answer.value.contact.id for answer in answers] == ids
