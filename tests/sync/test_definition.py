"""The sync definition: what is written well is read, what is not is told with its place, all at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieline.domain.activity import Attribution, Call, Form, NimbataContact, Text
from tieline.domain.contact import Contact, with_fields
from tieline.errors import ConfigurationError
from tieline.mapping.apply import changes, desired, missing_tags
from tieline.mapping.compiled import CompiledDefinition
from tieline.mapping.fields import FieldRule, NoteRule
from tieline.mapping.transforms import Transform
from tieline.sync.files.definition import DefinitionError, default_text, parse_definition

DEFAULT = CompiledDefinition(parse_definition(default_text(), name="default.yaml"))
ALL_CUSTOM = frozenset(
    f"nimbata_{one}" for one in ("source", "medium", "campaign", "keyword", "gclid", "landing_page")
)
CALL = Call(
    id="ncl_77", caller="+12015550123", caller_name="Jane Doe", outcome="missed", duration_s=32,
    tracking_name="Austin - Google Ads", tags=("Qualified Lead",),
    attribution=Attribution(source_type="Google Paid", source="google", medium="cpc", gclid="Cj0KCQ"),
)  # fmt: skip


def _problems(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(text, name="my.yaml")
    return [(one.line, one.column, one.message) for one in caught.value.problems]


def test_the_default_makes_a_contact_of_a_call() -> None:
    """Phone, name, source, attribution where the location has it, tags, and a note."""
    wanted = desired(DEFAULT, CALL, country="US")
    assert changes(wanted, None, ALL_CUSTOM) == {
        "phone": "+12015550123", "first_name": "Jane", "last_name": "Doe", "source": "Google Paid",
        "custom.nimbata_source": "google", "custom.nimbata_medium": "cpc", "custom.nimbata_gclid": "Cj0KCQ",
    }  # fmt: skip
    assert missing_tags(wanted, None) == {"nimbata", "qualified lead"}
    assert wanted.note == (
        "Inbound call, missed\nName shown: Jane Doe\nTracking number: Austin - Google Ads\nDuration: 0:32\n"
        "Source: google / cpc"
    )


def test_the_default_leaves_a_repeat_caller_as_he_is() -> None:
    """Attribution is first touch: another call from elsewhere changes nothing but may add its tag."""
    contact = with_fields(Contact(id="c"), changes(desired(DEFAULT, CALL, country="US"), None, ALL_CUSTOM))
    again = Call(
        id="ncl_78", caller="201-555-0123", caller_name="DOE JANE", outcome="answered", tags=("Satisfied",),
        attribution=Attribution(source="bing", medium="organic"),
    )  # fmt: skip
    wanted = desired(DEFAULT, again, country="US")
    assert changes(wanted, contact, ALL_CUSTOM) == {}
    assert missing_tags(wanted, contact) == {"nimbata", "qualified lead", "satisfied"} - {"qualified lead"}


def test_the_default_reads_forms_texts_and_contacts() -> None:
    """Each kind leaves its note; a Nimbata contact leaves none and brings its company."""
    form = Form(
        id="f",
        form_name="Contact us",
        email="a@b.example",
        fields=(("E-mail", "a@b.example"), ("Message", "Hi {x}")),
    )
    assert desired(DEFAULT, form, country="US").note == (
        "Form submitted: Contact us\n\nE-mail: a@b.example\nMessage: Hi {x}"
    )
    text = Text(id="t", phone="+12015550123", body="YES")
    assert desired(DEFAULT, text, country="US").note == "Inbound text message\n\nYES"
    contact = desired(DEFAULT, NimbataContact(id="n", email="a@b.example", company="Acme"), country="US")
    assert contact.note is None
    assert changes(contact, None, frozenset()) == {"email": "a@b.example", "company": "Acme"}


def test_the_default_leaves_blocked_callers_alone() -> None:
    """BLOCKED rows are spam."""
    assert desired(DEFAULT, Call(id="1", caller="+12015550123", outcome="blocked"), country="US").skip


def test_all_that_can_be_written_is_read() -> None:
    """Transforms single, listed and with arguments; rules and tags of one kind; notes switched off."""
    definition = parse_definition(
        """
version: 1
contact:
  create: no
  skip_outcomes: [blocked, missed]
  fields:
    - {to: phone, from: phone}
    - to: city
      from: tracking_name
      transform: [trim, {truncate: 20}, {map: {Austin: "Austin, TX", "1": one}}]
      when: empty
    - {to: custom.value_2, from: value, transform: number, optional: true}
  tags: [a, "{tags}"]
note:
  call: {enabled: off, template: "x"}
  text: {template: "{body}"}
kinds:
  form:
    fields: [{to: city, from: fields.Your town}]
    tags: [b, a]
"""
    )
    city = FieldRule(
        to="city", source="tracking_name", when="empty",
        transforms=(
            Transform("trim"), Transform("truncate", 20),
            Transform("map", (("Austin", "Austin, TX"), ("1", "one"))),
        ),
    )  # fmt: skip
    assert definition.create is False
    assert definition.skip_outcomes == {"blocked", "missed"}
    assert definition.kinds["call"].fields[1] == city
    assert definition.kinds["call"].note == NoteRule(enabled=False, template="x")
    assert definition.kinds["text"].note == NoteRule(enabled=True, template="{body}")
    assert definition.kinds["form"].fields[1] == FieldRule(to="city", source="fields.Your town")
    assert definition.kinds["form"].tags == ("a", "{tags}", "b")
    assert definition.kinds["contact"].note == NoteRule()


def test_every_mistake_is_told_at_once_with_its_place() -> None:
    """One run shows all of them, each where it stands."""
    found = _problems(
        """version: 2
contact:
  fields:
    - {to: phon, from: phone}
    - {to: custom.A-b, from: nothing_like_it, when: never}
    - {to: email}
    - {to: city, from: tracking_name, transform: [trim, {truncate: 0}, shout]}
    - {to: city, from: 3, optional: true}
  tags: [3, "nb {tagz}"]
  tags: []
note:
  call:
    template: |
      Hello
       {x
kinds: {call: {fields: [{to: company, from: body}]}}
more: 1
"""
    )
    assert [(line, column) for line, column, _ in found] == [
        (1, 10), (4, 12), (5, 12), (5, 30), (5, 53), (6, 7), (7, 57), (7, 72), (8, 24), (8, 37), (9, 10), (9, 17),
        (10, 3), (15, 8), (16, 45), (17, 1),
    ]  # fmt: skip
    said = "\n".join(message for *_, message in found)
    for words in (
        "did you mean phone", "did you mean tags", "unknown transform 'shout'", "stands here twice",
        "unknown key 'more'", "a text is wanted here", "only custom fields", "'from' is missing",
    ):  # fmt: skip
        assert words in said


def test_the_message_reads_like_a_compiler() -> None:
    """file:line:column: path: message; and an operator's error."""
    with pytest.raises(
        ConfigurationError, match=r"^my\.yaml:2:3: more: unknown key 'more'; there are: version"
    ):
        parse_definition("  version: 1\n  more: 2\n", name="my.yaml")


def test_two_rules_for_one_field_are_refused() -> None:
    """Which one would win nobody could know."""
    text = "version: 1\ncontact: {fields: [{to: city, from: name}, {to: city, from: id}]}"
    assert _problems(text) == [(2, 44, "'city' is written by two rules")]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("# nothing\n", 1, "empty"),
        ("version: 1\ncontact: [", 2, "not readable as YAML"),
        ("version: 1\n\tcontact: 1", 2, "not readable as YAML"),
        ("version: 1\n---\nversion: 1", 2, "not readable as YAML"),
        ("version: 1\ncontact: &a {}\nnote: *a", 3, "aliases"),
        ("[" * 50_000, 1, "nested too deeply"),
        ("a: " + "x" * 300_000, 1, "longer than"),
        ("version: 1\nnote: \x00", 2, "does not allow"),
        ("just text", 1, "a table is wanted"),
        ("contact: {}", 1, "version: 1"),
        ("version: '1'", 1, "a whole number is wanted"),
        ("version: 1\nnote: {call: {}}", 2, "a note needs a text"),
        ("version: 1\ncontact: {create: maybe}", 2, "true or false is wanted"),
        ("version: 1\ncontact: {fields: {to: a}}", 2, "a list is wanted"),
        ("version: 1\ncontact: {fields: [phone]}", 2, "a table is wanted"),
        ("version: 1\ncontact: {tags: !!python/object:os.system [x]}", 2, "a list is wanted"),
    ],
)  # fmt: skip
def test_what_is_no_definition_is_refused_with_a_place(text: str, line: int, words: str) -> None:
    """Bad YAML, tricks of YAML and wrong types end in one readable line."""
    found = _problems(text)
    assert found[0][0] == line
    assert words in found[0][2]


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Parsing raises nothing but DefinitionError, and places count from 1."""
    problems = None
    try:
        parse_definition(text)
    except DefinitionError as error:
        problems = error.problems
    # No text drawn here is a definition, so that each is refused.
    assert problems
    assert all(one.line >= 1 and one.column >= 1 for one in problems)


@settings(deadline=None)  # a template in Liquid loads its library first
@given(st.data())
def test_the_default_with_one_line_damaged_is_read_or_refused(data: st.DataObject) -> None:
    """Cutting or doubling any stretch of a real definition never gives another error."""
    text = default_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    damaged = (
        text[:start]
        + data.draw(st.sampled_from(["", "{", "}", "\n", "x: ", "- ", "'", "|", "*a", "&a"]))
        + text[end:]
    )
    message = "read"
    try:
        CompiledDefinition(parse_definition(damaged))
    except DefinitionError as error:
        message = str(error)
    assert message
