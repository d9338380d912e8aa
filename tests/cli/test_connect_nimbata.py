"""`tieline connect nimbata` with a settings file or a preset, as a person and a script meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Line


async def test_every_mistake_of_a_settings_file_is_told_with_its_place(line: Line, tmp_path: Path) -> None:
    """file:line:column, one a line; as JSON for those who ask for it; nothing is stored."""
    file = tmp_path / "calls.yaml"
    file.write_text("mode: both\nprojekts: [x]\npaths: {call.list: {path: /v1/calls}}\n")
    base = (
        "connect",
        "nimbata",
        "--name",
        "calls",
        "--account",
        "a",
        "--token",
        "t",
        "--settings",
        str(file),
    )
    code, out, err = await line.run(*base)
    assert (code, out) == (3, "")
    flat = err.replace("\n", "")
    for place in (":1:7:", ":2:1:", ":3:27:"):
        assert f"{file}{place}" in flat, err
    code, _, err = await line.run(*base, "--json")
    message = json.loads(err)["error"]["message"]
    assert code == 3
    assert [one.split(": ")[0] for one in message.splitlines()] == [
        f"{file}:1:7",
        f"{file}:2:1",
        f"{file}:3:27",
    ]
    assert await line.json("connect", "list") == []


async def test_a_file_may_say_everything_and_a_flag_goes_before_it(line: Line, tmp_path: Path) -> None:
    """Address, account, token and secret out of it and the environment; no list shows a secret afterwards."""
    nimbata = line.told["nimbata"]
    file = tmp_path / "calls.yaml"
    file.write_text(
        f"nimbata:\n  base_url: {nimbata['base_url']}\n  account: {nimbata['account']}\n  mode: derived\n"
        f"  projects: ['{nimbata['projects'][0]}']\n  auth: {{token: '${{MY_TOKEN}}'}}\n"
        "  polling: {every_s: 77}\n  webhooks: {auth: [{type: header, name: X-Key, secret: hook-secret-1}]}\n"
    )
    base = ("connect", "nimbata", "--name", "calls", "--settings", str(file), "--json")
    code, out, err = await line.run(*base, "--mode", "native", MY_TOKEN=nimbata["token"])
    assert code == 0, err
    assert json.loads(out)["webhook_auth"] == "header"
    shown = await line.json("connect", "show", "calls")
    assert (shown["account"], shown["settings"]["mode"]) == (nimbata["account"], "native")
    assert {(one["stream"], one["every_s"]) for one in shown["polls"]} == {
        ("call", 77.0), ("form", 77.0), ("text", 77.0), ("contact", 77.0), ("walk", 60.0),
    }  # fmt: skip
    for secret in (nimbata["token"], "hook-secret-1"):
        assert secret not in json.dumps(shown) + out
    code, _, err = await line.run(*base)
    assert code == 3
    assert "MY_TOKEN is not set" in err


@pytest.mark.parametrize(
    ("preset", "event"), [("callrail", "post-call"), ("ctm", "end")]
)  # fmt: skip
async def test_another_products_deliveries_need_its_key_and_no_token(
    line: Line, preset: str, event: str
) -> None:
    """An address for each of its events; nothing is polled; the doctor finds nothing wrong."""
    base = ("connect", "nimbata", "--name", "rail", "--preset", preset, "--account", "ACC1", "--json")
    code, _, err = await line.run(*base)
    assert code == 3
    assert "signs is needed: --webhook-secret" in json.loads(err)["error"]["message"]
    code, out, err = await line.run(*base, "--webhook-secret", "key-of-theirs")
    assert code == 0, err
    made = json.loads(out)
    assert made["webhooks"][event].endswith(f"/hooks/nimbata/rail/{event}")
    assert (made["webhook_auth"], made["projects"]) == ("hmac", ["ACC1"])
    assert "key-of-theirs" not in out
    shown = await line.json("connect", "show", "rail")
    assert (shown["polls"], shown["settings"]["preset"]) == ([], preset)
    again = await line.json(*base[:-1])
    assert not again["created"]
    code, out, _ = await line.run("doctor", "--json")
    found = {one["subject"]: one["verdict"] for one in json.loads(out)}
    assert found["connection rail"] == "ok"


async def test_another_proof_may_be_chosen_for_a_preset(line: Line) -> None:
    """A key in the address, made by us and shown once, for those who sign nothing."""
    made = await line.json(
        "connect",
        "nimbata",
        "--name",
        "rail",
        "--preset",
        "callrail",
        "--account",
        "A",
        "--webhook-auth",
        "url_key",
    )
    key = made["webhook_secret"]
    assert made["webhooks"]["post-call"].endswith(f"/rail/post-call?key={key}")


async def test_without_an_account_nothing_is_connected(line: Line) -> None:
    """It is said where it may stand."""
    code, _, err = await line.run("connect", "nimbata", "--name", "calls", "--token", "t")
    assert code == 3
    assert "--account" in err


async def test_the_sandbox_can_be_started_as_a_derived_account(line: Line) -> None:
    """By a flag; a word that is no mode is a usage error."""
    code, _, err = await line.run("sandbox", "--nimbata-mode", "both")
    assert (code, "native" in err) == (2, True)
    code, out, _ = await line.run("sandbox", "--help")
    assert code == 0
    assert "--nimbata-mode" in out
