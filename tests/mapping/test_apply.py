"""From an activity to what has to be written."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieline.domain.activity import Activity, Attribution, Call, Form, NimbataContact, Text
from tieline.domain.contact import CONTACT_FIELDS, Contact, with_fields
from tieline.errors import MappingError
from tieline.mapping.apply import Desired, Wish, changes, desired, missing_tags
from tieline.mapping.compiled import CompiledDefinition
from tieline.mapping.fields import Definition, FieldRule, KindRules, NoteRule, When
from tieline.mapping.transforms import Transform

CALL = Call(
    id="ncl_77", caller="(201) 555-0123", caller_name="Jane van Doe", outcome="answered", duration_s=280,
    started_at=datetime(2026, 9, 1, 22, 14, 7, tzinfo=UTC), tracking_name="Austin", value=Decimal("350.00"),
    attribution=Attribution(source="google", medium="cpc"), tags=("Qualified Lead", "qualified  lead", "SPAM"),
)  # fmt: skip


def _compiled(rules: KindRules, **options: object) -> CompiledDefinition:
    kinds = dict.fromkeys(("call", "form", "text", "contact"), rules)
    return CompiledDefinition(Definition(kinds=kinds, **options))  # type: ignore[arg-type]


DEFINITION = _compiled(
    KindRules(
        fields=(
            FieldRule(to="phone", source="phone", when="empty"),
            FieldRule(to="first_name", source="first_name"),
            FieldRule(to="last_name", source="last_name", transforms=(Transform("upper"),)),
            FieldRule(to="email", source="email", when="empty"),
            FieldRule(to="source", source="attribution.source_medium", when="create"),
            FieldRule(to="custom.value", source="value", optional=True),
        ),
        tags=("Nimbata", "{tags}"),
        note=NoteRule(
            enabled=True, template="{outcome} call, {duration_s|duration}\nTracking: {tracking_name}"
        ),
    ),
    skip_outcomes=frozenset({"blocked"}),
)


def test_a_call_becomes_fields_tags_and_a_note() -> None:
    """Phone in E.164, name split, tags lower-case and once, one note."""
    wanted = desired(DEFINITION, CALL, country="US")
    assert wanted.phone == "+12015550123"
    assert {wish.to: wish.value for wish in wanted.fields} == {
        "phone": "+12015550123", "first_name": "Jane", "last_name": "VAN DOE", "source": "google / cpc",
        "custom.value": "350",
    }  # fmt: skip
    assert wanted.tags == {"nimbata", "qualified lead", "spam"}
    assert wanted.note == "answered call, 4:40\nTracking: Austin"
    assert wanted.skip is None


@pytest.mark.parametrize(
    ("activity", "reason"),
    [
        (Call(id="1", caller="+12015550123", outcome="blocked"), "blocked"),
        (Call(id="1", caller=None), "neither"),
        (Call(id="1", caller="anonymous"), "neither"),
        (Text(id="1", phone="12345"), "neither"),
        (Form(id="1", email="nobody", phone="-"), "neither"),
        (
            NimbataContact(id="1", phone="+12015550123", deleted_at=datetime(2026, 9, 1, tzinfo=UTC)),
            "deleted",
        ),
    ],
)
def test_what_nobody_can_be_made_of_is_left_alone(activity: Activity, reason: str) -> None:
    """Blocked and anonymous callers, short codes and deletions ask for nothing, and say why."""
    wanted = desired(DEFINITION, activity, country="US")
    assert wanted.skip is not None
    assert reason in wanted.skip
    assert (wanted.fields, wanted.tags, wanted.note) == ((), frozenset(), None)


def test_a_form_is_known_by_its_email() -> None:
    """Without a phone the e-mail identifies; a name of one word is a first name."""
    wanted = desired(DEFINITION, Form(id="1", email=" Jane@Example.com ", name="Jane"), country=None)
    assert (wanted.phone, wanted.email) == (None, "jane@example.com")
    assert Wish("first_name", "Jane", "always") in wanted.fields
    assert not any(wish.to == "last_name" for wish in wanted.fields)


def test_a_form_field_is_read_by_its_label() -> None:
    """`fields.<label>` compares labels in lower case, letters and digits only; repeated fields join."""
    rules = KindRules(fields=(FieldRule(to="city", source="fields.Your town"),))
    form = Form(
        id="1", email="a@b.example", fields=(("your-town", "Austin"), ("Your Town", "Dallas"), ("x", "y"))
    )
    assert desired(_compiled(rules), form, country=None).fields == (Wish("city", "Austin, Dallas"),)


def test_a_contact_gives_its_own_first_and_last_name() -> None:
    """Stored name parts are better than a split."""
    contact = NimbataContact(
        id="1", phone="+12015550123", name="x y", first_name="Ana María", last_name="da Silva"
    )
    wanted = desired(DEFINITION, contact, country=None)
    assert {wish.to: wish.value for wish in wanted.fields}["first_name"] == "Ana María"


def _one(to: str, value: str, when: When, *, optional: bool = False) -> Desired:
    return Desired(fields=(Wish(to, value, when, optional),))


@pytest.mark.parametrize(
    ("when", "there", "new", "written"),
    [
        ("always", None, False, True), ("always", "Old", False, True), ("always", "New", False, False),
        ("always", " New ", False, False), ("empty", None, False, True), ("empty", " ", False, True),
        ("empty", "Old", False, False), ("create", None, False, False), ("create", None, True, True),
        ("create", "Old", True, False), ("create", "Old", False, False),
    ],
)  # fmt: skip
def test_when_decides_what_is_written(when: When, there: str | None, new: bool, written: bool) -> None:
    """always keeps equal, empty fills in, create writes into new contacts only."""
    contact = Contact(id="c", city=there)
    assert changes(_one("city", "New", when), contact, None, new=new) == ({"city": "New"} if written else {})


def test_equal_after_normalising_is_no_difference() -> None:
    """The CRM's own spelling of a phone or an e-mail is not written again."""
    contact = Contact(id="c", phone="+1 201-555-0123", email="Jane@Example.com")
    assert changes(_one("phone", "+12015550123", "always"), contact, None) == {}
    assert changes(_one("email", "jane@example.com", "always"), contact, None) == {}


def test_custom_fields_follow_the_location() -> None:
    """Optional ones are written where they exist; a missing one that is not optional names itself."""
    optional = _one("custom.gclid", "x", "always", optional=True)
    assert changes(optional, None, frozenset({"gclid"})) == {"custom.gclid": "x"}
    assert changes(optional, None, frozenset()) == {}
    assert changes(optional, None, None) == {}
    needed = _one("custom.gclid", "x", "always")
    assert changes(needed, None, None) == {"custom.gclid": "x"}
    with pytest.raises(MappingError, match=r"custom\.gclid: the location has no such custom field"):
        changes(needed, None, frozenset({"other"}))


def test_tags_are_a_set_that_only_grows() -> None:
    """Present tags are not added again, whatever their case; none is removed."""
    wanted = Desired(tags=frozenset({"nimbata", "spam"}))
    assert missing_tags(wanted, None) == {"nimbata", "spam"}
    assert missing_tags(wanted, Contact(id="c", tags=frozenset({" SPAM ", "old"}))) == {"nimbata"}
    assert missing_tags(wanted, Contact(id="c", tags=frozenset({"nimbata", "spam", "old"}))) == frozenset()


_TEXTS = st.one_of(st.none(), st.text(max_size=12))
_KEYS = st.sampled_from(["gclid", "source", "x"])
_CONTACTS = st.builds(
    Contact,
    id=st.just("c"),
    tags=st.frozensets(st.text(max_size=8), max_size=4),
    custom=st.dictionaries(_KEYS, st.text(max_size=8), max_size=3),
    **dict.fromkeys(CONTACT_FIELDS, _TEXTS),
)
_WISHES = st.builds(
    Wish,
    st.one_of(st.sampled_from(CONTACT_FIELDS), _KEYS.map("custom.{}".format)),
    st.text(min_size=1, max_size=12).filter(str.strip),
    st.sampled_from(["always", "empty", "create"]),
    st.just(True),
)
_DESIRED = st.builds(
    Desired,
    # One rule for each field, as a definition has.
    fields=st.lists(_WISHES, max_size=6, unique_by=lambda wish: wish.to).map(tuple),
    tags=st.frozensets(st.text(max_size=8).map(str.lower).filter(str.strip), max_size=4),
)


@settings(deadline=None)
@given(_DESIRED, st.one_of(st.none(), _CONTACTS), st.frozensets(_KEYS))
def test_what_was_written_is_not_written_again(
    wanted: Desired, contact: Contact | None, available: frozenset[str]
) -> None:
    """Applying the changes and looking once more finds nothing to do: no ping-pong."""
    first = changes(wanted, contact, available)
    after = with_fields(contact or Contact(id="c"), first)
    assert changes(wanted, after, available) == {}
    assert changes(wanted, after, available, new=contact is None) == {}


@settings(deadline=None)
@given(_DESIRED, _CONTACTS, st.frozensets(_KEYS))
def test_changes_never_blank_and_touch_only_what_is_asked(
    wanted: Desired, contact: Contact, available: frozenset[str]
) -> None:
    """Every written value is one that a rule asked for; `empty` and `create` never replace a value."""
    asked = {wish.to: wish for wish in wanted.fields}
    for to, value in changes(wanted, contact, available).items():
        assert value.strip()
        assert value == asked[to].value
        before = contact.custom.get(to[7:]) if to.startswith("custom.") else getattr(contact, to)
        if asked[to].when != "always":
            assert asked[to].when == "empty"
            assert not (before or "").strip()


_CALLS = st.builds(
    Call,
    id=st.text(min_size=1, max_size=5),
    caller=st.one_of(st.none(), st.text(max_size=20), st.just("+12015550123")),
    caller_name=_TEXTS,
    outcome=st.sampled_from(["answered", "missed", "blocked", "other"]),
    duration_s=st.one_of(st.none(), st.integers(-5, 10**9)),
    tags=st.lists(st.text(max_size=10), max_size=4).map(tuple),
    value=st.one_of(st.none(), st.decimals()),
    attribution=st.builds(Attribution, source=_TEXTS, medium=_TEXTS),
)


@settings(deadline=None)
@given(_CALLS, st.sampled_from(["US", "DE", None, "??"]))
def test_any_call_can_be_mapped(call: Call, country: str | None) -> None:
    """Whatever an account sends, mapping raises nothing and gives tidy tags."""
    wanted = desired(DEFINITION, call, country=country)
    for tag in wanted.tags:
        assert tag == tag.strip() == tag.lower()
        assert tag
    assert all(wish.value.strip() for wish in wanted.fields)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["Spam", "SPAM", " spam ", "Lead", "lead\t", "", "ÉTÉ", "E\u0301te\u0301"]),
        max_size=6,
    )
)
def test_tags_do_not_depend_on_order_case_or_repeats(tags: list[str]) -> None:
    """The same tags in any order and spelling are the same set."""
    one = desired(DEFINITION, Call(id="1", caller="+12015550123", tags=tuple(tags)), country=None)
    other = desired(
        DEFINITION,
        Call(id="1", caller="+12015550123", tags=tuple(reversed([tag.upper() for tag in tags * 2]))),
        country=None,
    )
    assert one.tags == other.tags
