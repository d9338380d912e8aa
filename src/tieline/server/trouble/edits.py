"""Edits of what came in, before it is tried once more. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tieline.errors import ConfigurationError


class Edit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One value of a JSON body."""

    #: Names and numbers between dots: "caller.email", "tags.0".
    path: str
    value: Any = None
    #: It goes away instead.
    remove: bool = False


def edited(body: bytes, edits: Sequence[Edit]) -> bytes:
    """The body with every edit made. Raises ConfigurationError, which names the path that is not there."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ConfigurationError("this body is not JSON: it can be taken up again, but not edited") from None
    for edit in edits:
        _make(found, edit)
    return msgspec.json.encode(found)


def _make(body: Any, edit: Edit) -> None:
    *parents, last = edit.path.split(".")
    place = body
    for name in parents:
        place = _step(place, name, edit.path)
    if isinstance(place, dict):
        if edit.remove and last not in place:
            raise ConfigurationError(f"there is no {edit.path} to take away")
        if edit.remove:
            del place[last]
        else:
            place[last] = edit.value
    elif isinstance(place, list) and last.isdecimal() and int(last) < len(place):
        if edit.remove:
            del place[int(last)]
        else:
            place[int(last)] = edit.value
    else:
        raise ConfigurationError(f"there is no place for {edit.path} in this body")


def _step(place: Any, name: str, path: str) -> Any:
    if isinstance(place, dict) and name in place:
        return place[name]
    if isinstance(place, list) and name.isdecimal() and int(name) < len(place):
        return place[int(name)]
    raise ConfigurationError(f"there is no {path} in this body: {name!r} is not there")
