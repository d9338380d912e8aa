"""`tieline demo`: the main job on a sandbox of both sides."""

from __future__ import annotations

from typing import Annotated

import typer

from tieline.cli import output
from tieline.cli.session import run


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="stop when all is counted, instead of going on live")
    ] = False,
    seed: Annotated[int, typer.Option(help="the same seed makes the same people and calls")] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="nothing on stdout but JSON lines; the last one counts")
    ] = False,
) -> None:
    """Calls, forms and texts over three locations, people at work on both sides, and everything going wrong that can;
    then count."""
    from tieline.demo.stage import play

    figures = run(play(seed=seed, once=once, as_json=as_json))
    if figures.expected != figures.found or figures.doubled or figures.unequal:
        raise output.Failed(
            f"{figures.lost} of {figures.expected} are missing, {figures.doubled} are there twice, and"
            f" {figures.unequal} people are not the same on both sides"
        )
