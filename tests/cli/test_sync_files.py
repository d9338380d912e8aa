"""Definitions kept as files, as somebody with a terminal or a build server meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Line

RULES = """version: 1
contact: {fields: [{to: phone, from: phone}]}
person:
  fields: [{nimbata: phone, contacts_api: phone}]
  where: [{field: state, is: [CA]}]
examples:
  - name: a call makes a contact
    call: {caller: "(201) 555-0123", outcome: NOT_ANSWERED}
    expect: {fields: {phone: "+12015550123"}}
"""
TWO = f"""sync: {{name: shops, from: calls, to: [crm, crm-b]}}
{RULES}
differences:
  crm-b: {{person: {{where: [{{field: state, is: [TX]}}]}}}}
"""


@pytest.fixture
async def joined(line: Line) -> Line:
    """With an account and two connections to a location."""
    await line.connect_calls()
    assert (await line.connect_crm())[0] == 0
    location = line.told["contacts"]["locations"][0]
    code, _, err = await line.run(
        "connect", "contacts-api", "--name", "crm-b", "--base-url", line.told["contacts"]["base_url"],
        "--location", location["id"], "--token-stdin", stdin=location["token"],
    )  # fmt: skip
    assert code == 0, err
    return line


def _written(folder: Path, text: str, name: str = "sync.yaml") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


async def test_files_are_looked_over_and_tried_without_a_hub(line: Line, tmp_path: Path) -> None:
    """Not even a database; several at once, each mistake with its file."""
    good = _written(tmp_path, RULES, "good.yaml")
    bad = _written(tmp_path, RULES.replace("contacts_api: phone", "contacts_api: fone"), "bad.yaml")
    nowhere = {"TIELINE_DATABASE_URL": "postgresql://u@127.0.0.1:9/x"}
    assert (await line.run("sync", "validate", good, **nowhere))[0] == 0
    code, _, err = await line.run("sync", "validate", good, bad, **nowhere)
    assert code == 3
    assert (
        "bad.yaml:4:43: person.fields[0].contacts_api: contacts_api has no 'fone'; did you mean phone?" in err
    )
    code, out, _ = await line.run("sync", "test", good, "--json", **nowhere)
    assert (code, json.loads(out)) == (
        0, [{"file": good, "name": "a call makes a contact", "line": 7, "failures": []}],
    )  # fmt: skip


async def test_an_example_that_fails_shows_a_difference_and_is_exit_code_1(
    line: Line, tmp_path: Path
) -> None:
    """For people and for programs."""
    file = _written(tmp_path, RULES.replace('"+12015550123"', '"+12015550999"'))
    code, out, err = await line.run("sync", "test", file)
    assert code == 1
    assert out.startswith(
        f"{file}:7: a call makes a contact\n  fields.phone\n    - +12015550999\n    + +12015550123\n"
    )
    assert "1 of 1 examples" in err
    code, out, _ = await line.run("sync", "test", file, "--json")
    assert code == 1
    assert json.loads(out)[0]["failures"] == ["fields.phone\n  - +12015550999\n  + +12015550123"]


async def test_a_file_is_planned_and_put_in_force_and_again_changes_nothing(
    joined: Line, tmp_path: Path
) -> None:
    """For two locations, one of which differs; a plan does nothing."""
    file = _written(tmp_path, TWO)
    planned = await joined.json("sync", "plan", file)
    assert [(one["what"], one["name"], one["to"], one["differs"]) for one in planned] == [
        ("create", "shops-crm", "crm", []), ("create", "shops-crm-b", "crm-b", ["person.where"]),
    ]  # fmt: skip
    assert await joined.json("sync", "list") == []
    code, out, err = await joined.run("sync", "apply", file)
    assert code == 0, err
    assert "shops-crm-b (every project → crm-b): made\n  has otherwise: person.where" in out
    assert (await joined.json("sync", "show", "shops-crm-b"))["differs"] == ["person.where"]
    assert (await joined.json("sync", "show", "shops-crm"))["definition"] == TWO
    again = await joined.json("sync", "apply", file)
    assert [(one["what"], one["version"]) for one in again] == [("same", 1), ("same", 1)]


async def test_a_change_is_told_rule_by_rule(joined: Line, tmp_path: Path) -> None:
    """In the plan, in what was done, and between a sync and a file."""
    await joined.json("sync", "apply", _written(tmp_path, TWO))
    changed = _written(tmp_path, TWO.replace("contacts_api: phone}", "contacts_api: phone, rule: nimbata}"))
    code, out, _ = await joined.run("sync", "plan", changed)
    assert code == 0
    told = 'person.fields[phone → phone].rule: "newest" → "nimbata"'
    assert out.count(told) == 2
    assert out.count("would be changed") == 2
    difference = await joined.json("sync", "diff", "shops-crm", changed)
    assert difference == [
        {"path": "person.fields[phone → phone].rule", "before": "newest", "after": "nimbata"}
    ]
    assert (await joined.run("sync", "diff", "shops-crm", changed))[1] == f"{told}\n"
    assert [one["version"] for one in await joined.json("sync", "apply", changed)] == [2, 2]


async def test_two_syncs_never_own_the_same_people(joined: Line, tmp_path: Path) -> None:
    """The error names the other sync and the lines of both; all of a file or nothing; an exclusive filter is taken."""
    shared = _written(tmp_path, TWO.partition("differences")[0])
    code, _, err = await joined.run("sync", "apply", shared)
    assert code == 3
    assert (
        "sync shops-crm-b keeps the people of every project in step with crm-b already (lines 4 and 6" in err
    )
    assert await joined.json("sync", "list") == []
    one = _written(tmp_path, RULES)
    add = ("sync", "add", "--from", "calls", "--definition", one)
    await joined.json(*add, "--name", "first", "--to", "crm")
    project = joined.told["nimbata"]["projects"][0]
    code, _, err = await joined.run(*add, "--name", "second", "--to", "crm-b", "--project", project)
    assert code == 3
    assert "sync first keeps the people" in err
    assert "lines 3 and 5 of second's" in err.replace("\n", " ")
    other = _written(tmp_path, RULES.replace("[CA]", "[TX]"), "other.yaml")
    await joined.json(
        "sync", "add", "--from", "calls", "--definition", other, "--name", "second", "--to", "crm-b"
    )
    code, _, err = await joined.run("sync", "apply", "second", one)
    assert (code, "sync first keeps" in err) == (3, True)
    one_way = _written(
        tmp_path, RULES.replace("person:\n", "person:\n  direction: to_contacts_api\n"), "way.yaml"
    )
    assert (await joined.json("sync", "apply", "second", one_way))["version"] == 2


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (RULES, 3, "names no sync"),
        (RULES + "sync: {name: Not A Name, from: calls, to: crm}", 3, "cannot be used"),
        (RULES + "sync: {name: a, from: nobody, to: crm}", 3, "no connection named nobody"),
        (RULES + "sync: {name: a, from: crm, to: crm}", 3, "nimbata connection is needed"),
    ],
)
async def test_a_file_that_cannot_be_applied_says_why(
    joined: Line, tmp_path: Path, text: str, code: int, words: str
) -> None:
    """In the plan already."""
    for verb in ("plan", "apply"):
        got, _, err = await joined.run("sync", verb, _written(tmp_path, text))
        assert got == code
        assert words in err.replace("\n", " ")


async def test_a_sync_stays_with_its_accounts(joined: Line, tmp_path: Path) -> None:
    """Another location under the same name is refused; differences need a file that names its sync."""
    head = "sync: {name: one, from: calls, to: crm}\n"
    await joined.json("sync", "apply", _written(tmp_path, head + RULES))
    code, _, err = await joined.run(
        "sync", "plan", _written(tmp_path, head.replace("to: crm", "to: crm-b") + RULES)
    )
    assert (code, "a sync stays with its" in err) == (3, True)
    code, _, err = await joined.run("sync", "apply", "one", _written(tmp_path, TWO))
    assert (code, "has differences by location" in err) == (3, True)
    assert (await joined.run("sync", "diff", "nobody", _written(tmp_path, RULES)))[0] == 5
    assert (await joined.run("sync", "apply", "a", "b", "c"))[0] == 2


async def test_a_sync_keeps_its_name_when_locations_come_and_go(joined: Line, tmp_path: Path) -> None:
    """One that the file no longer names is told, and goes on until somebody removes it."""
    one = TWO.partition("differences")[0].replace("[crm, crm-b]", "crm")
    await joined.json("sync", "apply", _written(tmp_path, one))
    steps = await joined.json("sync", "apply", _written(tmp_path, TWO))
    assert [(one["what"], one["name"]) for one in steps] == [("text", "shops"), ("create", "shops-crm-b")]
    steps = await joined.json("sync", "apply", _written(tmp_path, one))
    assert [(one["what"], one["name"]) for one in steps] == [("text", "shops"), ("left", "shops-crm-b")]
