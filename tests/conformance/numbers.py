"""Figures that the run prints at its end: each test adds to them, whichever worker it runs on."""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from pathlib import Path

#: Names the folder in which workers leave what they counted.
VARIABLE = "TIELINE_TEST_NUMBERS"
_file: Path | None = None


def note(kind: str, what: str) -> None:
    """One more of `kind`; the same `what` counts once. Does nothing outside of a whole run."""
    global _file
    folder = os.environ.get(VARIABLE)
    if not folder:
        return
    if _file is None:
        _file = Path(folder) / f"{os.getpid()}-{uuid.uuid4().hex}.numbers"
    with _file.open("a", encoding="utf-8") as file:
        file.write(f"{kind}\t{what}\n")


def collected(folder: Path) -> dict[str, set[str]]:
    """What was counted, by kind."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in folder.glob("*.numbers"):
        for line in file.read_text("utf-8").splitlines():
            kind, _, what = line.partition("\t")
            found[kind].add(what)
    return found
