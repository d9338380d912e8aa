"""Every template is a workflow that this catalogue can carry out, and does what its examples say."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from tests.workflows.catalogued import (
    CALLS,
    CatalogueOffers,
    actions,
    assert_shaped,
    entry,
    found_under,
    operations,
    output_of,
    sent,
    told_of,
    unknown_names,
)
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.workflows.definition import Action, Definition, Example, SetValues, Wait
from tieline.workflows.read import DefinitionError, read_definition
from tieline.workflows.schema import workflow_schema
from tieline.workflows.templates import Needs, Template, read_template, template, templates
from tieline.workflows.templates.rehearsal import rehearse
from tieline.workflows.validate import validate

PAGE = Path(__file__).parents[2] / "docs/workflow-templates.md"
DEFINITIONS = {one.name: read_definition(one.text) for one in templates()}
EXAMPLES = [
    pytest.param(name, example, id=f"{name}: {example.title}")
    for name, definition in DEFINITIONS.items()
    for example in definition.examples
]
EACH = pytest.mark.parametrize("name", sorted(DEFINITIONS))


def test_there_are_the_use_cases_of_the_mission() -> None:
    """By the names that people install them with."""
    assert {one.name for one in templates()} >= {
        "form_to_contact", "milestone_to_task", "campaign_response_to_task", "missed_call_text_back",
        "call_tag_to_opportunity", "appointment_reminder", "contact_update_to_note", "no_show_follow_up",
        "unanswered_contact", "vip_by_mail", "weekly_drift_mail", "birthday_greeting", "won_to_review_request",
    }  # fmt: skip
    assert len(templates()) >= 14
    assert template("vip_by_mail") in templates()
    assert template("nope") is None


@EACH
def test_it_has_no_mistake_and_no_warning(name: str) -> None:
    """Against the catalogue as it is: ids, fields, connections, names, ways."""
    wanted = needs(name).connections
    assert validate(DEFINITIONS[name], CatalogueOffers(wanted)) == []
    # The same check is one that can fail.
    wrong = dict.fromkeys(wanted, "some_other_app")
    assert validate(DEFINITIONS[name], CatalogueOffers(wrong)) != []


@EACH
def test_it_is_told_what_it_needs(name: str) -> None:
    """Neither less nor more than what its steps use."""
    definition, told = DEFINITIONS[name], needs(name)
    assert set(told.connections) == set(definition.connections)
    # As it stands an alias is the connection's name, too: whoever installs it puts their own.
    assert all(alias == wanted for alias, wanted in definition.connections.items())
    used = [*operations(definition), *told_of(definition)]
    assert list(told.scopes) == sorted({scope for one in used for scope in one.scopes})
    derived = NimbataConfig(mode="derived")
    nimbata = [one.id for one in operations(definition) if one.app == "nimbata"]
    assert told.native == any(not derived.offers(one) for one in nimbata)
    assert set(told.custom_fields) == set(found_under("key", actions(definition), within="customFields"))
    assert set(told.zones) == set(found_under("zone", msgspec.to_builtins(definition)))
    own = definition.steps.get("settings")
    values = own.values if isinstance(own, SetValues) else {}
    assert set(told.settings) <= set(values)
    assert (own is not None) == bool(told.settings)


@EACH
def test_what_it_reads_is_told_by_the_trigger_or_an_earlier_step(name: str) -> None:
    """As the catalogue has it: a name that is misspelt would be nothing, without a word."""
    assert list(unknown_names(DEFINITIONS[name])) == []


@EACH
def test_its_form_is_that_of_the_schema(name: str) -> None:
    """As editors check it."""
    definition = msgspec.to_builtins(DEFINITIONS[name])
    jsonschema_rs.validator_for(workflow_schema()).validate(definition)


@EACH
def test_its_examples_reach_every_act_and_every_trigger(name: str) -> None:
    """What no example does nobody has tried."""
    definition = DEFINITIONS[name]
    done = {act.step for one in definition.examples for act in rehearse(definition, one, CALLS).acts}
    acts = {
        step
        for step, one in definition.steps.items()
        if isinstance(one, Action) and one.operation not in CALLS
    }
    assert done == acts
    assert {one.trigger for one in definition.examples} == {one.id for one in definition.triggers}


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_goes_as_it_says(name: str, example: Example) -> None:
    """Step by step, to its end."""
    found = rehearse(DEFINITIONS[name], example, CALLS)
    assert found.complaints == ()
    assert found.end is not None
    assert found.end.state == example.ends


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_is_of_the_shapes_that_the_catalogue_has(name: str, example: Example) -> None:
    """What began it, what is sent, and what is answered."""
    definition = DEFINITIONS[name]
    trigger = next(one for one in definition.triggers if one.id == example.trigger)
    assert_shaped(example.payload, output_of(entry(trigger.on)))
    for name_of_wait, event in example.events.items():
        waiting = definition.steps[name_of_wait]
        assert isinstance(waiting, Wait)
        assert_shaped(event, output_of(entry(waiting.on)))
    for act in rehearse(definition, example, CALLS).acts:
        operation = entry(act.operation).operation
        assert operation is not None
        msgspec.convert(sent(entry(act.operation), act.input), operation.input)
    for expected in example.acts:
        step = definition.steps[expected.step]
        assert isinstance(step, Action)
        operation = entry(step.operation).operation
        assert operation is not None
        if expected.answer:
            assert_shaped(expected.answer, operation.output)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("connections: {}\nscope: []\n---\ntitle: T\n", "unknown key 'scope'"),
        ("scopes: []\n---\ntitle: T\n", "'connections' is missing"),
        ("connections: {}\n---\ntitel: T\n", "unknown key 'titel'"),
        ("connections: {}\n", "the file is empty"),
    ],
)
def test_a_file_that_is_no_template_is_refused(written: str, said: str) -> None:
    """With what is wrong."""
    with pytest.raises(DefinitionError, match=said):
        read_template("wrong", written)


def test_a_name_that_nothing_tells_is_found() -> None:
    """In triggers, steps, for-eachs and waits."""
    definition = DEFINITIONS["weekly_drift_mail"]
    wrong = msgspec.json.decode(
        msgspec.json.encode(definition).replace(b"item.email", b"item.emial").replace(b"due_at", b"due"),
        type=Definition,
    )
    assert {"item.emial", "trigger.due"} <= set(unknown_names(wrong))


def test_the_page_shows_them_all() -> None:
    """Write its list anew: python -m tests.workflows.test_templates"""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    listed, _, after = rest.partition(END)
    assert before
    assert after
    assert listed.strip() == page_list()


BEGIN, END = "<!-- the list begins -->", "<!-- the list ends -->"


def page_list() -> str:
    """What the page tells of each."""
    return "\n\n".join(_section(one) for one in templates())


def _section(one: Template) -> str:
    definition = DEFINITIONS[one.name]
    lines = [f"### {one.title}", "", f"`{one.name}` · {one.description}", ""]
    own = {"nimbata": "nimbata, with contacts of its own: `mode: native`"} if one.needs.native else {}
    apps = ", ".join(f"`{alias}` ({own.get(app, app)})" for alias, app in one.needs.connections.items())
    lines.append(f"- connections: {apps}")
    if one.needs.scopes:
        lines.append("- scopes: " + ", ".join(f"`{scope}`" for scope in one.needs.scopes))
    lines += (f"- custom field `{key}`: {words}" for key, words in one.needs.custom_fields.items())
    lines += (f"- yours to fill in, `{key}`: {words}" for key, words in one.needs.settings.items())
    if one.needs.zones:
        lines.append("- time zone in it: " + ", ".join(one.needs.zones))
    lines.append("- tried: " + "; ".join(example.title for example in definition.examples))
    return "\n".join(lines)


def needs(name: str) -> Needs:
    """Of a template that there is."""
    found = template(name)
    assert found is not None
    return found.needs


if __name__ == "__main__":
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n\n{page_list()}\n\n{END}{rest.partition(END)[2]}", "utf-8")
