"""The page about a row of runs: self-contained, readable by day and by night."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from tieline.chaos.drawing import timeline
from tieline.chaos.outcome import Outcome
from tieline.chaos.run import Options

_COUNTS = (
    ("lost", "lost"), ("doubled", "doubled"), ("unequal", "unequal"), ("out_of_order", "out of order"),
    ("uncertain", "uncertain"), ("rate_limited", "rate limited"), ("wasted_calls", "for nothing"),
)  # fmt: skip


def write_page(path: Path, outcomes: Sequence[Outcome], asked: Sequence[Options]) -> None:
    """Replace the page. `asked` are all runs that were to be made, in order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(outcomes, asked), "utf-8")


def page(outcomes: Sequence[Outcome], asked: Sequence[Options]) -> str:
    """HTML."""
    first = asked[0]
    span = f"--seed {first.seed}" + (f" --to {asked[-1].seed}" if len(asked) > 1 else "")
    guard = f" --without {first.mutant}" if first.mutant else ""
    command = f"tieline chaos {span} --minutes {first.minutes:g}{guard} --report docs/chaos.html"
    red = [one.counts.seed for one in outcomes if not one.green]
    verdict = f"{len(red)} of {len(outcomes)} runs are red" if red else f"All {len(outcomes)} runs are green"
    if len(outcomes) < len(asked):
        verdict += f"; {len(asked) - len(outcomes)} were not made"
    return Template(files(__package__).joinpath("page.html").read_text("utf-8")).substitute(
        verdict=escape(verdict), tone="bad" if red else "good", command=escape(command),
        figures=_figures(outcomes), rows="".join(_row(one) for one in outcomes),
        kinds="".join(f"<th>{escape(kind)}</th>" for kind in first.kinds),
        fired="".join(_fired(one, first.kinds) for one in outcomes),
        wrong="".join(_wrong(one) for one in outcomes if not one.green),
    )  # fmt: skip


def _figures(outcomes: Sequence[Outcome]) -> str:
    counts = [one.counts for one in outcomes]
    recovered = [one.recover_s for one in counts if one.recover_s is not None]
    told = (
        (sum(one.events for one in counts), "deeds acknowledged"),
        (sum(sum(one.faults_fired.values()) for one in counts), "faults"),
        (sum(one.kills for one in counts), "SIGKILLs"),
        (sum(one.lost + one.doubled + one.unequal + one.out_of_order for one in counts), "wrong things"),
        (f"{max(recovered):.0f} s" if recovered else "–", "longest way back"),
    )
    return "".join(
        f"<div><b>{escape(_spaced(value))}</b><span>{escape(name)}</span></div>" for value, name in told
    )


def _row(one: Outcome) -> str:
    counts = one.counts
    cells = "".join(
        f'<td class="n{" bad" if getattr(counts, name) and name != "uncertain" else ""}">{getattr(counts, name)}</td>'
        for name, _ in _COUNTS
    )
    back = "never" if counts.recover_s is None else f"{counts.recover_s:.0f} s"
    tone = "good" if one.green else "bad"
    return (
        f'<tr><td class="seed"><span class="dot {tone}" title="{"green" if one.green else "red"}"></span>{counts.seed}'
        f'</td><td class="n">{counts.events}</td><td class="n">{sum(counts.faults_fired.values())}</td>'
        f'<td class="n">{counts.kills}</td>{cells}'
        f'<td class="n{" bad" if counts.recover_s is None else ""}">{back}</td>'
        f'<td class="line">{timeline(one)}</td></tr>'
    )


def _fired(one: Outcome, kinds: Sequence[str]) -> str:
    fired = one.counts.faults_fired
    cells = "".join(
        f'<td class="n{"" if fired.get(kind) else " bad"}">{fired.get(kind, 0)}</td>' for kind in kinds
    )
    return f'<tr><td class="seed">{one.counts.seed}</td>{cells}</tr>'


def _wrong(one: Outcome) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in one.wrong[:40])
    more = f"<li>and {len(one.wrong) - 40} more</li>" if len(one.wrong) > 40 else ""
    return f"<h3>Seed {one.counts.seed}</h3><ul>{lines}{more}</ul>"


def _spaced(value: object) -> str:
    return f"{value:,}".replace(",", "\u202f") if isinstance(value, int) else str(value)
