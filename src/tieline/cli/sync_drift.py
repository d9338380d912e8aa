"""`tieline sync drift`: how far both sides are apart."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from tieline.cli import output
from tieline.cli.session import run
from tieline.cli.sync_backfill import Json, SyncName, begun, watched

_WORDS = {
    "question": "waits for an answer: tieline conflicts", "refused": "a side refused the value",
    "waiting": "is on its way, or tried again later", "unheard": "changed, and not told yet",
    "one_way": "the rule carries it one way", "settled": "agreed as it stands",
}  # fmt: skip


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
    output.show(ended.report, as_json, lambda: _draw(ended.report))


def _draw(report: dict[str, Any]) -> None:
    output.out.print(f"{report['equal']} of {report['people']} people are equal on both sides.")
    for side, count in report.get("gone", {}).items():
        output.out.print(f"{count} linked records are not there any more: {side}.")
    output.table(
        ("nimbata", "contacts_api", "records", "since (UTC)", "why", "reconcile would"),
        [
            (
                one["nimbata"], one["contacts_api"], one["records"], (one.get("since") or "")[:19].replace("T", " "),
                _said({_WORDS[word]: count for word, count in one["why"].items()}), _said(one["repair"]),
            )
            for one in report["fields"]
        ],
        empty="Nothing differs.",
    )  # fmt: skip


def _said(counts: dict[str, int]) -> str:
    return "; ".join(f"{count} {word}" if len(counts) > 1 else word for word, count in counts.items())
