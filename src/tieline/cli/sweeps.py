"""How `tieline connect show` tells of sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tieline.cli import output

if TYPE_CHECKING:
    from tieline.server.accounts.shown import Shown
    from tieline.server.sweeps.report import SweepState


def one_of(shown: Shown, sweeps: SweepState) -> dict[str, Any]:
    """A connection with how its sweeps stand, for JSON."""
    told = msgspec.to_builtins(sweeps)
    return {
        **msgspec.to_builtins(shown), "walk": told["walk"], "found": told["found"], "triggers": told["triggers"],
    }  # fmt: skip


def show_sweeps(sweeps: SweepState) -> None:
    """The walk's bound, and what was found that no webhook told; the triggers stand in the JSON alone."""
    from tieline.server.sweeps.report import in_words

    if sweeps.walk is not None:
        output.out.print(f"Looks at {in_words(sweeps.walk)}", soft_wrap=True)
    if sweeps.found:
        output.table(
            ("found, though no webhook told", "day", "count"),
            [(one.kind, one.day, one.count) for one in sweeps.found],
            empty="",
        )
