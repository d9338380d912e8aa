"""Both far sides of a workflow, and a run that is carried out at them: the engine's part, without a store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from tests.conformance import nimbata_ready, ready
from tests.workflows.catalogued import CALLS, entry, sent
from tieline.connectors import Nimbata
from tieline.errors import RejectedError
from tieline.workflows.advance import advance, begin, fits, settle
from tieline.workflows.definition import Definition
from tieline.workflows.moves import (
    Act,
    Await,
    Begin,
    End,
    Failed,
    Happened,
    Outcome,
    Sleep,
    Succeeded,
    TimedOut,
)

PHONE, MAIL = "+12015550123", "ada@example.com"


@dataclass
class World:
    """Both far sides, and a client of each."""

    crm: ready.Ready
    calls: nimbata_ready.NimbataReady
    #: Values that go over those of the step `settings`.
    settings: dict[str, Any]

    async def contact(self, **fields: Any) -> str:
        """Id of a contact of the CRM."""
        return await self.crm.contact(**{"last_name": "Lovelace", "phone": PHONE, "email": MAIL, **fields})

    async def caller(self, **fields: Any) -> str:
        """Id of a contact of the account."""
        return await self.calls.contact(**{"name": "Ada Lovelace", "phone": PHONE, "email": MAIL, **fields})

    def left(self) -> dict[str, int]:
        """What was changed so far, by operation."""
        return {**self.crm.sandbox.contacts.audit.effects, **self.crm.sandbox.nimbata.audit.effects}


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """With an account that has contacts of its own, and searches that see at once what is there."""
    async with ready.ready(locations=1) as crm:
        crm.sandbox.contacts.side.set_quirks({"search_lag_s": 0})
        told = crm.sandbox.describe()["nimbata"]
        async with Nimbata.open(
            token=told["token"], account=told["account"], base_url=told["base_url"], limits=False,
            settings={"mode": "native"},
        ) as api:  # fmt: skip
            yield World(crm, nimbata_ready.NimbataReady(api, crm.sandbox, told), {})


async def run(
    at: World, definition: Definition, trigger: str, payload: dict[str, Any], events: Mapping[str, Any]
) -> End:
    """A whole run: acts are calls, delays pass at once, and a wait gets its event or none."""
    begun = next(one for one in definition.triggers if one.id == trigger)
    assert fits(begun.where, payload)
    now = datetime.now(UTC)
    state = begin(definition, trigger, payload, now=now)
    while True:
        found = advance(definition, state, now=now, functions=CALLS)
        outcome: Outcome
        match found.move:
            case End():
                return found.move
            case Act():
                outcome = await carried_out(at, found.move)
            case Sleep(until=until):
                now, outcome = max(now, until), Succeeded(output={})
            case Await(step=step, until=until):
                assert until is not None
                happened = events.get(step)
                now, outcome = (now, Happened(payload=happened)) if happened else (until, TimedOut())
            case Begin():
                raise AssertionError("no template calls another workflow")
        # Through JSON, as every state goes that is stored.
        state = msgspec.json.decode(
            msgspec.json.encode(settle(definition, found.state, outcome, now=now)), type=type(state)
        )


async def carried_out(at: World, act: Act) -> Outcome:
    """One call, by the alias of its connection."""
    known = entry(act.operation)
    assert known.operation is not None
    assert act.connection == {"contacts_api": "crm", "nimbata": "calls"}[known.app]
    given = msgspec.convert(sent(known, act.input), known.operation.input)
    api = at.crm.api if act.connection == "crm" else at.calls.api
    try:
        answer = await api.answer(known.operation, given)
    except RejectedError as error:
        return Failed(reason=str(error), error=type(error).__name__)
    return Succeeded(output=msgspec.json.decode(msgspec.json.encode(answer.value)))


def changed(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """What was changed since, by operation."""
    return {one: n - before.get(one, 0) for one, n in now.items() if n != before.get(one, 0)}
