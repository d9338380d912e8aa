"""A rehearsal complains of every way in which a workflow does not do what an example says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.workflows.catalogued import CALLS
from tieline.workflows.definition import Example, ExpectedAct
from tieline.workflows.moves import End
from tieline.workflows.read import read_definition
from tieline.workflows.templates.rehearsal import rehearse

DEMO = """
title: T
connections: {crm: crm}
triggers: [{id: begun, on: contacts.created, connection: crm, where: {left: "{{ trigger.id }}", is: c1}}]
start: wait
steps:
  wait:
    kind: wait
    on: messages.inbound
    connection: crm
    within: 1h
    where: {left: "{{ event.body }}", is: "yes"}
    next: tag
  tag: {kind: action, operation: contacts.add_tags, connection: crm, input: {contactId: c1, tags: [a]}, next: note}
  note:
    {kind: action, operation: notes.create, connection: crm, input: {contactId: c1, body: "{{ steps.tag.tags[0] }}"}}
"""
RIGHT = Example(
    title="right", trigger="begun", payload={"id": "c1"}, events={"wait": {"body": "yes"}},
    acts=(
        ExpectedAct(step="tag", input={"tags": ["a"]}, answer={"tags": ["b"]}),
        ExpectedAct(step="note", input={"body": "b"}),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"trigger": "nope"}, "there is no trigger 'nope'"),
        ({"now": "tomorrow"}, "'tomorrow' is no moment"),
        ({"payload": {"id": "c2"}}, "its trigger does not begin with such an event"),
        ({"acts": RIGHT.acts[:1]}, "act 2: note was carried out, and no more was expected"),
        ({"acts": RIGHT.acts[1:]}, "act 1: tag was carried out, and note expected"),
        ({"acts": (*RIGHT.acts, RIGHT.acts[0])}, "tag was expected, and not carried out"),
        ({"ends": "left"}, "it ended done, and was expected to end left"),
        ({"events": {"wait": {"body": "no"}}}, "wait: that event is none that it waits for"),
        ({"events": {"wait": {"body": "yes"}, "tag": {}}}, "tag was to get an event, and did not wait"),
        (
            {"acts": (RIGHT.acts[0], ExpectedAct(step="note", input={"body": "a"}))},
            'act 2, note: body is "b", and was expected to be "a"',
        ),
    ],
)
def test_an_example_that_is_wrong_is_complained_of(wrong: dict[str, Any], complaint: str) -> None:
    """In words that say what is."""
    definition = read_definition(DEMO)
    assert rehearse(definition, RIGHT, CALLS).complaints == ()
    assert complaint in rehearse(definition, msgspec.structs.replace(RIGHT, **wrong), CALLS).complaints


def test_an_act_may_fail_by_an_error_of_a_class() -> None:
    """What routes by it can be tried."""
    definition = read_definition(
        DEMO.replace("next: note", "on_error: {then: continue}, next: note")
        .replace("{{ steps.tag.tags[0] }}", "{{ steps.tag.error.kind }}: {{ steps.tag.error.reason }}")
    )  # fmt: skip
    for fails, body in (
        ("NotFoundError: no such contact", "NotFoundError: no such contact"),
        ("too many", "RejectedError: too many"),
    ):
        acts = (ExpectedAct(step="tag", fails=fails), ExpectedAct(step="note", input={"body": body}))
        found = rehearse(definition, msgspec.structs.replace(RIGHT, acts=acts), CALLS)
        assert found.complaints == ()
        assert found.end == End(state="done")
