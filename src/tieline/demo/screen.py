"""What the demo shows: a line that moves while it runs, then the count, for people or for programs."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from tieline.demo.expect import Found
from tieline.demo.measure import Figures


class Screen:
    """Progress on stderr where somebody watches; the figures on stdout."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._err = Console(stderr=True, highlight=False)
        self._out = Console(highlight=False)
        self._bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), console=self._err, disable=not sys.stderr.isatty(),
        )  # fmt: skip
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Screen:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """What is being done now."""
        self._bar.update(self._task, description=f"{text} …")
        if not sys.stderr.isatty() and not self._json:
            self._err.print(f"{text} …")

    def progress(self, found: Found) -> None:
        """How much of what must be in the CRM is there."""
        self._bar.update(
            self._task, description="calls, forms and texts → contacts and notes", total=found.expected,
            completed=found.found,
        )  # fmt: skip

    def tell(self, figures: Figures, found: Found, seconds: float, unequal: tuple[str, ...]) -> None:
        """The count, for people."""
        if self._json:
            return
        self._bar.stop()
        whole = figures.expected == figures.found and not figures.doubled and not unequal
        verdict = (
            "[bold green]Nothing lost, nothing doubled, both sides equal.[/]"
            if whole
            else "[bold red]Not all is well.[/]"
        )
        self._out.print(f"\n{verdict} {seconds:.0f} s, by the far sides' own records.\n")
        drawn = Table(box=None, pad_edge=False, show_header=False)
        drawn.add_column(justify="right", style="bold")
        drawn.add_column()
        fired = ", ".join(f"{count} × {kind}" for kind, count in figures.faults_fired.items())
        for value, text in (
            (figures.events, "calls, forms and texts at the call-tracking account"),
            (figures.expected, "contacts, notes and tags must stand in the CRM because of them"),
            (figures.found, f"do ({figures.contacts} contacts, {figures.notes} notes)"),
            (figures.doubled, "are there twice"),
            (figures.unequal, "people whom somebody entered by hand are not the same on both sides"),
            (figures.uncertain, "writes with an unclear answer that nobody looked after"),
            (sum(figures.faults_fired.values()), f"faults on the way: {fired}"),
            (figures.rate_limited, "times over the rate limit (100 calls in 10 s at each location)"),
            (figures.calls_per_change, "calls for each change"),
            (_ms(figures.ack_ms.p50), f"to acknowledge a webhook (p99 {_ms(figures.ack_ms.p99)})"),
            (_ms(figures.end_to_end_ms.p50), f"from webhook to note (p99 {_ms(figures.end_to_end_ms.p99)})"),
        ):
            drawn.add_row(str(value), text)
        self._out.print(drawn)
        for word, things in (("Missing", found.missing), ("Too many", found.surplus), ("Unequal", unequal)):
            for thing in things:
                self._out.print(f"[red]{word}:[/] {thing}", markup=True)

    def point_to(self, url: str, told: dict[str, Any], token: str) -> None:
        """Where to look while it goes on."""
        if self._json:
            print(msgspec.json.encode({"url": url, "sandbox": told, "token": token}).decode(), flush=True)
            return
        self._out.print(
            f"\nIt goes on with live traffic. Ctrl-C ends it, with a last count.\n"
            f"  the hub            curl -H 'Authorization: Bearer {token}' {url}/api/status\n"
            f"  the CRM            {told['contacts']['base_url']}/_sandbox/state\n"
            f"  the call tracking  {told['nimbata']['base_url']}/_sandbox/emitted\n",
            soft_wrap=True,
        )
        self._bar.start()

    def end(self, figures: Figures) -> None:
        """The last line, for programs."""
        self._bar.stop()
        print(msgspec.json.encode(figures).decode(), flush=True)


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f} ms" if value < 10_000 else f"{value / 1000:.0f} s"
