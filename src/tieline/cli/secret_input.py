"""How verbs are given secrets: standard input, a flag, the environment, or a prompt at a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from tieline.cli.output import Interrupted
from tieline.errors import ConfigurationError


def read_secret(what: str, given: str | None, *, from_stdin: bool, option: str) -> str:
    """The secret. Raises ConfigurationError where there is none, naming the ways to give it."""
    if from_stdin:
        given = sys.stdin.readline()
    elif given is None and sys.stdin.isatty():
        try:
            given = typer.prompt(what, hide_input=True)
        except typer.Abort:
            raise Interrupted("interrupted") from None
    found = (given or "").strip()
    if not found:
        variable = f"TIELINE_{option.upper().replace('-', '_')}"
        raise ConfigurationError(
            f"a {what.lower()} is needed: --{option}-stdin, --{option}, or the variable {variable}"
        )
    return found


def read_file(path: Path) -> str:
    """A text file. Raises ConfigurationError."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
