"""Items that people make and change here, by the API: kept, and told to the syncs in the same commit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec
import pytest

from tests.waiting import until
from tests.world import serving
from tieline.connectors.nimbata.config import build
from tieline.connectors.nimbata.payloads import read_event
from tieline.connectors.nimbata.triggers import APPOINTMENT_CHANGED, NOTE_CHANGED, TASK_CHANGED
from tieline.domain.items import Appointment, Note, Task
from tieline.errors import ConfigurationError, UnreadableError
from tieline.server.hub import Hub, ServeOptions
from tieline.server.people.item_input import ItemFields, read_item
from tieline.server.people.own_events import parse_own_event
from tieline.store.directory import Credential, Directory
from tieline.store.pool import Store
from tieline.testing.builders import add_connection, add_sync, add_token
from tieline.vault.seal import Vault

PERSON = "drv:p1:+12015550123"


@dataclass
class Api:
    """The hub as a program meets it."""

    store: Store
    http: aiohttp.ClientSession
    url: str

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """Status and answer."""
        given = {"json": body} if body is not None else {}
        async with self.http.request(method, f"{self.url}/api/items{path}", **given, **more) as answer:
            raw = await answer.read()
            return answer.status, msgspec.json.decode(raw) if raw else None

    async def add(self, **body: Any) -> Any:
        """A new item of the person."""
        status, made = await self.ask("POST", "", {"connection": "calls", "person": "(201) 555-0123", **body})
        assert status == 201, made
        return made

    async def events(self) -> list[dict[str, Any]]:
        """What was told, in order."""
        async with self.store.transaction() as db:
            rows = await db.execute(
                "SELECT event.kind, source, project, event.state, body, assignment.state, ready_at <= now()"
                " FROM event LEFT JOIN assignment ON event_id = event.id LEFT JOIN lane ON lane.id = lane_id"
                " ORDER BY event.id"
            )
            names = ("kind", "source", "project", "state", "body", "assignment", "awake")
            return [dict(zip(names, row, strict=True)) for row in await rows.fetchall()]


@asynccontextmanager
async def api(store: Store, *, synced: bool = True, **settings: Any) -> AsyncIterator[Api]:
    """A `derived` account with a sync of one project; nothing is worked off."""
    vault = Vault(bytes(32))
    far: dict[str, Any] = {"base_url": "http://localhost:1", "credential": Credential(token="t")}
    await add_connection(
        store, vault, name="calls", connector="nimbata", account="acc_1", settings={"mode": "derived", **settings},
        **far,
    )  # fmt: skip
    await add_connection(
        store, vault, name="crm", connector="contacts_api", account="l",
        settings={"location": {"country": "US"}}, **far,
    )  # fmt: skip
    if synced:
        await add_sync(store, name="main", source="calls", project="p1", target="crm")
    async with store.transaction() as db:
        await db.execute("UPDATE lane SET ready_at = 'infinity'")
    directory = Directory(store, vault)
    await directory.load()
    hub = Hub(store=store, vault=vault, directory=directory)
    async with (
        serving(hub, ServeOptions(port=0, work=False)) as url,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {await add_token(store, vault)}"}) as http,
    ):
        yield Api(store, http, url)


async def test_a_task_is_made_changed_completed_and_removed_and_each_is_told(store: Store) -> None:
    """In the envelope of a `native` account, with the whole resource, routed to the sync, its lane awake."""
    async with api(store) as it:
        made = await it.add(
            kind="task", title=" Call back ", due_at="2026-09-03T10:00", timezone="America/Chicago"
        )
        assert (made["person"], made["project"], made["version"]) == (PERSON, "p1", 1)
        assert (made["title"], made["due_at"]) == ("Call back", "2026-09-03T15:00:00Z")
        assert "location" not in made, "a task has none"
        path = f"/{made['id']}"
        change = {"body": "a quote", "assignee": "Ana@Example.com"}
        assert (await it.ask("PUT", path, change))[0] == 200
        # Nothing differs: nobody is told.
        assert (await it.ask("PUT", path, {"body": "a quote"}))[1]["version"] == 2
        status, done = await it.ask("PUT", path, {"completed": True, "due_at": None})
        assert (status, done["completed"], done["due_at"], done["version"]) == (200, True, None, 3)
        assert await it.ask("DELETE", path) == (204, None)
        assert (await it.ask("GET", path))[0] == 404
        assert (await it.ask("DELETE", path))[0] == 404
        events = await it.events()
        for event in events:
            told = {
                name: event[name] for name in ("kind", "source", "project", "state", "assignment", "awake")
            }
            assert told == {
                "kind": "task.changed", "source": "manual", "project": "p1", "state": "routed",
                "assignment": "ready", "awake": True,
            }  # fmt: skip
        bodies = [msgspec.json.decode(event["body"]) for event in events]
        assert [one["data"]["change"] for one in bodies] == ["created", "updated", "completed", "deleted"]
        assert [one["data"]["version"] for one in bodies] == [1, 2, 3, 4]
        assert [sorted(one["changes"]) for one in bodies] == [
            [],
            ["assignee", "body"],
            ["completed", "due_at"],
            [],
        ]
        assert len({one["id"] for one in bodies}) == 4
        assert bodies[1]["account"] == "acc_1"
        assert bodies[1]["data"]["contact_id"] == PERSON
        assert bodies[3]["data"]["deleted_at"]
        changes = [parse_own_event(event["body"]) for event in events]
        assert [one.removed for one in changes] == [False, False, False, True]
        assert changes[2].item == Task(
            id=made["id"], title="Call back", body="a quote", completed=True, assignee="ana@example.com",
            updated_at=changes[2].at,
        )  # fmt: skip
        assert [one.at for one in changes] == sorted({one.at for one in changes if one.at is not None})
        assert {(one.record_id, one.item_id, one.kind) for one in changes} == {(PERSON, made["id"], "task")}


async def test_each_kind_is_told_as_a_native_account_would_tell_it(store: Store) -> None:
    """The connector's own readers of such events read it too."""
    async with api(store) as it:
        await it.add(kind="note", body="Prefers mornings")
        await it.add(
            kind="appointment", title="Visit", starts_at="2026-09-04T09:00", ends_at="2026-09-04T15:00Z",
            timezone="America/Chicago", status="confirmed", location="1 Main St", notes="dog",
        )  # fmt: skip
        await it.add(kind="task", title="Call back")
        note, visit, task = [event["body"] for event in await it.events()]
    config = build({"mode": "native"})
    told_visit = read_event(APPOINTMENT_CHANGED, visit, config).data
    assert (told_visit.start_time, told_visit.status) == (datetime(2026, 9, 4, 14, tzinfo=UTC), "confirmed")
    assert read_event(NOTE_CHANGED, note, config).data.body == "Prefers mornings"
    assert read_event(TASK_CHANGED, task, config).data.title == "Call back"
    read = parse_own_event(visit).item
    assert read == Appointment(
        id=told_visit.id, title="Visit", starts_at=datetime(2026, 9, 4, 14, tzinfo=UTC),
        ends_at=datetime(2026, 9, 4, 15, tzinfo=UTC), timezone="America/Chicago", status="confirmed",
        location="1 Main St", notes="dog", updated_at=told_visit.updated_at,
    )  # fmt: skip
    assert isinstance(parse_own_event(note).item, Note)
    for broken in (b"{", b"{}", note.replace(b"note.changed", b"call.updated")):
        with pytest.raises(UnreadableError):
            parse_own_event(broken)


async def test_what_no_sync_wants_is_kept_and_said(store: Store) -> None:
    """A sync that comes later can have it replayed."""
    async with api(store, synced=False, projects=["p1"]) as it:
        status, made = await it.ask(
            "POST", "", {"connection": "calls", "person": "Jane@Example.com", "kind": "note", "body": "x"}
        )
        assert (status, made["person"]) == (201, "drv:p1:jane@example.com")
        (event,) = await it.events()
        assert (event["state"], event["assignment"]) == ("unrouted", None)


async def test_a_reference_makes_one_item_and_one_event(store: Store) -> None:
    """Whoever repeats a request gets the first item back, as it is."""
    async with api(store) as it:
        first = await it.add(kind="note", body="one", reference="job 7")
        status, again = await it.ask(
            "POST",
            "",
            {"connection": "calls", "person": PERSON, "kind": "note", "body": "two", "reference": "job 7"},
        )
        assert (status, again) == (200, first)
        assert len(await it.events()) == 1


async def test_items_are_listed_by_person_and_by_change(store: Store) -> None:
    """A page of changes goes on where the last one ended."""
    async with api(store) as it:
        task = await it.add(kind="task", title="one")
        note = await it.add(kind="note", body="two")
        await it.add(kind="note", body="three", person="+12015550124")
        await it.ask("DELETE", f"/{task['id']}")
        mine = {"connection": "calls", "person": "201-555-0123"}
        assert [one["id"] for one in (await it.ask("GET", "", params=mine))[1]] == [note["id"]]
        gone = (await it.ask("GET", "", params={**mine, "deleted": "true", "kind": "task"}))[1]
        assert [(one["id"], one["deleted_at"] is not None) for one in gone] == [(task["id"], True)]
        seen: list[str] = []
        params = {"connection": "calls", "since": "2026-01-01T00:00:00Z", "limit": "1"}
        async with store.transaction() as db:
            await db.execute("UPDATE own_item SET updated_at = '2026-02-01Z'")
        while page := (await it.ask("GET", "", params=params))[1]:
            seen.append(page[0]["id"])
            params |= {"since": page[0]["updated_at"], "after": page[0]["id"]}
        assert len(seen) == len(set(seen)) == 3


async def test_a_version_that_is_past_is_refused(store: Store) -> None:
    """And nothing changes."""
    async with api(store) as it:
        made = await it.add(kind="task", title="one")
        path = f"/{made['id']}"
        assert (await it.ask("PUT", path, {"title": "two", "version": 1}))[0] == 200
        status, said = await it.ask("PUT", path, {"title": "three", "version": 1})
        assert (status, "version 2" in said["detail"]) == (409, True)
        assert (await it.ask("DELETE", path, params={"version": "1"}))[0] == 409
        assert (await it.ask("GET", path))[1]["title"] == "two"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"connection": "nobody"}, "tieline connect list"),
    ({"connection": "crm"}, "call-tracking connection"),
    ({"person": "555"}, "country code"),
    ({"person": "jane@"}, "no e-mail"),
    ({"kind": "task"}, "needs title"),
    ({"kind": "task", "title": " "}, "needs title"),
    ({"title": "x"}, "a note has no title"),
    ({"kind": "task", "title": "x", "due_at": "tomorrow"}, "is no time"),
    ({"kind": "task", "title": "x", "due_at": "2026-09-03"}, "is no time"),
    ({"kind": "task", "title": "x", "due_at": "2026-09-03T15:00"}, "names no zone"),
    ({"kind": "task", "title": "x", "due_at": "2026-09-03T15:00", "timezone": "Mars"}, "no time zone"),
    ({"kind": "task", "title": "x", "assignee": "Ana"}, "no e-mail"),
    ({"kind": "appointment", "title": "x"}, "needs starts_at"),
    (
        {"kind": "appointment", "starts_at": "2026-09-03T15:00Z", "ends_at": "2026-09-03T15:00Z"},
        "after starts_at",
    ),
    ({"kind": "appointment", "starts_at": "2026-09-03T15:00Z", "status": "maybe"}, "confirmed"),
]


@pytest.mark.parametrize(("wrong", "words"), BAD, ids=[words for _, words in BAD])
async def test_bad_input_is_refused_with_the_next_step(
    store: Store, wrong: dict[str, Any], words: str
) -> None:
    """Nothing is kept, nobody is told."""
    async with api(store) as it:
        good = {"connection": "calls", "person": PERSON, "kind": "note"}
        note = {} if "kind" in wrong else {"body": "x"}
        status, said = await it.ask("POST", "", {**good, **note, **wrong})
        assert status == 400
        assert words in said["detail"]
        assert await it.events() == []
        assert (await it.ask("GET", "", params={"connection": "calls", "person": PERSON}))[1] == []


async def test_what_a_program_gets_wrong_is_refused_too(store: Store) -> None:
    """An unknown key, a body that a foreign page could post, a list of nobody's items, an item that is not there."""
    async with api(store) as it:
        body = {"connection": "calls", "person": PERSON, "kind": "note", "body": "x"}
        assert (await it.ask("POST", "", {**body, "colour": "red"}))[0] == 400
        raw = msgspec.json.encode(body)
        assert (await it.ask("POST", "", data=raw, headers={"Content-Type": "text/plain"}))[0] == 415
        assert (await it.ask("GET", "", params={"connection": "calls"}))[0] == 400
        since = {"connection": "calls", "since": "2026-01-01T00:00:00"}
        assert (await it.ask("GET", "", params=since))[0] == 400
        assert (await it.ask("PUT", "/otk_none", {"title": "x"}))[0] == 404
        assert await it.events() == []
        made = await it.add(kind="note", body="x")
        for change in ({"body": None}, {"completed": True}):
            assert (await it.ask("PUT", f"/{made['id']}", change))[0] == 400


async def test_the_project_must_be_clear_and_the_account_without_items_of_its_own(store: Store) -> None:
    """Whoever has several projects says which; a `native` account keeps its own."""
    async with api(store, projects=["p1", "p2"]) as it:
        body = {"connection": "calls", "person": "+12015550123", "kind": "note", "body": "x"}
        status, said = await it.ask("POST", "", body)
        assert (status, "p1, p2" in said["detail"]) == (400, True)
        assert (await it.ask("POST", "", {**body, "project": "p3"}))[0] == 400
        status, made = await it.ask("POST", "", {**body, "project": "p2"})
        assert (status, made["person"]) == (201, "drv:p2:+12015550123")
        async with store.transaction() as db:
            await db.execute(
                """UPDATE connection SET version = version + 1, settings = '{"mode": "native"}'
                   WHERE name = 'calls'"""
            )
            await db.execute("SELECT pg_notify('tieline_directory', '')")

        async def refused() -> bool:
            status, said = await it.ask("GET", "", params={"connection": "calls", "person": made["person"]})
            return status == 400 and "itself" in said["detail"]

        # The hub reads its directory again.
        await until(refused)
        assert (await it.ask("POST", "", {**body, "project": "p2"}))[0] == 400


async def test_the_items_are_described_for_programs(store: Store) -> None:
    """With the fields of each kind, and what each answer means."""
    async with api(store) as it, it.http.get(f"{it.url}/api/openapi.json") as answer:
        described = msgspec.json.decode(await answer.read())
    assert {"get", "post"} <= described["paths"]["/api/items"].keys()
    assert {"get", "put", "delete"} <= described["paths"]["/api/items/{item_id}"].keys()
    assert "due_at" in described["components"]["schemas"]["ShownItem"]["properties"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("2026-03-08T02:30", "does not come there"), ("2026-11-01T01:30", "comes twice there")],
)
def test_a_time_that_the_clock_leaves_out_or_shows_twice_is_asked_for(text: str, words: str) -> None:
    """Until the offset is given as well."""
    with pytest.raises(ConfigurationError, match=words):
        read_item("task", ItemFields(title="x", due_at=text, timezone="America/Chicago"))
    item = read_item("task", ItemFields(title="x", due_at=f"{text}-05:00", timezone="America/Chicago"))
    assert isinstance(item, Task)
    assert item.due_at == datetime.fromisoformat(f"{text}-05:00")


def test_an_appointment_is_moved_in_its_own_zone() -> None:
    """Whoever changes the time need not say the zone again."""
    before = Appointment(id="a", starts_at=datetime(2026, 9, 4, 14, tzinfo=UTC), timezone="America/Chicago")
    after = read_item("appointment", ItemFields(starts_at="2026-09-05T10:00"), before)
    assert after == msgspec.structs.replace(before, starts_at=datetime(2026, 9, 5, 15, tzinfo=UTC))
