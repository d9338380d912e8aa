"""Why two records of a person are apart, and what a reconcile would do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from tieline.domain.contact import Contact
from tieline.domain.side import Side
from tieline.mapping.two_way import PersonRules
from tieline.sync.drift import Difference, differences
from tieline.sync.files.definition import parse_definition
from tieline.sync.merge import Changed, MergeState, refused
from tieline.sync.merge_person import PersonMerger

EARLIER, LATER = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
HOLDS: Mapping[Side, Callable[[str], bool]] = {"nimbata": lambda _: True, "contacts_api": lambda _: True}
DEFINITION = """
version: 1
contact: {create: true}
person:
  direction: both
  fields:
    - {nimbata: phone, contacts_api: phone}
    - {nimbata: first_name, contacts_api: first_name}
    - {nimbata: company, contacts_api: company, rule: ask}
    - {nimbata: city, contacts_api: city, direction: to_contacts_api}
  tags: {direction: both}
"""


def merger() -> PersonMerger:
    """The rules above."""
    rules = parse_definition(DEFINITION).two_way.person
    assert isinstance(rules, PersonRules)
    return PersonMerger(rules, "US")


def found(
    now: dict[Side, Contact],
    known: dict[Side, Contact] | None = None,
    state: MergeState | None = None,
    *,
    waiting: bool = False,
    question: bool = False,
) -> list[Difference]:
    """What differs, where both sides were agreed as they are unless something else is said."""
    return differences(
        merger(),
        state or MergeState(linked=True),
        known or now,
        now,
        HOLDS,
        waiting=waiting,
        question=question,
    )


def pair(
    nimbata: dict[str, str | None],
    contacts: dict[str, str | None],
    tags: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset()),
) -> dict[Side, Contact]:
    """Both records."""
    return {
        "nimbata": Contact(id="n", updated_at=EARLIER, tags=tags[0], **nimbata),  # type: ignore[arg-type]
        "contacts_api": Contact(id="c", updated_at=LATER, tags=tags[1], **contacts),  # type: ignore[arg-type]
    }


def test_equal_records_differ_in_nothing() -> None:
    """Nor does a value that only the side has which the rule does not carry from."""
    assert found(pair({"first_name": "Ada"}, {"first_name": "Ada", "city": "Austin"})) == []


def test_a_change_that_was_not_told_yet() -> None:
    """Since the record was changed over there."""
    known = pair({"first_name": "Ada"}, {"first_name": "Ada"})
    (one,) = found(pair({"first_name": "Ada"}, {"first_name": "Augusta"}), known)
    assert (one.nimbata, one.why, one.repair, one.since) == ("first_name", "unheard", "write nimbata", LATER)
    assert one.values == {"nimbata": "Ada", "contacts_api": "Augusta"}


def test_a_value_that_was_refused() -> None:
    """The same value is not sent again, so a reconcile does nothing about it."""
    state = MergeState(linked=True, changed={"nimbata": {"first_name": Changed("A", EARLIER)}})
    state = refused(state, "contacts_api", {"first_name": "Ada"})
    (one,) = found(pair({"first_name": "Ada"}, {"first_name": "A"}), state=state)
    assert (one.why, one.repair, one.since) == ("refused", "none", EARLIER)


def test_what_is_on_its_way_and_what_waits_for_an_answer() -> None:
    """By the merge's own state, by an event that waits, or by a question."""
    now = pair({"first_name": "Ada"}, {"first_name": "A"})
    state = MergeState(linked=True, changed={"nimbata": {"first_name": Changed("A", EARLIER)}})
    assert [one.why for one in found(now, state=state)] == ["waiting"]
    assert [one.why for one in found(now, waiting=True)] == ["waiting"]
    both: MergeState = MergeState(
        linked=True,
        changed={
            "nimbata": {"company": Changed("", EARLIER)},
            "contacts_api": {"company": Changed("", LATER)},
        },
    )
    (asked,) = found(pair({"company": "Acme"}, {"company": "Other"}), state=both, question=True)
    assert (asked.why, asked.repair) == ("question", "none")


def test_a_rule_of_one_direction_and_an_agreement_as_it_stands() -> None:
    """The first is written over by a reconcile; so is the second, by the rule."""
    (city,) = found(pair({"city": "Austin"}, {"city": "Dallas"}))
    assert (city.why, city.repair) == ("one_way", "write contacts_api")
    (name,) = found(pair({"first_name": "Ada"}, {"first_name": "Augusta"}))
    assert (name.why, name.repair, name.since) == ("settled", "write nimbata", LATER)


def test_tags_that_one_side_lacks() -> None:
    """All tags are carried, none is taken away."""
    (tags,) = found(pair({}, {}, (frozenset({"vip"}), frozenset({"hot"}))))
    assert (tags.nimbata, tags.why, tags.repair) == ("tags", "settled", "write both")
