"""Activities on a shelf: by project, by UTC day, in order of time; a page costs what the page holds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from datetime import UTC, date, datetime
from typing import Generic, Protocol, TypeVar


class Activity(Protocol):
    """What can stand on a shelf."""

    @property
    def id(self) -> str: ...
    @property
    def project_id(self) -> str: ...


Row = TypeVar("Row", bound=Activity)


class _Project:
    """Of one project: the days that have rows, in order, and each day's places (moment, number, row id)."""

    def __init__(self) -> None:
        self.days: list[date] = []
        self.places: dict[date, list[tuple[datetime, int, str]]] = {}


class Shelf(Generic[Row]):
    """All calls, or all forms, or all texts of an account."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._projects: dict[str, _Project] = {}
        self._latest: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Row, at: datetime) -> None:
        """Put a new row at its moment (aware); rows of one moment stay in the order of their coming."""
        assert row.id not in self._rows
        project = self._projects.setdefault(row.project_id, _Project())
        day = at.astimezone(UTC).date()
        if day not in project.places:
            insort(project.days, day)
            project.places[day] = []
        insort(project.places[day], (at, len(self._rows), row.id))
        self._rows[row.id] = row
        self._latest.setdefault(row.project_id, []).append(row.id)

    def replace(self, row: Row) -> None:
        """Another state of a row that is here; its place stays."""
        assert row.id in self._rows
        self._rows[row.id] = row

    def get(self, project: str, row_id: str) -> Row | None:
        """The row, None where the project has none of that id."""
        row = self._rows.get(row_id)
        return row if row is not None and row.project_id == project else None

    def ids(self, project: str) -> list[str]:
        """Ids of the project's rows in the order of their coming; a view, not to be changed."""
        return self._latest.get(project, [])

    def rows(self) -> list[Row]:
        """Every row, in the order of their coming."""
        return list(self._rows.values())

    def page(
        self, project: str, first: date | None, last: date | None, *, skip: int, count: int
    ) -> tuple[list[Row], int]:
        """At most `count` rows of the days `first` to `last` (both included, None = open) after `skip`, and the total.

        Oldest first.
        """
        shelf = self._projects.get(project)
        if shelf is None:
            return [], 0
        start = 0 if first is None else bisect_left(shelf.days, first)
        end = len(shelf.days) if last is None else bisect_right(shelf.days, last)
        found: list[Row] = []
        total = 0
        for day in shelf.days[start:end]:
            places = shelf.places[day]
            begin = max(skip - total, 0)
            total += len(places)
            if len(found) < count and begin < len(places):
                chosen = places[begin : begin + count - len(found)]
                found += [self._rows[row_id] for _, _, row_id in chosen]
        return found, total
