"""Two sides that stop changing become equal, whatever changed where and in which order it was told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tieline.domain.contact import Contact, field_of, with_fields
from tieline.domain.side import SIDES, Side, other
from tieline.mapping.two_way import FieldPair, PersonRules, Rule, TagRules
from tieline.sync.merge import Changed, MergeState, decide, refused
from tieline.sync.merge_person import PersonMerger, Wanted

START = datetime(2026, 1, 1, tzinfo=UTC)
PAIRS = (
    FieldPair(nimbata="first_name", contacts_api="first_name"),
    FieldPair(nimbata="company", contacts_api="company", rule="nimbata"),
    FieldPair(nimbata="city", contacts_api="city", rule="contacts_api"),
    FieldPair(nimbata="lead_status", contacts_api="custom.lead_status", rule="longest"),
    FieldPair(nimbata="custom.note", contacts_api="source", direction="to_contacts_api"),
)
RULES = PersonRules(fields=PAIRS, tags=TagRules(ignore=frozenset({"nimbata"})))
MERGER = PersonMerger(RULES, "US")
BOTH_WAYS = [pair for pair in PAIRS if pair.direction == "both"]


class Far:
    """One side as its users and we see it: it may tidy what it is given."""

    def __init__(self, side: Side, *, tidies: bool) -> None:
        self.side = side
        self.tidies = tidies
        self.record = Contact(id=side, updated_at=START)
        self.writes = 0

    def write(self, fields: dict[str, str | None], add: frozenset[str], remove: frozenset[str]) -> Contact:
        """An answer shows the whole record."""
        if self.tidies:
            fields = {name: value.upper() if value else value for name, value in fields.items()}
        tags = (self.record.tags | add) - remove
        self.record = msgspec.structs.replace(with_fields(self.record, fields), tags=tags)
        return self.record


class Pair:
    """What the sync remembers of both."""

    def __init__(self, *, tidies: bool) -> None:
        self.far: dict[Side, Far] = {
            "nimbata": Far("nimbata", tidies=False), "contacts_api": Far("contacts_api", tidies=tidies),
        }  # fmt: skip
        self.seen: dict[Side, Contact] = {}
        self.state = MergeState()
        self.now = START

    def look(self, side: Side) -> None:
        """An event shows the record."""
        record = self.far[side].record
        self.state = MERGER.observe(self.state, side, self.seen.get(side), record, self.now)
        self.seen[side] = record

    def bring_equal(self) -> int:
        """As the turn does; gives how often it wrote."""
        wrote = 0
        for _ in range(5):
            merged = MERGER.merge(self.state, self.seen, dict.fromkeys(SIDES, lambda name: True))
            self.state = merged.state
            to = next((side for side in SIDES if not merged.to[side].nothing), None)
            if to is None:
                break
            wrote += 1
            self._write(to, merged.to[to])
        self.state = msgspec.structs.replace(self.state, linked=True, tags={})
        return wrote

    def _write(self, side: Side, wanted: Wanted) -> None:
        after = self.far[side].write(wanted.fields, wanted.add_tags, wanted.remove_tags)
        self.state = MERGER.observe(self.state, side, self.seen[side], after, self.now)
        self.seen[side] = after
        self.state = MERGER.wrote(self.state, side, wanted)


VALUES = st.none() | st.sampled_from(["a", "bb", "ccc", "ñandú", "李"])
EDITS = st.lists(
    st.tuples(
        st.sampled_from(SIDES), st.integers(0, len(PAIRS) - 1), VALUES, st.sampled_from(["t1", "t2", "nimbata"]),
        st.booleans(), st.sampled_from(["look", "hide", "merge"]),
    ),
    max_size=14,
)  # fmt: skip


@given(edits=EDITS, tidies=st.booleans())
@example(
    # The answer to a write shows that a value was cleared, which was on its way to the other side.
    edits=[
        ("nimbata", 2, "a", "t1", False, "look"),
        ("nimbata", 2, None, "t1", False, "hide"),
        ("contacts_api", 0, "a", "t1", False, "merge"),
    ],
    tidies=False,
)
def test_two_sides_that_stop_changing_become_equal_and_stay_so(edits: list, tidies: bool) -> None:  # type: ignore[type-arg]
    """Edits on both sides, told at once, late, or only in the end."""
    pair = Pair(tidies=tidies)
    for side in SIDES:
        pair.look(side)
    pair.bring_equal()
    for side, place, value, tag, tagged, then in edits:
        pair.now += timedelta(seconds=1)
        far = pair.far[side]
        name = PAIRS[place].name(side)
        tags = far.record.tags | {tag} if tagged else far.record.tags - {tag}
        far.record = msgspec.structs.replace(with_fields(far.record, {name: value}), tags=tags)
        if then != "hide":
            pair.look(side)
        if then == "merge":
            pair.bring_equal()
    for side in SIDES:
        pair.look(side)
    assert pair.bring_equal() <= 2
    for one in BOTH_WAYS:
        here, there = (field_of(pair.far[side].record, one.name(side)) for side in SIDES)
        assert (here or "").casefold() == (there or "").casefold(), one
    here_tags, there_tags = (pair.far[side].record.tags - {"nimbata"} for side in SIDES)
    assert here_tags == there_tags
    for side in SIDES:
        pair.look(side)
    assert pair.bring_equal() == 0
    assert pair.state.quiet


@given(first=VALUES, second=VALUES, back=VALUES)
def test_a_value_that_went_back_before_anybody_looked_is_no_change(
    first: str | None, second: str | None, back: str | None
) -> None:
    """A → B → A within seconds, told or not told: the other side keeps A."""
    pair = Pair(tidies=False)
    pair.far["contacts_api"].record = with_fields(pair.far["contacts_api"].record, {"first_name": first})
    for side in SIDES:
        pair.look(side)
    pair.bring_equal()
    for value in (second, back, first):
        pair.now += timedelta(seconds=1)
        pair.far["contacts_api"].record = with_fields(pair.far["contacts_api"].record, {"first_name": value})
        pair.look("contacts_api")
    assert pair.bring_equal() == 0
    assert pair.far["nimbata"].record.first_name == first


@pytest.mark.parametrize(
    ("rule", "winner"),
    [
        ("nimbata", "nimbata"),
        ("contacts_api", "contacts_api"),
        ("newest", "contacts_api"),
        ("longest", "nimbata"),
        ("ask", "ask"),
    ],
)  # fmt: skip
def test_where_both_changed_the_rule_decides(rule: Rule, winner: str) -> None:
    """The CRM's change is the later one, Nimbata's the longer."""
    changed: dict[Side, Changed | None] = {
        "nimbata": Changed("old", START), "contacts_api": Changed("old", START + timedelta(seconds=1)),
    }  # fmt: skip
    values = {"nimbata": "longer", "contacts_api": "short"}
    assert decide(rule, "both", values, changed) == winner  # type: ignore[arg-type]


@given(st.sampled_from(["newest", "longest"]), VALUES, VALUES)
def test_a_tie_is_broken_alike_by_any_worker(rule: Rule, one: str | None, another: str | None) -> None:
    """The same moment, in either order."""
    changed: dict[Side, Changed | None] = {side: Changed("old", START) for side in SIDES}
    values: dict[Side, str | bool | None] = {"nimbata": one, "contacts_api": another}
    swapped: dict[Side, str | bool | None] = {"nimbata": another, "contacts_api": one}
    first = decide(rule, "both", values, changed)
    second = decide(rule, "both", swapped, changed)
    assert first in SIDES
    assert second in SIDES
    assert values[first] == swapped[second]


def test_what_only_travels_one_way_is_left_alone_on_its_way_back() -> None:
    """The CRM's own value stays until the call-tracking account has another."""
    pair = Pair(tidies=False)
    pair.far["nimbata"].record = with_fields(pair.far["nimbata"].record, {"custom.note": "x"})
    for side in SIDES:
        pair.look(side)
    pair.bring_equal()
    pair.far["contacts_api"].record = with_fields(pair.far["contacts_api"].record, {"source": "mine"})
    pair.look("contacts_api")
    assert pair.bring_equal() == 0
    assert pair.far["nimbata"].record.custom == {"note": "x"}
    pair.far["nimbata"].record = with_fields(pair.far["nimbata"].record, {"custom.note": "y"})
    pair.look("nimbata")
    pair.bring_equal()
    assert pair.far["contacts_api"].record.source == "y"


def test_a_value_that_was_refused_is_offered_again_only_when_it_changes() -> None:
    """And the other fields go on meanwhile."""
    pair = Pair(tidies=False)
    for side in SIDES:
        pair.look(side)
    pair.bring_equal()
    pair.far["nimbata"].record = with_fields(pair.far["nimbata"].record, {"first_name": "bad"})
    pair.look("nimbata")
    pair.state = refused(pair.state, "contacts_api", {"first_name": "bad"})
    assert pair.bring_equal() == 0
    pair.far["nimbata"].record = with_fields(
        pair.far["nimbata"].record, {"first_name": "good", "company": "Acme"}
    )
    pair.look("nimbata")
    assert pair.bring_equal() == 1
    assert pair.far["contacts_api"].record.first_name == "good"
    assert pair.far["contacts_api"].record.company == "Acme"


@given(tags=st.lists(st.tuples(st.sampled_from(SIDES), st.sampled_from("abc"), st.booleans()), max_size=10))
def test_tags_travel_as_additions_and_removals(tags: list[tuple[Side, str, bool]]) -> None:
    """Whoever last touched a tag decides whether it is there."""
    pair = Pair(tidies=False)
    for side in SIDES:
        pair.look(side)
    pair.bring_equal()
    wanted: set[str] = set()
    for side, tag, on in tags:
        far = pair.far[side]
        far.record = msgspec.structs.replace(
            far.record, tags=far.record.tags | {tag} if on else far.record.tags - {tag}
        )
        wanted = wanted | {tag} if on else wanted - {tag}
        pair.look(side)
        pair.bring_equal()
    assert pair.far["nimbata"].record.tags == pair.far["contacts_api"].record.tags == wanted
    assert other("nimbata") == "contacts_api"
