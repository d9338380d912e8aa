"""`tieline sync backfill, reconcile, preview, drift`: begun by a verb, done by the hub, told as tables and as JSON."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import aiohttp

from tests.cli.conftest import Line
from tieline.sandbox.app import Options, Sandbox

PEOPLE = 40
DEFINITION = """\
version: 1
contact: {create: true}
person:
  direction: both
  fields:
    - {nimbata: first_name, contacts_api: first_name}
    - {nimbata: phone, contacts_api: phone}
    - {nimbata: email, contacts_api: email}
    - {nimbata: company, contacts_api: company}
"""


async def joined(line: Line, folder: Path) -> None:
    """Both sides, and a sync between them."""
    rules = folder / "rules.yaml"
    rules.write_text(DEFINITION)
    code, _, err = await line.connect_crm("--limits", "off", "--poll-every-s", "0", "--sweep-every-s", "0")
    assert code == 0, err
    await line.connect_calls("--limits", "off", "--poll-every-s", "0", "--mode", "native")
    await line.json(
        "sync", "add", "--name", "both", "--from", "calls", "--to", "crm", "--project",
        line.told["nimbata"]["projects"][0], "--definition", str(rules),
    )  # fmt: skip


async def test_the_verbs_from_preview_to_drift(tmp_path: Path, database_url: str) -> None:
    """What is foreseen is a table, a CSV and a document; the backfill is watched; then nothing drifts."""
    async with Sandbox.start(Options(locations=1, limits="off", virtual=PEOPLE)) as sandbox:
        line = Line(tmp_path / "home", database_url, sandbox.describe())
        await joined(line, tmp_path)
        code, _, err = await line.run("sync", "backfill", "nobody")
        assert code == 5, err
        code, _, err = await line.run("sync", "backfill", "both", "--status")
        assert code == 5, err
        code, _, err = await line.run("sync", "backfill", "both", "--pause", "--cancel")
        assert (code, "say one of" in err) == (3, True)
        async with line.up() as url, aiohttp.ClientSession(headers=await line.bearer()) as http:
            code, out, err = await line.run("sync", "preview", "both", "--csv", str(tmp_path / "writes.csv"))
            assert code == 0, err
            assert "contacts.create" in out
            assert "calls" in out
            with (tmp_path / "writes.csv").open(newline="") as file:
                rows = list(csv.DictReader(file))
            assert sum(row["refused"] == "False" for row in rows) == 3 * PEOPLE // 10
            told = await line.json("sync", "preview", "both")
            assert len(told["writes"]) == len(rows)
            assert told["report"]["writes"] == 3 * PEOPLE // 10
            assert told["report"]["contacts_api"]["writes"] == {"contacts.create": 4, "contacts.update": 4}
            assert json.loads(told["writes"][0]["body"])

            begun = await line.json("sync", "backfill", "both")
            assert (begun["kind"], begun["sync"]) == ("backfill", "both")
            api = f"{url}/api/syncs/both/backfill"
            status = begun
            while status["state"] == "running":
                async with http.get(api) as answer:
                    status = await answer.json()
            assert status["state"] == "done", status
            assert status["writes"]["contacts_api:contacts.create"] == 4
            code, out, err = await line.run("sync", "backfill", "both", "--status")
            assert (code, "done" in out) == (0, True), err
            code, _, err = await line.run("sync", "backfill", "both", "--resume")
            assert (code, "must be paused or failed" in err) == (3, True)

            drift = await line.json("sync", "drift", "both")
            assert (drift["people"], drift["equal"]) == (PEOPLE, PEOPLE)
            code, out, err = await line.run("sync", "drift", "both", "--sample", "5")
            assert (code, "5 of 5 people are equal" in out) == (0, True), err

            async with http.post(api, json={"do": "dance"}) as answer:
                assert answer.status == 400
            async with http.post(api, data='{"do": "start"}') as answer:
                assert answer.status == 415
            async with http.post(api, json={"do": "pause"}) as answer:
                assert answer.status == 409
            async with http.get(f"{url}/api/syncs/both/other") as answer:
                assert answer.status == 404
            async with http.get(f"{url}/api/syncs/both/preview/writes?limit=2&after=1") as answer:
                assert [one["number"] for one in await answer.json()] == [2, 3]
