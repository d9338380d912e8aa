"""The command line as a person and a script meet it: real processes, a real database, a real far side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Line
from tieline.store.migrate import revisions, script_folder

SECRET = "hook-secret-for-tests"


async def test_connecting_both_sides_and_a_sync_by_script_alone(line: Line) -> None:
    """Every question is answered by flag and standard input; no secret is shown afterwards, nor in any list."""
    code, out, err = await line.connect_crm()
    assert code == 0, err
    assert json.loads(out)["location"]["country"] == "US"
    made = await line.connect_calls("--webhook-secret", SECRET)
    assert made["webhook"].endswith("/hooks/nimbata/calls?key=SECRET")
    await line.json("sync", "add", "--name", "one", "--from", "calls", "--to", "crm")
    token = line.told["nimbata"]["token"]
    for arguments in (
        ("connect", "list"),
        ("connect", "show", "calls"),
        ("sync", "list"),
        ("sync", "show", "one"),
    ):
        for flags in ((), ("--json",)):
            code, out, err = await line.run(*arguments, *flags)
            assert code == 0, err
            assert out.strip()
            assert token not in out + err
            assert SECRET not in out + err
    fields = await line.run("sync", "fields", "one", "--json")
    assert fields[0] == 1, "they are missing at first"
    assert set(json.loads(fields[1]).values()) == {"missing"}
    assert set((await line.json("sync", "fields", "one", "--create")).values()) == {"made"}
    assert set((await line.json("sync", "fields", "one")).values()) == {"there"}
    assert (await line.run("doctor"))[0] == 0


async def test_a_secret_that_we_make_is_shown_once(line: Line) -> None:
    """And stays the same when the account is connected again."""
    first = await line.connect_calls()
    assert first["webhook"].endswith(f"?key={first['webhook_secret']}")
    assert len(first["webhook_secret"]) >= 24
    again = await line.connect_calls()
    assert "webhook_secret" not in again
    assert not again["created"]


@pytest.mark.parametrize("way", ["flag", "environment", "stdin"])
async def test_a_token_may_come_by_flag_environment_or_standard_input(line: Line, way: str) -> None:
    """A prompt is for people alone."""
    location = line.told["contacts"]["locations"][0]
    base = (
        "connect", "contacts-api", "--name", "crm", "--base-url", line.told["contacts"]["base_url"],
        "--location", location["id"],
    )  # fmt: skip
    token = location["token"]
    match way:
        case "flag":
            code, _, err = await line.run(*base, "--token", token)
        case "environment":
            code, _, err = await line.run(*base, TIELINE_TOKEN=token)
        case _:
            code, _, err = await line.run(*base, "--token-stdin", stdin=f"{token}\n")
    assert code == 0, err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("connect", "show", "nobody"), 5, "no connection named nobody"),
        (("events", "show", "99"), 5, "no event 99"),
        (("effects", "show", "99"), 5, "no effect 99"),
        (("events", "replay", "99"), 5, "no event 99"),
        (("sync", "show", "nobody"), 5, "no sync named"),
        (("sync", "add", "--name", "x", "--from", "a", "--to", "b"), 3, "no connection named a"),
        (("sync", "add", "--name", "Not A Name", "--from", "a", "--to", "b"), 3, "cannot be used"),
        (("events", "list", "--state", "nonsense"), 3, "--state can be"),
        (("connect", "contacts-api", "--name", "x", "--location", "L"), 3, "a token is needed"),
        (
            (
                "connect",
                "nimbata",
                "--name",
                "x",
                "--account",
                "a",
                "--token",
                "t",
                "--settings",
                "/nope.yaml",
            ),
            3,
            "nope",
        ),
        (("sync", "validate", "/nope.yaml"), 3, "nope.yaml"),
        (("up", "--port", "99999"), 2, "65535"),
        (("nonsense",), 2, "nonsense"),
    ],
)
async def test_what_cannot_be_done_is_said_plainly(
    line: Line, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """One sentence, the documented exit code, and no stack trace; as JSON for those who ask for it."""
    got, out, err = await line.run(*arguments)
    assert got == code, err
    assert words in err.replace("\n", " ")
    assert "Traceback" not in out + err
    if code != 2:
        got, out, err = await line.run(*arguments, "--json")
        assert got == code
        assert json.loads(err)["error"]["message"]


async def test_a_far_side_that_refuses_is_exit_code_4_and_nothing_is_stored(line: Line) -> None:
    """The token does not show in the message."""
    code, out, err = await line.connect_crm(token="pit-wrong-token-0000")
    assert code == 4
    assert json.loads(err)["error"]["kind"] == "far_side"
    assert "pit-wrong" not in out + err
    assert await line.json("connect", "list") == []


async def test_a_definition_with_mistakes_is_refused_with_line_and_column(line: Line, tmp_path: Path) -> None:
    """All of them at once; and what was in force stays in force."""
    await line.connect_crm()
    await line.connect_calls()
    await line.json("sync", "add", "--name", "one", "--from", "calls", "--to", "crm")
    bad = tmp_path / "bad.yaml"
    rules = (
        "version: 1", "contact:", "  fields:", "    - {to: nonsense, from: phone}", "    - {to: email, from: no}",
    )  # fmt: skip
    bad.write_text("\n".join(rules))
    for arguments in (("sync", "validate", str(bad)), ("sync", "apply", "one", str(bad))):
        code, _, err = await line.run(*arguments)
        assert code == 3
        assert ":4:" in err
        assert ":5:" in err
    assert (await line.json("sync", "show", "one"))["version"] == 1
    _, default, _ = await line.run("sync", "default")
    assert (await line.run("sync", "validate", "-", stdin=default))[0] == 0
    assert (await line.run("sync", "apply", "one", "-", "--json", stdin=default))[0] == 0
    assert (await line.json("sync", "show", "one"))["version"] == 2


async def test_two_syncs_that_overlap_are_refused(line: Line) -> None:
    """Every event would be carried over twice; so is a connection removed that is in use."""
    await line.connect_crm()
    await line.connect_calls()
    await line.json("sync", "add", "--name", "one", "--from", "calls", "--to", "crm")
    project = line.told["nimbata"]["projects"][0]
    code, _, err = await line.run(
        "sync", "add", "--name", "two", "--from", "calls", "--project", project, "--to", "crm"
    )
    assert (code, "carried over twice" in err.replace("\n", " ")) == (3, True)
    assert (await line.run("connect", "remove", "crm"))[0] == 3
    await line.json("sync", "remove", "one")
    await line.json("connect", "remove", "crm")
    assert [one["name"] for one in await line.json("connect", "list")] == ["calls"]


async def test_only_one_hub_is_up_on_a_home_and_it_says_where(line: Line) -> None:
    """The second is refused with the first one's process; SIGTERM ends it within a second or two, with exit code 0."""
    async with line.up() as url:
        code, _, err = await line.run("up", "--port", "0")
        assert code == 3
        assert url.rpartition(":")[0] == "http://127.0.0.1"
        assert "process" in err


async def test_the_database_is_shown_migrated_and_named(line: Line) -> None:
    """Also when nothing is there yet; an unreachable server is one sentence."""
    newest = revisions(script_folder())[-1]
    assert (await line.json("db", "migrate"))["after"] == newest
    status = await line.json("db", "status")
    assert status["schema"] == status["newest_schema"] == newest
    assert (await line.json("db", "url"))["url"] == line.database_url
    code, _, err = await line.run(
        "db", "status", TIELINE_DATABASE_URL="postgresql://u:pw-secret@127.0.0.1:9/x"
    )
    assert code == 3
    assert "pw-secret" not in err
    assert "cannot be reached" in err


async def test_a_token_that_is_refused_replaces_nothing(line: Line) -> None:
    """Exit code 4; the doctor finds the one before at work."""
    assert (await line.connect_crm())[0] == 0
    assert (await line.connect_crm(token="pit-00000000-gone"))[0] == 4
    assert (await line.run("connect", "token", "crm", "--token", "pit-00000000-gone"))[0] == 4
    code, out, _ = await line.run("doctor", "--json")
    assert code == 0, out


async def test_version_and_help_are_quick_and_name_the_exit_codes(line: Line) -> None:
    """Without a database."""
    code, out, _ = await line.run("--version")
    assert (code, out.strip().count(".")) == (0, 2)
    code, out, _ = await line.run("--help")
    assert code == 0
    assert "130 interrupted" in " ".join(out.split())
