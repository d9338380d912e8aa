"""`tieline sync preview`: what a backfill would write, before it does."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run
from tieline.cli.sync_backfill import Json, Since, SyncName, begun, moment, watched

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tieline.server.preview.report import ShownWrite

_SHOWN = 50
_PAGE = 1000
_COLUMNS = ("number", "side", "operation", "method", "path", "record_id", "refused", "body")


def preview(
    name: SyncName,
    since: Since = None,
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="every write as a row of this file", dir_okay=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Every write that a backfill would make, its calls and its time; nothing is sent. A worker of the hub does it."""
    run(begun(name, "preview", since=moment(since)))
    ended = run(watched(name, "preview", draw=sys.stderr.isatty() and not as_json))
    if ended.state != "done":
        raise output.Failed(f"the preview of {name} is {ended.state}: {ended.reason or 'somebody ended it'}")
    if csv_file is not None:
        run(_write(name, csv_file))
    if as_json:
        run(_print(name, ended.report))
        return
    shown = run(_first(name))
    output.table(
        ("side", "operation", "record", "body"),
        [(one.side, one.operation, _record(one), one.body) for one in shown],
        empty="A backfill would write nothing.",
    )
    more = ended.report["writes"] + ended.report["refused"] - len(shown)
    if more > 0:
        output.out.print(f"… and {more} more: --json or --csv FILE shows all")
    _draw(ended.report)


def _record(one: ShownWrite) -> str:
    return f"{one.record_id}, there already" if one.refused else one.record_id or ""


def _draw(report: dict[str, Any]) -> None:
    rows = []
    for side in ("nimbata", "contacts_api"):
        told = report[side]
        rows += [(told["connection"], name, count) for name, count in told["writes"].items()]
    output.table(("connection", "operation", "writes"), rows, empty="")
    for side in ("nimbata", "contacts_api"):
        told = report[side]
        minutes = "no limit" if told["minutes"] is None else f"{told['minutes']} minutes at its quota"
        day = "" if told["share_of_day"] is None else f", {told['share_of_day']:.1%} of a day's calls"
        looks = told["reads"] + told["refused"]
        output.out.print(
            f"{told['connection']}: {told['calls']} calls, {looks} of them to look; {minutes}{day}"
        )
    if left := report["ends"].get("waiting"):
        output.out.print(f"{left} events could not be foreseen: something did not answer in time.")


async def _first(name: str) -> list[ShownWrite]:
    from tieline.server.preview.report import list_previewed

    async with opened_hub() as hub:
        return await list_previewed(hub.store, name, limit=_SHOWN)


async def _each(name: str) -> AsyncIterator[ShownWrite]:
    from tieline.server.preview.report import list_previewed

    async with opened_hub() as hub:
        after = 0
        while page := await list_previewed(hub.store, name, after=after, limit=_PAGE):
            for one in page:
                yield one
            after = page[-1].number


async def _write(name: str, file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(_COLUMNS)
        async for one in _each(name):
            rows.writerow([getattr(one, column) for column in _COLUMNS])


async def _print(name: str, report: Any) -> None:
    """One document, written as it is read: there may be a million writes."""
    out = sys.stdout
    out.write('{"report":' + msgspec.json.encode(report).decode() + ',"writes":[')
    separator = ""
    async for one in _each(name):
        out.write(separator + msgspec.json.encode(one).decode())
        separator = ","
    out.write("]}\n")
    out.flush()
