"""What a run shows: a line that moves while it lasts, then its counts, for people or for programs."""

from __future__ import annotations

import sys
from types import TracebackType

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tieline.chaos.outcome import Outcome


class Screen:
    """Progress on stderr where somebody watches; the counts on stdout."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._err = Console(stderr=True, highlight=False)
        self._out = Console(highlight=False)
        self._watched = sys.stderr.isatty()
        self._bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=self._err,
            disable=not self._watched, transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=None)
        self._seed = 0

    def __enter__(self) -> Screen:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begin(self, seed: int) -> None:
        """The next run."""
        self._seed = seed

    def say(self, text: str) -> None:
        """What is done now."""
        self._bar.update(self._task, description=f"seed {self._seed}: {text} …", total=None)
        if not self._watched and not self._json:
            self._err.print(f"seed {self._seed}: {text} …")

    def progress(self, events: int, passed_s: float, length_s: float) -> None:
        """How far the traffic is."""
        self._bar.update(
            self._task, description=f"seed {self._seed}: {events} deeds acknowledged", total=length_s,
            completed=min(passed_s, length_s),
        )  # fmt: skip

    def show(self, outcome: Outcome) -> None:
        """One run's counts."""
        if self._json:
            print(msgspec.json.encode(outcome.counts).decode(), flush=True)
            return
        counts = outcome.counts
        verdict = "[bold green]green[/]" if outcome.green else "[bold red]red[/]"
        self._out.print(f"Seed {counts.seed} is {verdict}.")
        drawn = Table(box=None, pad_edge=False, show_header=False)
        drawn.add_column(justify="right", style="bold")
        drawn.add_column()
        fired = ", ".join(f"{count} x {kind}" for kind, count in counts.faults_fired.items())
        rest = "never" if counts.recover_s is None else f"{counts.recover_s:.0f} s"
        for value, text in (
            (counts.events, "deeds on both sides, acknowledged"),
            (sum(counts.faults_fired.values()), f"faults: {fired}"),
            (counts.kills, "processes ended with SIGKILL"),
            (f"{counts.lost} / {counts.doubled}", "lost / doubled"),
            (counts.unequal, "differences between both sides"),
            (counts.out_of_order, "effects out of order, or older values left standing"),
            (counts.uncertain, "outcomes that nobody can look up"),
            (counts.rate_limited, "calls over the rate limit"),
            (counts.wasted_calls, "calls for nothing that nothing explains"),
            (rest, "until all was as it must be"),
        ):
            drawn.add_row(str(value), text)
        self._out.print(drawn)
        for line in outcome.wrong:
            self._out.print(f"[red]wrong:[/] {line}", markup=True, soft_wrap=True)
