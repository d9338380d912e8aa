"""`tieline backup`, `restore` and `db move`: as an operator uses them, and what they say when it cannot be done."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Line


@pytest.fixture
def other_line(line: Line, empty_url: str, tmp_path: Path) -> Line:
    """Another machine: a home of its own, and an empty database."""
    return replace(line, home=tmp_path / "other", database_url=empty_url)


async def test_a_hub_goes_to_another_machine_with_one_file_and_a_passphrase(
    line: Line, other_line: Line, tmp_path: Path
) -> None:
    """Its connections open there; the key is not in the file unless it is asked for."""
    assert (await line.connect_crm("--poll-every-s", "0"))[0] == 0
    plain, whole = tmp_path / "plain.backup", tmp_path / "whole.backup"
    made = await line.json("backup", str(plain))
    assert made["tables"]["connection"]["rows"] == 1
    assert stat.S_IMODE(plain.stat().st_mode) == 0o600
    code, _, err = await other_line.run("restore", str(plain))
    assert code == 3
    assert made["manifest"]["masters"][0] in err
    code, _, err = await line.run("backup", str(whole), "--with-key", "--passphrase-stdin", stdin="short\n")
    assert (code, "at least 12 characters" in err) == (3, True)
    code, out, err = await line.run(
        "backup", str(whole), "--with-key", "--passphrase-stdin", stdin="a long passphrase\n"
    )
    assert code == 0, err
    assert "whoever has the passphrase" in " ".join(out.split())
    code, _, err = await other_line.run(
        "restore", str(whole), "--passphrase-stdin", stdin="another passphrase\n"
    )
    assert (code, "not the passphrase" in err) == (3, True)
    done = await other_line.json("restore", str(whole), "--passphrase-stdin", stdin="a long passphrase\n")
    assert done["tables"]["connection"]["rows"] == 1
    key = (other_line.home / "master.key").read_text()
    assert key == (line.home / "master.key").read_text()
    shown = await other_line.json("connect", "list")
    assert [one["name"] for one in shown] == ["crm"]
    actions = [one["action"] for one in (await other_line.json("audit", "list"))["entries"]]
    assert {"backup", "restore"} <= set(actions)
    code, _, err = await other_line.run("restore", str(whole))
    assert (code, "in use" in err) == (3, True)
    code, _, err = await other_line.run("restore", str(whole), "--replace")
    assert (code, "--yes" in err) == (3, True)
    await other_line.json("restore", str(whole), "--replace", "--yes")


async def test_a_home_finds_its_database_where_it_was_moved_to(line: Line, other_line: Line) -> None:
    """Without a word in the environment; with one that names the old server it says what to change."""
    assert (await line.connect_crm("--poll-every-s", "0"))[0] == 0
    code, _, err = await line.run("db", "move")
    assert (code, "--to URL" in err) == (3, True)
    code, _, err = await line.run("db", "move", "--cancel")
    assert (code, "no move is under way" in err) == (5, True)
    code, out, err = await line.run("db", "move", "--to", other_line.database_url)
    assert code == 0, err
    assert "Set TIELINE_DATABASE_URL" in out
    code, _, err = await line.run("connect", "list")
    assert (code, "was moved to" in err) == (3, True)
    found = await replace(line, database_url="").json("connect", "list")
    assert [one["name"] for one in found] == ["crm"]
    _, out, _ = await replace(line, database_url="").run("audit", "list", "--json")
    assert "db.move" in {one["action"] for one in json.loads(out)["entries"]}
