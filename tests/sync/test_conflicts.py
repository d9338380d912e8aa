"""Questions and answers: the same question has the same key, and every choice says what it lacks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tieline.domain.contact import Contact
from tieline.domain.items import Task
from tieline.sync.merge import Question
from tieline.sync.who.conflict_words import complaint, ended_with, meaning, options
from tieline.sync.who.conflicts import (
    Answer,
    Choice,
    Choose,
    Conflict,
    Keep,
    Merge,
    Value,
    answers_of,
    as_dict,
    field_conflict,
    key_of,
    load_answers,
    remembered,
)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
HERE = Contact(id="n1", first_name="Ada", company="Engines", phone="+12015550100")
THERE = Contact(id="c1", first_name="Ada", company="Looms", phone="+12015550100")


def question(nimbata: Any = "Engines", contacts_api: Any = "Looms") -> Question:
    """Both sides changed the company."""
    return Question(
        nimbata="company", contacts_api="company",
        values={"nimbata": nimbata, "contacts_api": contacts_api}, times={"nimbata": NOON, "contacts_api": None},
    )  # fmt: skip


FIELD = field_conflict(question(), {"nimbata": HERE, "contacts_api": THERE})
IDENTITY = Conflict(
    kind="identity",
    reason="two_records",
    records={"nimbata": (as_dict(HERE),), "contacts_api": (as_dict(THERE), {"id": "c2"})},
)


def test_the_same_question_has_the_same_key_whatever_the_order() -> None:
    """Other records, another value, or the other side's person make another question; a reason or a name does not."""
    turned = {side: found[::-1] for side, found in IDENTITY.records.items()}
    assert key_of(msgspec.structs.replace(IDENTITY, records=turned, reason="two_people")) == key_of(IDENTITY)
    more = {**IDENTITY.records, "contacts_api": (*IDENTITY.records["contacts_api"], {"id": "c3"})}
    assert key_of(msgspec.structs.replace(IDENTITY, records=more)) != key_of(IDENTITY)
    sides = {"contacts_api": IDENTITY.records["nimbata"], "nimbata": IDENTITY.records["contacts_api"]}
    assert key_of(msgspec.structs.replace(IDENTITY, records=sides, side="contacts_api")) != key_of(IDENTITY)
    renamed = msgspec.structs.replace(HERE, first_name="Augusta")
    assert key_of(field_conflict(question(), {"contacts_api": THERE, "nimbata": renamed})) == key_of(FIELD)
    assert key_of(field_conflict(question("Motors"), {"nimbata": HERE, "contacts_api": THERE})) != key_of(
        FIELD
    )


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choose(value="nimbata"), Value(value="Engines", side="nimbata")),
        (Choose(value="contacts_api"), Value(value="Looms", side="contacts_api")),
        (Choose(value="Engines & Looms"), Value(value="Engines & Looms")),
    ],
)
def test_a_field_is_settled_by_a_side_or_by_a_value(choice: Choice, expected: Value) -> None:
    """And its answer is found under the question's key."""
    assert complaint(FIELD, choice) is None
    assert remembered(FIELD, choice) == expected
    assert answers_of(FIELD, choice) == {key_of(FIELD): choice}


def test_whether_a_task_is_completed_is_true_or_false() -> None:
    """Any other text answers nothing."""
    task = Task(id="t", title="Call back")
    asked = field_conflict(question(True, False), {"nimbata": task, "contacts_api": task}, "task")
    assert remembered(asked, Choose(value="true")) == Value(value=True)
    assert remembered(asked, Choose(value="contacts_api")) == Value(value=False, side="contacts_api")
    assert "true, false" in str(complaint(asked, Choose(value="perhaps")))


@pytest.mark.parametrize(
    ("conflict", "choice", "words"),
    [
        (FIELD, Keep(), "--choose with one of: nimbata, contacts_api"),
        (FIELD, Merge(record="c1"), "--choose with one of"),
        (IDENTITY, Merge(record="n1"), "--merge needs the record to keep, one of: c1, c2"),
        (IDENTITY, Choose(value="nimbata"), "--choose needs one of: c1, c2"),
    ],
)
def test_a_choice_that_answers_nothing_says_what_would(
    conflict: Conflict, choice: Choice, words: str
) -> None:
    """In the words of the command line."""
    assert words in str(complaint(conflict, choice))


def test_every_option_is_said_with_what_follows() -> None:
    """Each as it can be typed; none has a complaint."""
    assert [one.partition(":")[0] for one in options(IDENTITY)] == [
        "--merge c1", "--merge c2", "--choose c1", "--choose c2", "--keep",
    ]  # fmt: skip
    assert "tagged 'duplicate': c2" in meaning(IDENTITY, Merge(record="c1"))
    assert len(options(FIELD)) == 3
    assert ended_with(IDENTITY).startswith("identity conflict: ")


def test_a_later_answer_overrules_an_earlier_one() -> None:
    """As they come out of the store."""
    details = msgspec.json.encode(IDENTITY)
    rows = [
        (details, msgspec.to_builtins(Answer(choice=choice, by="ann")))
        for choice in (Keep(), Merge(record="c2"))
    ]
    assert load_answers(rows)[key_of(IDENTITY)] == Merge(record="c2")
    assert load_answers(rows[::-1])[key_of(IDENTITY)] == Keep()
