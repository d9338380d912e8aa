"""A hub that has lived a little, and schemathesis let loose on it from a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.server.access.desk import PASSWORD
from tests.server.two_way import both_ways
from tests.world import World
from tieline.domain.contact import Contact
from tieline.effects.failures import FailureRow, write_failures
from tieline.server.access.principal import utc_now
from tieline.server.access.scopes import ROLES
from tieline.server.access.users import Users
from tieline.server.alerts.channels import NewChannel, WebhookTarget, add_channel
from tieline.server.outward.entries import allow_outward
from tieline.store.directory import Credential
from tieline.store.pool import Store
from tieline.testing.builders import add_connection, add_sync, add_token
from tieline.testing.conflict_rows import add_conflict, two_records

ROOT = Path(__file__).parents[2]
PHONE = "+12015550123"
#: Where nobody is told anything.
CHANNEL = WebhookTarget(url="https://hooks.example.com/x", secret="a-secret-of-the-tests")
HOOKS = "tests.server.fuzz_hooks"
#: Not among them: what stands in `Allow` of an answer to OPTIONS, which is the framework's; nobody is let in by it.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth"
)


@dataclass
class Ran:
    """How one run ended."""

    code: int
    text: str
    #: Operation → statuses that were answered.
    statuses: dict[str, set[int]]


async def fuzz(
    url: str,
    folder: Path,
    *,
    bearer: str | None = None,
    checks: str = CHECKS,
    examples: int = 10,
    phases: str = "coverage,fuzzing,stateful",
    mode: str = "all",
    known: Mapping[str, Mapping[str, Sequence[Any]]] | None = None,
    only: Sequence[str] = (),
) -> Ran:
    """Let it ask whatever the description allows and does not allow, the same each time; or what is known to be there
    (see fuzz_hooks)."""
    report = folder / "report.ndjson"
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONPATH": os.fspath(ROOT)}
    if known is not None:
        (folder / "known.json").write_text(json.dumps(known), "utf-8")
        environment |= {"TIELINE_FUZZ": os.fspath(folder / "known.json"), "SCHEMATHESIS_HOOKS": HOOKS}
    headers = ("--header", f"Authorization: Bearer {bearer}") if bearer else ()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/openapi.json", *headers, "--checks", checks,
        "--phases", phases, "--mode", mode, "--max-examples", str(examples), "--generation-deterministic",
        "--continue-on-failure", "--no-color", "--warnings", "off",
        "--suppress-health-check", "all", "--request-timeout", "40", "--report-ndjson-path", report, *only,
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )  # fmt: skip
    try:
        told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return Ran(process.returncode, told.decode("utf-8", "replace"), _statuses(report))


@asynccontextmanager
async def lived(store: Store) -> AsyncIterator[World]:
    """People on both sides, an item of our own, a question, failures and their causes, a preview, users."""
    async with both_ways(store) as both:
        it = both.world
        vault, hub = it.hub.vault, it.hub
        await add_connection(
            store, vault, name="own", connector="nimbata", base_url="http://localhost:1", account="own",
            credential=Credential(token="t"), settings={"mode": "derived", "limits": "off"},
        )  # fmt: skip
        await add_sync(store, name="kept", source="own", project="p1", target="crm0")
        await hub.directory.load()
        users = Users(store, utc_now)
        for role in ROLES:
            await users.add(role, role, PASSWORD)
        for number in range(9):
            await add_channel(store, vault, NewChannel(name=f"spare{number}", target=CHANNEL))
            await allow_outward(store, f"spare{number}.internal", "a test")
            await users.add(f"spare{number}", "viewer", PASSWORD)
            await add_token(store, vault, f"spare{number}", "items:read")
        for name in ("Ada Lovelace", "Alan Turing", "Grace Hopper"):
            both.emit(kind="contact.create", caller_name=name, tags=["VIP"])
        both.emit(kind="call")
        await both.settled()
        note = {"connection": "own", "person": PHONE, "kind": "note", "body": "Called twice."}
        for path, body in (
            ("items", note),
            ("items", note),
            ("items", note),
            ("syncs/sync0/preview", {"do": "start"}),
        ):
            async with it.http.post(f"{it.url}/api/{path}", json=body) as answer:
                assert answer.status in (200, 201), await answer.text()
        await _trouble(it)
        yield it


async def _trouble(it: World) -> None:
    """A question about somebody, and two causes of failures."""
    store = it.hub.store
    async with store.transaction() as db:
        rows = await (
            await db.execute("SELECT event_id, consumer_id, person_id FROM assignment WHERE person_id > 0")
        ).fetchall()
        known = {row[0]: row for row in rows}
        for number, (event, consumer, person) in enumerate(sorted(known.values())[:4]):
            failure = FailureRow(
                kind="event", event_id=event, reason=f"email: {'no address' if number % 2 else 'too long'}",
                consumer_id=consumer, person_id=person,
            )  # fmt: skip
            await write_failures(db, [failure])
            await db.execute(
                "UPDATE assignment SET state = 'dead', reason = 'for the test'"
                " WHERE event_id = %s AND consumer_id = %s",
                (event, consumer),
            )
        await db.execute(
            "INSERT INTO replay (state, wanted, reason, begun_by, last, found)"
            " SELECT 'paused', '{}', 'for the test', 'ann', 0, 0 FROM generate_series(1, 3)"
        )
    ada, other = Contact(id="n1", first_name="Ada", phone="+12015550123"), Contact(id="c1", first_name="Ada")
    question = two_records(ada, other, Contact(id="c2", first_name="A."))
    _, consumer, person = rows[0]
    await add_conflict(store, it.hub.vault, question, sync=consumer, person=person)


def _statuses(report: Path) -> dict[str, set[int]]:
    """What each operation answered with, asked by the method that it has."""
    found: dict[str, set[int]] = {}
    for line in report.read_text("utf-8").splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for number, one in recorder.get("interactions", {}).items():
            case = recorder["cases"][number]["value"]
            if one["response"]:
                found.setdefault(f"{case['method']} {case['path']}", set()).add(
                    one["response"]["status_code"]
                )
    return found


async def known_of(it: World) -> dict[str, dict[str, list[Any]]]:
    """What there is in it, by operation and place: see fuzz_hooks."""
    async with it.http.get(f"{it.url}/api/items", params={"connection": "own", "person": PHONE}) as answer:
        items = [{"item_id": one["id"]} for one in await answer.json()]
    people = [
        {"person_id": row[0]}
        for row in await it.rows("SELECT DISTINCT person_id FROM link WHERE person_id > 0")
    ]
    causes = [{"cause": row[0]} for row in await it.rows("SELECT id FROM cause ORDER BY id")]
    failures = [row[0] for row in await it.rows("SELECT id FROM failure ORDER BY id")]
    conflicts = [{"conflict_id": row[0]} for row in await it.rows("SELECT id FROM conflict")]
    runs = [{"name": "sync0", "kind": kind} for kind in ("preview", "backfill", "reconcile", "drift")]
    item = {"connection": "own", "person": PHONE, "kind": "task", "title": "Ring back"}
    edit = {"edits": [], "reason": "mended there"}
    replay = [{"replay": number} for number in range(1, 4)]
    moment = {"moment": "2026-11-02T12:00:00Z"}
    choices = [{"field": "assignedTo", "connection": "crm0"}]
    return {
        "catalogue.list": {"query": [{}, {"mission": True, "limit": 5}]},
        "catalogue.show": {"path": [{"entry": "tasks.create"}, {"entry": "format.text"}]},
        "catalogue.options": {"path": [{"entry": "tasks.create"}], "query": choices},
        "conflicts.show": {"path": conflicts},
        "conflicts.settle": {"path": conflicts, "body": [{"choice": {"type": "keep"}, "by": "ann", "change": True}]},
        "items.list": {"query": [
            {"connection": "own", "person": PHONE}, {"connection": "own", "since": "2026-01-01T00:00:00Z"},
        ]},
        "items.add": {"body": [item, {**item, "kind": "note", "title": None}, {**item, "reference": "r1"}]},
        "items.show": {"path": items},
        "items.change": {"path": items, "body": [{"body": "Called."}, {"body": "Again.", "version": 1}]},
        "items.remove": {"path": items[1:]},
        "syncs.preview.writes": {"path": [{"name": "sync0", "kind": "preview"}]},
        "syncs.runs.show": {"path": runs},
        "syncs.runs.do": {"path": runs, "body": [{"do": "start"}, {"do": "pause"}, {"do": "cancel"}]},
        "people.find": {"query": [{"q": "person:1"}, {"q": PHONE}, {"q": "ada@example.com", "sync": "sync0"}]},
        "people.timeline": {"path": people, "query": [{}, {"limit": 2}]},
        "people.why": {"path": people, "query": [{"field": "first_name"}, {"field": "phone", "sync": "sync0"}]},
        "people.at": {"path": people, "query": [moment, {**moment, "sync": "sync0"}]},
        "people.undo": {
            "path": people, "query": [{}], "body": [{"to": moment["moment"]}, {"to": "2100-01-01T00:00:00Z"}],
        },
        "people.erase": {"query": [{}], "body": [{"person": f"person:{one['person_id']}"} for one in people]},
        "errors.show": {"path": causes},
        "errors.item": {"path": [{"failure": number} for number in failures]},
        "errors.retry": {"body": [{"failures": [number]} for number in failures]},
        "errors.ignore": {"path": causes, "body": [{"reason": "seen"}]},
        "errors.heed": {"path": causes},
        "errors.replay.preview": {"body": [edit, {**edit, "wanted": causes[0]}]},
        "errors.replay.begin": {"body": [edit, {**edit, "wanted": causes[0]}]},
        "errors.replay.show": {"path": replay},
        "errors.replay.control": {"path": replay, "body": [{"state": "paused"}, {"state": "running"}]},
        "session.open": {"body": [{"name": "viewer", "password": PASSWORD}]},
        "users.add": {"body": [{"name": f"new{n}", "role": "viewer", "password": PASSWORD} for n in range(9)]},
        "users.change": {"path": [{"name": "operator"}], "body": [{"role": "viewer"}, {"password": PASSWORD}]},
        "users.remove": {"path": [{"name": f"spare{n}"} for n in range(9)]},
        "tokens.add": {"body": [{"name": f"new{n}", "scopes": ["items:read"]} for n in range(9)]},
        "tokens.revoke": {"path": [{"name": f"spare{n}"} for n in range(9)]},
        "alerts.channels.add": {
            "body": [{"name": f"new{n}", "target": {"kind": "webhook", "url": "https://x.example/"}} for n in range(9)]
        },
        "alerts.channels.remove": {"path": [{"name": f"spare{n}"} for n in range(8)]},
        "alerts.channels.test": {"path": [{"name": "spare8"}]},
        "outward.allow": {"body": [{"entry": f"new{n}.internal", "reason": "a test"} for n in range(9)]},
        "outward.deny": {"query": [{"entry": f"spare{n}.internal"} for n in range(9)]},
        "audit.list": {"query": [{}, {"actor": "fuzz"}]},
        "audit.keep": {"body": [{"days": 100}]},
    }  # fmt: skip
