"""The sections for records of both sides: what is well written is read, what is not is told with place and fix."""

from __future__ import annotations

import pytest

from tieline.domain.items import ITEM_KINDS
from tieline.mapping.transforms import Transform
from tieline.mapping.two_way import (
    Condition,
    FieldPair,
    ItemRules,
    PersonRules,
    TagRules,
    TwoWay,
)
from tieline.sync.files.definition import DefinitionError, default_text, parse_definition

PHONE = "{nimbata: phone, contacts_api: phone}"


def _read(text: str) -> TwoWay:
    return parse_definition(f"version: 1\n{text}").two_way


def _problems(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(f"version: 1\n{text}", name="my.yaml")
    return [(one.line, one.column, one.message) for one in caught.value.problems]


def test_all_that_can_be_written_is_read() -> None:
    """Every key of every section, a bare `off` among them."""
    found = _read(
        """
person:
  direction: both
  create: [contacts_api]
  fields:
    - {nimbata: phone, contacts_api: phone}
    - {nimbata: lead_status, contacts_api: custom.lead_status, rule: nimbata, optional: true, clear: false}
    - {nimbata: value, contacts_api: custom.value, to_contacts_api: [number]}
    - {nimbata: custom.service, contacts_api: source, direction: to_nimbata, to_nimbata: {truncate: 20}}
    - {nimbata: city, contacts_api: city, direction: off}
  tags: {direction: to_contacts_api, ignore: [Nimbata, " VIP "]}
  deletes: {tag: Deleted there}
  where: [{field: tags, has: VIP}, {field: country, is: [US, CA]}, {field: email, present: true}]
tasks: {direction: both, deletes: unlink, rule: ask, assignees: {Ana@Example.com: USER_ID}}
notes: {direction: off}
appointments: {calendar: "Site visits", any_time: false, notify: no}
"""
    )
    assert found.person == PersonRules(
        create=frozenset({"contacts_api"}),
        fields=(
            FieldPair(nimbata="phone", contacts_api="phone"),
            FieldPair(
                nimbata="lead_status", contacts_api="custom.lead_status", rule="nimbata", optional=True, clear=False
            ),
            FieldPair(nimbata="value", contacts_api="custom.value", to_contacts_api=(Transform("number"),)),
            FieldPair(
                nimbata="custom.service", contacts_api="source", direction="to_nimbata",
                to_nimbata=(Transform("truncate", 20),),
            ),
            FieldPair(nimbata="city", contacts_api="city", direction="off"),
        ),
        tags=TagRules(direction="to_contacts_api", ignore=frozenset({"nimbata", "vip"})),
        deletes="tag",
        deleted_tag="deleted there",
        where=(
            Condition(field="tags", test="has", values=frozenset({"vip"})),
            Condition(field="country", test="is", values=frozenset({"us", "ca"})),
            Condition(field="email", test="present"),
        ),
    )  # fmt: skip
    assert found.items == {
        "task": ItemRules(deletes="unlink", rule="ask", assignees={"ana@example.com": "USER_ID"}),
        "note": ItemRules(direction="off"),
        "appointment": ItemRules(calendar="Site visits", any_time=False, notify=False),
    }


def test_without_sections_nothing_is_kept_equal() -> None:
    """Older definitions go on as they were."""
    assert _read("contact: {}") == TwoWay()


def test_the_default_keeps_all_five_kinds_equal_both_ways() -> None:
    """People, their tags, tasks, notes and appointments; its own mark stays where it is."""
    rules = parse_definition(default_text()).two_way
    assert rules.person is not None
    assert rules.person.direction == rules.person.tags.direction == "both"
    assert rules.person.tags.ignore == {"nimbata"}
    assert {one.direction for one in rules.person.fields} == {"both"}
    assert {kind: one.direction for kind, one in rules.items.items()} == dict.fromkeys(ITEM_KINDS, "both")


def test_a_part_goes_no_farther_than_the_person() -> None:
    """One direction above holds for fields and tags."""
    person = _read(f"person: {{direction: to_contacts_api, fields: [{PHONE}]}}").person
    assert person is not None
    assert person.fields[0].direction == person.tags.direction == "to_contacts_api"


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("person: {direction: bth}", "bth", "did you mean both"),
        ("person: {derection: both}", "derection: both", "did you mean direction"),
        ("person: {create: [crm]}", "crm]", "is none of: nimbata, contacts_api"),
        (
            "person: {direction: to_nimbata, create: [contacts_api]}",
            "contacts_api]",
            "nothing goes to contacts_api",
        ),
        ("person: {fields: [{nimbata: fone, contacts_api: phone}]}", "fone", "did you mean phone"),
        (
            "person: {fields: [{nimbata: source, contacts_api: source}]}",
            "source, contacts_api",
            "nimbata has no 'source'",
        ),
        (
            "person: {fields: [{nimbata: tags, contacts_api: tags}]}",
            "tags, contacts_api",
            "person: {tags: …}",
        ),
        ("person: {fields: [{nimbata: phone, contacts_api: custom.A-b}]}", "custom.A-b", "made of a-z"),
        ("person: {fields: [{nimbata: phone}]}", "{nimbata: phone}", "'contacts_api' is missing"),
        ("person: {fields: [phone]}", "phone]", "a table is wanted"),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: city, contacts_api: city, rule: latest}}]}}",
            "latest",
            "is none of",
        ),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: city, contacts_api: city, optional: true}}]}}",
            "true}]",
            "only custom fields",
        ),
        (
            "person: {fields: []}",
            "{fields: []}",
            "a person made at nimbata needs a phone or an e-mail; add {nimbata: phone",
        ),
        (
            "person: {create: [contacts_api], fields: []}",
            "[contacts_api], fields",
            "a person made at contacts_api needs",
        ),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: city, contacts_api: phone}}]}}",
            "{nimbata: city",
            "'phone' of contacts_api is written by person.fields[0] already",
        ),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: first_name, contacts_api: email}}]}}",
            "{nimbata: first_name",
            "add `to_contacts_api: [email]`",
        ),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: value, contacts_api: city}}]}}",
            "{nimbata: value",
            "add `to_nimbata: [number]`",
        ),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: city, contacts_api: city, to_nimbata: [shout]}}]}}",
            "shout",
            "unknown transform 'shout'",
        ),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: city, contacts_api: city, to_nimbata: [lowr]}}]}}",
            "lowr",
            "did you mean lower",
        ),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: lead_status, contacts_api: custom.lead,"
            " to_contacts_api: {map: {hot: Hot lead}}}]}",
            "{map: {hot",
            '`to_nimbata: [{map: {"Hot lead":"hot"}}]`, or `direction: to_contacts_api`',
        ),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: city, contacts_api: city,\n to_nimbata: {{map: {{a: b}}}},"
            " to_contacts_api: {map: {c: a}}}]}",
            "{map: {c: a}}",
            'which comes back as \'b\'; add {"a":"c"} to the map of to_nimbata',
        ),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: city, contacts_api: city, to_nimbata: {{truncate: 3}}}}]}}",
            "{truncate: 3}",
            "'truncate' cannot be undone on the way back: write `to_contacts_api` as well, or `direction:",
        ),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: city, contacts_api: city, direction: to_nimbata,"
            " to_contacts_api: trim}]}",
            "trim}",
            "nothing goes to contacts_api here",
        ),
        (
            f"person: {{fields: [{PHONE}, {{nimbata: city, contacts_api: city, direction: to_nimbata,"
            " to_nimbata: {default: x}}]}",
            "{default: x}",
            "a value that is not there",
        ),
        (
            f"person: {{direction: to_nimbata, create: [], fields: [{PHONE}, {{nimbata: city, contacts_api: city,"
            " direction: to_contacts_api}]}",
            "to_contacts_api}]",
            "nothing travels",
        ),
        (
            f"person: {{fields: [{PHONE}], deletes: remove}}",
            "remove",
            "is none of: ignore, unlink, tag, delete",
        ),
        (f"person: {{fields: [{PHONE}], deletes: {{tag: ''}}}}", "''", "a tag needs a name"),
        (f"person: {{fields: [{PHONE}], where: [{{field: tag, has: x}}]}}", "tag, has", "did you mean"),
        (f"person: {{fields: [{PHONE}], where: [{{field: tags, is: x}}]}}", "x}]", "has and has_not"),
        (f"person: {{fields: [{PHONE}], where: [{{field: city, has: x}}]}}", "x}]", "is and is_not"),
        (f"person: {{fields: [{PHONE}], where: [{{field: city}}]}}", "{field: city}", "one test is wanted"),
        (f"person: {{fields: [{PHONE}], where: [{{field: city, is: []}}]}}", "[]}]", "at least one value"),
        (f"person: {{fields: [{PHONE}], where: [{{field: country, is: [NO]}}]}}", "NO]", "put it in quotes"),
        (f"person: {{fields: [{PHONE}], where: [{{field: city, present: false}}]}}", "false", "absent: true"),
        ("tasks: {deletes: tag}", "tag}", "is none of: ignore, unlink, delete"),
        ("tasks: {assignees: {ana: U1}}", "ana: U1", "is no e-mail"),
        ("tasks: {calendar: x}", "calendar: x", "unknown key 'calendar'"),
        ("notes: {assignees: {}}", "assignees: {}", "unknown key 'assignees'"),
        ("appointments: {any_time: maybe}", "maybe", "true or false is wanted"),
        ("appointments: {calendar: 3}", "3}", "put it in quotes"),
        ("appointments: []", "[]", "a table is wanted"),
        ("persons: {}", "persons", "did you mean person"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_write(text: str, at: str, words: str) -> None:
    """It points at what is wrong, and says the way out."""
    lines = f"version: 1\n{text}".split("\n")
    found = [(lines[line - 1][column - 1 :], message) for line, column, message in _problems(text)]
    assert any(pointed.startswith(at) and words in message for pointed, message in found), found


def test_maps_that_undo_each_other_are_taken() -> None:
    """Also where several words become one."""
    found = _read(
        "person: {fields: [" + PHONE + ", {nimbata: lead_status, contacts_api: custom.lead,"
        " to_contacts_api: {map: {hot: Hot lead, warm: Hot lead}}, to_nimbata: {map: {Hot lead: hot}}}]}"
    )
    assert found.person is not None
    assert len(found.person.fields) == 2
