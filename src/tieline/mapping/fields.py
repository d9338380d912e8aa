"""The rules of a mapping: which value goes where, and when. `sync.files.definition` reads them from YAML."""

from __future__ import annotations

import re
from typing import Literal, get_args

import msgspec

from tieline.domain.activity import Outcome
from tieline.domain.contact import CONTACT_FIELDS, CUSTOM_PREFIX
from tieline.mapping.sources import Kind
from tieline.mapping.transforms import Transform
from tieline.mapping.two_way import TwoWay

#: always: keep equal to the source; empty: fill in, never overwrite; create: only into a new contact.
When = Literal["always", "empty", "create"]
WHENS: tuple[When, ...] = get_args(When)
_CUSTOM_KEY = re.compile(r"[a-z0-9_]+")


class FieldRule(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the contact and where its value comes from."""

    #: A name of CONTACT_FIELDS, or `custom.<key>`.
    to: str
    #: A name of `mapping.sources`, or a Liquid template.
    source: str
    transforms: tuple[Transform, ...] = ()
    when: When = "always"
    #: Written only where the location has this custom field.
    optional: bool = False


class NoteRule(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an activity leaves a note, and its text."""

    enabled: bool = False
    template: str = ""


class KindRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one kind of activity, general ones and its own already joined."""

    fields: tuple[FieldRule, ...] = ()
    tags: tuple[str, ...] = ()
    note: NoteRule = NoteRule()


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A whole mapping: from activities to contacts, and between the records of both sides."""

    version: int = 1
    #: Whether an unknown person becomes a new contact.
    create: bool = True
    #: Calls with one of these outcomes are left alone.
    skip_outcomes: frozenset[Outcome] = frozenset()
    kinds: dict[Kind, KindRules]
    two_way: TwoWay = TwoWay()


def is_target(name: str) -> bool:
    """Whether a rule may write to `name`."""
    if name.startswith(CUSTOM_PREFIX):
        return _CUSTOM_KEY.fullmatch(name[len(CUSTOM_PREFIX) :]) is not None
    return name in CONTACT_FIELDS
