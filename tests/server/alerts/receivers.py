"""Those who are told: a real mail server and a real receiver of webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.loopback import served


@dataclass
class Mailbox:
    """What an SMTP server took, and how it answers."""

    port: int = 0
    taken: list[Message] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answer: str = "250 OK"
    #: The connection goes after the text was taken, before that is said.
    cut: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """As aiosmtpd calls it."""
        if self.answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.taken.append(message_from_bytes(envelope.content))
            self.recipients.append(list(envelope.rcpt_tos))
            self.arrived.set()
        if self.cut and server.transport is not None:
            server.transport.close()
        return self.answer


@asynccontextmanager
async def mail_server(**options: Any) -> AsyncIterator[Mailbox]:
    """It listens on loopback."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, hostname="mail.test", **options), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


@dataclass
class Receiver:
    """What a receiver of webhooks got, and how it answers."""

    port: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 204
    hangs: bool = False
    #: What happens once it got something and before it says so.
    before_answering: Callable[[], Awaitable[None]] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/alerts?key=in-the-address"


_RECEIVER: web.AppKey[Receiver] = web.AppKey("receiver", Receiver)


async def _receive(request: web.Request) -> web.Response:
    it = request.app[_RECEIVER]
    if it.hangs:
        await asyncio.sleep(30)
    it.got.append((dict(request.headers), await request.read()))
    if it.before_answering is not None:
        await it.before_answering()
    return web.Response(status=it.status)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """It listens on loopback."""
    app = web.Application()
    app[_RECEIVER] = it = Receiver()
    app.router.add_post("/{path:.*}", _receive)
    async with served(app) as it.port:
        yield it
