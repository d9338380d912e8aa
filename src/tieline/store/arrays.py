"""Lists as PostgreSQL arrays, written quickly: set-based statements carry thousands of values, and psycopg's own way
takes each of them through several calls (a third of what a commit cost us)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.adapt import Dumper


class ArrayDumper(Dumper):
    """A flat list of one kind of value, None among them: int, float, bool, str, bytes or datetime.

    The array goes as text of unknown type: the statement says which it is (`%(ids)s::bigint[]`).
    """

    oid = 0

    def dump(self, obj: Sequence[Any]) -> bytes:
        """The array as PostgreSQL reads it. Raises DataError for what no array of ours holds."""
        first = next((one for one in obj if one is not None), None)
        write = _WRITERS.get(type(first))
        if first is None:
            return b"{" + b",".join([b"NULL"] * len(obj)) + b"}"
        if write is None:
            raise psycopg.DataError(f"a list of {type(first).__name__} is no array of ours")
        try:
            text = ",".join([write(one) if one is not None else "NULL" for one in obj])
        except (TypeError, AttributeError) as error:
            raise psycopg.DataError(f"a list must hold one kind of value: {error}") from error
        return f"{{{text}}}".encode()


def _text(value: str) -> str:
    if "\x00" in value:
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


def _bytes(value: bytes) -> str:
    return f'"\\\\x{value.hex()}"'


def _moment(value: datetime) -> str:
    return f'"{value.isoformat()}"'


def _bool(value: bool) -> str:
    return "t" if value else "f"


_WRITERS: dict[type, Callable[[Any], str]] = {
    int: int.__repr__,
    float: float.__repr__,
    bool: _bool,
    str: _text,
    bytes: _bytes,
    datetime: _moment,
}
