"""One file for several locations, what differs between definitions, and the schema that editors read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tieline.cli.sync_files import schema_text
from tieline.mapping.transforms import TRANSFORMS
from tieline.sync.files.definition import DefinitionError, default_text, parse_definition
from tieline.sync.files.diff import differences, plain_two_way
from tieline.sync.files.run_examples import run_examples
from tieline.sync.files.schema import definition_schema
from tieline.sync.files.sync_file import parse_sync_file

HEAD = "sync: {name: shops, from: calls, to: [crm-a, crm-b]}\n"
FILE = f"""{HEAD}{default_text()}
differences:
  crm-b:
    person:
      tags: {{ignore: [nimbata, local]}}
      where: [{{field: state, is: [TX]}}]
    note: {{text: null}}
    appointments: {{calendar: "Site visits"}}
"""
DOCS = Path(__file__).parents[2] / "docs"


def _validator() -> Any:
    return jsonschema_rs.validator_for(definition_schema())


class _Loader(yaml.SafeLoader):
    """As an editor reads YAML: a date is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _satisfies(text: str) -> bool:
    return bool(_validator().is_valid(yaml.load(text, _Loader)))


def test_each_location_gets_its_own_rules() -> None:
    """Tables are joined, all else is replaced, null takes away; the rest is the file's."""
    read = parse_sync_file(FILE)
    first, second = read.syncs
    assert [(one.name, one.to, one.project) for one in read.syncs] == [
        ("shops-crm-a", "crm-a", ""), ("shops-crm-b", "crm-b", ""),
    ]  # fmt: skip
    assert first.differs == ()
    assert first.text == FILE
    assert second.differs == ("person.tags.ignore", "person.where", "note.text", "appointments.calendar")
    assert not second.definition.kinds["text"].note.enabled
    assert {one.path for one in differences(first.definition, second.definition)} == {
        "kinds.text.note.enabled", "kinds.text.note.template", "person.tags.ignore", "person.where[state]",
        "appointments.calendar",
    }  # fmt: skip


def test_what_is_stored_says_where_it_differs_and_reads_back_the_same() -> None:
    """Without the file."""
    second = parse_sync_file(FILE).syncs[1]
    assert parse_definition(second.text) == second.definition
    assert parse_sync_file(f"{HEAD}version: 1\ndifferences: {{crm-a: {{}}}}").syncs[0].differs == ()
    again = parse_sync_file(second.text)
    assert again.head is not None
    assert again.head.differs == second.differs


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("{name: one, from: calls, to: crm}", [("one", "", "crm")]),
        ("{name: one, from: calls, project: '7', to: [crm]}", [("one", "7", "crm")]),
        ("{name: one, from: calls, projects: ['7', '8'], to: crm}", [("one-7", "7", "crm"), ("one-8", "8", "crm")]),
        ("{name: one, from: calls, projects: ['7', '8'], to: [a, b]}",
         [("one-a-7", "7", "a"), ("one-b-7", "7", "b"), ("one-a-8", "8", "a"), ("one-b-8", "8", "b")]),
    ],
)  # fmt: skip
def test_a_file_names_one_sync_for_each_project_and_location(
    head: str, names: list[tuple[str, str, str]]
) -> None:
    """The shortest names that tell them apart."""
    read = parse_sync_file(f"version: 1\nsync: {head}")
    assert [(one.name, one.project, one.to) for one in read.syncs] == names


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("version: 1\nsync: {name: a, from: b}", 2, "'to' is missing"),
        ("version: 1\nsync: {name: a, from: b, to: []}", 2, "at least one location"),
        ("version: 1\nsync: {name: a, from: b, to: [c, c]}", 2, "stands here twice"),
        ("version: 1\nsync: {name: a, from: b, to: c, project: x, projects: [y]}", 2, "either project or projects"),
        ("version: 1\nsync: {name: a, from: b, to: c, project: 7}", 2, "put it in quotes"),
        ("version: 1\ndifferences: {c: {}}", 2, "differ from what"),
        (HEAD + "version: 1\ndifferences: {crm-c: {}}", 3, "did you mean crm-"),
        (HEAD + "version: 1\ndifferences: {crm-a: {version: 1}}", 3, "unknown key 'version'"),
        (HEAD + "version: 1\ndifferences: {crm-a: x}", 3, "a table is wanted"),
        (HEAD + "version: 1\ndifferences:\n  crm-a:\n    tasks: {rule: never}", 5, "is none of"),
        (HEAD + "version: 1\ndifferences:\n  crm-a:\n    contact: {fields: [{to: citty, from: name}]}", 5, "city"),
        (HEAD + "version: 1\nperson: {fields: [{nimbata: phone, contacts_api: phone}]}\n"
         "differences:\n  crm-a: {person: {fields: []}}", 3, "needs a phone"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_is_written(text: str, line: int, words: str) -> None:
    """Also one that only the joined rules of a location have."""
    with pytest.raises(DefinitionError) as caught:
        parse_sync_file(text)
    assert any(one.line == line and words in one.message for one in caught.value.problems), caught.value


def test_differences_are_by_meaning() -> None:
    """Comments, order of keys and what is said by default are none; a pair is known by its fields."""
    pairs = "{nimbata: city, contacts_api: city}, {nimbata: state, contacts_api: state}"
    text = f"version: 1\nperson: {{create: [], fields: [{pairs}]}}"
    before = parse_definition(text)
    assert differences(before, parse_definition(f"# new\n{text}\ncontact: {{create: yes}}")) == []
    after = parse_definition(text.replace("contacts_api: state}", "contacts_api: state, rule: ask}"))
    (one,) = differences(before, after)
    assert str(one) == 'person.fields[state → state].rule: "newest" → "ask"'
    assert differences(None, after) != []


def test_the_schema_in_the_docs_is_current() -> None:
    """After a change: tieline sync schema > docs/sync.schema.json."""
    assert (DOCS / "sync.schema.json").read_text("utf-8") == schema_text()


def test_the_schema_knows_every_transform() -> None:
    """As the readers do."""
    written = json.dumps(definition_schema()["$defs"]["Transforms"])
    assert all(f'"{name}"' in written for name in TRANSFORMS)


def test_files_that_are_read_satisfy_the_schema() -> None:
    """The default, a whole file with differences, and all that the reference shows; its examples hold."""
    assert _satisfies(default_text())
    assert _satisfies(FILE)
    page = (DOCS / "sync-files.md").read_text("utf-8")
    shown = [block.partition("```")[0] for block in page.split("```yaml\n")[1:]]
    assert len(shown) >= 3
    for block in shown:
        text = block if "version:" in block else f"version: 1\n{block}"
        assert _satisfies(text), list(_validator().iter_errors(yaml.load(text, _Loader)))
        read = parse_sync_file(text)
        assert all(not one.failures for one in run_examples(read.definition, read.examples))


@pytest.mark.parametrize(
    "text",
    [
        "version: 2", "version: 1\nperson: {direction: sideways}", "version: 1\nnonsense: 1",
        "version: 1\ncontact: {fields: [{to: city}]}", "version: 1\ntasks: {calendar: x}",
        "version: 1\nperson: {fields: [{nimbata: city, contacts_api: city, to_nimbata: [shout]}]}",
        "version: 1\nperson: {fields: [{nimbata: city, contacts_api: city, to_nimbata: {truncate: x}}]}",
    ],
)  # fmt: skip
def test_the_schema_finds_what_the_reader_finds(text: str) -> None:
    """Wrong names, values and arguments."""
    assert not _satisfies(text)
    with pytest.raises(DefinitionError):
        parse_sync_file(text)


@settings(deadline=None)  # a busy machine makes no file wrong
@given(st.data())
def test_a_damaged_file_that_is_still_read_satisfies_the_schema(data: st.DataObject) -> None:
    """The schema refuses nothing that is good: with any line left out, or any word exchanged."""
    lines = FILE.split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    word = data.draw(
        st.sampled_from(["off", "both", "newest", "tags", "[]", "{}", "null", "true", "x", "'1'"])
    )
    if data.draw(st.booleans()):
        del lines[at]
    else:
        head, colon, _ = lines[at].partition(": ")
        lines[at] = f"{head}{colon}{word}"
    text = "\n".join(lines)
    try:
        read = parse_sync_file(text)
    except DefinitionError:
        return
    assert _satisfies(text), text
    assert plain_two_way(read.definition.two_way) is not None


#: An example of everything that can be said of an item; each value may be exchanged.
_VALUES = {
    "TITLE": "Visit", "STARTS": "2026-09-03T15:00", "ENDS": "2026-09-03T16:00Z", "ZONE": "Asia/Tokyo",
    "STATUS": "booked", "NOTES": "null", "STEP": "{assignee: ana@example.com}", "CLOCK": "Europe/Berlin",
    "WRITTEN": "{update: {title: null, ends_at: 2026-09-03T17:00}, cleared: [notes]}",
    "NOTIFY": "false", "CALENDAR": "Site visits", "SKIP": "unlinked", "THERE": "nothing",
}  # fmt: skip
_SAID = """version: 1
appointments: {}
examples:
  - name: x
    appointment:
      nimbata: {title: <TITLE>, starts_at: <STARTS>, ends_at: <ENDS>, timezone: <ZONE>, status: <STATUS>}
      contacts_api: {starts_at: <STARTS>, notes: <NOTES>}
    then: [{nimbata: <STEP>}, {contacts_api: {status: <STATUS>, ends_at: <ENDS>}}]
    timezone: <CLOCK>
    expect: {contacts_api: <WRITTEN>, nimbata: <THERE>, skip: <SKIP>}
  - name: y
    appointment: {nimbata: {starts_at: 2026-09-03T15:00Z}}
    expect: {contacts_api: {create: {notify: <NOTIFY>, calendar: <CALENDAR>, status: <STATUS>, notes: <NOTES>}}}
"""


@settings(deadline=None)  # a busy machine makes no file wrong
@given(st.dictionaries(
    st.sampled_from(sorted(_VALUES)),
    st.sampled_from([
        "null", "true", "7", "[]", "{}", "x", "''", "2026-09-03", "0001-01-01T00:00+14:00", "0001-01-01T00:00",
        "15:00", "deleted", "nothing", "delete", "{create: {}}", "{update: {}}", "/etc", '"\\0"', ".inf", "showed",
    ]),
    max_size=2,
))  # fmt: skip
def test_an_example_of_an_item_is_read_and_satisfies_the_schema_or_is_refused(odd: dict[str, str]) -> None:
    """Whatever stands where a value belongs: nothing makes the reader fail, and no editor marks what is good."""
    text = _SAID
    for place, value in {**_VALUES, **odd}.items():
        text = text.replace(f"<{place}>", value)
    if not odd:
        assert parse_sync_file(text).examples
    try:
        read = parse_sync_file(text)
    except DefinitionError:
        return
    assert _satisfies(text), text
    assert len(run_examples(read.definition, read.examples)) == 2
