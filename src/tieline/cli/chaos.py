"""`tieline chaos`: everything that can break is broken, then both far sides are counted."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.session import run

if TYPE_CHECKING:
    from tieline.chaos.outcome import Outcome
    from tieline.chaos.run import Options


def chaos(
    seed: Annotated[int, typer.Option(help="the same seed makes the same deeds and strikes")] = 1,
    to: Annotated[
        int | None, typer.Option(help="last seed, where several are run one after the other")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.5, max=600, help="how long each run breaks things")] = 2.0,
    faults: Annotated[
        str | None, typer.Option(help="kinds with commas between them; default: all. A wrong one lists them")
    ] = None,
    workers: Annotated[int, typer.Option(min=2, max=16, help="worker processes")] = 3,
    without: Annotated[
        str | None, typer.Option(help="a guard of the hub that is taken away, to see that the run turns red")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="write a page about all runs there", dir_okay=False)
    ] = None,
    traces: Annotated[
        Path | None,
        typer.Option(
            help="folder for the traces of red runs; default: chaos-traces, beside the report",
            file_okay=False,
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="nothing on stdout but a JSON line for each run; the last one counts"),
    ] = False,
) -> None:
    """Sandbox, hub, workers and database as processes, all of them ended, frozen and lied to; then what stands on both
    sides is held against what was done. Green only where nothing is lost, doubled, unequal or out of order."""
    from tieline.chaos.kinds import read_kinds
    from tieline.chaos.mutants import require
    from tieline.chaos.run import Options

    last = seed if to is None else to
    if last < seed:
        raise typer.BadParameter("--to must not be below --seed")
    folder = traces or (report.parent if report is not None else Path()) / "chaos-traces"
    kinds, mutant = read_kinds(faults), require(without)
    asked = [
        Options(seed=one, minutes=minutes, kinds=kinds, workers=workers, mutant=mutant, traces=folder)
        for one in range(seed, last + 1)
    ]
    try:
        outcomes = run(_all(asked, as_json, report))
    except asyncio.CancelledError:
        raise output.Interrupted("interrupted") from None
    if red := [one.counts.seed for one in outcomes if not one.green]:
        raise output.Failed(f"red: seed {', '.join(map(str, red))}; what happened stands in {folder}")


async def _all(asked: list[Options], as_json: bool, report: Path | None) -> list[Outcome]:
    from tieline.chaos.report import write_page
    from tieline.chaos.run import run as run_one
    from tieline.chaos.screen import Screen

    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        # Whatever ends us: the processes of the run end, too, and their database is taken away.
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    outcomes: list[Outcome] = []
    with Screen(as_json) as screen:
        for options in asked:
            screen.begin(options.seed)
            outcome = await run_one(options, screen.say, screen.progress)
            outcomes.append(outcome)
            screen.show(outcome)
            if report is not None:
                # After each: a run that is ended in the middle leaves what it had found.
                write_page(report, outcomes, asked)
    return outcomes
