"""Every write of the catalogue with an input for it, and one combination of write and fault played to its end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from tests.conformance import nimbata_ready, ready
from tests.conformance.examples import EXAMPLES, calendars, conversations
from tests.conformance.nimbata_examples import EXAMPLES as NIMBATA_EXAMPLES
from tieline.catalogue.spec import AnyOperation
from tieline.connectors import CONNECTORS, operation
from tieline.connectors.contacts_api.operations import contacts, messages
from tieline.connectors.contacts_api.operations.conversations import CREATE as CREATE_CONVERSATION
from tieline.connectors.kit.budget import Limits
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.command import CallOperation
from tieline.domain.ids import LaneId, PersonId, SyncId
from tieline.effects.perform import GivenUp, Later, Performer
from tieline.effects.target import Done
from tieline.effects.writes import AttemptRow, EffectRow, Writes
from tieline.sandbox.app import RunningSide
from tieline.sandbox.audit import CallRecord
from tieline.sandbox.faults import Kind, Params, Rule
from tieline.server.targets.operation import OperationTarget, call

#: What changes something over there. Searches that are POSTs read.
WRITES: Mapping[str, AnyOperation] = {
    one.id: one
    for connector in CONNECTORS
    for one in connector.operations
    if one.method != "GET" and one.paging is None
}
#: Seconds after which a cut-off call has settled here: the sandbox does it at once or never.
SETTLE_S = 0.03
#: The search of the CRM lags by so much; between two looks the sandbox's clock is put forward.
LAG_S = 6.0
REFERENCE = "run-7.step-2"
_TURNS = 8
_MOMENTS = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:\d\d)?|\b1\d{12}\b")


def _inbound(**changes: Any) -> Callable[[Any], Awaitable[Any]]:
    """A message that came in, in a conversation that is named."""

    async def given(far: Any) -> Any:
        made = await far.api.call(CREATE_CONVERSATION, await conversations.create(far))
        return messages.AddInbound(
            **{"type": "SMS", "conversation_id": made.conversation.id, "message": "Ja,\nbitte!", **changes}
        )

    return given


def _outbound(**changes: Any) -> Callable[[Any], Awaitable[Any]]:
    async def given(far: Any) -> Any:
        made = await far.api.call(CREATE_CONVERSATION, await conversations.create(far))
        return messages.AddOutboundCall(
            conversation_provider_id=conversations.provider(far, "Call"), conversation_id=made.conversation.id,
            call=messages.Call(to=conversations.PHONE, status="no-answer"), **changes,
        )  # fmt: skip

    return given


async def _by_both(far: Any) -> Any:
    return contacts.CreateContact(name="Ada Lovelace", email="Ada@Example.com", phone="+15125550188")


async def _new_anyway(far: Any) -> Any:
    return contacts.UpsertContact(email="zoe@example.com", create_new_if_duplicate_allowed=True)


#: Inputs beside the conformance examples that take another way through a look-up, by "operation: what is else".
_MORE: Mapping[str, Callable[[Any], Awaitable[Any]]] = {
    "contacts.create: by e-mail and phone": _by_both,
    "contacts.upsert: a new one in any case": _new_anyway,
    "messages.add_inbound: by our id": _inbound(alt_id="text-9"),
    "messages.add_inbound: by words and time": _inbound(date=conversations.RANG),
    "messages.add_inbound: nothing to know it by": _inbound(),
    "messages.add_outbound_call: by our id": _outbound(alt_id="call-9"),
    "messages.add_outbound_call: by time": _outbound(date=conversations.RANG),
    "calendars.create_block_slot: of a calendar": calendars.block_calendar,
}
CASES: Mapping[str, Callable[[Any], Awaitable[Any]]] = {
    **{name: example for name, example in EXAMPLES.items() if name in WRITES},
    **{name: example for name, example in NIMBATA_EXAMPLES.items() if name in WRITES},
    **_MORE,
}


@dataclass
class Far:
    """A far side of its own, and a gateway that waits shortly where a refusal names no time."""

    ready: Any
    side: RunningSide
    gateway: Gateway
    zone: str


@dataclass
class Ended:
    """How one call ended, and what the far side saw of it."""

    effect: EffectRow
    attempts: list[AttemptRow]
    done: Done | None
    #: Calls of this operation that changed something.
    changed: list[CallRecord]
    fired: int
    state: str
    target: OperationTarget
    command: CallOperation


@asynccontextmanager
async def far_side(app: str) -> AsyncIterator[Far]:
    """A sandbox with nothing in it."""
    opened = ready.ready if app == "contacts_api" else nimbata_ready.ready
    quick = [
        msgspec.structs.replace(one, limits=lambda _: Limits(requests=10_000, interval_s=0.05))
        for one in CONNECTORS
    ]
    async with opened(locations=1) as far, Gateway.open(quick) as gateway:
        side = far.sandbox.contacts if app == "contacts_api" else far.sandbox.nimbata
        zone = far.sandbox.contacts.side.describe()["locations"][0]["timezone"]
        yield Far(far, side, gateway, zone)


async def play(far: Far, case: str, fault: Kind | None) -> Ended:
    """One call that fails so the first time, from the journal to its end."""
    name = case.split(":")[0]
    wanted = operation(name)
    far.side.faults.clear()
    far.side.reset()
    kept = far.ready.api.connection
    try:
        given = await CASES[case](far.ready)
        settings = {**kept.settings, "settle_s": SETTLE_S, "location": {"timezone": far.zone}}
        settings.pop("limits")
        if wanted.app == "nimbata":
            settings.pop("location")
        connection = msgspec.structs.replace(far.ready.api.connection, settings=settings)
    finally:
        far.ready.api.connection = kept
    before = len(far.side.audit.calls)
    if fault is not None:
        far.side.faults.add([Rule(kind=fault, operation=name, count=1, params=Params(retry_after_s=0.01))])
    target = OperationTarget(far.gateway, connection)
    command = call(wanted, given, connection=connection, reference=REFERENCE)
    effect, attempts, done = await _to_its_end(target, command, far)
    ours = list(far.side.audit.calls)[before:]
    return Ended(
        effect=effect, attempts=attempts, done=done, target=target, command=command,
        changed=[one for one in ours if one.operation == name and one.effect],
        fired=far.side.faults.fired[fault] if fault is not None else 0, state=_state(far.side),
    )  # fmt: skip


async def _to_its_end(
    target: OperationTarget, command: CallOperation, far: Far
) -> tuple[EffectRow, list[AttemptRow], Done | None]:
    """What whoever holds the journal does: go on with the effect as it stands, turn after turn."""
    effect = EffectRow(
        id=1, idempotency_key="key", consumer_id=SyncId(1), person_id=PersonId(1), event_id=1,
        operation=command.operation, state="intent", input=msgspec.json.encode(command),
    )  # fmt: skip
    attempts: list[AttemptRow] = []
    done = None
    for turn in range(1, _TURNS):
        writes = Writes(lane_id=LaneId(1), epoch=1)
        performer = Performer(target, writes, turn=turn)
        stored = msgspec.json.decode(effect.input, type=CallOperation)
        try:
            go_on = performer.perform if effect.state in ("intent", "dropped") else performer.resume
            done = await go_on(effect, stored, None)
        except Later as later:
            if later.hold is not None:
                raise
            await asyncio.sleep(min(later.after_s, 2 * SETTLE_S))
            far.side.clock.advance(LAG_S)
        except GivenUp:
            assert writes.effects[-1].state == "dead"
        effect = writes.effects[-1]
        attempts += writes.attempts
        if effect.state in ("confirmed", "dead"):
            return effect, attempts, done
    raise AssertionError(f"{command.operation} did not come to an end: {effect}, {attempts}")


def _state(side: RunningSide) -> str:
    """All that the far side holds, times aside."""
    held = {"state": side.side.state(), "targets": getattr(side.side, "targets", [])}
    return _MOMENTS.sub("…", repr(msgspec.to_builtins(held, enc_hook=_plain)))


def _plain(value: Any) -> Any:
    return vars(value) if hasattr(value, "__dict__") else repr(type(value))
