"""How every verb speaks: JSON for programs, tables for people, errors as one plain sentence, and its exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tieline.connectors.kit.redact import redact_text
from tieline.errors import ConfigurationError, ConnectorError, StoreError, TielineError

OK, FAILED, USAGE, CONFIGURATION, FAR_SIDE, NOT_FOUND, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

JSON_OPTION = typer.Option("--json", help="one JSON document on stdout, and errors as JSON on stderr")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class NotThere(TielineError):
    """What was asked for by name or number does not exist."""


class Failed(TielineError):
    """The verb did its work, and found that something is wanting."""


class Interrupted(TielineError):
    """Somebody pressed Ctrl-C."""


def exit_code(error: TielineError) -> int:
    """The code by which a script tells what happened."""
    match error:
        case NotThere():
            return NOT_FOUND
        case Interrupted():
            return INTERRUPTED
        case ConfigurationError():
            return CONFIGURATION
        case ConnectorError():
            return FAR_SIDE
        case _:
            return FAILED


def complain(error: TielineError, *, as_json: bool) -> None:
    """The error, without secrets, on stderr."""
    text = redact_text(str(error))
    if as_json:
        kind = {CONFIGURATION: "configuration", FAR_SIDE: "far_side", NOT_FOUND: "not_found"}
        named = "store" if isinstance(error, StoreError) else kind.get(exit_code(error), "failed")
        print(msgspec.json.encode({"error": {"kind": named, "message": text}}).decode(), file=sys.stderr)
    else:
        # Not folded: a path and its line number must stay one word for whoever copies or matches it.
        err.print(f"[bold red]tieline:[/] {_escaped(text)}", soft_wrap=True)


def show(value: Any, as_json: bool, people: Callable[[], None]) -> None:
    """`value` as JSON, or whatever `people` prints."""
    if as_json:
        # Whoever reads a pipe must not wait for the verb to end.
        print(msgspec.json.encode(value).decode(), flush=True)
    else:
        people()


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A table; `empty` is said where there are no rows."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        drawn.add_row(*(_cell(value) for value in row))
        count += 1
    if count:
        out.print(drawn)
    else:
        out.print(f"[dim]{empty}[/]")


def pairs(values: Iterable[tuple[str, Any]]) -> None:
    """Names and values, one below the other."""
    drawn = Table(box=None, pad_edge=False, show_header=False)
    drawn.add_column(style="bold")
    drawn.add_column(overflow="fold")
    for name, value in values:
        drawn.add_row(name, _cell(value))
    out.print(drawn)


def _cell(value: Any) -> str:
    match value:
        case None | "":
            return "[dim]–[/]"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case _:
            return _escaped(str(value))


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")
