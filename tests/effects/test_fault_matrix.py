"""Whatever goes wrong with a call, what was heard stands in the CRM once: every fault at every kind of write."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.world import world
from tieline.sandbox.app import Options
from tieline.sandbox.faults import Kind, Params, Rule
from tieline.store.pool import Store

WRITES = ("contacts.create", "contacts.update", "contacts.add_tags", "notes.create")
KINDS: tuple[Kind, ...] = ("429", "429_bare", "500", "502", "503", "cut_before", "cut_after")


def options(*rules: Rule, allow_duplicates: bool = False) -> Options:
    return Options(locations=1, limits="off", faults=rules, seed=3, allow_duplicates=allow_duplicates)


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_write_that_fails_takes_effect_once(store: Store, kind: Kind, operation: str) -> None:
    """Calls of that operation fail so, twice; in the end everything is there, and nothing twice."""
    # A 429 that names no time costs a whole interval of ten seconds each.
    count = 1 if kind == "429_bare" else 2
    rule = Rule(kind=kind, operation=operation, count=count, params=Params(retry_after_s=0.2))
    async with world(store, sandbox=options()) as world_:
        if operation == "contacts.create":
            world_.sandbox.contacts.faults.add([rule])
        world_.emit(kind="call", caller="+12015550123", tags=["one"], count=2)
        world_.emit(kind="call", caller="+12015550124", tags=["one"])
        await world_.settled()
        if operation != "contacts.create":
            world_.sandbox.contacts.faults.add([rule])
        # Now an e-mail and a tag are new, and there are more notes.
        world_.emit(kind="form", caller="+12015550123")
        world_.emit(kind="call", caller="+12015550123", tags=["two"], count=2)
        world_.emit(kind="call", caller="+12015550124", tags=["two"])
        await world_.settled()
        found = world_.found()
        assert (found.lost, found.doubled) == (0, 0), (found, await world_.rows("SELECT * FROM effect"))
        assert world_.sandbox.contacts.faults.fired[kind] == count
        assert await world_.rows("SELECT * FROM effect WHERE state <> 'confirmed'") == []


async def test_a_create_that_says_422_and_creates_is_found(store: Store) -> None:
    """The vendor's issue 64: the contact behind the refusal is adopted."""
    rule = Rule(kind="created_422", operation="contacts.create", count=1)
    async with world(store, sandbox=options(rule)) as world_:
        world_.emit(kind="call", caller="+12015550123", count=2)
        await world_.settled()
        found = world_.found()
        assert (found.lost, found.doubled) == (0, 0), found
        outcomes = Counter(row[0] for row in await world_.rows("SELECT outcome FROM attempt"))
        assert outcomes["adopted"] >= 1


async def test_where_duplicates_are_allowed_a_cut_create_is_looked_up_before_it_is_sent_again(
    store: Store,
) -> None:
    """Nobody but us prevents a second contact there."""
    rules = [
        Rule(kind=kind, operation="contacts.upsert", count=1) for kind in ("cut_after", "500", "cut_before")
    ]
    async with world(store, sandbox=options(*rules, allow_duplicates=True)) as world_:
        for number in range(6):
            world_.emit(kind="call", caller=f"+1201555012{number}", count=2)
        await world_.settled()
        found = world_.found()
        assert (found.lost, found.doubled) == (0, 0), found


async def test_everything_at_once(store: Store) -> None:
    """A storm of all faults over two locations, with echoes and webhooks that double, lag and swap."""
    rules = [
        Rule(kind=kind, side="contacts", share=0.03, params=Params(retry_after_s=0.3, latency_s=0.2))
        for kind in ("429", "500", "502", "503", "cut_before", "cut_after", "latency")
    ]
    hooks = [
        Rule(kind=kind, share=0.1, params=Params(delay_s=0.5)) for kind in ("duplicate", "late", "reorder")
    ]
    storm = Options(locations=2, limits="off", faults=(*rules, *hooks), seed=11)
    async with world(store, sandbox=storm) as world_:
        world_.emit(kind="call", count=150, known_share=0.6)
        world_.emit(kind="form", count=30, known_share=0.5)
        world_.emit(kind="sms", count=30, known_share=0.5)
        await world_.settled(within_s=60)
        found = world_.found()
        assert found.expected > 200
        assert (found.lost, found.doubled) == (0, 0), found
        assert len(world_.sandbox.contacts.faults.fired) >= 7
