"""What a driver can make happen in the account, and the record of it."""

from __future__ import annotations

import time
from typing import Any

import phonenumbers
import pytest

from tests.sandbox.nimbata_door import Door

KINDS = ("call", "form", "sms", "contact.create", "call.update", "contact.update", "contact.delete")


def _play(seed: int) -> tuple[list[Any], list[dict[str, Any]]]:
    door = Door(seed=seed, countries=("US", "GB", "DE", "NZ"))
    door.side.set_targets({"url": "http://hub.example/hooks", "secret": "s"})
    for kind in KINDS:
        door.side.emit({"kind": kind, "count": 12, "known_share": 0.5, "anonymous_share": 0.1})
        door.wait(5)
    return door.side.emitted, door.events()


def test_the_same_seed_makes_the_same_account() -> None:
    """People, numbers, ids, outcomes, bodies: all equal; another seed makes another account."""
    assert _play(1) == _play(1)
    assert _play(1)[0] != _play(2)[0]
    assert Door(seed=1).side.describe() == Door(seed=1).side.describe()
    assert Door(seed=1).side.describe()["token"] != Door(seed=2).side.describe()["token"]


def test_what_clients_ask_does_not_change_what_happens() -> None:
    """A hub that polls more or less often meets the same people."""
    quiet, busy = Door(), Door()
    for _ in range(3):
        busy.ask("GET", "contacts", per_page="0")
        busy.calls(busy.projects[0])
        assert busy.side.emit({"kind": "call", "count": 5}) == quiet.side.emit({"kind": "call", "count": 5})


def test_people_have_valid_numbers_of_their_projects_country() -> None:
    """By the judgement of the phonenumbers library, and no two share one; names come in several scripts."""
    countries = ("US", "GB", "DE", "NZ")
    door = Door(countries=countries)
    for project, country in zip(door.projects, countries, strict=True):
        made = door.side.emit({"kind": "form", "project": project, "count": 150})
        numbers = [phonenumbers.parse(one.caller or "") for one in made]
        assert all(map(phonenumbers.is_valid_number, numbers))
        # A country calling code may belong to several regions; the number must read the same from within.
        assert all(phonenumbers.is_valid_number_for_region(number, country) for number in numbers)
        assert len({one.caller for one in made}) == len({one.email for one in made}) == 150
    names = "".join(value for form in door.side.state()["forms"] for value in form.fields.values())
    for script in ("ü", "ñ", "ś", "ā", "ş", "ạ", "王", "김", "田", "к", "ο", "ع", "ל", "ส", "प"):
        assert script in names, script


def test_what_a_form_says_is_what_the_log_says() -> None:
    """A phone written in the country's way is the caller of the log in E.164."""
    door = Door(countries=("US", "NZ"))
    for one in door.side.emit({"kind": "form", "count": 40}):
        country = door.side.account.countries[one.project]
        form = door.side.account.forms.get(one.project, one.activity_id)
        assert form is not None
        (written,) = (text for label, text in form.fields.items() if label in ("Phone", "Mobile"))
        assert not written.startswith("+")
        number = phonenumbers.format_number(
            phonenumbers.parse(written, country), phonenumbers.PhoneNumberFormat.E164
        )
        assert number == one.caller
        assert one.email in form.fields.values()


def test_known_callers_come_back_as_often_as_asked() -> None:
    """0 never, 1 always once someone is known, 0.8 about four times in five."""
    door = Door()
    project = door.projects[0]
    fresh = door.side.emit({"kind": "call", "project": project, "count": 50})
    assert not any(one.known for one in fresh)
    again = door.side.emit({"kind": "call", "project": project, "count": 50, "known_share": 1})
    assert all(one.known for one in again)
    assert {one.caller for one in again} <= {one.caller for one in fresh}
    mixed = door.side.emit({"kind": "call", "project": project, "count": 1000, "known_share": 0.8})
    assert 740 <= sum(one.known for one in mixed) <= 860
    (first,) = door.side.emit({"kind": "call", "project": door.projects[1], "known_share": 1})
    assert not first.known


def test_a_named_caller_is_the_same_person_next_time() -> None:
    """However the number is written; the name that was drawn stays with it."""
    door = Door()
    project = door.projects[0]
    wanted = {"kind": "contact.create", "project": project, "caller": "+12015550123"}
    (first,) = door.side.emit(wanted)
    (second,) = door.side.emit({**wanted, "kind": "form", "caller": "(201) 555-0123"})
    assert (first.known, second.known, second.caller) == (False, True, "+12015550123")
    contact = door.side.account.contacts.get(first.activity_id)
    form = door.side.account.forms.get(project, second.activity_id)
    assert contact is not None
    assert form is not None
    assert form.contact_id == contact.id
    assert contact.email == second.email


@pytest.mark.parametrize("caller", ["anonymous", "Unknown", "", "911", "+1999", "+12015550123 ext. x", "🙂"])
def test_a_caller_without_a_valid_number_has_none_in_the_log(caller: str) -> None:
    """The account shows what it was given; the driver is not told of a number that there is not."""
    door = Door()
    (made,) = door.side.emit({"kind": "call", "project": door.projects[0], "caller": caller})
    (row,) = door.calls(door.projects[0])["data"]
    assert (row["caller"], made.caller, made.known) == (caller, None, False)
    assert row["times_called"] == 1


def test_anonymous_callers_come_as_often_as_asked() -> None:
    """And only by chance of their own: a drawn caller shows a number."""
    door = Door()
    assert all(one.caller for one in door.side.emit({"kind": "call", "count": 100}))
    some = door.side.emit({"kind": "call", "count": 400, "anonymous_share": 0.25})
    assert 60 <= sum(one.caller is None for one in some) <= 140


def test_drawn_calls_are_of_every_kind_and_make_sense() -> None:
    """Talk is part of the call, a missed call has none, a blocked one is spam."""
    door = Door()
    door.side.emit({"kind": "call", "count": 400})
    seen = set()
    for call in door.side.state()["calls"]:
        seen.add(call.outcome)
        assert call.talk_duration <= call.call_duration
        assert (call.talk_duration == "00:00:00") == (call.outcome in ("NOT_ANSWERED", "BLOCKED"))
        assert (call.tags == ("SPAM",)) == (call.outcome == "BLOCKED")
        assert (call.recording_url is None) == (call.talk_duration == "00:00:00")
        assert call.device is None or call.landing_page
    assert seen == {"ANSWERED", "NOT_ANSWERED", "VOICEMAIL", "BLOCKED"}


def test_changes_by_chance_always_change_something() -> None:
    """A thousand of them on three records: each has an event, and names what differs."""
    door = Door(countries=("US",))
    door.side.set_targets({"url": "http://hub.example/hooks"})
    door.side.emit({"kind": "call", "count": 3})
    door.side.emit({"kind": "contact.create", "count": 3, "known_share": 0.9})
    before = len(door.sent)
    door.side.emit({"kind": "call.update", "count": 500})
    door.side.emit({"kind": "contact.update", "count": 500})
    told = door.events()[before:]
    assert len(told) == 1000
    assert all(len(event["changes"]) == 1 for event in told)
    assert {event["changes"][0] for event in told} == {"tags", "value", "summary", "company"}


def test_a_driver_can_say_which_record_changes_and_how() -> None:
    """By id, whatever its project; the log names whom it concerns."""
    door = Door()
    (call,) = door.side.emit({"kind": "call", "project": door.projects[1], "caller": "+4915123456789"})
    (changed,) = door.side.emit({
        "kind": "call.update", "id": call.activity_id, "changes": {"tags": ["Appt. Booked"], "summary": "Friday"},
    })  # fmt: skip
    assert (changed.event, changed.project, changed.caller) == (
        "call.updated", door.projects[1], "+4915123456789",
    )  # fmt: skip
    stored = door.side.account.calls.get(door.projects[1], call.activity_id)
    assert stored is not None
    assert (stored.tags, stored.summary) == (("Appt. Booked",), "Friday")
    (contact,) = door.side.emit({
        "kind": "contact.create", "project": door.projects[0], "caller": None, "email": "Zoë@example.com",
        "changes": {"company": "Acme"},
    })  # fmt: skip
    assert (contact.caller, contact.email) == (None, "zoë@example.com")
    (gone,) = door.side.emit({"kind": "contact.delete", "id": contact.activity_id})
    assert (gone.event, gone.activity_id, gone.email) == (
        "contact.deleted", contact.activity_id, "zoë@example.com",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({}, "kind"),
        ({"kind": "fax"}, "fax"),
        ({"kind": "call", "project": "1"}, "project not found"),
        ({"kind": "call", "cuont": 5}, "cuont"),
        ({"kind": "call", "count": 0}, "count"),
        ({"kind": "call", "count": 10**9}, "count"),
        ({"kind": "call", "known_share": 1.5}, "known_share"),
        ({"kind": "call", "source": {"sauce": "google"}}, "sauce"),
        ({"kind": "call", "at": "2026-09-01T00:00:00"}, "at"),
        ({"kind": "call", "outcome": "answered"}, "outcome"),
        ({"kind": "call.update"}, "call not found"),
        ({"kind": "call.update", "id": "ncl_x"}, "call not found"),
        ({"kind": "contact.update"}, "contact not found"),
        ({"kind": "contact.delete", "id": "nct_x"}, "contact not found"),
        ({"kind": "contact.create", "caller": None, "email": None}, "phone or an e-mail"),
        ({"kind": "contact.create", "changes": {"colour": 1}}, "colour"),
        ({"kind": "contact.create", "test": True}, "test"),
        ({"kind": "contact.create", "changes": {"updated_at": "2026-09-01"}}, "updated_at"),
    ],
)
def test_what_cannot_happen_is_refused_with_the_reason(wanted: dict[str, Any], words: str) -> None:
    """And nothing is in the log or the account."""
    door = Door()
    with pytest.raises(ValueError, match=words):
        door.side.emit(wanted)
    assert door.side.emitted == []
    state = door.side.state()
    assert [state[name] for name in ("calls", "forms", "texts", "contacts")] == [[], [], [], []]


def test_a_change_that_is_refused_leaves_the_record() -> None:
    """A key that is none, or a value that is there already: no event, no new version."""
    door = Door(countries=("US",))
    (contact,) = door.side.emit({"kind": "contact.create", "changes": {"company": "Acme"}})
    (call,) = door.side.emit({"kind": "call", "tags": ["A"]})
    for kind, changes, words in (
        ("contact.update", {"company": "B", "colour": 1}, "colour"),
        ("contact.update", {"company": "Acme"}, "already"),
        ("call.update", {"tags": ["B"], "outcome": "BLOCKED"}, "outcome"),
        ("call.update", {"tags": ["A"]}, "already"),
    ):
        with pytest.raises(ValueError, match=words):
            door.side.emit({"kind": kind, "changes": changes})
    state = door.side.state()
    assert [(one.id, one.version, one.company) for one in state["contacts"]] == [
        (contact.activity_id, 1, "Acme")
    ]
    assert [(one.id, one.tags) for one in state["calls"]] == [(call.activity_id, ("A",))]
    assert len(door.side.emitted) == 2


def test_a_contact_that_exists_cannot_be_created_again() -> None:
    """By name it is refused; by chance someone else is found."""
    door = Door(countries=("US",))
    wanted = {"kind": "contact.create", "caller": "+12015550123"}
    door.side.emit(wanted)
    with pytest.raises(ValueError, match="exists already"):
        door.side.emit(wanted)
    assert len(door.side.emit({"kind": "contact.create", "count": 50, "known_share": 1})) == 50
    assert len(door.side.account.contacts) == 51


def test_the_log_counts_from_one_and_keeps_the_order() -> None:
    """Changes that clients make are not in it: it holds what the driver did."""
    door = Door()
    made = [one for kind in KINDS for one in door.side.emit({"kind": kind, "count": 2})]
    door.create(phone="+12015550123")
    assert door.side.emitted == made
    assert [one.number for one in made] == list(range(1, len(made) + 1))
    assert len({one.event_id for one in made}) == len(made)


def test_the_cost_of_a_call_does_not_grow_with_the_account() -> None:
    """After 20,000 calls another thousand, and their pages, take about what the first thousand took."""
    door = Door(countries=("US",))
    project = door.projects[0]

    def thousand() -> float:
        began = time.process_time()
        door.side.emit({"kind": "call", "count": 1000, "known_share": 0.8})
        for number in (1, 2):
            door.calls(project, page=number, per_page=500, filters={"call_date": {"from": "2026-01-01"}})
        door.calls(project, page=40, per_page=500)
        return time.process_time() - began

    first = min(thousand() for _ in range(2))
    for _ in range(4):
        door.side.emit({"kind": "call", "count": 5000, "known_share": 0.8})
    assert min(thousand() for _ in range(2)) < 4 * first + 0.1
