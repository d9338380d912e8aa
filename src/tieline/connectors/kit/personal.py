"""What people are called and where they are reached, kept out of messages and logs. Pure.

A far side says back what it was told, and its messages are kept in plain: so the values of a call are taken out of what
was answered to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

#: Stands for a value; as in the titles of causes.
BLANK = "…"
#: Shorter values are parts of other words.
_SHORTEST = 3
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"'{}=&?]+(?:@|%40)[^\s@<>()\[\],;:\"'{}=&]+")
#: Seven digits at least, with the signs that people write between them; no part of an id.
_PHONE = re.compile(r"(?<![\w-])(?:\+|%2B|00)?(?:\(?\d[\s().\-/]{0,2}){6,17}\d(?![\w-])")
#: Names of fields that say which record, and what kind of thing, but nothing of a person.
_HARMLESS = re.compile(
    r"(?:^|[_.])ids?$|Ids?$|^(?:assignedTo|followers|type|kind|status|statusCode|event|direction|limit|page|skip|version)$"
)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"?(\s*:)?', re.DOTALL)
_PAIR = re.compile(r"([?&])([^=&]+)=([^&]*)")


def without_values(text: str, given: Any = None) -> str:
    """`text` without what the input of a call holds, and without phones and e-mails."""
    for value in sorted(set(_values(given)), key=len, reverse=True):
        for spelled in {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}:
            text = text.replace(spelled, BLANK)
    return _PHONE.sub(BLANK, _EMAIL.sub(BLANK, text))


def sketch(body: str) -> str:
    """A JSON body, cut anywhere: names, numbers, ids and kinds, without other texts. What is no JSON is left out."""
    if not body.lstrip().startswith(("{", "[")):
        return f"({len(body)} characters)" if body else ""
    key = ""

    def seen(match: re.Match[str]) -> str:
        nonlocal key
        if match[2]:
            key = match[1]
            return match[0]
        return match[0] if _HARMLESS.search(key) else f'"{BLANK}"'

    return _PHONE.sub(BLANK, _STRING.sub(seen, body))


def sketch_path(path: str) -> str:
    """A path and query without what is asked for, but for ids."""
    found = _PAIR.sub(
        lambda match: match[0] if _HARMLESS.search(match[2]) else f"{match[1]}{match[2]}={BLANK}", path
    )
    return without_values(found)


def _values(given: Any, name: str = "") -> Iterator[str]:
    """Every text in an input, but ids and kinds."""
    match given:
        case str():
            if len(given) >= _SHORTEST and not _HARMLESS.search(name):
                yield given
        case msgspec.Struct():
            for field in msgspec.structs.fields(given):
                yield from _values(getattr(given, field.name), field.encode_name)
        case Mapping():
            for key, value in given.items():
                yield from _values(value, str(key))
        case list() | tuple() | frozenset() | set():
            for value in given:
                yield from _values(value, name)
        case _:
            return
