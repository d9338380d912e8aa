"""Options that `tieline connect contacts-api` and `tieline connect nimbata` have in common, and what they set."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from tieline.cli import output

Name = Annotated[str, typer.Option(help="what you call it; part of its webhook address")]
Token = Annotated[str | None, typer.Option(envvar="TIELINE_TOKEN", help="the access token")]
TokenStdin = Annotated[bool, typer.Option("--token-stdin", help="read the token from standard input")]
Limits = Annotated[
    Literal["on", "off"], typer.Option(help="off = the far side has no rate limit; its 429 still counts")
]
Vanish = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="seconds between the two looks that must both miss a record before it counts as gone; default: 600",
    ),
]
PublicUrl = Annotated[str, typer.Option(envvar="TIELINE_PUBLIC_URL", help="where far sides reach this hub")]
Json = Annotated[bool, output.JSON_OPTION]
#: Of `PublicUrl`.
LOCALLY = "http://127.0.0.1:8080"


def general_settings(limits: str, **told: float | None) -> dict[str, Any]:
    """Settings that connections of either product have; without what was not said."""
    settings: dict[str, Any] = {"limits": "off"} if limits == "off" else {}
    return {**settings, **{name: value for name, value in told.items() if value is not None}}
