"""What errands do: accounts that come by OAuth are connected, those that leave are parked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from tieline.connectors.contacts_api.operations import oauth
from tieline.connectors.contacts_api.vendor_keys import WEBHOOK_KEY
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.paging import each_page
from tieline.domain.ids import ConnectionId, LaneId
from tieline.engine.errands import Errand
from tieline.errors import ConfigurationError, CredentialError, RejectedError, Unavailable
from tieline.server.connections import NewConnection, NewPoll, lift_hold, read_location, save_connection
from tieline.server.guardian import Guardian, connection_of, new_pair
from tieline.store.directory import CHANNEL, Credential, Directory
from tieline.store.grants import App, AppId, Grant, save_pair
from tieline.store.pool import Store
from tieline.vault.seal import Vault

log = structlog.get_logger(__name__)

POLL_EVERY_S = 300.0


class HubErrands:
    """Does errands of every kind."""

    def __init__(
        self, store: Store, vault: Vault, directory: Directory, gateway: Gateway, guardian: Guardian
    ) -> None:
        self._store = store
        self._vault = vault
        self._directory = directory
        self._gateway = gateway
        self._guardian = guardian

    async def __call__(self, errand: Errand) -> dict[str, Any]:
        """What came of it."""
        app = await self._app(errand.input)
        match errand.kind:
            case "oauth.exchange":
                return await self._exchange(app, errand.input)
            case "app.installed":
                return await self._installed(app, errand.input)
            case "app.uninstalled":
                return await self._uninstalled(app, errand.input)
            case kind:
                raise ConfigurationError(f"this version knows no errand {kind}")

    async def _app(self, given: Mapping[str, Any]) -> App:
        await self._directory.load()
        app = self._directory.apps.get(AppId(given["app"]))
        if app is None:
            raise ConfigurationError("the app is gone")
        return app

    async def _exchange(self, app: App, given: Mapping[str, Any]) -> dict[str, Any]:
        """A code becomes a pair; a company's pair connects every location where the app is installed."""
        answer = await self._guardian.exchange_code(app, str(given["code"]), str(given["redirect_uri"]))
        company = str(answer.company_id or "")
        if answer.location_id:
            grant = await self._save(app, answer, "Location", str(answer.location_id), company, None)
            return {"connections": [await self._connect(app, grant)]}
        if not company:
            raise RejectedError("the far side gave a token of no location and of no company")
        parent = await self._save(app, answer, "Company", company, company, None)
        return {"company": company, "connections": await self._connect_all(app, parent)}

    async def _connect_all(self, app: App, parent: Grant) -> list[str]:
        bearer = connection_of(app, token=parent.pair.access_token)

        async def ask(at: oauth.ListInstalled) -> oauth.InstalledAnswer:
            return (await self._gateway.call(bearer, oauth.LIST_INSTALLED, at, "interactive")).value

        assert oauth.LIST_INSTALLED.paging is not None
        wanted = oauth.ListInstalled(
            company_id=parent.account, app_id=app.client_id.partition("-")[0], is_installed=True, limit=100
        )
        names = []
        async for page in each_page(ask, oauth.LIST_INSTALLED.paging, wanted):
            names += [await self._connect_location(app, parent, one.id) for one in page.locations]
        return names

    async def _connect_location(self, app: App, parent: Grant, location: str) -> str:
        new = await self._guardian.location_pair(app, parent, location)
        async with self._store.transaction() as db:
            grant = await save_pair(
                db, self._vault, app=app, user_type="Location", account=location, company=parent.account,
                parent_id=parent.id, new=new,
            )  # fmt: skip
        return await self._connect(app, grant)

    async def _installed(self, app: App, given: Mapping[str, Any]) -> dict[str, Any]:
        """The event may come before a token can be made: the errand is tried again until it can."""
        company, location = str(given.get("company") or ""), str(given.get("location") or "")
        parent = next(
            (
                one
                for one in self._directory.grants.values()
                if one.app_id == app.id and one.user_type == "Company" and one.account == company
            ),
            None,
        )
        known = self._directory.connection_at(app.id, location) if location else None
        if known is not None and parent is None:
            # The person's own way back with a code connects it; nothing is to be made out of this.
            return {"connections": [known.name]}
        if parent is None:
            return {"connections": [], "reason": "it is connected when its person comes back with a code"}
        try:
            if location:
                return {"connections": [await self._connect_location(app, parent, location)]}
            return {"connections": await self._connect_all(app, parent)}
        except (CredentialError, RejectedError) as error:
            raise Unavailable(f"no token can be made yet: {error}") from error

    async def _uninstalled(self, app: App, given: Mapping[str, Any]) -> dict[str, Any]:
        """Its lane rests; whatever comes in is kept, and goes on when the app is installed again."""
        location, company = str(given.get("location") or ""), str(given.get("company") or "")
        held = []
        for connection in self._directory.connections.values():
            grant = None if connection.grant_id is None else self._directory.grants.get(connection.grant_id)
            if grant is None or grant.app_id != app.id:
                continue
            if connection.account == location or (not location and grant.company == company):
                async with self._store.transaction() as db:
                    await db.execute(
                        "UPDATE lane SET held_until = 'infinity', held_state = 'uninstalled', held_why = %s"
                        " WHERE id = %s",
                        ("the app was uninstalled at the far side", connection.lane_id),
                    )
                held.append(connection.name)
        return {"connections": held}

    async def _save(
        self,
        app: App,
        answer: oauth.TokenAnswer,
        user_type: Any,
        account: str,
        company: str,
        parent: Grant | None,
    ) -> Grant:
        async with self._store.transaction() as db:
            grant = await save_pair(
                db, self._vault, app=app, user_type=user_type, account=account, company=company,
                parent_id=None if parent is None else parent.id, new=new_pair(answer),
            )  # fmt: skip
            await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
        return grant

    async def _connect(self, app: App, grant: Grant) -> str:
        """The connection of a location: made, or set going again with the new pair."""
        await self._directory.load()
        known = self._directory.connection_at(app.id, grant.account)
        if known is not None:
            async with self._store.transaction() as db:
                await db.execute(
                    "UPDATE connection SET grant_id = %s, updated_at = now() WHERE id = %s",
                    (grant.id, known.id),
                )
                await lift_hold(db, LaneId(known.lane_id))
                await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
            return known.name
        bearer = Connection(
            id=ConnectionId(-2_000_000_000 - grant.id), name=grant.account, connector="contacts_api",
            base_url=app.base_url, account=grant.account, token=grant.pair.access_token,
        )  # fmt: skip
        facts = await read_location(self._gateway, bearer, country=app.settings.get("country"))
        name = self._free_name(facts.name or grant.account)
        await save_connection(
            self._store, self._vault,
            NewConnection(
                name=name, connector="contacts_api", base_url=app.base_url, account=grant.account,
                credential=Credential(webhook_keys=app.secret.webhook_keys or (WEBHOOK_KEY,)),
                settings={"location": msgspec.to_builtins(facts)}, grant_id=grant.id,
                polls=(NewPoll(stream="contact", every_s=POLL_EVERY_S),),
            ),
        )  # fmt: skip
        await self._directory.load()
        return name

    def _free_name(self, wanted: str) -> str:
        """A name for a connection out of the location's own, not taken yet."""
        base = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:50] or "location"
        name, number = base, 1
        while self._directory.connection(name) is not None or self._directory.app(name) is not None:
            number += 1
            name = f"{base}-{number}"
        return name
