"""Keeps the tokens of OAuth good: renewed early, by one at a time, stored before they are used, recovered when lost.

A refresh token can be used once. Whoever renews a pair holds the row's lock meanwhile, in whichever process; whoever
comes second finds the winner's pair by its version. A pair that the far side gave and nobody stored (a crash in
between) shows as a refused refresh: then a location's pair is made anew out of its company's, or a code is asked for
with the app's own credentials.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
import psycopg
import structlog

from tieline.connectors.contacts_api.operations import oauth
from tieline.connectors.kit.answer import Answer
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.ids import ConnectionId
from tieline.errors import (
    ConnectorError,
    CredentialError,
    OutcomeUnknown,
    RejectedError,
    TransientError,
    Unavailable,
)
from tieline.store.directory import CHANNEL, Directory
from tieline.store.grants import App, Grant, GrantId, NewPair, Pair, load_grant, locked_grant, save_pair
from tieline.store.pool import Store
from tieline.vault.seal import Vault

log = structlog.get_logger(__name__)
Out = TypeVar("Out")

#: A pair with less than this left is renewed in passing; with less than `LAST_S` it is waited for.
EARLY = timedelta(minutes=15)
LAST = timedelta(seconds=60)
#: Pairs renewed at one time in one process: each holds a connection to the store meanwhile.
AT_ONCE = 3
#: Seconds between tries to store a pair that we have, while the store is away.
_PAUSES_S = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


class Guardian:
    """Hands the gateway tokens that are good. Belongs to one event loop; close it before the store."""

    def __init__(self, store: Store, vault: Vault, directory: Directory, gateway: Gateway) -> None:
        self._store = store
        self._vault = vault
        self._directory = directory
        self._gateway = gateway
        self._latest: dict[GrantId, Grant] = {}
        self._renewing: dict[GrantId, asyncio.Task[Grant]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def good(self, connection: Connection) -> Connection:
        """The connection with a token that is good now. Raises CredentialError or Unavailable."""
        grant = self._grant_of(connection)
        if grant is None:
            return connection
        left = grant.expires_at - datetime.now(UTC)
        if left < EARLY:
            renewing = self._renew(grant)
            if left < LAST:
                try:
                    grant = await asyncio.shield(renewing)
                except TransientError:
                    if left <= timedelta(0):
                        raise
        return _with(connection, grant)

    async def renewed(self, connection: Connection) -> Connection:
        """The far side refused this token: the one that replaced it, or a new one."""
        grant = self._grant_of(connection)
        if grant is None:
            return connection
        if grant.pair.access_token == connection.token:
            grant = await asyncio.shield(self._renew(grant))
        return _with(connection, grant)

    async def good_grant(self, grant: Grant) -> Grant:
        """A company's grant with a token that is good now."""
        known = self._newest(grant)
        if known.expires_at - datetime.now(UTC) < LAST:
            known = await asyncio.shield(self._renew(known))
        return known

    async def close(self) -> None:
        """Let renewals that have begun be stored: a pair that is not is lost."""
        if self._renewing:
            await asyncio.gather(*self._renewing.values(), return_exceptions=True)

    def _grant_of(self, connection: Connection) -> Grant | None:
        stored = self._directory.connections.get(connection.id)
        known = (
            None if stored is None or stored.grant_id is None else self._directory.grants.get(stored.grant_id)
        )
        return None if known is None else self._newest(known)

    def _newest(self, grant: Grant) -> Grant:
        """What we renewed ourselves may be newer than the directory's copy, and the other way round."""
        known = self._latest.get(grant.id)
        if known is None or known.version < grant.version:
            known = self._latest[grant.id] = grant
        return known

    def _renew(self, grant: Grant) -> asyncio.Task[Grant]:
        task = self._renewing.get(grant.id)
        if task is None:
            # A task of its own: whoever asked may be cancelled, the pair must be stored all the same.
            task = self._renewing[grant.id] = asyncio.create_task(self._renewal(grant))
            task.add_done_callback(lambda done: self._ended(grant.id, done))
        return task

    def _ended(self, grant_id: GrantId, task: asyncio.Task[Grant]) -> None:
        del self._renewing[grant_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("a token pair was not renewed", grant=grant_id, error=str(error))

    async def _renewal(self, seen: Grant) -> Grant:
        async with self._slots:
            app = self._directory.apps.get(seen.app_id)
            if app is None:
                raise CredentialError("the app of this connection is gone; connect it again")
            await self._mark(seen)
            renewed = self._latest[seen.id] = await self._stored(app, seen)
        return renewed

    async def _stored(self, app: App, seen: Grant) -> Grant:
        """The next pair, stored: a new one, or the winner's where somebody was quicker."""
        new: NewPair | None = None
        for pause_s in _PAUSES_S:
            await asyncio.sleep(pause_s)
            try:
                async with locked_grant(self._store, self._vault, seen.id) as (db, grant):
                    if grant is None:
                        raise CredentialError("what the account granted is gone; connect it again")
                    if grant.version != seen.version:
                        return grant
                    new = new or await self._exchange(app, grant)
                    stored = await save_pair(
                        db, self._vault, app=app, user_type=grant.user_type, account=grant.account,
                        company=grant.company, parent_id=grant.parent_id, new=new,
                    )  # fmt: skip
                    await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
                return stored
            except psycopg.OperationalError as error:
                # We have the only copy of the pair: keep trying to store it.
                if new is None:
                    raise Unavailable(f"the store did not answer: {error}") from error
                log.warning("a token pair is not stored yet", account=seen.account, error=str(error))
        raise Unavailable("the store did not take a new token pair; it will be recovered")

    async def _mark(self, grant: Grant) -> None:
        """Show that it is being renewed."""
        async with self._store.transaction() as db:
            await db.execute(
                "UPDATE oauth_grant SET refreshing_at = now() WHERE id = %s AND version = %s",
                (grant.id, grant.version),
            )

    async def _exchange(self, app: App, grant: Grant) -> NewPair:
        """A new pair for the old one, by whichever way there is. Raises CredentialError when there is none."""
        if grant.pair.refresh_token:
            try:
                return await self._token(
                    app, grant_type="refresh_token", refresh_token=grant.pair.refresh_token,
                    user_type=grant.user_type,
                )  # fmt: skip
            except (CredentialError, RejectedError, OutcomeUnknown) as error:
                log.info("a refresh token was refused, recovering", account=grant.account, error=str(error))
        if grant.parent_id is not None and (
            parent := await load_grant(self._store, self._vault, grant.parent_id)
        ):
            try:
                return await self.location_pair(app, parent, grant.account)
            except (CredentialError, RejectedError) as error:
                log.info("the company's token does not reach the location", error=str(error))
        return await self._reconnect(app, grant)

    async def _token(self, app: App, **given: object) -> NewPair:
        """Ask the token endpoint, with each client secret in turn while one replaces the other."""
        return new_pair(
            await self._with_secrets(
                app,
                lambda secret: self._gateway.call(
                    connection_of(app),
                    oauth.TOKEN,
                    oauth.GetToken(client_id=app.client_id, client_secret=secret, **given),  # type: ignore[arg-type]
                    "interactive",
                ),
            )
        )

    async def exchange_code(self, app: App, code: str, redirect_uri: str) -> oauth.TokenAnswer:
        """The first pair of an account, for the code that its person brought back."""
        return await self._with_secrets(
            app,
            lambda secret: self._gateway.call(
                connection_of(app),
                oauth.TOKEN,
                oauth.GetToken(
                    client_id=app.client_id, client_secret=secret, grant_type="authorization_code", code=code,
                    redirect_uri=redirect_uri,
                ),
                "interactive",
            ),
        )  # fmt: skip

    async def location_pair(self, app: App, company: Grant, location: str) -> NewPair:
        """A location's pair out of its company's."""
        company = await self.good_grant(company)
        answer = await self._gateway.call(
            connection_of(app, token=company.pair.access_token), oauth.LOCATION_TOKEN,
            oauth.GetLocationToken(company_id=company.account, location_id=location), "interactive",
        )  # fmt: skip
        return new_pair(answer.value)

    async def _reconnect(self, app: App, grant: Grant) -> NewPair:
        account = (
            {"location_id": grant.account} if grant.user_type == "Location" else {"company_id": grant.account}
        )
        try:
            answer = await self._with_secrets(
                app,
                lambda secret: self._gateway.call(
                    connection_of(app), oauth.RECONNECT,
                    oauth.Reconnect(client_key=app.client_id, client_secret=secret, **account), "interactive",
                ),
            )  # fmt: skip
        except RejectedError as error:
            raise CredentialError(f"the app has no access to {grant.account} any more: {error}") from error
        log.info("a lost token pair was recovered", account=grant.account)
        return await self._token(app, grant_type="authorization_code", code=answer.authorization_code)

    async def _with_secrets(self, app: App, ask: Callable[[str], Awaitable[Answer[Out]]]) -> Out:
        """Ask with the newest secret, and with the ones before it where that is refused."""
        refused: ConnectorError | None = None
        for secret in app.secret.client_secrets:
            try:
                return (await ask(secret)).value
            except (CredentialError, RejectedError) as error:
                refused = error
        raise refused or CredentialError(f"app {app.name} has no client secret")


def connection_of(app: App, *, token: str = "") -> Connection:
    """The app itself, as the gateway takes it: it has a quota of its own."""
    return Connection(
        id=ConnectionId(-1_000_000 - app.id), name=f"app {app.name}", connector="contacts_api",
        base_url=app.base_url, account=app.client_id, token=token,
    )  # fmt: skip


def new_pair(answer: oauth.TokenAnswer) -> NewPair:
    """The pair in an answer of the token endpoint."""
    return NewPair(
        pair=Pair(access_token=answer.access_token, refresh_token=answer.refresh_token or ""),
        scopes=tuple(answer.scope.split()), expires_in_s=answer.expires_in,
    )  # fmt: skip


def _with(connection: Connection, grant: Grant) -> Connection:
    if connection.token == grant.pair.access_token:
        return connection
    return msgspec.structs.replace(
        connection, token=grant.pair.access_token, token_until=grant.expires_at.timestamp()
    )
