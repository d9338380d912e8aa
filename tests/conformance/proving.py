"""What tests prove of entries of the catalogue: collected during the run, held against `proved.json` after it.

`TIELINE_PROVE=1` writes the file anew instead: `make prove`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from tests.conformance.numbers import note
from tieline.catalogue.proof import FILE, Proof, looks, proofs_in, write_proofs
from tieline.server.catalogue import catalogue

VARIABLE = "TIELINE_PROVE"
_PATH = Path(str(files("tieline.catalogue"))) / FILE


def prove(entry: str, shown: str) -> None:
    """The test that calls this saw the entry do what it says; `shown` tells how, the same each time."""
    note("proved", f"{entry}\t{shown}")


def settle(noted: Iterable[str], *, passed: bool) -> tuple[int, list[str]]:
    """How many entries were proved, and what is wrong with the file; written anew where that was asked for. `passed`:
    no test failed."""
    found = dict(_proofs(noted))
    written = proofs_in(_PATH.read_bytes())
    if os.environ.get(VARIABLE):
        known = {entry.id: looks(entry) for entry in catalogue().list()}
        kept = {name: proof for name, proof in written.items() if known.get(name) == proof.entry}
        _PATH.write_bytes(write_proofs(kept | found))
        return len(found), []
    problems = [f"{name} is proved otherwise" for name in sorted(found) if written.get(name) != found[name]]
    # Of a run that proved nearly all, the rest has no test any more.
    if passed and len(found) > 0.9 * len(written):
        problems += [f"{name} was proved by no test" for name in sorted(written.keys() - found.keys())]
    return len(found), problems


def _proofs(noted: Iterable[str]) -> Iterator[tuple[str, Proof]]:
    for line in sorted(noted):
        name, _, shown = line.partition("\t")
        entry = catalogue().get(name)
        assert entry is not None, f"a test proves {name}, which is not in the catalogue"
        yield name, Proof(entry=looks(entry), shown=shown)
