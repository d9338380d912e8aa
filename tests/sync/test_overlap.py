"""Two syncs that would own the same people: found wherever it is not certain that they do not."""

from __future__ import annotations

import pytest

from tieline.mapping.two_way import (
    Condition,
    TwoWay,
)
from tieline.sync.files.definition import parse_definition
from tieline.sync.files.overlap import collide, exclusive, owns, place_of

PHONE = "{nimbata: phone, contacts_api: phone}"


def _read(text: str) -> TwoWay:
    return parse_definition(f"version: 1\n{text}").two_way


def _where(text: str) -> tuple[Condition, ...]:
    person = _read(f"person: {{fields: [{PHONE}], where: [{text}]}}").person
    assert person is not None
    return person.where


@pytest.mark.parametrize(
    ("one", "another", "excluded"),
    [
        ("{field: country, is: [US, CA]}", "{field: country, is: [mx]}", True),
        ("{field: country, is: [US, CA]}", "{field: country, is: [ca]}", False),
        ("{field: country, is: US}", "{field: state, is: TX}", False),
        ("{field: country, is: US}", "{field: country, is_not: [us, CA]}", True),
        ("{field: country, is: [US, MX]}", "{field: country, is_not: [US, CA]}", False),
        ("{field: tags, has: vip}", "{field: tags, has_not: VIP}", True),
        ("{field: tags, has: [vip, hot]}", "{field: tags, has_not: vip}", False),
        ("{field: tags, has: vip}", "{field: tags, has: cold}", False),
        ("{field: tags, has: vip}", "{field: tags, absent: true}", True),
        ("{field: email, present: true}", "{field: email, absent: true}", True),
        ("{field: email, present: true}", "{field: phone, absent: true}", False),
        ("{field: city, is: Austin}, {field: tags, has: vip}", "{field: tags, has_not: vip}", True),
        ("", "", False),
    ],
)
def test_filters_exclude_each_other_only_where_that_is_certain(
    one: str, another: str, excluded: bool
) -> None:
    """Both ways round."""
    mine, theirs = _where(one), _where(another)
    assert exclusive(mine, theirs) is exclusive(theirs, mine) is excluded


def test_whoever_writes_to_the_account_owns_its_people() -> None:
    """A one-way sync owns nobody; items alone own as well."""
    both = _read(f"person: {{fields: [{PHONE}]}}")
    one_way = _read(
        f"person: {{direction: to_contacts_api, fields: [{PHONE}]}}\ntasks: {{direction: to_contacts_api}}"
    )
    tasks = _read("tasks: {}")
    assert (owns(both), owns(one_way), owns(tasks), owns(TwoWay())) == (True, False, True, False)
    assert collide(both, tasks)
    assert not collide(both, one_way)
    assert place_of(f"version: 1\nperson:\n  fields: [{PHONE}]\n  where: []") == "lines 2 and 4"
    assert place_of("version: 1\n\ntasks: {}") == "line 3"
