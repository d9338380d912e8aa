"""What a run does next: the same wherever it is worked out, in order, to an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.graphs import graphs
from tieline.errors import MappingError
from tieline.workflows.advance import MOST_PASSED, advance, begin, fits, settle
from tieline.workflows.definition import Definition
from tieline.workflows.moves import (
    Act,
    Await,
    Begin,
    End,
    Ended,
    Failed,
    Happened,
    Move,
    RunState,
    Sleep,
    Succeeded,
    TimedOut,
)
from tieline.workflows.read import DefinitionError, read_definition, written
from tieline.workflows.validate import validate

NOW = datetime(2027, 3, 15, 15, tzinfo=UTC)
FUNCTIONS = {"format.text": lambda given: {"text": str(given["text"])}}


def play(definition: Definition, payload: dict[str, Any], **answers: Any) -> tuple[list[Move], RunState]:
    """All moves to the end; acts are answered as named by their step, or with nothing."""
    state = begin(definition, "begun", payload, now=NOW)
    moves: list[Move] = []
    now = NOW
    while True:
        found = advance(definition, state, now=now, functions=FUNCTIONS)
        moves.append(found.move)
        state = found.state
        match found.move:
            case End():
                return moves, state
            case Sleep(until=until):
                now = max(now, until)
                state = settle(definition, state, Succeeded(output={}), now=now)
            case Act(step=step):
                state = settle(definition, state, answers.get(step, Succeeded(output={"id": step})), now=now)
            case Await(step=step):
                state = settle(definition, state, answers.get(step, TimedOut()), now=now)
            case Begin(step=step):
                state = settle(definition, state, answers.get(step, Ended(output={})), now=now)


MISSED = """
version: 1
title: Missed call
connections: {crm: main, calls: account}
triggers:
  - {id: missed, on: nimbata.call.completed, connection: calls, where: {left: "{{ trigger.data.outcome }}", is: MISSED}}
start: person
steps:
  person:
    kind: action
    operation: contacts.upsert
    connection: crm
    input: {phone: "{{ trigger.data.caller }}"}
    next: hours
  hours: {kind: delay, until_open: {zone: America/Chicago, from: "09:00", to: "17:00"}, next: text}
  text:
    kind: action
    operation: messages.send
    connection: crm
    input: {contactId: "{{ steps.person.contact.id }}", message: "We missed your call."}
    on_error: {then: route, go: task}
    next: answer
  answer: {kind: wait, on: messages.inbound, connection: crm, within: 2h, timed_out: task, next: keep}
  keep: {kind: set, values: {said: "{{ steps.answer.event.body }}"}, next: mine}
  mine: {kind: filter, where: {left: "{{ said }}", contains: "yes"}}
  task: {kind: action, operation: tasks.create, connection: crm, input: {title: "Ring {{ trigger.data.caller }}"}}
"""


def test_a_missed_call_is_answered_and_what_comes_back_decides() -> None:
    """Every way through: an answer, silence, a text that was refused."""
    definition = read_definition(MISSED)
    assert validate(definition) == []
    payload = {"data": {"caller": "+12015550123", "outcome": "MISSED"}}
    made = Succeeded(output={"contact": {"id": "c1"}})
    moves, state = play(definition, payload, person=made, answer=Happened(payload={"body": "Yes please"}))
    assert [type(one).__name__ for one in moves] == ["Act", "Act", "Await", "End"], (
        "it is open at ten in the morning"
    )
    assert isinstance(moves[1], Act)
    assert moves[1].input == {"contactId": "c1", "message": "We missed your call."}
    assert moves[-1] == End(state="done")
    assert state.values["vars"] == {"said": "Yes please"}
    moves, _ = play(definition, payload, person=made)
    assert isinstance(moves[-2], Act)
    assert moves[-2].input == {"title": "Ring +12015550123"}
    moves, _ = play(definition, payload, person=made, answer=Happened(payload={"body": "no"}))
    assert moves[-1] == End(state="left", reason="did not pass mine")
    moves, state = play(
        definition, payload, person=made, text=Failed(reason="DND is on", error="RejectedError")
    )
    assert isinstance(moves[-2], Act)
    assert moves[-2].step == "task"
    assert state.values["steps"]["text"]["error"]["reason"] == "DND is on"
    moves, _ = play(
        definition, payload, person=Failed(reason="no such phone", error="RejectedError", field="phone")
    )
    assert moves[-1] == End(state="failed", reason="person: no such phone")
    where = definition.triggers[0].where
    assert fits(where, payload)
    assert not fits(where, {"data": {"outcome": "ANSWERED"}})
    assert not fits(where, {})


def test_a_delay_sleeps_until_its_moment_and_not_for_one_that_is_past() -> None:
    """A length, a moment, hours; what is no moment fails the step."""

    def delayed(step: str) -> Any:
        definition = read_definition(f"title: T\nstart: one\nsteps:\n  one: {{kind: delay, {step}}}\n")
        found = advance(
            definition, begin(definition, "", {"at": "2027-03-16T00:00:00Z"}, now=NOW), now=NOW, functions={}
        )
        return found.move

    assert delayed("for: 2h").until == NOW + timedelta(hours=2)
    assert delayed('until: "{{ trigger.at }}"').until == datetime(2027, 3, 16, tzinfo=UTC)
    assert delayed("until: '2020-01-01T00:00:00Z'") == End(state="done")
    assert delayed('until: "{{ trigger.nothing }}"').state == "failed"


EACH = """
title: For each
start: all
steps:
  all: {kind: each, items: "{{ trigger.people }}", body: inner, next: after}
  inner: {kind: each, items: [a, b], body: act}
  act: {kind: action, operation: notes.create, connection: crm,
        input: {who: "{{ each.all.item }}", what: "{{ item }}", at: "{{ index }}"}}
  after: {kind: action, operation: tasks.create, connection: crm, input: {seen: "{{ steps.all.items }}"}}
"""


def test_a_for_each_goes_through_its_items_in_order_also_within_another() -> None:
    """Each iteration has a name of its own, which the idempotency key is made of."""
    definition = read_definition(EACH)
    moves, _ = play(definition, {"people": ["x", "y"]})
    acts = [one for one in moves if isinstance(one, Act)]
    assert [(one.iteration, one.input) for one in acts[:-1]] == [
        ("0.0", {"who": "x", "what": "a", "at": 0}), ("0.1", {"who": "x", "what": "b", "at": 1}),
        ("1.0", {"who": "y", "what": "a", "at": 0}), ("1.1", {"who": "y", "what": "b", "at": 1}),
    ]  # fmt: skip
    assert (acts[-1].iteration, acts[-1].input) == ("", {"seen": 2})
    moves, _ = play(definition, {"people": []})
    assert [one.step for one in moves if isinstance(one, Act)] == ["after"]
    moves, _ = play(definition, {"people": "no list"})
    assert moves[-1] == End(state="failed", reason="all: items: for-each wants a list")
    moves, _ = play(definition, {"people": list(range(1001))})
    assert isinstance(moves[-1], End)
    assert moves[-1].state == "failed"


def test_what_follows_a_for_each_may_read_the_steps_in_it() -> None:
    """As the last of them left it; one that it comes before may not."""
    text = """
title: T
start: all
steps:
  all: {kind: each, items: [1, 2], body: inner, next: after}
  inner: {kind: set, values: {a: "{{ item }}"}, next: deed}
  deed: {kind: action, operation: x, input: {what: "{{ a }}"}}
  after: {kind: action, operation: y, input: {id: "{{ steps.deed.id }}"}}
"""
    assert [one for one in validate(read_definition(text)) if one.weight == "error"] == []
    (found,) = [
        one for one in validate(read_definition(text.replace("{{ a }}", "{{ steps.after.id }}"))) if one.step
    ]
    assert (found.step, found.field) == ("deed", "input.what")
    moves, _ = play(read_definition(text), {})
    assert [one.input for one in moves if isinstance(one, Act)] == [{"what": 1}, {"what": 2}, {"id": "deed"}]


@pytest.mark.parametrize(
    "step",
    [
        "kind: action, operation: x, next: last",
        "kind: filter, where: {left: 1, is: 2}, next: last",
        "kind: delay, for: 1d, next: last",
        "kind: each, items: [1], body: inner, next: last",
        "kind: stop",
    ],
)
def test_a_step_that_is_disabled_is_passed_over(step: str) -> None:
    """Whatever its kind: nothing is carried out, nobody waits, and the way goes on where it would have."""
    text = f"""
title: T
start: first
steps:
  first: {{disabled: true, {step}}}
  inner: {{kind: action, operation: inner}}
  last: {{kind: action, operation: last}}
"""
    definition = read_definition(text)
    found = advance(definition, begin(definition, "begun", {}, now=NOW), now=NOW, functions={})
    (line,) = found.passed
    assert (line.step, line.state, line.reason) == ("first", "skipped", "disabled")
    if "next" in step:
        assert isinstance(found.move, Act)
        assert found.move.step == "last"
    else:
        assert found.move == End(state="done")


def test_a_run_that_would_not_end_is_ended() -> None:
    """A for-each of a thousand within one of a thousand."""
    text = "title: T\nstart: a\nsteps:\n  a: {kind: each, items: '{{ trigger.n }}', body: b}\n"
    definition = read_definition(
        text + "  b: {kind: each, items: '{{ trigger.n }}', body: c}\n  c: {kind: set, values: {x: 1}}\n"
    )
    moves, state = play(definition, {"n": list(range(1000))})
    assert isinstance(moves[-1], End)
    assert (moves[-1].state, state.passed) == ("failed", MOST_PASSED)


def _answers(draw: Any, definition: Definition) -> dict[str, Any]:
    return {
        name: draw(st.sampled_from((
            Succeeded(output={"id": "x"}), Failed(reason="no", error="RejectedError"), Happened(payload={"body": "y"}),
            TimedOut(),
        )))
        for name in definition.steps
    }  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(graphs(), st.data())
def test_every_run_ends_and_goes_the_same_way_through_storage(definition: Definition, data: Any) -> None:
    """No step is passed twice in one iteration; what was written down and read again goes on the same."""
    assert [one for one in validate(definition) if one.weight == "error"] == []
    assert read_definition(written(definition)) == definition
    answers = _answers(data.draw, definition)
    state = begin(definition, "begun", {"number": data.draw(st.integers(0, 5))}, now=NOW)
    now, seen, moves = NOW, set[tuple[str, str]](), 0
    while True:
        found = advance(definition, state, now=now, functions=FUNCTIONS)
        stored = msgspec.json.decode(msgspec.json.encode(state), type=RunState)
        again = advance(definition, stored, now=now, functions=FUNCTIONS)
        assert msgspec.json.encode(again) == msgspec.json.encode(found)
        passed = [(one.step, one.iteration) for one in found.passed]
        move = found.move
        if isinstance(move, End):
            assert not seen & set(passed)
            return
        passed.append((move.step, move.iteration))
        assert len(set(passed)) == len(passed)
        assert not seen & set(passed)
        seen |= set(passed)
        moves += 1
        assert moves < 500
        now = max(now, move.until) if isinstance(move, Sleep) else now
        answer = Succeeded(output={}) if isinstance(move, Sleep) else answers[move.step]
        if isinstance(move, Await) and isinstance(answer, Succeeded | Failed):
            answer = TimedOut()
        if isinstance(move, Act) and isinstance(answer, Happened | TimedOut):
            answer = Succeeded(output={})
        state = settle(definition, found.state, answer, now=now)


@pytest.mark.parametrize(
    ("change", "step", "field", "words"),
    [
        (("next: hours", "next: huors"), "person", "next", "did you mean hours"),
        (("start: person", "start: nobody"), "", "start", "no step 'nobody'"),
        (("timed_out: task", "timed_out: person"), "person", "next", "leads back"),
        (("steps.person.contact.id", "steps.task.id"), "text", "input.contactId", "does not come before"),
        (("steps.person.contact.id", "steps.nosuch.id"), "text", "input.contactId", "no step"),
        (("phone: \"{{ trigger.data", "phone: \"{{ triger.data"), "person", "input.phone", "did you mean trigger"),
        (("within: 2h", "within: soon"), "answer", "within", "no length of time"),
        (("America/Chicago", "America/Chicgo"), "hours", "until_open.zone", "no time zone"),
        (("go: task", "go: nothing"), "text", "on_error.go", "no step"),
        (("then: route, go: task", "then: route"), "text", "on_error.go", "says where to"),
        (('{left: "{{ said }}", contains: "yes"}', '{left: "{{ said }}"}'), "mine", "where", "compared with what"),
        (('{left: "{{ said }}", contains: "yes"}', '{contains: "yes"}'), "mine", "where", "left is missing"),
        (('{left: "{{ said }}", contains: "yes"}', '{left: 1, is: 1, all: []}'), "mine", "where", "one of them"),
        (("said: \"", "trigger: \""), "keep", "values.trigger", "a meaning of its own"),
        (("{{ said }}", "{{ said | nosuch }}"), "mine", "where.left", "no filter"),
        (("title: Missed call", "title: ''"), "", "title", "needs a title"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_step_and_field(
    change: tuple[str, str], step: str, field: str, words: str
) -> None:
    """Each of them, planted into a workflow that is right."""
    assert change[0] in MISSED
    found = validate(read_definition(MISSED.replace(*change)))
    fitting = [one for one in found if (one.step, one.field) == (step, field) and words in one.message]
    assert fitting, found


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("title: T\nsteps:\n  one: {kind: acton}\n", 3, "did you mean action"),
        ("title: T\nsteps:\n  one: {kind: action}\n", 3, "'operation' is missing"),
        ("title: T\nnope: 1\n", 2, "unknown key 'nope'"),
        ("title: 7\n", 1, "a text is wanted"),
        ("steps: {}\n", 1, "'title' is missing"),
        ("title: T\nsteps: {Bad-Name: {kind: stop}}\n", 2, ""),
        ('{"title": "T",\n\t"steps": {"one": {"kind": "stop", "x": 1}}}', 2, "unknown key 'x'"),
        ("title: T\nconcurrency: 0\n", 2, "at least 1"),
    ],
)
def test_a_mistake_of_form_is_told_with_its_line(text: str, line: int, words: str) -> None:
    """YAML and JSON alike."""
    with pytest.raises(DefinitionError) as told:
        read_definition(text)
    assert any(one.line == line and words in one.message for one in told.value.problems), told.value.problems


def test_a_function_that_cannot_be_carried_out_takes_the_steps_error_path() -> None:
    """As an action does."""

    def fails(given: dict[str, Any]) -> Any:
        raise MappingError("no phone", path="format.phone")

    text = "title: T\nstart: one\nsteps:\n"
    text += "  one: {kind: action, operation: format.phone, on_error: {then: continue}, next: two}\n"
    definition = read_definition(text + "  two: {kind: set, values: {why: '{{ steps.one.error.reason }}'}}\n")
    found = advance(
        definition, begin(definition, "", {}, now=NOW), now=NOW, functions={"format.phone": fails}
    )
    assert found.move == End(state="done")
    assert found.state.values["vars"] == {"why": "format.phone: no phone"}
    assert [(one.step, one.state) for one in found.passed] == [("one", "failed"), ("two", "done")]
