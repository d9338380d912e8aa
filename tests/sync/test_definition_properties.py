"""What holds for any definition: rules written as YAML read back, and no file makes the reader fail."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tieline.domain.contact import CONTACT_FIELDS, NIMBATA_FIELDS
from tieline.domain.items import ITEM_KINDS
from tieline.domain.side import SIDES
from tieline.mapping import text as texts
from tieline.mapping.transforms import TRANSFORMS, Transform
from tieline.mapping.two_way import (
    DIRECTIONS,
    RULES,
    Condition,
    FieldPair,
    ItemRules,
    PersonRules,
    TagRules,
    TwoWay,
)
from tieline.sync.files.definition import DefinitionError, Problem, parse_definition
from tieline.sync.files.diff import differences, plain_two_way
from tieline.sync.files.pair_checks import narrowed
from tieline.sync.files.sync_file import parse_sync_file

_NAMES = st.text(alphabet="abcdefghij äß.'\"-:#{}[]", min_size=1, max_size=12).map(texts.clean).filter(bool)
_TAGS = _NAMES.map(texts.tag).filter(bool)
_CUSTOM = st.from_regex(r"custom\.[a-z0-9_]{1,8}", fullmatch=True)
_TIDY = st.sampled_from(
    [Transform(name) for name, spec in TRANSFORMS.items() if spec.tidies and name != "number"]
)


@st.composite
def _pairs(draw: st.DrawFn, person: Any) -> tuple[FieldPair, ...]:
    plain = [one for one in NIMBATA_FIELDS if one in CONTACT_FIELDS and one not in ("phone", "email")]
    found = [FieldPair(nimbata=one, contacts_api=one, direction=person) for one in ("phone", "email")]
    for name in draw(st.lists(st.sampled_from(plain), unique=True, max_size=4)):
        custom = draw(st.none() | _CUSTOM)
        if custom in {one.contacts_api for one in found}:
            continue
        way = draw(st.sampled_from([one for one in DIRECTIONS if narrowed(person, one) == one]))
        there = draw(st.lists(_TIDY, max_size=2)) if way in ("both", "to_contacts_api") else []
        back = draw(st.lists(_TIDY, max_size=2)) if way in ("both", "to_nimbata") else []
        found.append(
            FieldPair(
                nimbata=name, contacts_api=custom or name, rule=draw(st.sampled_from(RULES)), direction=way,
                to_contacts_api=tuple(there), to_nimbata=tuple(back), clear=draw(st.booleans()),
                optional=custom is not None and draw(st.booleans()),
            )
        )  # fmt: skip
    return tuple(found)


def _conditions() -> st.SearchStrategy[Condition]:
    tags = st.builds(
        Condition, field=st.just("tags"), test=st.sampled_from(["has", "has_not"]),
        values=st.frozensets(_TAGS, min_size=1, max_size=3),
    )  # fmt: skip
    values = _NAMES.map(str.casefold).map(texts.clean).filter(bool)
    fields = st.sampled_from(CONTACT_FIELDS) | _CUSTOM
    is_in = st.builds(
        Condition, field=fields, test=st.sampled_from(["is", "is_not"]),
        values=st.frozensets(values, min_size=1, max_size=3),
    )  # fmt: skip
    there = st.builds(Condition, field=fields | st.just("tags"), test=st.sampled_from(["present", "absent"]))
    return tags | is_in | there


@st.composite
def _rules(draw: st.DrawFn) -> TwoWay:
    person = draw(st.sampled_from(DIRECTIONS))
    reached = [one for one in SIDES if person in ("both", f"to_{one}")]
    deletes = draw(st.sampled_from(["ignore", "unlink", "tag", "delete"]))
    rules = PersonRules(
        direction=person,
        create=frozenset(draw(st.lists(st.sampled_from(reached), unique=True)) if reached else []),
        fields=draw(_pairs(person)),
        tags=TagRules(
            direction=narrowed(person, draw(st.sampled_from(DIRECTIONS))), ignore=draw(st.frozensets(_TAGS))
        ),
        deletes=deletes,  # type: ignore[arg-type]
        where=tuple(draw(st.lists(_conditions(), max_size=3))),
        **({"deleted_tag": draw(_TAGS)} if deletes == "tag" else {}),
    )
    items = {}
    for kind in draw(st.lists(st.sampled_from(ITEM_KINDS), unique=True)):
        more: dict[str, Any] = {}
        if kind != "note":
            more["assignees"] = draw(st.dictionaries(st.sampled_from(["a@b.example", "c@d.example"]), _NAMES))
        if kind == "appointment":
            more |= {
                "any_time": draw(st.booleans()),
                "notify": draw(st.booleans()),
                "calendar": draw(st.none() | _NAMES),
            }
        items[kind] = ItemRules(
            direction=draw(st.sampled_from(DIRECTIONS)), rule=draw(st.sampled_from(RULES)),
            deletes=draw(st.sampled_from(["ignore", "unlink", "delete"])), **more,
        )  # fmt: skip
    return TwoWay(person=draw(st.none() | st.just(rules)), items=items)


@settings(deadline=None)  # a busy machine makes no definition wrong
@given(_rules(), st.booleans())
def test_rules_written_as_yaml_read_back_equal(rules: TwoWay, flow: bool) -> None:
    """Whatever may be written, in either style of YAML."""
    plain = {"version": 1, **plain_two_way(rules)}
    text = yaml.safe_dump(plain, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    read = parse_definition(text)
    assert read.two_way == rules
    assert differences(read, read) == []


_NODES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["both", "phone", "off", "x", "", "tags", "é"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["person", "tasks", "notes", "appointments", "direction", "create", "fields", "nimbata", "contacts_api",
             "rule", "tags", "ignore", "deletes", "where", "field", "is", "has", "present", "to_nimbata", "map",
             "examples", "expect", "call", "then", "name", "note", "sync", "to", "from", "differences", "assignees"]
        ),
        inner, max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(deadline=None)  # a busy machine makes no definition wrong
@given(_NODES)
def test_no_file_makes_the_reader_fail(data: Any) -> None:
    """Anything of the right words in the wrong places is read or refused, never more than that."""
    text = yaml.safe_dump({"version": 1, **data} if isinstance(data, dict) else data)
    problems: tuple[Problem, ...] = ()
    outcome = None
    try:
        outcome = parse_sync_file(text)
    except DefinitionError as error:
        problems = error.problems
    assert bool(problems) is (outcome is None)
    assert all(one.line >= 1 and one.column >= 1 and one.message for one in problems)
