"""Planning: what was heard of a person becomes as few commands as can be."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tieline.domain.command import AddTags, CreateContact, UpdateContact, UpsertContact
from tieline.domain.contact import Contact, with_fields
from tieline.domain.ids import PersonId, SyncId
from tieline.mapping.apply import Desired, Wish
from tieline.sync.plan import Heard, Rules, note_reference, plan_contact, plan_notes

SYNC, PERSON = SyncId(1), PersonId(7)
STRICT = Rules(forbids_duplicates=True, custom_fields=frozenset({"nimbata_source"}))
LOOSE = Rules(forbids_duplicates=False, custom_fields=frozenset({"nimbata_source"}))

texts = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() == text)
wishes = st.builds(
    Wish,
    st.sampled_from(["first_name", "last_name", "company", "source", "custom.nimbata_source"]),
    texts,
    st.sampled_from(["always", "empty", "create"]),
)
tags = st.frozensets(st.sampled_from(["nimbata", "spam", "qualified lead", "ärztin"]))


def heard(event: int, *wished: Wish, tags: frozenset[str] = frozenset(), note: str | None = None) -> Heard:
    """One call of the same person."""
    desired = Desired(
        phone="+12015550123", fields=(Wish("phone", "+12015550123", "empty"), *wished), tags=tags
    )
    return Heard(
        event_id=event,
        occurrence=f"call.completed:{event}",
        desired=Desired(phone=desired.phone, fields=desired.fields, tags=tags, note=note),
    )


@st.composite
def calls(draw: st.DrawFn) -> list[Heard]:
    count = draw(st.integers(1, 5))
    some = st.lists(wishes, max_size=4, unique_by=lambda wish: wish.to)
    return [heard(number, *draw(some), tags=draw(tags)) for number in range(1, count + 1)]


def carry_out(contact: Contact | None, told: list[Heard], rules: Rules) -> Contact:
    """Play the commands on an obedient CRM."""
    for planned in plan_contact(SYNC, PERSON, 0, contact, told, rules):
        match planned.command:
            case CreateContact(fields=fields, tags=added):
                contact = with_fields(Contact(id="c1", tags=added), fields)
            case UpsertContact(fields=fields):
                contact = with_fields(Contact(id="c1"), fields)
            case UpdateContact(fields=fields):
                assert contact is not None
                contact = with_fields(contact, fields)
            case AddTags(tags=added):
                assert contact is not None
                contact = msgspec.structs.replace(contact, tags=contact.tags | added)
            case other:
                raise AssertionError(other)
    assert contact is not None
    return contact


@given(calls())
def test_once_carried_out_nothing_is_left_to_plan(told: list[Heard]) -> None:
    """Nothing differs, no call: planning the same calls against the result is empty."""
    contact = carry_out(None, told, STRICT)
    assert plan_contact(SYNC, PERSON, 0, contact, told[-1:], STRICT) == []


@given(calls())
def test_a_new_person_costs_one_create(told: list[Heard]) -> None:
    """However many calls were merged, where duplicates are forbidden one call makes the contact, tags included."""
    planned = plan_contact(SYNC, PERSON, 0, None, told, STRICT)
    (only,) = planned
    assert isinstance(only.command, CreateContact)
    assert only.command.tags == frozenset().union(*(one.desired.tags for one in told))


@given(calls(), calls())
def test_a_known_person_costs_at_most_one_update_and_one_tag_call(
    before: list[Heard], after: list[Heard]
) -> None:
    """Only fields that differ travel, tags travel as a set beside them, never inside."""
    contact = carry_out(None, before, STRICT)
    planned = plan_contact(SYNC, PERSON, 0, contact, after, STRICT)
    kinds = [type(one.command) for one in planned]
    assert kinds in ([], [UpdateContact], [AddTags], [UpdateContact, AddTags])
    for one in planned:
        if isinstance(one.command, UpdateContact):
            for name, value in one.command.fields.items():
                have = (
                    contact.custom.get(name.removeprefix("custom."))
                    if name.startswith("custom.")
                    else getattr(contact, name)
                )
                assert have != value
        if isinstance(one.command, AddTags):
            assert not one.command.tags & contact.tags


def test_a_location_that_allows_duplicates_gets_an_upsert_without_tags() -> None:
    """Tags in an upsert would overwrite what the CRM's users set."""
    (planned,) = plan_contact(SYNC, PERSON, 0, None, [heard(1, tags=frozenset({"nimbata"}))], LOOSE)
    assert planned.command == UpsertContact(fields={"phone": "+12015550123"})


def test_the_same_occurrence_always_makes_the_same_note() -> None:
    """Key and reference depend on what happened, not on when it was told or merged."""
    (first,) = plan_notes(SYNC, [heard(1, note="Inbound call")])
    again = Heard(event_id=99, occurrence="call.completed:1", desired=Desired(note="Inbound call"))
    (second,) = plan_notes(SYNC, [again])
    assert first.idempotency_key == second.idempotency_key
    assert first.command == second.command


@given(st.lists(st.text(max_size=40), unique=True, min_size=2, max_size=20))
def test_references_of_different_occurrences_differ(occurrences: list[str]) -> None:
    """A note is never taken for another's."""
    assert len({note_reference(SYNC, one) for one in occurrences}) == len(occurrences)


def test_a_contact_deleted_and_made_again_is_a_new_creation() -> None:
    """The key carries the generation, so that the second create is not mistaken for the first."""
    keys = {
        plan_contact(SYNC, PERSON, generation, None, [heard(1)], STRICT)[0].idempotency_key
        for generation in range(3)
    }
    assert len(keys) == 3
