"""One record read by our names: whichever label the account gave them, nested or not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from tieline.connectors.nimbata.labels import DEFAULTS, Vocabulary, at_path, index_of
from tieline.connectors.nimbata.values import (
    read_bool,
    read_duration_s,
    read_id,
    read_moment,
    read_money,
    read_tags,
    read_text,
)
from tieline.domain.activity import Direction

_OUTBOUND = frozenset({"outbound", "out", "outgoing"})


class Fields:
    """The fields of one record of `family`; a name that the family lacks is None."""

    __slots__ = ("_empties", "_family", "_index", "_paths", "vocabulary")

    def __init__(self, record: dict[str, Any], family: str, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._family = family
        self._index = index_of(record)
        self._paths = vocabulary.tables[family].paths
        self._empties = vocabulary.empty_values

    def raw(self, name: str) -> Any:
        """The first candidate's value that is not empty, as it came."""
        index = self._index
        for path in self._paths.get(name, ()):
            value = index.get(path[0]) if len(path) == 1 else at_path(index, path)
            if value is None or value == "":
                continue
            if isinstance(value, str) and value.strip().casefold() in self._empties:
                continue
            return value
        return None

    def text(self, name: str) -> str | None:
        """As trimmed text."""
        return read_text(self.raw(name), self._empties)

    def identifier(self, name: str) -> str | None:
        """As an opaque id."""
        return read_id(self.raw(name))

    def plain(self, label: str) -> str | None:
        """The text under this very label, squashed."""
        return read_text(self._index.get(label), self._empties)

    def words(self, name: str) -> str:
        """What a person wrote: a "-" stays a "-"."""
        for path in self._paths.get(name, ()):
            value = at_path(self._index, path)
            if isinstance(value, str) and value.strip():
                return value.replace("\x00", "").strip()
        return ""

    def boolean(self, name: str) -> bool | None:
        """As true or false."""
        return read_bool(self.raw(name))

    def moment(self, name: str) -> datetime | None:
        """As a time in UTC."""
        return self.moment_of(self.raw(name))

    def moment_of(self, value: Any) -> datetime | None:
        """Any value as a time in UTC, by the account's formats and zone."""
        if value is None:
            return None
        return read_moment(value, self.vocabulary.time_formats, self.vocabulary.zone)

    def duration_s(self, name: str) -> int | None:
        """As whole seconds."""
        return read_duration_s(self.raw(name))

    def whole(self, name: str) -> int | None:
        """As a whole number."""
        number = read_money(self.raw(name))
        return int(number) if number is not None and number == int(number) else None

    def items(self, name: str) -> list[Any]:
        """As a list, empty where it is none."""
        value = self.raw(name)
        return value if isinstance(value, list) else []

    def record(self, name: str) -> dict[str, Any]:
        """As a record of its own, empty where it is none."""
        value = self.raw(name)
        return value if isinstance(value, dict) else {}

    def money(self, name: str) -> Decimal | None:
        """As an amount."""
        return read_money(self.raw(name))

    def tags(self) -> tuple[str, ...]:
        """The record's tags, in order, each once."""
        return read_tags(self.raw("tags"), self._empties)

    def direction(self) -> Direction:
        """Inbound unless the record says otherwise."""
        return "outbound" if (self.text("direction") or "").lower() in _OUTBOUND else "inbound"

    def present(self) -> frozenset[str]:
        """Our names of all that the record carries, also where it says "nothing"; what it lacks was not told."""
        told = DEFAULTS[self._family]
        if not self.vocabulary.sparse:
            return frozenset(told)
        return frozenset(
            name
            for name, paths in self._paths.items()
            if name in told and any(self._carries(path) for path in paths)
        )

    def _carries(self, path: tuple[str, ...]) -> bool:
        if path[0] not in self._index:
            return False
        value = self._index[path[0]]
        for step in path[1:]:
            if not isinstance(value, dict):
                return False
            inner = index_of(value)
            if step not in inner:
                return False
            value = inner[step]
        return True
