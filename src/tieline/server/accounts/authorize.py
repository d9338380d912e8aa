"""OAuth apps: registered, and the way of a person to the far side and back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec
from psycopg.types.json import Jsonb

from tieline.errors import ConfigurationError
from tieline.server.accounts.connections import require_name
from tieline.store.audit import note
from tieline.store.directory import CHANNEL
from tieline.store.errands import ErrandId, NewErrand, default_lane, leave
from tieline.store.grants import App, AppId, AppSecret
from tieline.store.key_table import open_credential, seal_credential
from tieline.store.pool import Store
from tieline.vault.seal import Vault

#: A person who was sent to the far side has this long to come back.
LIFE = timedelta(minutes=30)
CALLBACK = "/oauth/callback"
#: What a sync and the workflows need at a location; the last two connect all locations of an agency at once.
SCOPES: tuple[str, ...] = (
    "contacts.readonly", "contacts.write", "calendars.readonly", "calendars/events.readonly",
    "calendars/events.write", "conversations.readonly", "conversations.write", "conversations/message.readonly",
    "conversations/message.write", "opportunities.readonly", "opportunities.write", "locations.readonly",
    "locations/tags.readonly", "locations/tags.write", "locations/customFields.readonly",
    "locations/customFields.write", "locations/customValues.readonly", "locations/customValues.write",
    "locations/tasks.readonly", "businesses.readonly", "businesses.write", "users.readonly", "campaigns.readonly",
    "workflows.readonly", "forms.readonly", "oauth.readonly", "oauth.write",
)  # fmt: skip


class NewApp(msgspec.Struct, frozen=True, kw_only=True):
    """An app as it is registered with the far side."""

    name: str
    base_url: str
    #: The install link out of the far side's settings; what it holds stays.
    install_url: str
    client_id: str
    client_secret: str
    webhook_keys: tuple[str, ...] = ()
    scopes: tuple[str, ...] = SCOPES


async def save_app(store: Store, vault: Vault, new: NewApp) -> AppId:
    """Register an app, or change the one of that name; a client secret that is replaced stays good beside the new one
    until it is replaced again."""
    require_name(new.name)
    if urlsplit(new.install_url).scheme not in ("http", "https") or not urlsplit(new.install_url).netloc:
        raise ConfigurationError(
            "the install link must be an address, as the far side's app settings show it"
        )
    if not new.webhook_keys:
        raise ConfigurationError(f"{new.name} has no public key to prove its deliveries by; give it one")
    async with store.transaction() as db:
        found = await (
            await db.execute("SELECT client_id, secret FROM app WHERE name = %s FOR UPDATE", (new.name,))
        ).fetchone()
        kept: tuple[str, ...] = ()
        if found is not None:
            if found[0] != new.client_id:
                raise ConfigurationError(f"{new.name} is another app ({found[0]}); choose another name")
            known = msgspec.json.decode(
                await open_credential(db, vault, bytes(found[1]), context=f"app {new.name}"), type=AppSecret
            )
            kept = tuple(one for one in known.client_secrets if one != new.client_secret)[:1]
        secret = AppSecret(client_secrets=(new.client_secret, *kept), webhook_keys=new.webhook_keys)
        row = await (
            await db.execute(
                "INSERT INTO app AS known (name, connector, base_url, install_url, client_id, secret, scopes, settings)"
                " VALUES (%(name)s, 'contacts_api', %(base_url)s, %(install)s, %(client)s, %(secret)s, %(scopes)s,"
                " %(settings)s) ON CONFLICT (name) DO UPDATE SET base_url = excluded.base_url,"
                " install_url = excluded.install_url, secret = excluded.secret, scopes = excluded.scopes,"
                " version = known.version + 1, updated_at = now() RETURNING id",
                {
                    "name": new.name, "base_url": new.base_url.rstrip("/"), "install": new.install_url,
                    "client": new.client_id, "scopes": list(new.scopes), "settings": Jsonb({}),
                    "secret": await seal_credential(
                        db, vault, msgspec.json.encode(secret), context=f"app {new.name}"
                    ),
                },
            )
        ).fetchone()  # fmt: skip
        assert row is not None
        await note(
            db, "apps.add" if found is None else "apps.change", new.name,
            after={
                "base_url": new.base_url, "client_id": new.client_id, "install_url": new.install_url,
                "scopes": new.scopes, "keys": len(new.webhook_keys),
            },
        )  # fmt: skip
        await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
    return AppId(row[0])


async def begin(store: Store, app: App, public_url: str) -> str:
    """Where to send a person who is to allow the app; good for half an hour, and for one return."""
    state = secrets.token_urlsafe(32)
    redirect_uri = redirect_address(public_url)
    async with store.transaction() as db:
        await db.execute("DELETE FROM authorization_request WHERE expires_at < now() - interval '1 day'")
        await db.execute(
            "INSERT INTO authorization_request (state, app_id, redirect_uri, expires_at) VALUES (%s, %s, %s, %s)",
            (_hash(state), app.id, redirect_uri, datetime.now(UTC) + LIFE),
        )
        await note(db, "apps.authorize", app.name)
    return install_link(app, redirect_uri, state)


def redirect_address(public_url: str) -> str:
    """Where the far side sends people back to. Raises ConfigurationError for an address that it would refuse."""
    parts = urlsplit(public_url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ConfigurationError(
            "people are sent back to this hub after they allowed the app, and the far side takes https alone;"
            " set TIELINE_PUBLIC_URL to an https address that leads here"
        )
    return public_url.rstrip("/") + CALLBACK


def install_link(app: App, redirect_uri: str, state: str) -> str:
    """The app's own link, with what belongs to this one journey added."""
    parts = urlsplit(app.install_url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query |= {
        "response_type": "code", "client_id": app.client_id, "redirect_uri": redirect_uri,
        "scope": " ".join(app.scopes), "state": state,
    }  # fmt: skip
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query, quote_via=quote), ""))


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """A person came back with a code that a worker now exchanges."""

    errand: ErrandId


async def returned(store: Store, vault: Vault, *, state: str, code: str) -> Returned:
    """Take the code of a person who came back. Raises ConfigurationError for a state that is unknown, old or used."""
    async with store.transaction() as db:
        row = await (
            await db.execute(
                "UPDATE authorization_request SET used_at = now()"
                " WHERE state = %s AND used_at IS NULL AND expires_at > now() RETURNING app_id, redirect_uri",
                (_hash(state),),
            )
        ).fetchone()
        if row is None:
            raise ConfigurationError(
                "this way back is not expected, was used before, or took longer than half an hour; begin again"
            )
        (errand,) = await leave(
            db, vault,
            [
                NewErrand(
                    lane_id=await default_lane(db), kind="oauth.exchange",
                    input={"app": row[0], "redirect_uri": row[1], "code": code},
                )
            ],
        )  # fmt: skip
        await db.execute(
            "UPDATE authorization_request SET errand_id = %s WHERE state = %s", (errand, _hash(state))
        )
    return Returned(errand=errand)


async def errand_of(store: Store, link: str) -> ErrandId | None:
    """The errand of the journey that `link` began, once its person came back."""
    state = dict(parse_qsl(urlsplit(link).query)).get("state", "")
    async with store.transaction() as db:
        row = await (
            await db.execute("SELECT errand_id FROM authorization_request WHERE state = %s", (_hash(state),))
        ).fetchone()
    return None if row is None or row[0] is None else ErrandId(row[0])


async def list_apps(store: Store) -> Sequence[dict[str, Any]]:
    """All apps with the number of their grants; without secrets."""
    async with store.transaction() as db:
        rows = await (
            await db.execute(
                "SELECT name, base_url, client_id, app.scopes, app.version, updated_at,"
                " count(oauth_grant.id) FILTER (WHERE user_type = 'Location'),"
                " count(oauth_grant.id) FILTER (WHERE user_type = 'Company')"
                " FROM app LEFT JOIN oauth_grant ON app_id = app.id GROUP BY app.id ORDER BY name"
            )
        ).fetchall()
    names = ("name", "base_url", "client_id", "scopes", "version", "updated_at", "locations", "companies")
    return [dict(zip(names, row, strict=True)) for row in rows]


def told(output: Mapping[str, Any]) -> str:
    """What came of a journey, as a sentence."""
    if names := output.get("connections"):
        return f"Connected {', '.join(names)}."
    number = output.get("locations", 0)
    return f"The agency's {number} {'location is' if number == 1 else 'locations are'} being connected."


def _hash(state: str) -> bytes:
    return blake2b(state.encode(), digest_size=32).digest()
