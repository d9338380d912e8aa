"""Every verb that changes something leaves an entry in the audit log, in the name of whoever ran it."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer

from tests.cli.conftest import Line
from tieline.cli.main import app
from tieline.sync.files.definition import default_text

#: They look, and change nothing here.
LOOK = frozenset(
    {
        "alerts list", "alerts sent", "app list", "audit list", "catalogue list", "catalogue show", "conflicts list",
        "conflicts show",
        "connect list", "connect show", "db status", "db url", "doctor", "effects list", "effects show", "errors item",
        "errors list", "errors show", "events list", "events show", "items list", "items show",
        "keys list", "outward list",
        "people at", "people show", "people why", "sync default", "sync diff", "sync list", "sync plan",
        "sync schema", "sync show", "sync test", "sync validate", "tokens list", "users list",
    }
)  # fmt: skip
#: Processes; what they do is the hub's. `db migrate` changes no record, and `catalogue docs` pages of the docs.
PROCESSES = frozenset({"catalogue docs", "chaos", "db migrate", "demo", "sandbox", "server", "up", "worker"})
#: Their changes need a person with a history, or a question: verb → action, and the test that looks for it.
ELSEWHERE = {
    "backup": ("backup", "tests/cli/test_backup.py"),
    "restore": ("restore", "tests/cli/test_backup.py"),
    "db move": ("db.move", "tests/cli/test_backup.py"),
    "catalogue try": ("catalogue.try", "tests/cli/test_catalogue.py"),
    "conflicts settle": ("conflicts.settle", "tests/cli/test_conflicts.py"),
    "people undo": ("people.undo", "tests/cli/test_people.py"),
    "erase": ("people.erase", "tests/cli/test_people.py"),
    "errors retry": ("errors.retry", "tests/server/trouble/test_errors.py"),
    "errors ignore": ("errors.ignore", "tests/server/trouble/test_errors.py"),
    "errors replay": ("errors.replay", "tests/server/trouble/test_errors.py"),
    "errors replays": ("errors.replay", "tests/server/trouble/test_errors.py"),
}
ROOT = Path(__file__).parents[2]


def verbs(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """All that can be typed; a group holds others."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path)
        return
    for name, one in inner.items():
        yield from verbs(one, (*path, name))


def changing(line: Line, folder: Path) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """Verb → its arguments and standard input, in turn."""
    contacts, nimbata = line.told["contacts"], line.told["nimbata"]
    location, project = contacts["locations"][0], nimbata["projects"][0]
    key, rules = folder / "key.pem", folder / "rules.yaml"
    key.write_text(contacts["webhook_public_key"])
    rules.write_text(default_text() + "\n# By hand.\n")
    whom = ("--connection", "calls", "--person", "+12015550177")
    return {
        "connect contacts-api": [(
            ("--name", "crm", "--base-url", contacts["base_url"], "--location", location["id"], "--token-stdin",
             "--poll-every-s", "0"), location["token"],
        )],
        "connect nimbata": [(
            ("--name", "calls", "--base-url", nimbata["base_url"], "--account", nimbata["account"], "--project",
             project, "--token-stdin", "--poll-every-s", "0"), nimbata["token"],
        )],
        "connect token": [(("crm", "--token-stdin"), location["token"])],
        "connect secret": [
            (("calls", "--secret", "another-secret"), ""), (("crm", "--kind", "key", "--key-file", str(key)), ""),
        ],
        "connect refresh": [(("crm",), "")],
        "app add": [(
            ("--name", "agency", "--client-id", "c", "--client-secret-stdin", "--base-url", contacts["base_url"]), "s",
        )],
        "app authorize": [(("agency", "--wait-s", "0"), "")],
        "sync add": [(("--name", "one", "--from", "calls", "--to", "crm"), "")],
        "sync apply": [(("one", str(rules)), "")],
        "sync fields": [(("one", "--create"), "")],
        "sync backfill": [(("one",), ""), (("one", "--pause"), ""), (("one", "--cancel"), "")],
        "sync reconcile": [(("one",), ""), (("one", "--cancel"), "")],
        "sync preview": [(("one",), "")],
        "sync drift": [(("one",), "")],
        "events replay": [(("EVENT",), "")],
        "items add": [((*whom, "--kind", "task", "--title", "Ring Zelda"), "")],
        "items change": [(("ITEM", "--title", "Call again"), "")],
        "items complete": [(("ITEM",), "")],
        "items reopen": [(("ITEM",), "")],
        "items remove": [(("ITEM",), "")],
        "users add": [(("ann", "--role", "admin"), "")],
        "users role": [(("ann", "viewer"), "")],
        "users password": [(("ann",), "")],
        "users remove": [(("ann",), "")],
        "tokens add": [(("widget", "--scope", "*:read"), "")],
        "tokens revoke": [(("widget",), "")],
        "audit keep": [(("100",), "")],
        "alerts add": [
            (("ops", "--to", "ops@example.com", "--sender", "tieline@example.com", "--smtp", "127.0.0.1:1",
              "--security", "none"), ""),
        ],
        "alerts test": [(("ops", "--no-wait"), "")],
        "alerts remove": [(("ops",), "")],
        "outward allow": [(("hooks.internal:8443", "--reason", "our own alerts"), "")],
        "outward deny": [(("hooks.internal:8443",), "")],
        "keys rotate": [((), "")],
        "sync remove": [(("one",), "")],
        "connect remove": [(("crm",), ""), (("calls",), "")],
    }  # fmt: skip


def test_every_verb_is_known_here(tmp_path: Path) -> None:
    """A new one that changes something must be tried below."""
    known = LOOK | PROCESSES | ELSEWHERE.keys() | changing(_nobody(tmp_path), tmp_path).keys()
    assert set(verbs(typer.main.get_command(app))) == known
    for action, file in ELSEWHERE.values():
        assert f'"{action}"' in (ROOT / file).read_text("utf-8")


@pytest.mark.timeout(400)
async def test_every_verb_that_changes_something_is_written_down(line: Line, tmp_path: Path) -> None:
    """By the operating system's user; no secret that was given stands in the log."""
    me = pwd.getpwuid(os.getuid()).pw_name
    known: dict[str, str] = {}
    async with line.up():
        for verb, given in changing(line, tmp_path).items():
            for arguments, stdin in given:
                if verb == "events replay":
                    known["EVENT"] = await _unrouted(line)
                before = await _entries(line)
                told = [known.get(word, word) for word in arguments]
                code, out, err = await line.run(*verb.split(), *told, "--json", stdin=stdin)
                assert code == 0, (verb, err)
                new = (await _entries(line))[len(before) :]
                mine = [one for one in new if one[:2] == ("command_line", me)]
                assert mine, f"{verb} left nothing"
                assert all(one[0] in ("command_line", "hub") for one in new), verb
                if verb == "items add":
                    known["ITEM"] = str(json.loads(out)["id"])
    log = "\n".join(one[2] for one in await _entries(line))
    contacts, nimbata = line.told["contacts"], line.told["nimbata"]
    for secret in (
        contacts["locations"][0]["token"],
        nimbata["token"],
        "another-secret",
        "+12015550177",
        "Ring Zelda",
    ):
        assert secret not in log


def _nobody(folder: Path) -> Line:
    side = {"base_url": "", "locations": [{"id": "", "token": ""}], "webhook_public_key": ""}
    account = {"base_url": "", "account": "", "token": "", "projects": [""]}
    return Line(folder, "", {"contacts": side, "nimbata": account})


async def _entries(line: Line) -> list[tuple[str, str, str]]:
    async with await psycopg.AsyncConnection.connect(line.database_url) as db:
        rows = await db.execute("SELECT actor_kind, actor, audit_entry::text FROM audit_entry ORDER BY id")
        return await rows.fetchall()


async def _unrouted(line: Line) -> str:
    """An event that no sync wanted when it came; its number."""
    async with await psycopg.AsyncConnection.connect(line.database_url) as db:
        row = await (
            await db.execute(
                "INSERT INTO event (id, connection_id, source, kind, project, state, reason, body)"
                " SELECT nextval('event_id'), id, 'webhook', 'call.completed', NULL, 'unrouted', 'x', '{}'"
                " FROM connection WHERE name = 'calls' RETURNING event.id"
            )
        ).fetchone()
    assert row is not None
    return str(row[0])
