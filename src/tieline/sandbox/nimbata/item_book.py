"""What hangs on contacts, by contact: all tasks, or all notes, or all appointments of an account."""

from __future__ import annotations

from typing import Generic, TypeVar

from tieline.sandbox.nimbata.records_items import Appointment, Item, Note, Task

Row = TypeVar("Row", bound=Item)


class ItemBook(Generic[Row]):
    """Items of one kind; a deleted one is gone."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._of: dict[str, dict[str, None]] = {}

    def save(self, row: Row) -> None:
        """A new item, or another state of one."""
        self._rows[row.id] = row
        self._of.setdefault(row.contact_id, {})[row.id] = None

    def remove(self, row: Row) -> None:
        """Forget an item."""
        del self._rows[row.id]
        del self._of[row.contact_id][row.id]

    def get(self, contact_id: str | None, item_id: str) -> Row | None:
        """The contact's item, whoever's where no contact is named; None where there is none of that id."""
        row = self._rows.get(item_id)
        return row if row is not None and contact_id in (None, row.contact_id) else None

    def of(self, contact_id: str) -> list[Row]:
        """The contact's items, oldest change first; those of one second in the order of their making."""
        rows = (self._rows[item_id] for item_id in self._of.get(contact_id, ()))
        return sorted(rows, key=lambda row: row.updated_at)

    def rows(self) -> list[Row]:
        """All of them, in the order of their making."""
        return list(self._rows.values())


class Items:
    """The three kinds of one account."""

    def __init__(self) -> None:
        self.tasks: ItemBook[Task] = ItemBook()
        self.notes: ItemBook[Note] = ItemBook()
        self.appointments: ItemBook[Appointment] = ItemBook()
