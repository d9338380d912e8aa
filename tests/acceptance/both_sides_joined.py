"""Both accounts connected, and the sync that keeps them equal."""

from __future__ import annotations

import msgspec

from tieline.connectors import CONNECTORS
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.ids import ConnectionId
from tieline.sandbox.app import Sandbox
from tieline.server.accounts.connections import read_location
from tieline.server.syncs import create_field
from tieline.store.directory import Credential
from tieline.store.pool import Store
from tieline.testing.builders import add_connection, add_sync
from tieline.vault.seal import Vault

EVERY_S = 0.4
#: The sandbox settles a cut-off call at once.
_SETTLE_S = 0.3
#: Two looks so far apart tell that a record is gone.
_VANISH_S = 0.3
DEFINITION = """\
version: 1
contact:
  create: true
  fields:
    - {to: phone, from: phone, when: empty}
person:
  direction: both
  fields:
    - {nimbata: first_name, contacts_api: first_name}
    - {nimbata: last_name, contacts_api: last_name}
    - {nimbata: email, contacts_api: email}
    - {nimbata: phone, contacts_api: phone}
    - {nimbata: company, contacts_api: company}
    - {nimbata: city, contacts_api: city}
    - {nimbata: custom.plan, contacts_api: custom.plan}
  tags: {direction: both}
  deletes: delete
tasks: {direction: both, deletes: delete}
notes: {direction: both, deletes: delete}
appointments: {direction: both, deletes: delete, calendar: Consultation}
"""


async def connect(store: Store, vault: Vault, running: Sandbox) -> str:
    """Gives the id of the location's custom field."""
    told = running.describe()
    contacts, nimbata = told["contacts"], told["nimbata"]
    location, project = contacts["locations"][0], next(iter(nimbata["projects"]))
    connection = Connection(
        id=ConnectionId(-1), name="crm", connector="contacts_api", base_url=contacts["base_url"],
        account=location["id"], token=location["token"],
    )  # fmt: skip
    async with Gateway.open(CONNECTORS) as gateway:
        await create_field(gateway, connection, "plan")
        facts = await read_location(gateway, connection)
    await add_connection(
        store, vault, name="calls", connector="nimbata", base_url=nimbata["base_url"], account=nimbata["account"],
        credential=Credential(token=nimbata["token"], webhook_secrets={"hmac": nimbata["webhook_secret"]}),
        settings={
            "mode": "native", "limits": "off", "settle_s": _SETTLE_S, "vanish_s": _VANISH_S,
            "polling": {"overlap_s": 3}, "rate": {"per_minute": 10**6},
        },
        polls=tuple((stream, "", EVERY_S) for stream in ("contact", "walk")),
    )  # fmt: skip
    await add_connection(
        store, vault, name="crm", connector="contacts_api", base_url=contacts["base_url"], account=location["id"],
        credential=Credential(token=location["token"], webhook_keys=(contacts["webhook_public_key"],)),
        settings={
            "settle_s": _SETTLE_S, "vanish_s": _VANISH_S, "location": msgspec.to_builtins(facts), "limits": "off",
        },
        polls=tuple((stream, "", EVERY_S) for stream in ("contact", "task", "walk")),
    )  # fmt: skip
    await add_sync(store, name="sync", source="calls", project=project, target="crm", definition=DEFINITION)
    return facts.custom_fields["plan"]
