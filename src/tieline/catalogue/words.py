"""What fields are called and mean to people: by name, as data in `words/<app>.toml`, with exceptions by entry.

What a struct says of its own field (`msgspec.Meta`: title, description, examples) stands before these.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.]+")
#: Words that are written so wherever they stand.
_SPELT = {
    "id": "ID", "ids": "IDs", "url": "URL", "urls": "URLs", "html": "HTML", "dnd": "DND", "cc": "CC", "bcc": "BCC",
    "rrule": "recurrence rule", "email": "e-mail", "sms": "SMS", "crm": "CRM",
}  # fmt: skip


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of one field beside its type; empty = the rules decide."""

    label: str = ""
    help: str = ""
    example: Any = None
    #: One of `fields.FieldType`, where the type of the struct does not say it.
    type: str = ""
    #: Key of `options.OPTIONS`.
    options: str = ""
    longest: int | None = None
    least: float | None = None
    most: float | None = None


class Book(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file."""

    #: By wire name.
    fields: Mapping[str, Words] = {}
    #: By wire name, values of what only answers and events carry.
    examples: Mapping[str, Any] = {}
    #: By "entry:path"; what it leaves empty is taken from `fields`.
    at: Mapping[str, Words] = {}
    #: Names that are ours alone: no person is shown them.
    hidden: frozenset[str] = frozenset()


@cache
def book(app: str) -> Book:
    """The file of one app; an app without a file has no words beyond its structs."""
    file = files(__package__) / "words" / f"{app}.toml"
    if not file.is_file():
        return Book()
    return msgspec.convert(tomllib.loads(file.read_text("utf-8")), Book)


def words_of(app: str, entry: str, path: tuple[str, ...]) -> Words:
    """What is known of the field at `path` of an entry: of itself first, then of its path, then of its name."""
    found = book(app)
    dotted = ".".join(path)
    nearest = (found.at.get(f"{entry}:{dotted}"), found.fields.get(dotted), found.fields.get(path[-1]))
    merged: dict[str, Any] = {"example": found.examples.get(path[-1])}
    for words in reversed([one for one in nearest if one is not None]):
        given = msgspec.structs.asdict(words)
        merged |= {name: value for name, value in given.items() if value not in ("", None)}
    return Words(**merged)


def spoken(name: str) -> str:
    """A wire name as people read it: "appointmentStatus" → "Appointment status"."""
    parts = [part for part in _CAMEL.split(name) if part]
    text = " ".join(_SPELT.get(part.lower(), part.lower()) for part in parts)
    return text[:1].upper() + text[1:]
