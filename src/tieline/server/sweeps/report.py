"""How the sweeps stand, for people: how soon everything is looked at once, and what was found that no webhook told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler

from tieline.catalogue.arrival import arrival, every
from tieline.connectors import CONNECTORS
from tieline.server.access.scopes import needs
from tieline.server.accounts.finding import Finding
from tieline.server.sweeps.ground import plan_of
from tieline.server.sweeps.walk import ROUND
from tieline.server.sweeps.wanted import Wants
from tieline.store.directory import Directory, StoredConnection
from tieline.store.pool import Store
from tieline.store.queries import query

if TYPE_CHECKING:
    from tieline.server.hub import Hub

#: Days of which finds are shown.
DAYS = 7
#: A round that takes longer than this is worth a look.
_LONG = timedelta(days=1)


class WalkState(msgspec.Struct, frozen=True, kw_only=True):
    """How the walk over an account's linked contacts stands."""

    linked: int
    calls_per_day: float
    calls_per_contact: int
    #: Within this every linked contact is looked at once.
    bound_s: float
    #: When a round last met everybody.
    whole_at: datetime | None


class FoundCount(msgspec.Struct, frozen=True, kw_only=True):
    """What polls and sweeps found on one day, of one kind, that no webhook had told."""

    kind: str
    day: date
    count: int


class TriggerArrival(msgspec.Struct, frozen=True, kw_only=True):
    """How soon one trigger fires."""

    id: str
    title: str
    #: "instant", "checked every 5 min", …
    arrival: str


class SweepState(msgspec.Struct, frozen=True, kw_only=True):
    """The sweeps of one connection."""

    connection: str
    #: None where nothing goes from there to the other side, or the walk is switched off.
    walk: WalkState | None = None
    #: Of the last days, the youngest first.
    found: tuple[FoundCount, ...] = ()
    triggers: tuple[TriggerArrival, ...] = ()


async def sweep_states(store: Store, directory: Directory) -> list[SweepState]:
    """Of every connection, by name."""
    since = datetime.now(UTC).date() - timedelta(days=DAYS)
    async with store.transaction() as db:
        polls = await (
            await db.execute("SELECT connection_id, stream, every_s, cursor FROM poll ORDER BY project")
        ).fetchall()
        linked = await (
            await db.execute(query("count_linked"), {"connections": list(directory.connections)})
        ).fetchall()
        found = await (await db.execute(query("load_found"), {"since": since})).fetchall()
    counts: dict[str, list[FoundCount]] = {}
    for name, kind, day, count in found:
        counts.setdefault(name, []).append(FoundCount(kind=kind, day=day, count=count))
    people = dict(linked)
    wants = Wants(directory)
    states = []
    for one in sorted(directory.connections.values(), key=lambda one: one.name):
        streams = {stream: (every_s, cursor) for owner, stream, every_s, cursor in polls if owner == one.id}
        walk = _walk(wants, one, people.get(one.id, 0), streams)
        states.append(
            SweepState(
                connection=one.name, walk=walk, found=tuple(counts.get(one.name, ())),
                triggers=_triggers(one.connector, _every(streams, walk)),
            )
        )  # fmt: skip
    return states


def _walk(
    wants: Wants, stored: StoredConnection, linked: int, streams: Mapping[str, tuple[float, dict[str, Any]]]
) -> WalkState | None:
    plan = plan_of(stored, wants.of(stored.id)) if "walk" in streams else None
    if plan is None:
        return None
    cursor = streams["walk"][1]
    # As the last run knew it: the account may have told its allowance since the plan of its settings.
    per_day = cursor.get("per_day", plan.calls_per_day)
    whole_at = cursor.get("whole_at")
    return WalkState(
        linked=linked, calls_per_day=per_day, calls_per_contact=plan.cost,
        bound_s=max(linked * plan.cost / per_day * 86_400, ROUND.total_seconds()),
        whole_at=datetime.fromisoformat(whole_at) if whole_at else None,
    )  # fmt: skip


def _every(streams: Mapping[str, tuple[float, dict[str, Any]]], walk: WalkState | None) -> dict[str, float]:
    """How often each stream meets everything: a sweep over much takes longer than it is asked for."""
    found = {stream: max(every_s, cursor.get("every_s", 0)) for stream, (every_s, cursor) in streams.items()}
    found.pop("walk", None)
    return found if walk is None else {**found, "walk": walk.bound_s}


def _triggers(connector: str, every_s: Mapping[str, float]) -> tuple[TriggerArrival, ...]:
    return tuple(
        TriggerArrival(id=trigger.id, title=trigger.title, arrival=arrival(trigger, every_s))
        for product in CONNECTORS
        if product.app == connector
        for trigger in product.triggers
    )


def in_words(walk: WalkState) -> str:
    """The bound, and what it comes from."""
    return (
        f"each of {walk.linked:,} linked contacts {every(walk.bound_s)}: {walk.calls_per_contact} "
        f"{'call' if walk.calls_per_contact == 1 else 'calls'} a contact, {walk.calls_per_day:,.0f} calls a day"
    )


async def sweep_findings(store: Store, directory: Directory) -> list[Finding]:
    """For the doctor: the bound of each walk, and what webhooks did not tell."""
    findings = []
    for state in await sweep_states(store, directory):
        if (walk := state.walk) is not None:
            slow = walk.bound_s > _LONG.total_seconds()
            findings.append(
                Finding(
                    subject=f"walk of {state.connection}", verdict="warning" if slow else "ok",
                    text=in_words(walk),
                    next_step="what no webhook told is found that late; link fewer contacts, or ask for a larger quota"
                    if slow
                    else "",
                )
            )  # fmt: skip
        if state.found:
            findings.append(
                Finding(
                    subject=f"found in {state.connection}", verdict="ok",
                    text=f"that no webhook told, in {DAYS} days: {_sums(state.found)}",
                )
            )  # fmt: skip
    return findings


def _sums(found: Sequence[FoundCount]) -> str:
    sums: dict[str, int] = {}
    for one in found:
        sums[one.kind] = sums.get(one.kind, 0) + one.count
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(sums.items()))


def sweeps_route(hub: Hub) -> HTTPRouteHandler:
    """GET /api/sweeps."""

    @get("/api/sweeps", operation_id="sweeps", opt=needs("connections:read"))
    async def sweeps() -> list[SweepState]:
        """How soon each connection's records are looked at, and what was found that no webhook told."""
        return await sweep_states(hub.store, hub.directory)

    return sweeps
