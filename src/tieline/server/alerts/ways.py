"""How one alert goes through one channel: NotSent where it surely did not, MaySent where nobody knows."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import aiosmtplib
import msgspec
from yarl import URL

from tieline.connectors.kit.outward import outward_session
from tieline.connectors.kit.outward_guard import OutwardGuard
from tieline.connectors.kit.redact import redact_text
from tieline.errors import ConnectorError, OutcomeUnknown
from tieline.server.alerts.channels import AppriseTarget, MailTarget, Target, WebhookTarget
from tieline.server.alerts.notice import Told

#: One alert, from the first socket on.
TIMEOUT_S = 20.0
#: Threads for what `apprise` does, which waits.
_THREADS = 4


class NotSent(Exception):
    """It surely was not taken; it may be tried again."""


class MaySent(Exception):
    """Nobody knows whether it was taken."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What is told."""

    id: int
    kind: str
    title: str
    body: Told
    created_at: datetime

    @property
    def text(self) -> str:
        """As mail has it."""
        parts = [self.body.text, "\n".join(f"  {line}" for line in self.body.lines), self.body.next_step]
        return "\n\n".join(part for part in parts if part)


class Ways:
    """Sends through any channel. Belongs to one event loop."""

    def __init__(self, guard: OutwardGuard) -> None:
        self._guard = guard
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="apprise")

    async def send(self, target: Target, alert: Alert, *, now: datetime) -> None:
        """One alert. Raises NotSent and MaySent."""
        match target:
            case MailTarget():
                await self._mail(target, alert)
            case WebhookTarget():
                await self._webhook(target, alert, now)
            case AppriseTarget():
                await self._apprise(target, alert)

    def close(self) -> None:
        """What is under way in a thread is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _mail(self, target: MailTarget, alert: Alert) -> None:
        message = EmailMessage()
        message["From"], message["To"] = target.sender, ", ".join(target.to)
        message["Subject"] = f"[Tieline] {_one_line(alert.title)}"
        message["Date"] = format_datetime(alert.created_at)
        message["Message-ID"] = f"<alert-{alert.id}.{_mark(target, alert)}@tieline.invalid>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(alert.text)
        client = aiosmtplib.SMTP(
            hostname=target.host, port=target.port, timeout=TIMEOUT_S, use_tls=target.security == "tls",
            start_tls=target.security == "starttls",
        )  # fmt: skip
        begun = False
        try:
            async with asyncio.timeout(TIMEOUT_S):
                async with client:
                    if target.user is not None and target.password is not None:
                        await client.login(target.user, target.password)
                    begun = True
                    await client.send_message(message)
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused) as error:
            # The server said so: it took nothing.
            raise NotSent(_why(error, target.password)) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            if begun:
                raise MaySent(_why(error, target.password)) from error
            raise NotSent(_why(error, target.password)) from error

    async def _webhook(self, target: WebhookTarget, alert: Alert, now: datetime) -> None:
        body = msgspec.json.encode({
            "id": f"alert-{alert.id}", "kind": alert.kind, "title": alert.title, "created_at": alert.created_at,
            **msgspec.to_builtins(alert.body),
        })  # fmt: skip
        stamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json", "X-Tieline-Alert": f"alert-{alert.id}", "X-Tieline-Timestamp": stamp,
            "X-Tieline-Signature": f"v1={signature(target.secret or '', stamp, body)}",
        }  # fmt: skip
        try:
            async with outward_session(self._guard, timeout_s=TIMEOUT_S / 2) as session:
                answered = await session.request("POST", target.url, headers=headers, body=body)
        except OutcomeUnknown as error:
            raise MaySent(redact_text(str(error))) from error
        except ConnectorError as error:
            raise NotSent(redact_text(str(error))) from error
        if not 200 <= answered.status < 300:
            raise NotSent(f"the receiver answered {answered.status}")

    async def _apprise(self, target: AppriseTarget, alert: Alert) -> None:
        loop = asyncio.get_running_loop()
        sender = await loop.run_in_executor(self._threads, _sender, target.url)
        if not len(sender):
            raise NotSent("apprise does not know that address")
        await self._require_reach(sender[0])
        try:
            async with asyncio.timeout(TIMEOUT_S):
                taken = await loop.run_in_executor(
                    self._threads, lambda: sender.notify(title=_one_line(alert.title), body=alert.text)
                )
        except TimeoutError as error:
            raise MaySent(f"no end of it within {TIMEOUT_S:g} s") from error
        if not taken:
            raise NotSent("the service did not take it; is its address right?")

    async def _require_reach(self, made: Any) -> None:
        """An address that leads to a host of somebody's own is judged as any other. Raises NotSent."""
        if not any("{host}" in template for template in getattr(made, "templates", ())):
            return
        scheme = "https" if getattr(made, "secure", False) else "http"
        port = getattr(made, "port", None) or (443 if scheme == "https" else 80)
        host = str(getattr(made, "host", "") or "")
        try:
            self._guard.require_url(URL.build(scheme=scheme, host=host, port=port))
            found = await asyncio.wait_for(asyncio.get_running_loop().getaddrinfo(host, port), 5)
            for one in found:
                self._guard.require_address(str(one[4][0]), host, port)
        except (ConnectorError, OSError, ValueError, TimeoutError) as error:
            raise NotSent(str(error) or "its host cannot be found") from error


def _sender(url: str) -> Any:
    """What apprise knows takes a moment to load."""
    import apprise

    found = apprise.Apprise()
    found.add(url)
    return found


def signature(secret: str, stamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the time in seconds, a dot and the body; hex."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _mark(target: MailTarget, alert: Alert) -> str:
    whole = f"{target.host} {target.to} {alert.id}"
    return hashlib.blake2b(whole.encode(), digest_size=8).hexdigest()


def _why(error: BaseException, secret: str | None) -> str:
    return redact_text(str(error) or type(error).__name__, (secret,) if secret else ())[:500]
