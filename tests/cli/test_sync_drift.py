"""`tieline sync drift` as people read it: items stand beside people's fields."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from rich.console import Console

from tieline.cli import output
from tieline.cli.sync_drift import draw
from tieline.domain.side import Side
from tieline.server.preview.drift_report import DriftReport, Tally
from tieline.sync.drift import Difference
from tieline.sync.drift_items import ComparedItems, ItemDifference, ItemWhy

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def lone(side: Side | None, why: ItemWhy) -> ItemDifference:
    """A note that does not stand on both sides."""
    return ItemDifference(
        kind="note", only_on=side, ids={}, since=AT, why=why,
        repair="create nimbata" if why == "unheard" else "none",
    )  # fmt: skip


def report() -> DriftReport:
    """One person's company and items."""
    tally = Tally(("note", "task"))
    company = Difference(
        nimbata="company", contacts_api="company", values={}, since=AT, why="unheard", repair="write nimbata"
    )
    title = ItemDifference(
        kind="task", field="title", ids={}, since=AT, why="refused", repair="none",
    )  # fmt: skip
    tally.add("c", "n", [company])
    tally.add_items(
        "c", "n",
        [
            ComparedItems(
                kind="note", linked=5, equal=5, agreed=1,
                differences=(lone("contacts_api", "unheard"), lone("nimbata", "gone"), lone(None, "gone")),
            ),
            ComparedItems(kind="task", linked=2, equal=1, agreed=0, differences=(title,)),
        ],
    )  # fmt: skip
    return tally.report()


def said(capsys: pytest.CaptureFixture[str], told: DriftReport) -> list[list[str]]:
    """The lines, cut into words."""
    draw(msgspec.json.decode(msgspec.json.encode(told)))
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_items_stand_beside_the_fields_of_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands on one side alone has a dash on the other."""
    monkeypatch.setattr(output, "out", Console(highlight=False, width=200))
    lines = said(capsys, report())
    words = [" ".join(line) for line in lines]
    assert "0 of 1 people are equal on both sides." in words
    assert "5 of 5 linked notes are equal; 1 stand differently, as agreed." in words
    assert "1 of 2 linked tasks are equal." in words
    at = "2026-11-02 09:30:00"
    gone = "is not there any more: the next sweep finds out none"
    assert set(words[4:]) == {
        f"company company 1 {at} changed, and not told yet write nimbata",
        f"— note 1 {at} changed, and not told yet create nimbata",
        f"note — 1 {at} {gone}",
        f"note, gone note, gone 1 {at} {gone}",
        f"task: title task: title 1 {at} a side refused the value none",
    }


def test_of_somebody_with_many_items_that_differ_some_are_shown() -> None:
    """All are counted; a report stays of one size however much came apart."""
    tally = Tally(("note",))
    alone = tuple(lone("nimbata", "gone") for _ in range(500))
    for _ in range(50):
        tally.add_items(
            "c", "n", [ComparedItems(kind="note", linked=0, equal=0, agreed=0, differences=alone)]
        )
    told = tally.report()
    assert [one.records for one in told.items[0].differences] == [50 * 500]
    assert [len(one.differences) for one in told.item_examples] == [20] * 20


def test_where_nothing_differs_no_line_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Only how much was compared."""
    tally = Tally(("note",))
    tally.add("c", "n", [])
    tally.add_items("c", "n", [ComparedItems(kind="note", linked=2, equal=2, agreed=0, differences=())])
    lines = [" ".join(line) for line in said(capsys, tally.report())]
    assert lines == [
        "1 of 1 people are equal on both sides.",
        "2 of 2 linked notes are equal.",
        "Nothing differs.",
    ]
