"""Both accounts connected as an operator would connect them, and the syncs that keep them equal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from tieline.chaos.pace import EVERY_S, PER_MINUTE, SETTLE_S, VANISH_S
from tieline.connectors import CONNECTORS
from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.ids import ConnectionId
from tieline.errors import ConfigurationError
from tieline.server.accounts.authorize import NewApp, begin, save_app
from tieline.server.accounts.connections import NewConnection, NewPoll, read_location, save_connection
from tieline.server.hub import Hub
from tieline.server.syncs import NewSync, create_field, save_sync
from tieline.store.directory import Credential

#: The first location is connected with a private token, the others by an app.
_APP = "agency"
#: How long the app's errand may take: a worker carries it.
_CONNECTED_S = 60.0
_DEFINITION = """\
version: 1
contact:
  create: true
  fields:
    - {{to: phone, from: phone, when: empty}}
    - {{to: last_name, from: last_name, when: empty}}
  tags: [nimbata]
note:
  call: {{template: "Inbound call, {{outcome}}. {{recording_url}}"}}
  text: {{template: "Inbound text message: {{body}}"}}
person:
  direction: both
  create: [nimbata, contacts_api]
  fields:
    - {{nimbata: first_name, contacts_api: first_name, rule: newest}}
    - {{nimbata: last_name, contacts_api: last_name, rule: newest}}
    - {{nimbata: email, contacts_api: email, rule: newest}}
    - {{nimbata: phone, contacts_api: phone, rule: newest}}
    - {{nimbata: company, contacts_api: company, rule: newest}}
    - {{nimbata: city, contacts_api: city, rule: newest}}
    - {{nimbata: custom.plan, contacts_api: custom.plan, rule: newest}}
  tags: {{direction: both, ignore: [nimbata]}}
  deletes: delete
tasks: {{direction: both, deletes: delete}}
notes: {{direction: both, deletes: delete}}
appointments: {{direction: both, deletes: delete, calendar: "{calendar}"}}
"""


class Joined:
    """What was made."""

    def __init__(self, hub: Hub, told: Mapping[str, Any], calendars: Sequence[str]) -> None:
        """`calendars` are the names of one of each location, in order."""
        self._hub = hub
        self._contacts, self._nimbata = told["contacts"], told["nimbata"]
        self._calendars = calendars
        self._facts: list[LocationFacts] = []

    @property
    def plan_fields(self) -> list[str]:
        """Ids of the locations' own field, in order."""
        return [one.custom_fields["plan"] for one in self._facts]

    async def first(self) -> None:
        """The account, and the location with a private token."""
        nimbata = self._nimbata
        streams = [NewPoll(stream=stream, every_s=EVERY_S) for stream in ("contact", "walk")]
        streams += [
            NewPoll(stream=stream, project=project, every_s=EVERY_S)
            for project in nimbata["projects"]
            for stream in ("call", "text")
        ]
        hub = self._hub
        await save_connection(
            hub.store, hub.vault,
            NewConnection(
                name="calls", connector="nimbata", base_url=nimbata["base_url"], account=nimbata["account"],
                credential=Credential(token=nimbata["token"], webhook_secrets={"hmac": nimbata["webhook_secret"]}),
                settings={
                    "projects": list(nimbata["projects"]), "mode": "native", "settle_s": SETTLE_S,
                    "vanish_s": VANISH_S, "rate": {"per_minute": PER_MINUTE}, "polling": {"overlap_s": 600},
                },
                polls=tuple(streams),
            ),
        )  # fmt: skip
        async with Gateway.open(CONNECTORS) as gateway:
            for number, location in enumerate(self._contacts["locations"]):
                connection = Connection(
                    id=ConnectionId(-number - 1), name=f"crm{number}", connector="contacts_api",
                    base_url=self._contacts["base_url"], account=location["id"], token=location["token"],
                )  # fmt: skip
                await create_field(gateway, connection, "plan")
                self._facts.append(await read_location(gateway, connection))
        await self._location("crm0", 0, self._credential(self._contacts["locations"][0]["token"]))
        await self._sync("crm0", 0)

    async def others(self, url: str, http: aiohttp.ClientSession) -> list[str]:
        """The other locations, by an app that a person allows in a browser. The hub must be up at `url`. Gives the
        names of all locations' connections."""
        contacts, hub = self._contacts, self._hub
        names = ["crm0"]
        if len(contacts["locations"]) > 1:
            base = contacts["base_url"]
            await save_app(
                hub.store, hub.vault,
                NewApp(
                    name=_APP, base_url=base, install_url=f"{base}/v2/oauth/chooselocation",
                    client_id=contacts["client_id"], client_secret=contacts["client_secret"],
                    webhook_keys=(contacts["webhook_public_key"],),
                ),
            )  # fmt: skip
            await hub.directory.load()
        for number, location in enumerate(contacts["locations"][1:], 1):
            app = hub.directory.app(_APP)
            assert app is not None
            link = await begin(hub.store, app, url)
            async with http.get(f"{link}&approve={location['id']}") as page:
                if page.status != 200:
                    raise ConfigurationError(f"the app was not allowed: {await page.text()}")
            name = await self._connected(location["id"])
            await self._location(name, number, None)
            await self._sync(name, number)
            names.append(name)
        return names

    async def _connected(self, account: str) -> str:
        try:
            async with asyncio.timeout(_CONNECTED_S):
                while True:
                    await self._hub.directory.load()
                    for one in self._hub.directory.connections.values():
                        if one.account == account:
                            return one.name
                    await asyncio.sleep(0.3)
        except TimeoutError:
            raise ConfigurationError(
                f"location {account} was not connected in {_CONNECTED_S:.0f} s"
            ) from None

    def _credential(self, token: str) -> Credential:
        return Credential(token=token, webhook_keys=(self._contacts["webhook_public_key"],))

    async def _location(self, name: str, number: int, credential: Credential | None) -> None:
        """None = it is there, and its settings change."""
        known = self._hub.directory.connection(name)
        if credential is None:
            assert known is not None
            credential = known.credential
        await save_connection(
            self._hub.store, self._hub.vault,
            NewConnection(
                name=name, connector="contacts_api", base_url=self._contacts["base_url"],
                account=self._contacts["locations"][number]["id"], credential=credential,
                settings={
                    "settle_s": SETTLE_S, "vanish_s": VANISH_S, "location": msgspec.to_builtins(self._facts[number]),
                },
                polls=tuple(NewPoll(stream=stream, every_s=EVERY_S) for stream in ("contact", "task", "walk")),
                grant_id=known.grant_id if known is not None else None,
            ),
        )  # fmt: skip

    async def _sync(self, name: str, number: int) -> None:
        await save_sync(
            self._hub.store,
            NewSync(
                name=f"sync{number}", source="calls", project=self._nimbata["projects"][number], target=name,
                definition=_DEFINITION.format(calendar=self._calendars[number]),
            ),
        )  # fmt: skip
        await self._hub.directory.load()
