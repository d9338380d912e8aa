"""A record of one side is gone: what that means for the other."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from tieline.domain.command import AddTags, DeleteContact, Planned
from tieline.domain.contact import Contact
from tieline.domain.side import SIDE_NAMES, Side, other
from tieline.effects.perform import GivenUp, Later
from tieline.effects.writes import AssignmentState
from tieline.engine.turn import Turn
from tieline.errors import NotFoundError
from tieline.mapping.two_way import travels


async def removed(turn: Turn, side: Side, at: datetime | None = None) -> tuple[AssignmentState, str | None]:
    """The linked record of `side` is gone. A merged one lives on under another id: that is looked for first. Else the
    sync's policy decides about the other side's, and the person is linked no more. `at` is when it went, where that
    was told."""
    known = turn.state.records[side]
    in_crm = side == "contacts_api"
    heir = await _heir(turn, side, known)
    if heir is not None:
        turn.state.see(side, heir)
        return "done", f"merged into {heir.id}; linked to that"
    reason = f"deleted in {SIDE_NAMES[side]}"
    merger, there = turn.consumer.merger, other(side)
    if merger is not None and there in turn.state.records and travels(merger.rules.direction, there):
        match merger.rules.deletes:
            case "tag":
                tag = AddTags(tags=frozenset({merger.rules.deleted_tag}))
                reason += await _carry(turn, there, tag, f"; tagged in {SIDE_NAMES[there]}")
            case "delete":
                reason += await _carry(turn, there, DeleteContact(), f", and then in {SIDE_NAMES[there]}")
                in_crm = True
            case "ignore" | "unlink":
                pass
    # Where nobody said when: it stood there at least until it was last seen.
    turn.state.unlink(side, gone_at=(at or known.as_of or known.updated_at) if in_crm else None)
    return "done", f"{reason}; unlinked"


async def lost(turn: Turn, side: Side) -> Later:
    """A write found it gone: what follows is planned anew by the next turn."""
    if side not in turn.state.records:
        return Later("the record is not linked any more; planning anew", after_s=0.0)
    _, reason = await removed(turn, side)
    return Later(f"{reason}; planning anew", after_s=0.0)


async def _heir(turn: Turn, side: Side, known: Contact) -> Contact | None:
    """The record that a lost one was merged into, if there is one: it has its phone or e-mail."""
    target = turn.consumer.targets.get(side)
    if target is None or (known.phone is None and known.email is None):
        return None
    found = await turn.read(
        "looking for a record that it was merged into",
        partial(target.find, phone=known.phone, email=known.email),
    )
    return found if found is not None and found.id != known.id else None


async def _carry(turn: Turn, side: Side, command: AddTags | DeleteContact, told: str) -> str:
    """What is to be said of it."""
    target = turn.consumer.targets.get(side)
    if target is None:
        return ""
    if (reason := target.cannot(command)) is not None:
        return f"; {reason}"
    record_id = turn.state.record_id(side)
    planned = Planned(
        command=command, side=side, event_id=turn.state.cause,
        idempotency_key=f"sync{turn.consumer.id}:person{turn.person}:{side}.gone:{turn.state.generation}",
    )  # fmt: skip
    try:
        await turn.carrier.send(planned, record_id)
    except GivenUp as given_up:
        if not isinstance(given_up.error, NotFoundError):
            return f"; {given_up.reason}"
    if isinstance(command, DeleteContact):
        turn.state.tell(side, "gone", "contact", record_id or "", {})
    return told
