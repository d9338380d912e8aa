"""An account that knows calls alone, and the CRM: items kept here and items of the CRM, each on the other side."""

from __future__ import annotations

from typing import Any

from tests.world import World, world
from tieline.sandbox.app import Options
from tieline.store.pool import Store

PHONE = "+12015550123"


async def ask(world_: World, method: str, path: str, **more: Any) -> Any:
    """An answer of the hub's API."""
    async with world_.http.request(method, f"{world_.url}/api/items{path}", **more) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json() if answer.status != 204 else None


def tasks(world_: World) -> list[tuple[str, bool]]:
    """Title of each task in the CRM, and whether it is done."""
    (location,) = world_.state()["locations"].values()
    return sorted((one["title"], one["completed"]) for one in location["tasks"])


async def test_tasks_travel_both_ways_and_stand_on_the_call(store: Store) -> None:
    """Made here: in the CRM. Made in the CRM: kept here, and told on the latest call, with each change of it."""
    options = Options(locations=1, limits="off", nimbata_mode="derived")
    async with world(store, sandbox=options, source_settings={"mode": "derived"}) as it:
        # Where it names nobody, a new task waits for the sweep: see test_sweeps.
        it.sandbox.contacts.side.set_quirks({"thin_task_events": False})
        it.emit(kind="call", caller=PHONE, caller_name="Jane Doe", tags=[])
        await it.settled()
        (project,) = it.location_of
        theirs = {"connection": "calls", "person": PHONE, "project": project}
        ours = await ask(it, "POST", "", json={**theirs, "kind": "task", "title": "Ring back"})
        await it.settled()
        assert tasks(it) == [("Ring back", False)]
        await ask(it, "PUT", f"/{ours['id']}", json={"completed": True})
        await it.settled()
        assert tasks(it) == [("Ring back", True)]

        (location,) = it.state()["locations"].values()
        (contact,) = location["contacts"]
        (made,) = it.work(kind="task.create", id=contact["id"])
        await it.settled()
        kept = [one for one in await ask(it, "GET", "", params=theirs) if one["id"] != ours["id"]]
        assert [(one["kind"], one["completed"]) for one in kept] == [("task", False)]
        it.work(kind="task.complete", id=made["record"] if isinstance(made, dict) else made.record)
        await it.settled()
        assert (await ask(it, "GET", f"/{kept[0]['id']}"))["completed"]

        (call,) = it.sandbox.nimbata.side.state()["calls"]
        told = [one.body.splitlines()[0] for one in call.comments]
        title = kept[0]["title"]
        assert told == [f"[task] {title}", f"[task] done: {title}"]
        assert call.tags == ("tieline task",)

        await ask(it, "DELETE", f"/{ours['id']}")
        await it.settled()
        assert [name for name, _ in tasks(it)] == [title]
