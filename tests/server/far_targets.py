"""Both sides of the sandbox as targets of effects, without a hub between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from tieline.connectors import CONNECTORS
from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.operations import locations
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.command import Command, CreateContact
from tieline.domain.ids import ConnectionId
from tieline.domain.items import ItemKind
from tieline.effects.target import Done, Target
from tieline.errors import OutcomeUnknown
from tieline.mapping.two_way import ItemRules
from tieline.sandbox.app import Options, RunningSide, Sandbox
from tieline.sandbox.faults import Rule
from tieline.server.targets.contacts import ContactsTarget
from tieline.server.targets.native import NimbataTarget

PHONE = "+12015550123"
#: An appointment needs to know in which calendar; this one belongs to nobody and is open day and night.
RULES: dict[ItemKind, ItemRules] = {"appointment": ItemRules(calendar="Room")}


@dataclass
class Far:
    """A target, and the side behind it."""

    target: Target
    running: RunningSide
    #: The location's id, or the project's.
    place: str
    #: Another target of the same place, by other rules or settings.
    other: Callable[..., Any]

    async def person(self, **fields: str) -> str:
        """Id of a new contact."""
        done = await self.target.send(CreateContact(fields={"phone": PHONE, **fields}), None)
        assert done.result_id is not None
        return done.result_id

    def state(self) -> dict[str, Any]:
        """What the CRM's location holds."""
        held: dict[str, Any] = msgspec.to_builtins(self.running.side.state())["locations"][self.place]
        return held

    def calls(self, operation: str) -> int:
        """How often that operation arrived."""
        return self.running.audit.operations[operation]

    async def cut(self, command: Command, record_id: str | None) -> Done | None:
        """Send it while the far side cuts the connection after taking it; gives what a look-up then finds."""
        operation = self.target.operation_id(command)
        self.running.faults.add([Rule(kind="cut_after", operation=operation, count=1)])
        try:
            await self.target.send(command, record_id)
        except OutcomeUnknown:
            return await self.target.look_up(command, record_id)
        raise AssertionError(f"{operation} was to be cut")


@asynccontextmanager
async def crm(
    rules: dict[ItemKind, ItemRules] | None = None,
    *,
    number: int = 0,
    fields: tuple[str, ...] = (),
    **options: Any,
) -> AsyncIterator[Far]:
    """A location: in Chicago, London or Berlin by its number. `fields` are names of custom fields to make first."""
    async with (
        Sandbox.start(Options(**{"locations": number + 1, "limits": "off", **options})) as running,
        Gateway.open(CONNECTORS) as gateway,
    ):
        told = running.describe()["contacts"]
        place = told["locations"][number]
        connection = Connection(
            id=ConnectionId(1), name="crm", connector="contacts_api", base_url=told["base_url"],
            account=place["id"], token=place["token"], settings={"limits": "off"},
        )  # fmt: skip
        keys = {}
        for name in fields:
            given = locations.CreateCustomField(name=name)
            made = (await gateway.call(connection, locations.CREATE_CUSTOM_FIELD, given)).value.custom_field
            keys[str(made.field_key).removeprefix("contact.")] = made.id
        facts = LocationFacts(
            id=place["id"], country=place["country"], timezone=place["timezone"], custom_fields=keys
        )

        def target(rules: dict[ItemKind, ItemRules]) -> ContactsTarget:
            return ContactsTarget(gateway, connection, facts, rules)

        yield Far(target(RULES if rules is None else rules), running.contacts, place["id"], target)


@asynccontextmanager
async def account(
    settings: dict[str, Any] | None = None, *, custom_fields: frozenset[str] = frozenset(), **options: Any
) -> AsyncIterator[Far]:
    """A `native` account whose first project is meant; of two, unless the options say otherwise."""
    async with (
        Sandbox.start(Options(**{"locations": 2, "limits": "off", **options})) as running,
        Gateway.open(CONNECTORS) as gateway,
    ):
        told = running.describe()["nimbata"]
        project = str(told["projects"][0])

        def target(settings: dict[str, Any] | None = None, *, project: str | None = project) -> NimbataTarget:
            connection = Connection(
                id=ConnectionId(1), name="calls", connector="nimbata", base_url=told["base_url"],
                account=told["account"], token=told["token"],
                settings={"mode": "native", "limits": "off", **(settings or {})},
            )  # fmt: skip
            return NimbataTarget(
                gateway, connection, country="US", project=project, custom_fields=custom_fields
            )

        yield Far(target(settings), running.nimbata, project, target)


async def fails(call: Awaitable[Any], error: type[Exception]) -> str:
    """The words of the error that a call ends in."""
    try:
        await call
    except error as raised:
        return str(raised)
    raise AssertionError(f"no {error.__name__}")
