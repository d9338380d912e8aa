"""What a walk goes over: one account, by what it lists of a person, how it is asked, and how its changes are told."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from tieline.catalogue.spec import Operation
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.item_rows import ITEM_LISTS
from tieline.connectors.nimbata.operations.contacts import GET_CONTACT
from tieline.domain.items import ItemKind
from tieline.domain.swept import WALKED, Linked, Row
from tieline.inbox.receive import Delivery
from tieline.server.accounts.connections import opened
from tieline.server.accounts.intakes import account_config
from tieline.server.sweeps.sweep import DAILY_CALLS, SHARE
from tieline.server.sweeps.wanted import Wanted
from tieline.store.directory import StoredConnection

In = TypeVar("In")
Out = TypeVar("Out")
_MINUTES_A_DAY = 1440


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How one account is walked."""

    #: In the order of their calls; empty = each person is got by id.
    kinds: tuple[ItemKind, ...]
    calls_per_day: float

    @property
    def cost(self) -> int:
        """Calls a person."""
        return max(1, len(self.kinds))


def plan_of(stored: StoredConnection, wanted: Wanted, allowance: int | None = None) -> Plan | None:
    """None where there is nothing to walk for. `allowance`: calls a day, as the account told them; None = it has not.

    Raises ConfigurationError where the account's settings cannot be read.
    """
    if not wanted.syncs:
        # Nothing of this account goes to the other side, so nothing is asked of it.
        return None
    kinds = tuple(kind for kind in WALKED[stored.connector] if kind in wanted.items)
    known = DAILY_CALLS
    if stored.connector == "nimbata":
        config = account_config(stored)
        if config.mode != "native":
            return None
        kinds = tuple(kind for kind in kinds if config.offers(ITEM_LISTS[kind].id))
        if not kinds and not config.offers(GET_CONTACT.id):
            return None
        known = config.rate.per_minute * _MINUTES_A_DAY
    return Plan(kinds=kinds, calls_per_day=SHARE * (known if allowance is None else allowance))


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a list, with the event that would tell of it."""

    row: Row
    event: str
    body: bytes
    #: The name of its state, where the account's webhooks give it one; None = the change is named by its digest.
    occurrence: str | None = None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shows of one person."""

    found: tuple[Found, ...]
    #: Tellings of rows that cannot be read.
    unreadable: tuple[Delivery, ...] = ()
    #: Every row of the person's was met and read: what is not among them is missing.
    whole: bool = True


class Asker:
    """Asks one account, and counts the calls."""

    def __init__(self, gateway: Gateway, stored: StoredConnection) -> None:
        self._gateway = gateway
        self._connection = opened(stored)
        #: Made so far.
        self.calls = 0

    async def __call__(self, operation: Operation[In, Out], given: In) -> Out:
        """The answer's value. Raises ConnectorError."""
        self.calls += 1
        return (await self._gateway.call(self._connection, operation, given, "sweep")).value


class Ground(Protocol):
    """One account, asked by an Asker."""

    async def listed(self, whom: Linked, kind: ItemKind) -> Listed:
        """The person's items of one kind. Raises NotFoundError where the list does not know the person."""
        ...

    async def get(self, whom: Linked) -> None:
        """Raises NotFoundError where the person's record is not there by its id, or says that it was deleted."""
        ...
