"""The catalogue is whole: the 126 that are promised, every operation and trigger, each with fields and a proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tieline.catalogue.entry import Entry
from tieline.catalogue.fields import ACCOUNT_FIELDS, Field, example_of, input_fields
from tieline.catalogue.options import OPTIONS
from tieline.catalogue.proof import Proof, looks, proofs, proofs_in, write_proofs
from tieline.catalogue.registry import Catalogue, catalogue_of, mission
from tieline.connectors import CONNECTORS, operation
from tieline.connectors.contacts_api.operations import tasks
from tieline.server.catalogue import catalogue

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
ENTRIES = catalogue().list()
#: Steps and starts of the workflow engine: its own tests prove them, with `tests.conformance.proving.prove`.
ENGINE = {one.id for one in ENTRIES if one.call in ("engine", "own")}


def every_field(fields: tuple[Field, ...], path: str = "") -> Iterator[tuple[str, Field]]:
    """All of a tree, with their places."""
    for one in fields:
        yield f"{path}{one.name}", one
        yield from every_field(one.fields, f"{path}{one.name}.")


def test_every_operation_and_trigger_of_every_connector_is_in_it() -> None:
    """And what needs none."""
    offered = {one.id for each in CONNECTORS for one in each.operations}
    offered |= {one.id for each in CONNECTORS for one in each.triggers}
    own = {one.id for one in ENTRIES if one.app == "tieline"}
    assert {one.id for one in ENTRIES} == offered | own
    assert own >= {
        "format.text",
        "format.number",
        "format.date",
        "format.phone",
        "table.look_up",
        "schedule.due",
    }
    assert {one.id.removeprefix("logic.") for one in ENTRIES if one.kind == "logic"} == {
        "filter", "branch", "delay", "wait", "each", "set", "call", "stop",
    }  # fmt: skip


def test_two_entries_cannot_have_one_id() -> None:
    """Nobody could tell which is meant."""
    with pytest.raises(ValueError, match=r"tasks\.create"):
        catalogue_of([tasks.CREATE, tasks.CREATE], [], {})


def test_the_mission_is_126_and_all_of_it_is_proved() -> None:
    """Neither more nor fewer."""
    promised = [one for one in ENTRIES if one.mission]
    assert {one.id for one in promised} == mission()
    assert len(promised) == 126
    assert [one.id for one in promised if not one.proved] == []


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference texts are not beside this checkout")
def test_the_mission_is_what_the_reference_says() -> None:
    """96 of the CRM, 30 of call tracking."""
    crm = json.loads((REFERENCE / "operations-catalog.json").read_text("utf-8"))["operations"]
    calls = json.loads((REFERENCE / "nimbata-operations.json").read_text("utf-8"))
    wanted = [[one["id"] for one in rows if one["mission"]] for rows in (crm, calls)]
    assert [len(one) for one in wanted] == [96, 30]
    assert mission() == {*wanted[0], *wanted[1]}
    known = {one.id: one.kind for one in ENTRIES}
    assert all(known[one["id"]] == one["kind"] for one in (*crm, *calls))


def test_every_entry_is_proved_as_it_stands() -> None:
    """A new one, and one that was changed, fails here until the conformance suite carried it out: `make prove`."""
    unproved = {one.id for one in ENTRIES if not one.proved}
    assert unproved - ENGINE == set()
    assert proofs().keys() - {one.id for one in ENTRIES} == set()


def test_a_changed_entry_is_proved_no_more() -> None:
    """Its call, its fields, its answer; another wording changes nothing."""
    shown = looks(_made(tasks.CREATE))
    assert looks(_made(msgspec.structs.replace(tasks.CREATE, title="Other", description="Other."))) == shown
    others = (
        {"method": "PUT"}, {"path": "/tasks"}, {"idempotent": True}, {"version": "v3"}, {"input": tasks.UpdateTask},
        {"output": tasks.TasksAnswer}, {"query": frozenset({"title"})},
    )  # fmt: skip
    for changes in others:
        assert looks(_made(msgspec.structs.replace(tasks.CREATE, **changes))) != shown, changes
    proof = {"tasks.create": Proof(entry=shown, shown="it was")}
    assert _entry(catalogue_of([tasks.CREATE], [], {}, proof)).proved
    changed = msgspec.structs.replace(tasks.CREATE, path="/tasks")
    assert not _entry(catalogue_of([changed], [], {}, proof)).proved
    assert proofs_in(write_proofs(proof)) == proof


def _entry(held: Catalogue, name: str = "tasks.create") -> Entry:
    found = held.get(name)
    assert found is not None
    return found


def _made(spec: object) -> Entry:
    return _entry(catalogue_of([spec], [], {}, {}))  # type: ignore[list-item]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: one.id)
def test_every_field_says_what_it_is(entry: Entry) -> None:
    """A label, a help and an example of everything that a form asks for; an example of everything that comes out."""
    for place, field in every_field(entry.fields):
        assert field.label, place
        assert field.help, f"{place} has no help"
        assert field.example is not None, f"{place} has no example"
        assert not field.options or field.options in OPTIONS, place
        assert field.type == "select" or not field.choices or field.of == "select", place
    for place, field in every_field(entry.output_fields):
        assert field.label, place
        assert field.example not in (None, "text", {}, []), f"{place} has no example"
    assert entry.title
    assert entry.description.endswith(".")


@pytest.mark.parametrize("entry", [one for one in ENTRIES if one.operation], ids=lambda one: one.id)
def test_the_examples_are_an_input_that_the_operation_takes(entry: Entry) -> None:
    """Those that are required, and all at once."""
    assert entry.operation is not None
    for all_of_them in (False, True):
        given = example_of(entry.fields, all_of_them=all_of_them)
        read = msgspec.convert(given, entry.operation.input)
        assert set(msgspec.to_builtins(read)) >= set(given) - ACCOUNT_FIELDS


def test_types_follow_from_structs() -> None:
    """Spot checks, one a rule."""
    fields = {one.name: one for one in input_fields("contacts_api", "tasks.create", tasks.CreateTask)}
    assert [fields[name].type for name in ("contactId", "title", "body", "dueDate", "completed")] == [
        "text", "text", "long_text", "date_time", "boolean",
    ]  # fmt: skip
    assert (fields["assignedTo"].type, fields["assignedTo"].options) == ("select", "users")
    assert [name for name, one in fields.items() if one.required] == ["contactId", "title", "dueDate"]
    contact = {one.name: one for one in _entry(catalogue(), "contacts.upsert").fields}
    assert [contact[name].type for name in ("phone", "email", "dateOfBirth", "dnd", "customFields")] == [
        "phone", "email", "date", "boolean", "list",
    ]  # fmt: skip
    assert contact["locationId"].account
    assert [one.name for one in contact["customFields"].fields] == ["id", "key", "field_value"]
    status = {one.name: one for one in _entry(catalogue(), "opportunities.set_status").fields}["status"]
    assert (status.type, status.choices) == ("select", ("open", "won", "lost", "abandoned"))
    clears = {one.name: one for one in _entry(catalogue(), "nimbata.contact.update").fields}
    assert (clears["company"].clears, clears["company"].required) == (True, False)
    assert (clears["value"].type, clears["tags"].type, clears["tags"].of) == ("number", "list", "select")
    note = {one.name: one for one in _entry(catalogue(), "nimbata.note.update").fields}
    assert (note["id"].label, note["id"].help) == ("Contact", "Which contact: its id.")
    call = dict(every_field(_entry(catalogue(), "nimbata.call.completed").output_fields))
    assert call["data.caller"].type == "phone"
    assert "data.raw" not in call


def test_choices_come_from_operations_that_there_are() -> None:
    """By attributes that their answers have."""
    for name, source in OPTIONS.items():
        spec = operation(source.operation)
        assert (spec.app, spec.method) == (source.app, "GET"), name
        held = spec.output
        for part in source.rows:
            kinds = {one.name: one.type for one in msgspec.structs.fields(held)}
            held = kinds[part].__args__[0]
        attributes = {one.name for one in msgspec.structs.fields(held)}
        assert {source.value, source.label} <= attributes, name
        for attribute in source.first:
            assert attribute in spec.input.__struct_fields__, name


def test_how_soon_a_trigger_fires_is_told() -> None:
    """At once, or how often it is looked for."""
    for entry in ENTRIES:
        assert (entry.instant is None) == (entry.kind != "trigger")
        if entry.instant is False:
            assert entry.checked_every_s, entry.id
    assert (_entry(catalogue(), "tasks.updated").instant, _entry(catalogue(), "tasks.updated").checked_every_s) == (
        False, 300,
    )  # fmt: skip
    assert _entry(catalogue(), "contacts.created").instant
