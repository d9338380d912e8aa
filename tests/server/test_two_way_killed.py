"""What a hub wrote before it was killed is no change of somebody else: what people did last stands on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.both_sides_fuse import Died, Fuse
from tests.server.test_heard_out_of_order import acknowledged, give_lanes_back, take_lanes
from tests.server.two_way import TwoWayWorld, both_ways
from tieline.connectors.kit.gateway import Gateway
from tieline.domain.side import SIDES, Side
from tieline.store.pool import Store

ADA = "+12015550123"


class Person:
    """Ada, with a task and a tag, as somebody works with her on one side."""

    def __init__(self, both: TwoWayWorld, side: Side) -> None:
        self._both = both
        self._side = side
        state = both.account if side == "nimbata" else both.crm
        self._id = state["contacts"][0]["id"]
        self._task = state["tasks"][0]["id"]

    def city(self, value: str) -> None:
        """She moves."""
        if self._side == "nimbata":
            self._both.emit(kind="contact.update", id=self._id, changes={"address": {"city": value}})
        else:
            self._both.work(kind="contact.update", id=self._id, fields={"city": value})

    def tagged(self, there: bool) -> None:
        """The tag "vip" comes or goes."""
        if self._side == "nimbata":
            self._both.emit(kind="contact.update", id=self._id, changes={"tags": ["vip"] if there else []})
        else:
            self._both.work(kind="tag.add" if there else "tag.remove", id=self._id, tags=["vip"])

    def done(self, done: bool) -> None:
        """The task is done, or open again."""
        if self._side == "nimbata":
            self._both.emit(kind="task.update", id=self._task, changes={"completed": done})
        else:
            self._both.work(kind="task.complete" if done else "task.reopen", id=self._task)


class Killer:
    """Lets the hub die right after its next call, and something happen right before that, or after it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.fuse = Fuse(patch)
        self._before: Callable[[], object] | None = None
        self._after: Callable[[], object] = lambda: None
        self._at = ""
        real = Gateway.call

        async def call(itself: Any, *given: Any, **named: Any) -> Any:
            armed = self._before is not None and self._at in ("", given[1].id)
            before, self._before = (self._before, None) if armed else (None, self._before)
            if before is None:
                return await real(itself, *given, **named)
            before()
            await real(itself, *given, **named)
            self._after()
            self.fuse.blown.set()
            raise Died

        patch.setattr(Gateway, "call", call)

    def lay(
        self,
        *,
        before: Callable[[], object] = lambda: None,
        after: Callable[[], object] = lambda: None,
        at: str = "",
    ) -> None:
        """For the next call, or for the next of the operation `at`."""
        self._before, self._after, self._at = before, after, at

    async def revive(self, both: TwoWayWorld) -> None:
        """Once it died, another hub goes on."""
        await self.fuse.blown.wait()
        await both.world.going.aclose()
        self.fuse.lay(None)
        await both.world.restart()
        await both.settled()


DEEDS: dict[str, tuple[Callable[[Person], None], Callable[[Person], None]]] = {
    "field": (lambda one: one.city("Boston"), lambda one: one.city("Chicago")),
    "field put back": (lambda one: one.city("Boston"), lambda one: one.city("Austin")),
    "tag": (lambda one: one.tagged(True), lambda one: one.tagged(False)),
    "task": (lambda one: one.done(True), lambda one: one.done(False)),
}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("deed", DEEDS)
async def test_the_last_change_stands_though_the_one_before_was_written_by_a_hub_that_died(
    store: Store, monkeypatch: pytest.MonkeyPatch, side: Side, deed: str
) -> None:
    """It is written after the last change, so by the clock of the other side it is the newer one."""
    killer = Killer(monkeypatch)
    first, last = DEEDS[deed]
    async with both_ways(store) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        here = both.account["contacts"][0]["id"]
        both.emit(kind="contact.update", id=here, changes={"address": {"city": "Austin"}})
        both.emit(kind="task.create", contact=here, changes={"title": "Call back"})
        await both.settled()
        person = Person(both, side)
        killer.lay(before=lambda: last(person))
        first(person)
        await killer.revive(both)
        (shown,), there = both.people()
        assert [shown] == there
        assert shown["city"] == ("Austin" if deed != "field" else "Chicago")
        assert "vip" not in shown["tags"]
        assert [done for _, _, done in shown["tasks"]] == [False]


@pytest.mark.parametrize("side", SIDES)
async def test_what_somebody_changed_of_a_copy_whose_hub_died_stands(
    store: Store, monkeypatch: pytest.MonkeyPatch, side: Side
) -> None:
    """The original changed even later, but not in that field."""
    killer = Killer(monkeypatch)
    async with both_ways(store) as both:
        if side == "nimbata":
            killer.lay(
                after=lambda: both.work(
                    kind="contact.update", id=both.crm["contacts"][0]["id"], fields={"firstName": "Augusta"}
                )
            )
            made = both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        else:
            killer.lay(
                after=lambda: both.emit(
                    kind="contact.update",
                    id=both.account["contacts"][0]["id"],
                    changes={"first_name": "Augusta"},
                )
            )
            made = both.work(
                kind="contact.create", fields={"firstName": "Ada", "lastName": "Lovelace", "phone": ADA}
            )
        await killer.fuse.blown.wait()
        # Both sides tell their times to the second.
        await asyncio.sleep(1.1)
        if side == "nimbata":
            both.emit(
                kind="contact.update", id=both.account["contacts"][0]["id"], changes={"company": "Acme"}
            )
        else:
            both.work(kind="contact.update", id=both.crm["contacts"][0]["id"], fields={"companyName": "Acme"})
        await killer.revive(both)
        (shown,), there = both.people()
        assert [shown] == there
        assert (shown["first"], shown["company"]) == ("Augusta", "Acme"), made


async def test_a_change_that_the_look_at_another_write_shows_first_is_not_forgotten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by chaos, seed 17: the account was looked at before the CRM, and had changed since."""
    killer = Killer(monkeypatch)
    async with both_ways(store) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        here, there = both.account["contacts"][0]["id"], both.crm["contacts"][0]["id"]
        await take_lanes(store)
        both.work(kind="contact.update", id=there, fields={"city": "Boston"})
        both.emit(kind="contact.update", id=here, changes={"company": "Acme"})
        await acknowledged(both, "contact.updated")
        killer.lay(
            at="contacts.update",
            after=lambda: both.emit(kind="contact.update", id=here, changes={"company": "Bolt"}),
        )
        await give_lanes_back(store)
        await killer.revive(both)
        (shown,), told = both.people()
        assert [shown] == told
        assert (shown["city"], shown["company"]) == ("Boston", "Bolt")


@pytest.mark.parametrize("kind", ["field", "task"])
async def test_an_older_telling_is_not_written_after_what_the_hub_that_died_wrote(
    store: Store, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Found by chaos, seed 1: the dead hub had both tellings in hand, and its heir only the older one at first."""
    killer = Killer(monkeypatch)
    told, wrote = (
        ("contact.updated", "contacts.update") if kind == "field" else ("task.changed", "tasks.update")
    )
    async with both_ways(store) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        here = both.account["contacts"][0]["id"]
        both.emit(kind="task.create", contact=here, changes={"title": "First"})
        await both.settled()
        task = both.account["tasks"][0]["id"]
        await take_lanes(store)
        for value in ("Acme", "Bolt"):
            if kind == "field":
                both.emit(kind="contact.update", id=here, changes={"company": value})
            else:
                both.emit(kind="task.update", id=task, changes={"title": value})
            # Both sides tell their times to the second.
            await asyncio.sleep(1.1)
        await acknowledged(both, told)
        killer.lay(at=wrote)
        await give_lanes_back(store)
        await killer.fuse.blown.wait()
        monkeypatch.setattr("tieline.engine.chain.TURN", 1)
        await killer.revive(both)
        calls = [one.body for one in both.world.sandbox.contacts.audit.calls if one.operation == wrote]
        assert [body.get("companyName") or body.get("title") for body in calls] == ["Bolt"]
        assert both.unequal() == []
