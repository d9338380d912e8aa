"""`tieline sync drift`: how far both sides are apart."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from tieline.cli import output
from tieline.cli.session import run
from tieline.cli.sync_backfill import Json, SyncName, begun, watched

_WORDS = {
    "question": "waits for an answer: tieline conflicts", "refused": "a side refused the value",
    "waiting": "is on its way, or tried again later", "unheard": "changed, and not told yet",
    "one_way": "the rule carries it one way", "settled": "agreed as it stands",
    "gone": "is not there any more: the next sweep finds out",
}  # fmt: skip
_NOWHERE = "—"


def drift(
    name: SyncName,
    sample: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="only so many people, at random")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare both sides as they are now, field by field; nothing is written. A worker of the hub does it."""
    run(begun(name, "drift", sample=sample))
    ended = run(watched(name, "drift", draw=sys.stderr.isatty() and not as_json))
    if ended.state != "done":
        raise output.Failed(f"the drift of {name} is {ended.state}: {ended.reason or 'somebody ended it'}")
    output.show(ended.report, as_json, lambda: draw(ended.report))


def draw(report: dict[str, Any]) -> None:
    """The report as tables."""
    if report["people"] or not report["items"]:
        output.out.print(f"{report['equal']} of {report['people']} people are equal on both sides.")
    for one in report["items"]:
        agreed = f"; {one['agreed']} stand differently, as agreed" if one["agreed"] else ""
        output.out.print(f"{one['equal']} of {one['linked']} linked {one['kind']}s are equal{agreed}.")
    for side, count in report.get("gone", {}).items():
        output.out.print(f"{count} linked records are not there any more: {side}.")
    output.table(
        ("nimbata", "contacts_api", "records", "since (UTC)", "why", "reconcile would"),
        [
            (
                *names, one["records"], (one.get("since") or "")[:19].replace("T", " "),
                _said({_WORDS[word]: count for word, count in one["why"].items()}), _said(one["repair"]),
            )
            for names, one in _lines(report)
        ],
        empty="Nothing differs.",
    )  # fmt: skip


def _lines(report: dict[str, Any]) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """What each line is called on either side: people's fields, then those of items, and items of one side alone."""
    for one in report["fields"]:
        yield (one["nimbata"], one["contacts_api"]), one
    for kind in report["items"]:
        for one in kind["differences"]:
            yield _names(kind["kind"], one["field"], one["only_on"]), one


def _names(kind: str, field: str | None, only_on: str | None) -> tuple[str, str]:
    if field is not None:
        return f"{kind}: {field}", f"{kind}: {field}"
    if only_on is None:
        return f"{kind}, gone", f"{kind}, gone"
    return (kind, _NOWHERE) if only_on == "nimbata" else (_NOWHERE, kind)


def _said(counts: dict[str, int]) -> str:
    return "; ".join(f"{count} {word}" if len(counts) > 1 else word for word, count in counts.items())
