"""What errands do: accounts that come by OAuth are connected, those that leave are parked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from psycopg.errors import UniqueViolation

from tieline.connectors.contacts_api.operations import oauth
from tieline.connectors.contacts_api.vendor_keys import WEBHOOK_KEY
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.paging import each_page
from tieline.domain.ids import ConnectionId, LaneId
from tieline.engine.errands import Errand
from tieline.errors import ConfigurationError, CredentialError, RejectedError, Unavailable
from tieline.server.accounts.connections import NewConnection, lift_hold, read_location, save_connection
from tieline.server.accounts.guardian import Guardian, connection_of, new_pair
from tieline.server.catalogue import asking
from tieline.server.catalogue.errands import CatalogueErrands
from tieline.server.sweeps.standard_polls import location_polls
from tieline.store.directory import CHANNEL, Credential, Directory, StoredConnection
from tieline.store.errands import NewErrand, advance, leave
from tieline.store.grants import App, AppId, Grant, GrantId, save_pair
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.vault.seal import Vault


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
        self._catalogue = CatalogueErrands(store, vault, directory, gateway)

    async def __call__(self, errand: Errand) -> dict[str, Any]:
        """What came of it."""
        if errand.kind in asking.KINDS:
            return await self._catalogue(errand)
        app = await self._app(errand.input)
        match errand.kind:
            case "oauth.exchange":
                return await self._exchange(app, errand)
            case "oauth.connect":
                return await self._connect_out_of(app, self._granted(errand), str(errand.input["location"]))
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

    def _granted(self, errand: Errand) -> Grant:
        grant = self._directory.grants.get(GrantId(errand.input["grant"]))
        if grant is None:
            raise ConfigurationError("what the account granted is gone")
        return grant

    async def _exchange(self, app: App, errand: Errand) -> dict[str, Any]:
        """A code becomes a pair; a company's pair connects every location where the app is installed."""
        # A code is good once: another try goes on with what it gave.
        grant = self._granted(errand) if "grant" in errand.input else await self._first_pair(app, errand)
        if grant.user_type == "Location":
            return {"connections": [await self._connect(app, grant)]}
        return {"company": grant.account, "locations": await self._connect_all(app, grant)}

    async def _first_pair(self, app: App, errand: Errand) -> Grant:
        answer = await self._guardian.exchange_code(
            app, str(errand.input["code"]), str(errand.input["redirect_uri"])
        )
        company, location = str(answer.company_id or ""), str(answer.location_id or "")
        if not location and not company:
            raise RejectedError("the far side gave a token of no location and of no company")
        async with self._store.transaction() as db:
            grant = await save_pair(
                db, self._vault, app=app, user_type="Location" if location else "Company",
                account=location or company, company=company, parent_id=None, new=new_pair(answer),
            )  # fmt: skip
            await advance(db, self._vault, errand.id, errand.kind, {"app": app.id, "grant": grant.id})
            await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
        return grant

    async def _connect_all(self, app: App, company: Grant) -> int:
        """Leaves an errand for each location that has the app: there may be thousands, and one must not wait for
        another's trouble. How many there are."""
        bearer = connection_of(app, token=(await self._guardian.good_grant(company)).pair.access_token)

        async def ask(at: oauth.ListInstalled) -> oauth.InstalledAnswer:
            return (await self._gateway.call(bearer, oauth.LIST_INSTALLED, at, "interactive")).value

        assert oauth.LIST_INSTALLED.paging is not None
        wanted = oauth.ListInstalled(
            company_id=company.account, app_id=app.client_id.partition("-")[0], is_installed=True, limit=100
        )
        found = 0
        async for page in each_page(ask, oauth.LIST_INSTALLED.paging, wanted):
            left = [
                NewErrand(
                    lane_id=self._directory.default_lane, kind="oauth.connect",
                    input={"app": app.id, "grant": company.id, "location": one.id},
                )
                for one in page.locations
            ]  # fmt: skip
            found += len(left)
            if left:
                async with self._store.transaction() as db:
                    await leave(db, self._vault, left)
        return found

    async def _connect_out_of(self, app: App, company: Grant, location: str) -> dict[str, Any]:
        """The connection of a location, with a pair made out of its company's; nothing is done to one that works."""
        known = self._directory.connection_at(app.id, location)
        if known is not None and not await self._rests(known):
            return {"connections": [known.name]}
        try:
            new = await self._guardian.location_pair(app, company, location)
        except (CredentialError, RejectedError) as error:
            # The far side tells of an installation before it gives tokens of it.
            raise Unavailable(f"no token can be made yet: {error}") from error
        async with self._store.transaction() as db:
            grant = await save_pair(
                db, self._vault, app=app, user_type="Location", account=location, company=company.account,
                parent_id=company.id, new=new,
            )  # fmt: skip
        return {"connections": [await self._connect(app, grant)]}

    async def _rests(self, connection: StoredConnection) -> bool:
        async with self._store.transaction() as db:
            row = await (
                await db.execute("SELECT held_until > now() FROM lane WHERE id = %s", (connection.lane_id,))
            ).fetchone()
        return row is None or row[0] is True

    async def _installed(self, app: App, given: Mapping[str, Any]) -> dict[str, Any]:
        company, location = str(given.get("company") or ""), str(given.get("location") or "")
        parent = next(
            (
                one
                for one in self._directory.grants.values()
                if one.app_id == app.id and one.user_type == "Company" and one.account == company
            ),
            None,
        )
        if parent is None:
            return {"connections": [], "reason": "it is connected when its person comes back with a code"}
        if location:
            return await self._connect_out_of(app, parent, location)
        return {"locations": await self._connect_all(app, parent)}

    async def _uninstalled(self, app: App, given: Mapping[str, Any]) -> dict[str, Any]:
        """Lanes rest; whatever comes in is kept, and goes on when the app is installed again.

        Deliveries may come late: where a pair was given after the app had gone, it is there again.
        """
        location, company = str(given.get("location") or ""), str(given.get("company") or "")
        async with self._store.transaction() as db:
            rows = await db.execute(
                query("rest_uninstalled"),
                {
                    "app": app.id, "location": location, "company": company, "at": given["at"],
                    "why": "the app was uninstalled at the far side",
                },
            )  # fmt: skip
            return {"connections": [row[0] for row in await rows.fetchall()]}

    async def _connect(self, app: App, grant: Grant) -> str:
        """The connection of a location: made, or set going again with the new pair."""
        await self._directory.load()
        known = self._directory.connection_at(app.id, grant.account)
        if known is not None:
            async with self._store.transaction() as db:
                await db.execute(
                    "UPDATE connection SET grant_id = %s, version = version + 1, updated_at = now()"
                    " WHERE id = %s",
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
        try:
            await save_connection(
                self._store, self._vault,
                NewConnection(
                    name=name, connector="contacts_api", base_url=app.base_url, account=grant.account,
                    credential=Credential(webhook_keys=app.secret.webhook_keys or (WEBHOOK_KEY,)),
                    settings={"location": msgspec.to_builtins(facts)}, grant_id=grant.id,
                    polls=location_polls(),
                ),
            )  # fmt: skip
        except (UniqueViolation, ConfigurationError) as error:
            # Another errand was quicker, with this location or with this name.
            raise Unavailable(f"{name} was taken meanwhile: {error}") from error
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
