"""`/api/catalogue`, and what a worker does for it: the list, an entry, an account's choices, one call tried."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from tests.server.access.desk import desk
from tests.world import World, world
from tieline.catalogue.entry import Entry
from tieline.catalogue.options import OPTIONS
from tieline.engine.errands import Errand
from tieline.errors import ConfigurationError, MappingError
from tieline.sandbox.app import Options, Sandbox
from tieline.sandbox.faults import Rule
from tieline.server.access.audit import Wanted, list_entries
from tieline.server.catalogue import asking, catalogue
from tieline.server.catalogue.errands import CatalogueErrands
from tieline.server.catalogue.trying import in_production, try_entry
from tieline.server.hub import Hub
from tieline.store.directory import Credential, Directory
from tieline.store.errands import NewErrand, leave
from tieline.store.key_table import open_credential
from tieline.store.pool import Store
from tieline.testing.builders import add_connection
from tieline.vault.seal import Vault


def entry(name: str) -> Entry:
    """One that there is."""
    found = catalogue().get(name)
    assert found is not None
    return found


async def ask(it: World, path: str, status: int = 200, **query: str) -> Any:
    """What the API answers."""
    async with it.http.get(f"{it.url}/api/catalogue{path}", params=query) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def test_the_list_goes_on_and_an_entry_is_shown(store: Store) -> None:
    """To everybody whom the hub knows."""
    async with desk(store) as at:
        seen: list[str] = []
        bearer, after = await at.bearer("items:read"), ""
        while True:
            path = f"/api/catalogue?mission=true&limit=50{after}"
            answer = await at.ask("GET", path, **bearer)
            assert answer.status == 200
            seen += [one["id"] for one in answer.body["entries"]]
            assert all(one["mission"] and one["proved"] for one in answer.body["entries"])
            if answer.body["after"] is None:
                break
            after = f"&after={answer.body['after']}"
        assert len(seen) == len(set(seen)) == 126
        shown = await at.ask("GET", "/api/catalogue/tasks.create", **bearer)
        fields = {one["name"]: one for one in shown.body["fields"]}
        assert (fields["dueDate"]["type"], fields["dueDate"]["required"]) == ("date_time", True)
        assert (await at.ask("GET", "/api/catalogue/tasks.paint", **bearer)).status == 404
        assert (await at.ask("GET", "/api/catalogue")).status == 401
        options = "/api/catalogue/tasks.create/options?field=assignedTo&connection=crm"
        refused = await at.ask("GET", options, **bearer)
        assert (refused.status, refused.body["needs"]) == (403, "connections:read")


async def test_choices_are_read_from_the_account_in_its_lane(store: Store) -> None:
    """Every list that a field of the CRM or of call tracking names; asked again at once, nothing is sent."""
    async with world(store, source_settings={"mode": "native"}) as it:
        state = it.state()["locations"]
        (location,) = state.values()
        users = await ask(it, "/tasks.create/options", field="assignedTo", connection="crm0")
        assert {one["value"] for one in users} == {one["id"] for one in location["users"]}
        audit = it.sandbox.contacts.audit
        before = len(audit.calls)
        assert await ask(it, "/contacts.create/options", field="assignedTo", connection="crm0") == users
        assert len(audit.calls) == before
        stages = ("/opportunities.create/options", "pipelineStageId")
        all_stages = await ask(it, stages[0], field=stages[1], connection="crm0")
        (pipeline, *_) = await ask(it, stages[0], field="pipelineId", connection="crm0")
        some = await ask(it, stages[0], field=stages[1], connection="crm0", within=pipeline["value"])
        assert some
        assert {one["value"] for one in some} <= {one["value"] for one in all_stages}
        assert await ask(it, stages[0], field=stages[1], connection="crm0", within="none") == []
        await try_entry(it.hub, entry("tags.create"), {"name": "vip"}, connection="crm0")
        for key, source in OPTIONS.items():
            name, field = _who_asks(key)
            connection = "crm0" if source.app == "contacts_api" else "calls"
            found = await ask(it, f"/{name}/options", field=field, connection=connection)
            assert all(one["value"] and one["label"] for one in found)
            assert found or key in ("businesses", "custom_fields", "nimbata_tags", "nimbata_campaigns"), key
        rows = await it.rows("SELECT kind FROM errand WHERE kind LIKE 'catalogue.%'")
        assert rows == []


def _who_asks(key: str) -> tuple[str, str]:
    """An entry and a field, by its place, that has these choices."""
    for one in catalogue().list():
        for field in (*one.fields, *one.output_fields):
            if field.options == key:
                return one.id, field.name
            for inner in field.fields:
                if inner.options == key:
                    return one.id, f"{field.name}.{inner.name}"
    raise AssertionError(f"no field has the choices {key}")


async def test_choices_that_there_are_not_are_refused_in_words(store: Store) -> None:
    """An entry, a field, a connection; and what the account itself refuses."""
    less = {"capabilities": {"project.list": False, "tag.list": False}, "projects": ["p7"]}
    async with world(store, source_settings=less) as it:
        where = {"field": "assignedTo", "connection": "crm0"}
        await ask(it, "/tasks.paint/options", 404, **where)
        await ask(it, "/tasks.create/options", 404, **{**where, "field": "colour"})
        await ask(it, "/tasks.create/options", 409, **{**where, "field": "title"})
        await ask(it, "/tasks.create/options", 404, **{**where, "connection": "nobody"})
        told = await ask(it, "/tasks.create/options", 409, **{**where, "connection": "calls"})
        assert "contacts_api" in told["detail"]
        # Of an account that lists no projects over its API, those that it was connected with are known.
        known = await ask(it, "/nimbata.call.list/options", field="project", connection="calls")
        assert known == [{"value": "p7", "label": "p7"}]
        told = await ask(it, "/nimbata.contact.create/options", 409, field="tags", connection="calls")
        assert "not available" in told["detail"]


async def test_an_operation_is_tried_in_the_lane_and_shown_redacted(store: Store) -> None:
    """What it gave, what went over the wire, and who asked for it."""
    async with world(store) as it:
        given = {"firstName": "Ada", "phone": "+12015550123"}
        done = await try_entry(it.hub, entry("contacts.create"), given, connection="crm0")
        assert (done.outcome, done.status) == ("done", 201)
        assert done.value["contact"]["phone"] == "+12015550123"
        assert done.exchange is not None
        assert (done.exchange.method, done.exchange.path) == ("POST", "/contacts/")
        assert '"firstName":"Ada"' in done.exchange.request.replace(" ", "")
        token = it.sandbox.describe()["contacts"]["locations"][0]["token"]
        assert token not in msgspec.json.encode(done).decode()
        again = await try_entry(it.hub, entry("contacts.create"), given, connection="crm0")
        assert (again.outcome, again.status, again.value) == ("refused", 400, None)
        assert again.exchange is not None
        assert "duplicate" in (again.reason or "").lower()
        noted = (await list_entries(store, Wanted(action="catalogue.try"))).entries
        assert [(one.subject, one.after["connection"]) for one in noted] == [("contacts.create", "crm0")] * 2
        # Neither a person's values nor the answer stay behind.
        assert await it.rows("SELECT 1 FROM errand WHERE kind LIKE 'catalogue.%'") == []


async def test_what_cannot_be_tried_is_said_before_anything_is_left(store: Store) -> None:
    """Field by field, and by whom it can be done."""
    async with world(store) as it:
        create = entry("contacts.create")
        for one, given, connection, why in (
            (create, {"frstName": "Ada"}, "crm0", "firstName"),
            (create, {"firstName": 5}, "crm0", "firstName"),
            (create, {}, None, "needs a connection"),
            (create, {}, "calls", "is nimbata"),
            (entry("logic.filter"), {"where": {}}, "crm0", "no action"),
        ):
            with pytest.raises(ConfigurationError, match=why):
                await try_entry(it.hub, one, given, connection=connection)
        with pytest.raises(MappingError, match="shout"):
            await try_entry(it.hub, entry("format.text"), {"text": "a", "change": "shout"})
        assert it.sandbox.contacts.audit.operations == {}
        done = await try_entry(it.hub, entry("format.text"), {"text": " a ", "change": "trim"})
        assert done.value["text"] == "a"


async def test_a_write_to_what_is_no_sandbox_must_be_meant(store: Store) -> None:
    """Reading may be tried anywhere."""
    async with idle(store) as it:
        stored = it.hub.directory.connection("crm0")
        assert stored is not None
        assert not in_production(stored)
        far = msgspec.structs.replace(stored, base_url="https://services.leadconnectorhq.com")
        assert in_production(far)
        assert not in_production(msgspec.structs.replace(far, settings={"environment": "sandbox"}))
        async with store.transaction() as db:
            await db.execute("UPDATE connection SET base_url = 'https://crm.example', version = version + 1")
        await it.hub.directory.load()
        with pytest.raises(ConfigurationError, match="--yes"):
            await try_entry(it.hub, entry("contacts.create"), {}, connection="crm0", within_s=0.1)
        with pytest.raises(asking.NobodyAnswered, match="tieline up"):
            await try_entry(
                it.hub, entry("contacts.create"), {}, connection="crm0", confirmed=True, within_s=0.1
            )
        with pytest.raises(asking.NobodyAnswered):
            await try_entry(it.hub, entry("tags.list"), {}, connection="crm0", within_s=0.1)


async def test_what_nobody_waits_for_any_more_is_not_sent(store: Store) -> None:
    """What is given up goes; what a killed process left is too late when a hub comes up."""
    async with idle(store) as it, it.hub.gateway() as (gateway, _):
        with pytest.raises(asking.NobodyAnswered):
            await try_entry(it.hub, entry("contacts.create"), {}, connection="crm0", within_s=0.1)
        async with store.transaction() as db:
            assert await (await db.execute("SELECT 1 FROM errand")).fetchall() == []
        runner = CatalogueErrands(store, it.hub.vault, it.hub.directory, gateway)
        late = {"operation": "contacts.create", "input": {}, "until": time.time() - 1}
        with pytest.raises(ConfigurationError, match="nobody waits"):
            await runner(await it.leave(late))
        assert it.sandbox.contacts.audit.operations == {}


async def test_a_worker_that_was_killed_while_it_called_does_not_call_twice(store: Store) -> None:
    """Whoever takes its errand over cannot know; what may be sent twice is sent again."""
    async with idle(store) as it, it.hub.gateway() as (gateway, _):
        runner = CatalogueErrands(store, it.hub.vault, it.hub.directory, gateway)
        audit = it.sandbox.contacts.audit
        # Its first try ends before it is recorded.
        await runner(await it.leave({"operation": "contacts.create", "input": {"firstName": "Ada"}}))
        assert audit.effects["contacts.create"] == 1
        with pytest.raises(ConfigurationError, match="not known"):
            await runner(await it.left())
        assert audit.effects["contacts.create"] == 1
        harmless = await it.leave({"operation": "tags.list", "input": {}})
        for _ in range(2):
            await runner(harmless)
        assert audit.operations["tags.list"] == 2


async def test_an_outcome_that_is_not_known_is_said_so(store: Store) -> None:
    """The far side did it, and cut the line."""
    async with world(store) as it:
        it.sandbox.contacts.faults.add([Rule(kind="cut_after", operation="contacts.create", count=1)])
        done = await try_entry(it.hub, entry("contacts.create"), {"firstName": "Ada"}, connection="crm0")
        assert (done.outcome, done.value) == ("unknown", None)


@dataclass
class Idle:
    """A hub that nobody runs: whatever is left in a lane stays there."""

    hub: Hub
    sandbox: Sandbox

    async def leave(self, given: dict[str, Any]) -> Errand:
        """An errand as `ask` leaves it, not waited for."""
        stored = self.hub.directory.connection("crm0")
        assert stored is not None
        wanted = {"connection": stored.id, "until": time.time() + 60, **given}
        async with self.hub.store.transaction() as db:
            await leave(
                db, self.hub.vault, [NewErrand(lane_id=stored.lane_id, kind=asking.TRY, input=wanted)]
            )
        return await self.left()

    async def left(self) -> Errand:
        """The youngest errand, as a worker loads it."""
        async with self.hub.store.transaction() as db:
            row = await (
                await db.execute(
                    "SELECT id, lane_id, kind, input, tries FROM errand ORDER BY id DESC LIMIT 1"
                )
            ).fetchone()
            assert row is not None
            opened = await open_credential(db, self.hub.vault, bytes(row[3]), context=f"errand {row[2]}")
        return Errand(id=row[0], lane_id=row[1], kind=row[2], input=msgspec.json.decode(opened), tries=row[4])


@asynccontextmanager
async def idle(store: Store) -> AsyncIterator[Idle]:
    """With one location."""
    vault = Vault(bytes(32))
    async with Sandbox.start(Options(locations=1, limits="off")) as running:
        contacts = running.describe()["contacts"]
        (location,) = contacts["locations"]
        await add_connection(
            store, vault, name="crm0", connector="contacts_api", base_url=contacts["base_url"],
            account=location["id"], credential=Credential(token=location["token"]), settings={"limits": "off"},
        )  # fmt: skip
        directory = Directory(store, vault)
        await directory.load()
        yield Idle(Hub(store=store, vault=vault, directory=directory), running)
