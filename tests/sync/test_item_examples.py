"""Examples about tasks, notes and appointments: what a turn would write is what they are held against."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieline.domain.items import ITEM_FIELDS, Appointment, Item, ItemKind, Note, Task
from tieline.domain.side import SIDES, Side, other
from tieline.mapping.two_way import DIRECTIONS, RULES, ItemRules
from tieline.sync.files.definition import DefinitionError, default_text
from tieline.sync.files.run_examples import run_examples
from tieline.sync.files.sync_file import parse_sync_file
from tieline.sync.merge import MergeState
from tieline.sync.merge_items import merge_item, observe_item

BOTH = "tasks: {}\nnotes: {}\nappointments: {}"
TASK = "{nimbata: {title: Call}, contacts_api: {title: Call}}"
VISIT = "{nimbata: {starts_at: 2026-09-03T15:00Z}, contacts_api: {starts_at: 2026-09-03T15:00Z}}"
SECTION = {"task": "tasks", "note": "notes", "appointment": "appointments"}
LEAST = {"task": "title: Call", "note": "body: Rang", "appointment": "starts_at: 2026-09-03T15:00Z"}


def _failures(example: str, rules: str = BOTH) -> list[str]:
    """What an example comes out as."""
    read = parse_sync_file(f"version: 1\n{rules}\nexamples:\n  - {{name: x, {example}}}", name="my.yaml")
    (tried,) = run_examples(read.definition, read.examples)
    return list(tried.failures)


@pytest.mark.parametrize("kind", SECTION)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_an_item_is_made_on_the_other_side_where_its_direction_lets_it(
    kind: str, side: Side, direction: str
) -> None:
    """Else the example says why not, in the words of the turn."""
    there, rules = other(side), f"{SECTION[kind]}: {{direction: {direction}}}"
    example = f"{kind}: {{{side}: {{{LEAST[kind]}}}}}"
    made = f"{example}, expect: {{{there}: {{create: {{{LEAST[kind]}}}}}, {side}: nothing}}"
    if direction in ("both", f"to_{there}"):
        assert _failures(made, rules) == []
        assert _failures(f"{example}, expect: {{skip: true}}", rules) != []
        return
    names = {"nimbata": "the call-tracking account", "contacts_api": "the CRM"}
    reason = f"{kind}s " + ("are not carried over" if direction == "off" else f"do not go to {names[there]}")
    assert _failures(made, rules) == [
        f"{there}: expected the {kind} to be made, but nothing is written: {reason}"
    ]
    assert _failures(f"{example}, expect: {{skip: {reason}, {there}: nothing}}", rules) == []


@pytest.mark.parametrize("kind", SECTION)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("deletes", ["delete", "unlink", "ignore"])
def test_a_deletion_does_what_the_policy_and_the_direction_say(
    kind: str, side: Side, direction: str, deletes: str
) -> None:
    """The copy goes, or it stays."""
    there, rules = other(side), f"{SECTION[kind]}: {{direction: {direction}, deletes: {deletes}}}"
    copies = ", ".join(f"{one}: {{{LEAST[kind]}}}" for one in SIDES)
    example = f"{kind}: {{{copies}}}, then: [{{{side}: deleted}}]"
    goes = deletes == "delete" and direction in ("both", f"to_{there}")
    assert _failures(f"{example}, expect: {{{there}: {'delete' if goes else 'nothing'}}}", rules) == []
    assert _failures(f"{example}, expect: {{{there}: {'nothing' if goes else 'delete'}}}", rules) != []


@pytest.mark.parametrize(
    "example",
    [
        f"task: {TASK}, then: [{{contacts_api: {{completed: true}}}}],"
        " expect: {nimbata: {update: {completed: true}}, contacts_api: nothing}",
        f"task: {TASK}, then: [{{nimbata: {{title: Call}}}}], expect: {{skip: it shows nothing new}}",
        f"task: {TASK}, then: [{{nimbata: {{title: A}}}}, {{contacts_api: {{title: A}}}}], expect: {{skip: the same}}",
        f"task: {TASK}, then: [{{nimbata: {{body: b}}}}, {{contacts_api: {{completed: yes}}}}],"
        " expect: {nimbata: {update: {completed: true, body: null}}, contacts_api: {update: {body: b}}}",
        # What stands differently on both sides was agreed so.
        "task: {nimbata: {title: Call, body: a}, contacts_api: {title: Call}}, then: [{nimbata: {completed: true}}],"
        " expect: {contacts_api: {update: {completed: true, body: null}}}",
        "task: {nimbata: {title: Call, assignee: ana@example.com}, contacts_api: {title: Call}},"
        " then: [{nimbata: {assignee: Bob@Example.com}}],"
        " expect: {contacts_api: {update: {assignee: bob@example.com}}}",
        # Nobody told of it before: it is made as it stands now, or forgotten.
        "note: {nimbata: {body: a}}, then: [{nimbata: {body: b}}], expect: {contacts_api: {create: {body: b}}}",
        'note: {nimbata: {body: a}}, then: [{nimbata: deleted}], expect: {skip: "deleted, and not linked"}',
        "note: {nimbata: {body: a}}, then: [{nimbata: {body: b}}, {nimbata: deleted}], expect: {skip: unlinked}",
        "task: {nimbata: {title: Call, body: a}, contacts_api: {title: Call, body: a}},"
        " then: [{nimbata: {body: null}}, {contacts_api: {body: null}}], expect: {skip: both sides show the same}",
        # A late change makes nothing anew, and a change that is deleted with its item travels nowhere.
        f"task: {TASK}, then: [{{nimbata: deleted}}, {{contacts_api: {{title: x}}}}], expect: {{contacts_api: delete}}",
        f"task: {TASK}, then: [{{nimbata: {{title: x}}}}, {{nimbata: deleted}}], expect: {{contacts_api: delete}}",
        f"task: {TASK}, then: [{{nimbata: deleted}}, {{contacts_api: deleted}}], expect: {{nimbata: nothing}}",
        "note: {nimbata: {body: 'a\n b'}}, expect: {contacts_api: {create: {body: a b}}}",
    ],
)
def test_an_example_that_holds_passes(example: str) -> None:
    """Changes and deletions, on one side and on both."""
    assert _failures(example) == []


@pytest.mark.parametrize(
    ("rules", "then", "expect"),
    [
        ("rule: nimbata", "{nimbata: {title: A}}, {contacts_api: {title: B}}", "contacts_api: {update: {title: A}}"),
        ("rule: contacts_api", "{nimbata: {title: A}}, {contacts_api: {title: B}}", "nimbata: {update: {title: B}}"),
        ("rule: longest", "{nimbata: {title: AA}}, {contacts_api: {title: B}}", "contacts_api: {update: {title: AA}}"),
        ("direction: to_nimbata", "{nimbata: {title: A}}, {contacts_api: {title: B}}", "nimbata: {update: {title: B}}"),
        ("direction: to_nimbata", "{nimbata: {title: A}}", "skip: tasks do not go to the CRM"),
        ("direction: off", "{nimbata: {title: A}}", "skip: tasks are not carried over"),
    ],
)  # fmt: skip
def test_rules_and_directions_decide_who_counts(rules: str, then: str, expect: str) -> None:
    """Where both sides changed a field, and where one did."""
    assert _failures(f"task: {TASK}, then: [{then}], expect: {{{expect}}}", f"tasks: {{{rules}}}") == []


def test_the_later_change_counts() -> None:
    """Of all kinds: where a record tells no time of its change, its event does."""
    then = "then: [{nimbata: {title: A}}, {contacts_api: {title: B}}]"
    assert _failures(f"appointment: {VISIT}, {then}, expect: {{nimbata: {{update: {{title: B}}}}}}") == []
    assert _failures(f"task: {TASK}, {then}, expect: {{nimbata: {{update: {{title: B}}}}}}") == []


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("booked", "confirmed"),
        ("Completed", "showed"),
        ("no-show", "noshow"),
        ("canceled", "cancelled"),
        ("pending", "new"),
        ("invalid", "invalid"),
    ],
)
def test_a_status_may_be_said_in_the_words_of_either_side(said: str, meant: str) -> None:
    """It arrives in ours."""
    visit = f"appointment: {{nimbata: {{starts_at: 2026-09-03T15:00Z, status: {said}}}}}"
    assert _failures(f"{visit}, expect: {{contacts_api: {{create: {{status: {meant}}}}}}}") == []
    assert _failures(f"{visit}, expect: {{contacts_api: {{create: {{status: {said}}}}}}}") == []


@pytest.mark.parametrize(
    ("given", "timezone", "expected"),
    [
        # Before and after the clock is set back.
        ("starts_at: 2026-10-31T09:00, timezone: America/Chicago", "", "2026-10-31T14:00Z"),
        ("starts_at: 2026-11-02T09:00, timezone: America/Chicago", "", "2026-11-02T15:00Z"),
        ("starts_at: 2026-11-02T09:00", "America/Chicago", "2026-11-02T15:00Z"),
        # The item's own zone goes before the location's, an offset before both.
        ("starts_at: 2026-11-02T09:00, timezone: America/New_York", "America/Chicago", "2026-11-02T08:00"),
        ("starts_at: 2026-11-02T09:00+05:30", "America/Chicago", "2026-11-01T21:30"),
        # Both hours that the clock shows twice, told apart by their offset.
        ("starts_at: 2026-11-01T01:30-05:00", "America/Chicago", "2026-11-01T06:30Z"),
        ("starts_at: 2026-11-01T01:30-06:00", "America/Chicago", "2026-11-01T07:30Z"),
        ("starts_at: 2026-11-02 09:00:30", "Asia/Kathmandu", "2026-11-02T03:15:30Z"),
    ],
)
def test_times_are_the_same_moment_whatever_clock_shows_them(
    given: str, timezone: str, expected: str
) -> None:
    """Read by the item's zone or by the location's."""
    zone = f", timezone: {timezone}" if timezone else ""
    example = f"appointment: {{nimbata: {{{given}}}}}{zone}"
    assert _failures(f"{example}, expect: {{contacts_api: {{create: {{starts_at: {expected}}}}}}}") == []
    assert (
        _failures(f"{example}, expect: {{contacts_api: {{create: {{starts_at: 2026-11-02T00:00Z}}}}}}") != []
    )


def test_a_change_is_read_by_the_clock_of_the_item_that_is_changed() -> None:
    """Its own zone, where the change names none."""
    both = "starts_at: 2026-11-02T09:00, timezone: America/Chicago"
    example = f"appointment: {{nimbata: {{{both}}}, contacts_api: {{{both}}}}}"
    then = "then: [{nimbata: {starts_at: 2026-11-02T10:00}}]"
    expect = "expect: {contacts_api: {update: {starts_at: 2026-11-02T16:00Z, timezone: null}}}"
    assert _failures(f"{example}, {then}, {expect}") == []


def test_how_an_appointment_is_booked_can_be_expected() -> None:
    """Its calendar, whether at any time, whether the person is told."""
    new = "appointment: {nimbata: {starts_at: 2026-09-03T15:00Z}}"
    rules = 'appointments: {calendar: "Site visits", any_time: false, notify: false}'
    booked = "{calendar: Site visits, any_time: false, notify: false}"
    assert _failures(f"{new}, expect: {{contacts_api: {{create: {booked}}}}}", rules) == []
    assert _failures(f"{new}, expect: {{contacts_api: {{create: {{calendar: null}}}}}}", rules) == [
        "contacts_api.calendar\n  - (the location's only one)\n  + Site visits"
    ]
    moved = f"appointment: {VISIT}, then: [{{nimbata: {{location: here}}}}]"
    assert _failures(f"{moved}, expect: {{contacts_api: {{update: {{notify: true}}}}}}", rules) == [
        "contacts_api.notify\n  - true\n  + false"
    ]
    assert _failures(f"{new}, expect: {{contacts_api: {{create: {{calendar: null, notify: true}}}}}}") == []


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (
            "task: {nimbata: {title: Call, due_at: 2026-09-03T20:00Z}}, timezone: America/Chicago,"
            " expect: {contacts_api: nothing}",
            ["contacts_api: expected nothing, but the task is made there: title: Call,"
             " due_at: 2026-09-03T15:00-05:00, completed: false"],
        ),
        (
            "task: {nimbata: {title: Call, due_at: 2026-09-03T20:00Z}},"
            " expect: {contacts_api: {create: {due_at: 2026-09-03T20:30Z, title: Write, body: soon, completed: null}}}",
            ["contacts_api.due_at\n  - 2026-09-03T20:30Z\n  + 2026-09-03T20:00Z",
             "contacts_api.title\n  - Write\n  + Call", "contacts_api.body\n  - soon\n  + (nothing)",
             "contacts_api.completed\n  - (nothing)\n  + false"],
        ),
        (
            f"task: {TASK}, then: [{{contacts_api: {{completed: true, body: b}}}}], expect: {{nimbata: delete}}",
            ["nimbata: expected the task to be deleted, but the task is changed there: body: b, completed: true"],
        ),
        (
            # A reason is given for what is left alone, not for what is made.
            "note: {nimbata: {body: a}}, expect: {nimbata: delete, contacts_api: {create: {}}}",
            ["nimbata: expected the note to be deleted, but nothing is written"],
        ),
        (
            f"task: {TASK}, then: [{{contacts_api: deleted}}], expect: {{nimbata: {{update: {{}}}}}}",
            ["nimbata: expected the task to be changed, but the task is deleted there"],
        ),
        (
            "task: {nimbata: {title: Call, body: b}, contacts_api: {title: Call, body: b}},"
            " then: [{nimbata: {body: null}}],"
            " expect: {contacts_api: {update: {body: null}, cleared: [due_at]}}",
            ["contacts_api.body\n  - (nothing)\n  + (cleared)",
             "contacts_api.due_at: expected to be cleared, but it is not"],
        ),
        (
            "task: {nimbata: {title: Call, body: b}, contacts_api: {title: Call, body: b}},"
            " then: [{nimbata: {body: null}}], expect: {contacts_api: {update: {body: c}}}",
            ["contacts_api.body\n  - c\n  + (cleared)"],
        ),
        (
            f"task: {TASK}, then: [{{nimbata: {{body: b}}}}],"
            " expect: {contacts_api: {update: {}, cleared: [body]}}",
            ["contacts_api.body: expected to be cleared, but it is not"],
        ),
        (
            "note: {nimbata: {body: a}}, expect: {skip: true}",
            ["it is not left alone: contacts_api: the note is made there: body: a"],
        ),
        (
            f"task: {TASK}, then: [{{nimbata: {{title: Call}}}}], expect: {{skip: not carried over}}",
            ["skip\n  - not carried over\n  + it shows nothing new"],
        ),
        (
            "appointment: {nimbata: {starts_at: 2026-09-03T15:00Z, ends_at: 2026-09-03T16:00Z}, contacts_api:"
            " {starts_at: 2026-09-03T15:00Z, ends_at: 2026-09-03T16:00Z}},"
            " then: [{nimbata: {ends_at: null}}], expect: {contacts_api: {update: {}, cleared: [ends_at]}}",
            ["contacts_api: expected the appointment to be changed, but nothing is written:"
             " ends_at: it cannot be taken away"],
        ),
        (
            f"task: {TASK}, then: [{{contacts_api: {{title: B}}}}, {{nimbata: {{title: A}}}}],"
            " expect: {nimbata: {update: {title: B}}}",
            ["nimbata: expected the task to be changed, but nothing is written:"
             " title: what the call-tracking account shows counts"],
        ),
    ],
)  # fmt: skip
def test_a_difference_is_shown_in_plain_words(example: str, expected: list[str]) -> None:
    """What was expected, what came of it, and why nothing did."""
    assert _failures(example) == expected


@pytest.mark.parametrize(
    ("example", "at", "words"),
    [
        ("meeting: {}, expect: {skip: true}", "meeting", "unknown key 'meeting'"),
        ("task: {nimbata: {title: x}}, note: {nimbata: {body: x}}, expect: {skip: true}", "{name", "one thing"),
        ("task: {nimbata: {title: x}}, call: {}, expect: {skip: true}", "{name", "one thing happens"),
        ("task: {}, expect: {skip: true}", "{}", "a side is wanted"),
        ("task: [], expect: {skip: true}", "[]", "a table is wanted"),
        ("task: {crm: {title: x}}, expect: {skip: true}", "crm", "unknown key 'crm'"),
        ("task: {nimbata: {titel: x}}, expect: {skip: true}", "titel", "did you mean title"),
        ("note: {nimbata: {body: x, title: y}}, expect: {skip: true}", "title", "there are: body"),
        ("task: {nimbata: {body: x}}, expect: {skip: true}", "{body", "'title' is missing"),
        ("task: {nimbata: {title: ' '}}, expect: {skip: true}", "' '", "a task is never without title"),
        ("task: {nimbata: {title: 7}}, expect: {skip: true}", "7", "put it in quotes"),
        ("task: {nimbata: {title: x, completed: done}}, expect: {skip: true}", "done", "true or false"),
        ("task: {nimbata: {title: x, due_at: soon}}, expect: {skip: true}", "soon", "is no time; write 2026"),
        ("task: {nimbata: {title: x, due_at: 2026-09-03}}, expect: {skip: true}", "2026-09-03", "is no time"),
        ("task: {nimbata: {title: x, due_at: 2026-09-03T15:00}}, expect: {skip: true}", "2026", "names no zone"),
        ("task: {nimbata: {title: x, assignee: ana}}, expect: {skip: true}", "ana", "is no e-mail"),
        ("task: {nimbata: {title: x}}, timezone: Chicago, expect: {skip: true}", "Chicago", "is no time zone"),
        ("task: {nimbata: {title: x}}, nimbata: {}, expect: {skip: true}", "{}", "cannot stand beside `task`"),
        ("task: {nimbata: {title: x}}, country: US, expect: {skip: true}", "US", "cannot stand beside `task`"),
        ("nimbata: {}, timezone: Europe/Berlin, expect: {nimbata: nothing}", "Europe", "only beside one of task"),
        ("appointment: {nimbata: {title: x}}, expect: {skip: true}", "{title", "'starts_at' is missing"),
        ("appointment: {nimbata: {starts_at: 2026-09-03T15:00, timezone: X/Y}}, expect: {skip: true}",
         "X/Y", "is no time zone"),
        ("appointment: {nimbata: {starts_at: 2026-09-03T15:00Z, status: boked}}, expect: {skip: true}",
         "boked", "no status is called 'boked'"),
        ("appointment: {nimbata: {starts_at: 2026-09-03T15:00Z, ends_at: 2026-09-03T15:00Z}}, expect: {skip: true}",
         "{starts_at", "after starts_at"),
        ("appointment: {nimbata: {starts_at: 2026-11-01T01:30}}, timezone: America/Chicago, expect: {skip: true}",
         "2026-11-01", "comes twice in America/Chicago"),
        ("appointment: {nimbata: {starts_at: 2026-03-08T02:30}}, timezone: America/Chicago, expect: {skip: true}",
         "2026-03-08", "does not come in America/Chicago"),
        (f"task: {TASK}, expect: {{skip: true}}", "{nimbata", "nothing happens between two copies"),
        ("task: {nimbata: {title: x}}, then: [{contacts_api: deleted}], expect: {skip: true}",
         "deleted", "there is no copy on contacts_api"),
        (f"task: {TASK}, then: [{{nimbata: gone}}], expect: {{skip: true}}", "gone", "is none of: deleted"),
        (f"task: {TASK}, then: [{{nimbata: deleted}}, {{nimbata: {{title: x}}}}], expect: {{skip: true}}",
         "{title: x}", "it is deleted there already"),
        (f"task: {TASK}, then: [{{nimbata: {{title: null}}}}], expect: {{skip: true}}", "null", "never without title"),
        ("task: {nimbata: {title: x}}, expect: {skip: false}", "{skip", "say what is written"),
        ("task: {nimbata: {title: x}}, expect: {ask: []}", "[]", "there is no ask here; there are: nimbata"),
        ("task: {nimbata: {title: x}}, expect: {fields: {}}", "{}}", "there is no fields here"),
        ("task: {nimbata: {title: x}}, expect: {contacts_api: made}", "made", "none of: nothing, delete"),
        ("task: {nimbata: {title: x}}, expect: {contacts_api: {fields: {}}}", "fields", "unknown key 'fields'"),
        ("task: {nimbata: {title: x}}, expect: {contacts_api: {create: {}, update: {}}}", "{create", "one of these"),
        ("task: {nimbata: {title: x}}, expect: {contacts_api: {create: {starts_at: x}}}", "starts_at", "unknown key"),
        ("task: {nimbata: {title: x}}, expect: {contacts_api: {create: {calendar: x}}}", "calendar", "unknown key"),
        ("appointment: {contacts_api: {starts_at: 2026-09-03T15:00Z}}, expect: {nimbata: {create: {notify: true}}}",
         "notify", "unknown key 'notify'"),
        (f"appointment: {VISIT}, then: [{{nimbata: deleted}}], expect: {{contacts_api: {{update: {{calendar: x}}}}}}",
         "calendar", "unknown key 'calendar'"),
        ("task: {nimbata: {title: x}}, expect: {contacts_api: {create: {}, cleared: [body]}}",
         "[body]", "nothing is cleared in a new one"),
        (f"task: {TASK}, then: [{{nimbata: {{body: x}}}}], expect: {{contacts_api: {{update: {{}}, cleared: [bodi]}}}}",
         "bodi", "is none of"),
        ("task: {nimbata: {title: x}}", "{name", "'expect' is missing"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place(example: str, at: str, words: str) -> None:
    """Unknown kinds, fields and words; values of the wrong type; what cannot happen."""
    text = f"version: 1\n{BOTH}\nperson: {{create: []}}\nexamples:\n  - {{name: x, {example}}}"
    with pytest.raises(DefinitionError) as caught:
        parse_sync_file(text)
    lines = text.split("\n")
    found = [(lines[one.line - 1][one.column - 1 :], one.message) for one in caught.value.problems]
    assert any(pointed.startswith(at) and words in message for pointed, message in found), found


START = datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
ENOUGH: dict[ItemKind, Item] = {
    "task": Task(id="x", title="Call"),
    "note": Note(id="x", body="Rang"),
    "appointment": Appointment(id="x", starts_at=START),
}
_TEXTS = st.sampled_from(["Call", "call", "Write soon", "two\nlines", "7", "null", "📞 {x}", "'", '"- a: b'])
_TIMES = st.sampled_from([START, START + timedelta(hours=1), START + timedelta(days=240, seconds=7)])
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "completed": st.booleans(),
    "due_at": st.none() | _TIMES,
    "starts_at": _TIMES,
    "ends_at": st.none() | _TIMES.map(lambda at: at + timedelta(days=300)),
    "timezone": st.sampled_from([None, "America/Chicago", "Asia/Kathmandu"]),
    "status": st.sampled_from(["new", "confirmed", "showed", "noshow", "cancelled", "invalid"]),
    "assignee": st.sampled_from([None, "ana@example.com", "bob@example.com"]),
}


def _values(kind: ItemKind) -> st.SearchStrategy[dict[str, Any]]:
    """Some fields of an item, in what it may show."""
    required = {"title"} if kind == "task" else {"body"} if kind == "note" else set()
    found = {
        name: _VALUES.get(name, _TEXTS if name in required else st.none() | _TEXTS)
        for name in ITEM_FIELDS[kind]
    }
    return st.fixed_dictionaries({}, optional=found)


def _written(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    }


def _shown(item: Item, kind: ItemKind) -> dict[str, Any]:
    return _written({name: getattr(item, name) for name in ITEM_FIELDS[kind]})


@settings(deadline=None)  # a busy machine makes no decision wrong
@given(st.data())
def test_what_the_merge_decides_is_what_an_example_reports(data: st.DataObject) -> None:
    """Of any two copies and any changes: nothing more is written, and nothing less; who expects otherwise is told."""
    kind = data.draw(st.sampled_from(sorted(ENOUGH)))
    rules = ItemRules(
        direction=data.draw(st.sampled_from(DIRECTIONS)), rule=data.draw(st.sampled_from(RULES))
    )
    seen = {
        side: msgspec.structs.replace(ENOUGH[kind], id=side, **data.draw(_values(kind))) for side in SIDES
    }
    steps = data.draw(st.lists(st.tuples(st.sampled_from(SIDES), _values(kind)), min_size=1, max_size=4))
    copies = {side: _shown(seen[side], kind) for side in SIDES}

    state = MergeState(linked=True)
    for minute, (side, values) in enumerate(steps):
        at = START + timedelta(minutes=minute)
        after = msgspec.structs.replace(seen[side], **values, updated_at=at)
        state = observe_item(state, side, seen[side], after, at)
        seen[side] = after
    merged = merge_item(rules, state, seen)
    expect: dict[str, Any] = dict.fromkeys(SIDES, "nothing")
    for side, (item, names) in merged.to.items():
        values = {name: getattr(item, name) if name in names else None for name in ITEM_FIELDS[kind]}
        cleared = [name for name in names if values[name] is None]
        update = {name: value for name, value in values.items() if name not in cleared}
        expect[side] = {"update": _written(update), "cleared": cleared}

    def failures(expected: dict[str, Any]) -> list[str]:
        then = [{side: _written(values)} for side, values in steps]
        example = json.dumps({kind: copies, "then": then, "expect": expected}, ensure_ascii=False)[1:-1]
        return _failures(example, f"{SECTION[kind]}: {{direction: {rules.direction}, rule: {rules.rule}}}")

    assert failures(expect) == []
    assert (failures({"skip": True}) == []) is (not merged.to)
    for side in SIDES:
        instead = {"update": {}} if expect[side] == "nothing" else "nothing"
        assert len(failures({**expect, side: instead})) == 1
        for name in merged.to[side][1] if side in merged.to else ():
            unwritten = {"update": {name: None}}
            (failure,) = failures({**expect, side: unwritten})
            assert failure.startswith(f"{side}.{name}\n  - (nothing)\n  + ")


def test_the_default_has_an_example_of_an_item() -> None:
    """Whoever begins with it sees how they are written."""
    assert any(one.item is not None for one in parse_sync_file(default_text()).examples)
