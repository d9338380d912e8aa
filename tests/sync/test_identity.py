"""Who is who: nobody is taken for somebody else, few are missed, and what was answered is never asked again."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.numbers import note
from tieline.domain.contact import Contact
from tieline.sync.who.conflict_words import complaint
from tieline.sync.who.conflicts import (
    Choice,
    Choose,
    Conflict,
    Keep,
    Merge,
    New,
    Same,
    answers_of,
    key_of,
    remembered,
)
from tieline.sync.who.identity import Decision, Links, Unclear, conflict_of, decide
from tieline.sync.who.likeness import compare
from tieline.testing.tricky_pairs import tricky_pairs

SEEDS = (1, 7, 42, 2026, 31_337)


@pytest.mark.parametrize("seed", SEEDS)
def test_tricky_pairs_are_told_apart(seed: int) -> None:
    """Two people are never joined, what nobody can tell is asked, and at least nine of ten who are one are found."""
    pairs = tricky_pairs(seed)
    assert len(pairs) >= 200
    joined = right = same = 0
    for pair in pairs:
        decision = decide(pair.person, pair.candidates, pair.links, emails=pair.emails)
        if pair.label == "different":
            assert not isinstance(decision, Same), pair
        if pair.label == "ask":
            assert isinstance(decision, Unclear), pair
        same += pair.label == "same"
        if isinstance(decision, Same):
            joined += 1
            right += pair.label == "same" and decision.record.id == pair.right
    precision, recall = right / joined, right / same
    note(
        "identity",
        f"seed {seed}: {len(pairs)} tricky pairs, precision of joining {precision:.3f}, recall {recall:.3f}",
    )
    assert precision >= 0.99
    assert recall >= 0.9


def who(record: str, name: str = "", phone: str | None = None, email: str | None = None) -> Contact:
    """A record by its full name."""
    first, _, last = name.partition(" ")
    return Contact(id=record, first_name=first or None, last_name=last or None, phone=phone, email=email)


P, Q = "+12015550100", "+12015550101"
ADA = who("n1", "Ada Lovelace", P, "ada@example.com")


@pytest.mark.parametrize(
    ("person", "found", "links", "expected"),
    [
        (ADA, [], Links(), "new"),
        (ADA, [who("c1", phone=Q, email="other@example.com")], Links(), "new"),
        (ADA, [who("c1", "Ada Lovelace", P)], Links(), "c1"),
        (ADA, [who("c1", "", P)], Links(), "c1"),
        (ADA, [who("c1", "Ada King", Q, "ada@example.com")], Links(), "c1"),
        (ADA, [who("c1", "Ada L", P), who("c2", "Ada L", Q, "ada@example.com")], Links(), "two_records"),
        (ADA, [who("c1", "Ada Lovelace", P, "ada@work.example")], Links(), "second_email"),
        (ADA, [who("c1", "Bob Tran", P, "bob@example.com")], Links(), "shared_phone"),
        (ADA, [who("c1", "Bob Tran", Q, "ada@example.com")], Links(), "shared_email"),
        (ADA, [who("c1", "Ada Lovelace", P)], Links(taken=frozenset({"c1"})), "two_people"),
        # A link stands, whatever else has the phone.
        (ADA, [who("c2", "Bob Tran", P)], Links(own=who("c1", "Ada Lovelace", P, "ada@example.com")), "c1"),
        (ADA, [who("c2", "Ada", Q, "ada@example.com")], Links(own=who("c1", "Ada", P)), "two_records"),
        (
            ADA,
            [who("c2", "Ada", Q, "ada@example.com")],
            Links(own=who("c1", "Ada", P), taken=frozenset({"c2"})),
            "two_people",
        ),
        # Dots are not guessed about.
        (
            who("n1", "Ada", None, "a.da@gmail.com"),
            [who("c1", "Ada", None, "ada@gmail.com")],
            Links(),
            "new",
        ),
    ],
)
def test_link_then_phone_then_email_decide(
    person: Contact, found: list[Contact], links: Links, expected: str
) -> None:
    """And each kind of doubt has its name."""
    decision = decide(person, found, links)
    match decision:
        case Same(record=record):
            assert record.id == expected
        case New():
            assert expected == "new"
        case Unclear(reason=reason):
            assert reason == expected


def test_a_known_further_address_is_no_second_email() -> None:
    """The record's additional addresses count as its own."""
    record = who("c1", "Ada Lovelace", P, "ada@work.example")
    assert isinstance(decide(ADA, [record]), Unclear)
    known = decide(ADA, [record], emails={"c1": frozenset({"ada@example.com"})})
    assert known == Same(record=record)


def test_after_a_merge_the_other_record_is_left_marked_and_what_it_holds_is_not_written() -> None:
    """Neither side merges by API; an e-mail that stands on the duplicate would be refused on the one that is kept."""
    by_phone, by_email = who("c1", "Ada L", P), who("c2", "Ada L", Q, "ada@example.com")
    unclear = decide(ADA, [by_phone, by_email])
    assert isinstance(unclear, Unclear)
    answers = answers_of(conflict_of(ADA, unclear, side="nimbata"), Merge(record="c1"))
    expected = Same(record=by_phone, leave=frozenset({"email"}), duplicates=(by_email,))
    assert decide(ADA, [by_email, by_phone], answers=answers) == expected
    # Once somebody merged them by hand, whichever stayed is the person.
    merged = who("c2", "Ada L", P, "ada@example.com")
    assert decide(ADA, [merged], answers=answers) == Same(record=merged)


def test_a_second_email_may_be_settled_by_the_side_whose_stays() -> None:
    """The person is the same either way."""
    record = who("c1", "Ada Lovelace", P, "ada@work.example")
    unclear = decide(ADA, [record])
    assert isinstance(unclear, Unclear)
    conflict = conflict_of(ADA, unclear, side="nimbata")
    for side, leave in (("contacts_api", {"email"}), ("nimbata", set[str]())):
        answers = answers_of(conflict, Choose(value=side))
        assert decide(ADA, [record], answers=answers) == Same(record=record, leave=frozenset(leave))
    before = msgspec.structs.replace(record, company="Looms")
    linked = decide(ADA, [record], Links(own=before), answers_of(conflict, Choose(value="contacts_api")))
    assert linked == Same(record=record), "once linked, the field's rule decides"


def test_a_number_that_was_settled_raises_no_further_question() -> None:
    """The link moves to the record that was chosen; a third one with the number of the first is not asked about."""
    linked, by_email, third = who("c1", "", P), who("c2", "", None, "ada@example.com"), who("c3", "", P)
    links = Links(own=linked)
    unclear = decide(ADA, [linked, by_email, third], links)
    assert isinstance(unclear, Unclear)
    assert unclear.records == (linked, by_email)
    answers = answers_of(conflict_of(ADA, unclear, side="nimbata", links=links), Merge(record="c2"))
    again = decide(ADA, [third, by_email, linked], links, answers)
    assert again == Same(record=by_email, leave=frozenset({"phone"}), duplicates=(linked,))


# What follows holds of any records whatever.
_phones = st.sampled_from([None, P, Q])
_emails = st.sampled_from([None, "ada@example.com", "bob@example.com", "none@none.com"])
_names = st.sampled_from(
    ["", "Ada Lovelace", "A Lovelace", "Bob Tran", "Lovelace Ada", "Ada", "ANONYMOUS", "李 小龙"]
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Contact, list[Contact], Links]:
    """A person, up to four records, and links between them and others."""
    person = who("n1", draw(_names), draw(_phones), draw(_emails))
    count = draw(st.integers(0, 4))
    found = [who(f"c{n}", draw(_names), draw(_phones), draw(_emails)) for n in range(count)]
    taken = draw(st.frozensets(st.sampled_from(["c0", "c1", "c2", "c3"])))
    own = draw(st.sampled_from([None, *found]))
    if own is not None:
        taken -= {own.id}
    return person, found, Links(own=own, taken=taken)


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_candidates_decides_nothing(
    world: tuple[Contact, list[Contact], Links], random: object
) -> None:
    """Nor does one that is told twice."""
    person, found, links = world
    shuffled = [*found, *found[:1]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(person, found, links) == decide(person, shuffled, links)


@given(worlds())
def test_nobody_is_joined_with_a_record_that_is_linked_elsewhere(
    world: tuple[Contact, list[Contact], Links],
) -> None:
    """Nor with one that shares neither phone nor e-mail; a link that stands is never lost to a guess."""
    person, found, links = world
    decision = decide(person, found, links)
    if isinstance(decision, Same):
        record = decision.record
        assert record.id not in links.taken
        by_phone = person.phone is not None and record.phone == person.phone
        by_email = person.email is not None and record.email == person.email
        assert record == links.own or by_phone or by_email
        assert links.own is None or record == links.own
    assert links.own is None or not isinstance(decision, New)


def _choices(conflict: Conflict) -> list[Choice]:
    given: list[Choice] = [Keep()]
    for record in (*conflict.candidates, "nimbata", "contacts_api", "nobody"):
        given += [Merge(record=record), Choose(value=record)]
    return [choice for choice in given if complaint(conflict, choice) is None]


def _outcome(decision: Decision) -> str | None:
    assert not isinstance(decision, Unclear), decision
    return decision.record.id if isinstance(decision, Same) else None


@given(worlds(), st.data())
def test_an_answer_once_given_is_always_repeated(
    world: tuple[Contact, list[Contact], Links], data: st.DataObject
) -> None:
    """Whatever the order, after a trip through the store, and when fewer of the records are found."""
    person, found, links = world
    unclear = decide(person, found, links)
    if not isinstance(unclear, Unclear):
        return
    conflict = conflict_of(person, unclear, side="nimbata", links=links)
    stored = msgspec.json.decode(msgspec.json.encode(conflict), type=Conflict)
    assert key_of(stored) == key_of(conflict)
    choice = data.draw(st.sampled_from(_choices(conflict)))
    answers = answers_of(stored, choice)
    meant = remembered(stored, choice)
    expected = meant.record.id if isinstance(meant, Same) else None
    again = decide(person, found[::-1], links, answers)
    assert _outcome(again) == expected
    assert decide(person, found, links, answers) == again
    if isinstance(choice, Keep):
        for one in unclear.records:
            fewer = decide(person, [one], Links(taken=links.taken), answers)
            assert one == links.own or not isinstance(fewer, Same), (
                "two that were kept apart are never joined"
            )
        return
    for one in unclear.records:
        if isinstance(choice, Merge) and one != links.own:
            fewer = decide(person, [one], Links(taken=links.taken), answers)
            assert _outcome(fewer) == one.id, "all are one person: whichever is left is it"
    own = next(one for one in (*found, links.own) if one is not None and one.id == expected)
    linked = decide(person, found, Links(own=own, taken=links.taken), answers)
    assert _outcome(linked) == expected, "linked as answered, the same records raise no question any more"


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("Bob Smith", "Robert Smith", "alike"),
        ("José Núñez", "Jose Nunez", "alike"),
        ("SMITH,JOHN ", "John Smith", "alike"),
        ("J Smith", "John Smith", "alike"),
        ("Ann Smith", "Ann Jones", "alike"),
        ("Иван Петров", "Ivan Petrov", "unknown"),
        ("WIRELESS CALLER", "Ann Jones", "unknown"),
        ("Paul Smith", "Paula Smith", "different"),
        ("John Smith Jr", "John Smith Sr", "different"),
        ("Alice Jones", "Bob Tran", "different"),
    ],
)
def test_names_are_compared_as_people_read_them(one: str, two: str, expected: str) -> None:
    """Either way round."""
    assert compare(who("a", one), who("b", two)).person == expected
    assert compare(who("b", two), who("a", one)).person == expected


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_can_be_compared_and_is_like_itself(one: str, two: str) -> None:
    """No name is too odd."""
    here, there = who("a", one), who("b", two)
    assert compare(here, there).person == compare(there, here).person
    assert compare(here, here).person != "different"
