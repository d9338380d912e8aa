"""Where alerts go. What a channel is reached by is sealed, and shown nowhere."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import msgspec
import psycopg
from msgspec import Meta

from tieline.connectors.kit.redact import REDACTED
from tieline.errors import ConfigurationError
from tieline.store.audit import note
from tieline.store.key_table import open_credential, seal_credential
from tieline.store.pool import Store
from tieline.vault.seal import Vault

#: cause: a new cause, at once; digest: what came since the last one; trouble: a connection that cannot work.
AlertKind = Literal["cause", "digest", "trouble"]
KINDS: tuple[AlertKind, ...] = get_args(AlertKind)
ChannelName = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,62}$", max_length=63)]
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\]+@[^\s@<>,;:\"\\]+")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
#: Far more than anybody reads.
_MOST = 50


class MailTarget(
    msgspec.Struct, frozen=True, kw_only=True, tag="mail", tag_field="kind", forbid_unknown_fields=True
):
    """A mailbox, by an SMTP server. An admin names it, so that it may be a private one."""

    to: Annotated[tuple[str, ...], Meta(min_length=1, max_length=50)]
    sender: str
    host: str
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    #: starttls: begun in plain, and not gone on with unless it is encrypted.
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None


class WebhookTarget(
    msgspec.Struct, frozen=True, kw_only=True, tag="webhook", tag_field="kind", forbid_unknown_fields=True
):
    """An address that is sent JSON, signed."""

    url: str
    #: Left out, a new one is made and shown once.
    secret: Annotated[str, Meta(min_length=16, max_length=200)] | None = None


class AppriseTarget(
    msgspec.Struct, frozen=True, kw_only=True, tag="apprise", tag_field="kind", forbid_unknown_fields=True
):
    """Anything that `apprise` has an address for: slack://…, tgram://…, ntfy://…"""

    url: str


Target = MailTarget | WebhookTarget | AppriseTarget


class NewChannel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel to be made, or made anew under its name."""

    name: ChannelName
    target: Target
    kinds: Annotated[tuple[AlertKind, ...], Meta(min_length=1)] = KINDS
    #: Seconds between two digests.
    digest_every_s: Annotated[int, Meta(ge=60, le=604_800)] = 3600


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel as it may be shown."""

    name: str
    kind: Literal["mail", "webhook", "apprise"]
    #: Where it goes, without secrets.
    to: str
    kinds: tuple[AlertKind, ...]
    digest_every_s: int
    #: Alerts that wait for it.
    waiting: int
    last_sent_at: datetime | None
    #: Since when it takes nothing, why, and when it is tried next.
    failing_since: datetime | None
    last_error: str | None
    next_try_at: datetime | None


class MadeChannel(Channel, frozen=True, kw_only=True):
    """A channel that was just made; the secret of a webhook is shown this once."""

    secret: str | None = None


_SHOWN = """
SELECT name, kind, shown, kinds, digest_every_s,
       (SELECT count(*) FROM alert_sending WHERE channel_id = alert_channel.id AND state IN ('waiting', 'intent')),
       last_sent_at, failing_since, last_error, CASE WHEN failures > 0 THEN next_try_at END
FROM alert_channel
"""


def channel_context(name: str) -> str:
    """What a channel's target is sealed for."""
    return f"alert_channel {name}"


async def list_channels(store: Store) -> list[Channel]:
    """All of them, by name."""
    async with store.transaction() as db:
        rows = await (await db.execute(_SHOWN + " ORDER BY name")).fetchall()
    return [_channel(row) for row in rows]


async def add_channel(store: Store, vault: Vault, new: NewChannel) -> MadeChannel:
    """Make a channel, or give the one of that name another target. Raises ConfigurationError."""
    if _NAME.fullmatch(new.name) is None:
        raise ConfigurationError(f"the name {new.name!r} cannot be used: small letters, digits, - and _")
    # What apprise knows takes a moment to load.
    target, secret = await asyncio.to_thread(_checked, new.target)
    kind = str(type(target).__struct_config__.tag)
    async with store.transaction() as db:
        await db.execute("LOCK TABLE alert_channel IN SHARE ROW EXCLUSIVE MODE")
        counted = await (await db.execute("SELECT count(*) FROM alert_channel")).fetchone()
        if counted is not None and counted[0] >= _MOST:
            raise ConfigurationError(f"there are {_MOST} channels already")
        sealed = await seal_credential(
            db, vault, msgspec.json.encode(target), context=channel_context(new.name)
        )
        given = (kind, sealed, _shown(target), list(new.kinds), new.digest_every_s, new.name)
        known = await (
            await db.execute(
                "UPDATE alert_channel SET kind = %s, target = %s, shown = %s, kinds = %s, digest_every_s = %s,"
                " next_try_at = now(), failures = 0, failing_since = NULL, last_error = NULL WHERE name = %s"
                " RETURNING id",
                given,
            )
        ).fetchone()
        if known is None:
            await db.execute(
                "INSERT INTO alert_channel (kind, target, shown, kinds, digest_every_s, name)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                given,
            )
        await note(
            db, "alerts.add" if known is None else "alerts.change", new.name,
            after={"kind": kind, "to": _shown(target), "kinds": list(new.kinds)},
        )  # fmt: skip
        row = await (await db.execute(_SHOWN + " WHERE name = %s", (new.name,))).fetchone()
    assert row is not None
    shown = _channel(row)
    return MadeChannel(
        **{name: getattr(shown, name) for name in Channel.__struct_fields__},
        secret=secret if isinstance(target, WebhookTarget) else None,
    )


async def remove_channel(store: Store, name: str) -> bool:
    """Remove it, with what waits for it. False where there is none of that name."""
    async with store.transaction() as db:
        row = await (
            await db.execute("DELETE FROM alert_channel WHERE name = %s RETURNING shown", (name,))
        ).fetchone()
        if row is not None:
            await note(db, "alerts.remove", name, before={"to": row[0]})
    return row is not None


async def try_channel(store: Store, name: str) -> int | None:
    """Let a test go through it; the alert's number. None where there is no such channel."""
    async with store.transaction() as db:
        channel = await (await db.execute("SELECT id FROM alert_channel WHERE name = %s", (name,))).fetchone()
        if channel is None:
            return None
        body = {"text": "This is a test of Tieline's alerts. Nothing is wrong.", "lines": []}
        made = await db.execute(
            "INSERT INTO alert (kind, title, body) VALUES ('test', 'Test of alerts', %s) RETURNING id",
            (psycopg.types.json.Jsonb(body),),
        )
        (number,) = await made.fetchone() or (0,)
        await db.execute(
            "INSERT INTO alert_sending (alert_id, channel_id) VALUES (%s, %s)", (number, channel[0])
        )
        # Somebody waits for it, whatever failed before.
        await db.execute("UPDATE alert_channel SET next_try_at = now() WHERE id = %s", (channel[0],))
        await note(db, "alerts.test", name)
    return int(number)


async def open_target(db: Any, vault: Vault, name: str, sealed: bytes) -> Target:
    """Where a channel leads."""
    opened = await open_credential(db, vault, sealed, context=channel_context(name))
    target: Target = msgspec.json.decode(opened, type=Target)
    return target


def _checked(target: Target) -> tuple[Target, str | None]:
    """The target as it is kept, and the secret that was made for it. Raises ConfigurationError."""
    match target:
        case MailTarget():
            for address in (*target.to, target.sender):
                if _ADDRESS.fullmatch(address) is None:
                    raise ConfigurationError(f"{address!r} is no e-mail address")
            if _HOST.fullmatch(target.host) is None:
                raise ConfigurationError("the SMTP server is a host name or an address, without a port")
            if (target.user is None) != (target.password is None):
                raise ConfigurationError("an SMTP user needs a password, and a password a user")
            if target.security == "none" and target.user is not None:
                raise ConfigurationError("a password goes to no server in plain; use starttls or tls")
            return target, None
        case WebhookTarget():
            if urlsplit(target.url).scheme not in ("http", "https"):
                raise ConfigurationError("a webhook's address begins with https:// or http://")
            made = None if target.secret is not None else secrets.token_urlsafe(32)
            return (target if made is None else msgspec.structs.replace(target, secret=made)), made
        case AppriseTarget():
            import apprise

            if apprise.Apprise.instantiate(target.url) is None:
                raise ConfigurationError(
                    "apprise does not know that address; see https://github.com/caronc/apprise/wiki for how each"
                    " service's looks"
                )
            return target, None


def _shown(target: Target) -> str:
    match target:
        case MailTarget():
            return f"{', '.join(target.to)} by {target.host}:{target.port}"
        case WebhookTarget():
            split = urlsplit(target.url)
            # What follows the host may be the secret itself.
            return f"{split.scheme}://{split.hostname}{'/…' if split.path.strip('/') or split.query else ''}"
        case AppriseTarget():
            return f"{target.url.partition('://')[0]}://{REDACTED}"


def _channel(row: Sequence[Any]) -> Channel:
    return Channel(
        name=row[0], kind=row[1], to=row[2], kinds=tuple(row[3]), digest_every_s=row[4], waiting=row[5],
        last_sent_at=row[6], failing_since=row[7], last_error=row[8], next_try_at=row[9],
    )  # fmt: skip
