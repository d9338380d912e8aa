"""Nothing is sent for a lease that may have run out."""

from __future__ import annotations

import asyncio

import pytest

from tests.connectors.test_gateway import GET, NOTE, Far, far, gateway, says
from tieline.connectors.contacts_api.operations import contacts, notes
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.fence import while_good
from tieline.connectors.kit.gateway import Gateway
from tieline.errors import LeaseLost

__all__ = ["far", "gateway"]


@pytest.mark.parametrize("given", [(contacts.GET, GET), (notes.CREATE, NOTE)], ids=["read", "write"])
async def test_a_call_of_a_lost_lease_does_not_leave(
    far: Far, gateway: Gateway, given: tuple[object, object]
) -> None:
    """Neither a read nor a write; and what it would have taken of the quota is given back."""
    far.answer = says(200, {"contact": {"id": "c1"}})
    crm = far.connection()
    with while_good(lambda: False), pytest.raises(LeaseLost):
        await gateway.call(crm, *given)  # type: ignore[arg-type]
    assert far.asked == []
    with while_good(lambda: True):
        await gateway.call(crm, contacts.GET, GET)
    assert len(far.asked) == 1


async def test_the_lease_is_looked_at_when_the_call_leaves_not_when_it_is_asked_for(
    far: Far, gateway: Gateway
) -> None:
    """It may have waited for its turn for longer than the lease."""
    far.answer = says(200, {"contact": {"id": "c1"}})
    crm = Connection(
        id=far.connection().id,
        name="crm",
        connector="contacts_api",
        base_url=far.url,
        account="LOC",
        token="t",
    )
    good = True
    gateway.governor(crm).hold(0.3)
    with while_good(lambda: good):
        asked = asyncio.create_task(gateway.call(crm, contacts.GET, GET))
        await asyncio.sleep(0.1)
        good = False
        with pytest.raises(LeaseLost):
            await asked
    assert far.asked == []
