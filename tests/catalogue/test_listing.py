"""What fits, page by page; and the pages of the docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tieline.catalogue.listing import Filters, chosen, page, shown
from tieline.catalogue.pages import pages
from tieline.server.catalogue import catalogue

DOCS = Path(__file__).parents[2] / "docs" / "catalogue"


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(app="tieline", kind="action"), {
            "format.text", "format.number", "format.date", "format.phone", "table.look_up",
        }),
        (Filters(search="missed webhook ADDRESS", app="nimbata"), set()),
        (Filters(search="webhook REGISTER"), {"nimbata.webhook.create"}),
        (Filters(kind="trigger", app="contacts_api", mission=True, search="dnd"), {"contacts.dnd_changed"}),
    ],
)  # fmt: skip
def test_all_filters_must_hold(filters: Filters, ids: set[str]) -> None:
    """Words in any order and case."""
    assert {one.id for one in chosen(catalogue(), filters)} == ids


def test_pages_go_on_and_end() -> None:
    """Each entry once, in order."""
    found, after = [], None
    while True:
        some = page(catalogue().list(), after=after, limit=17)
        found += [one.id for one in some.entries]
        if some.after is None:
            break
        assert len(some.entries) == 17
        after = some.after
    assert found == sorted(one.id for one in catalogue().list())
    assert page(catalogue().list(), after="zzz", limit=5).entries == ()


def test_one_entry_shows_all_of_it() -> None:
    """With an input to begin with."""
    entry = catalogue().get("tasks.create")
    assert entry is not None
    found = shown(entry)
    assert (found.writes, found.look_up, found.call) == (True, "list", "operation")
    assert set(found.example) == {"contactId", "title", "dueDate"}


def test_the_pages_of_the_docs_are_those_of_the_catalogue() -> None:
    """Made anew by `tieline catalogue docs`."""
    made = pages(catalogue())
    assert {one.name for one in DOCS.glob("*.md")} == set(made)
    for name, text in made.items():
        assert (DOCS / name).read_text("utf-8") == text, f"{name} is out of date: tieline catalogue docs"
