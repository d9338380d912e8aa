"""One run's way over time, as a small drawing."""

from __future__ import annotations

from html import escape

from tieline.chaos.outcome import Outcome

_WIDE, _HIGH = 360.0, 40.0
_KILLS = frozenset({"kill_worker", "kill_hub", "restart_database"})


def timeline(one: Outcome) -> str:
    """SVG: how many things were not as they must be, with a tick for each strike."""
    points = one.recovery
    if not points:
        return ""
    last = max(points[-1][0], one.length_s, 1.0)
    most = max(1, *(count for _, count in points))

    def x(at_s: float) -> float:
        return round(at_s / last * _WIDE, 1)

    line = " ".join(
        f"L{x(at_s)} {round(_HIGH - 2 - count / most * (_HIGH - 8), 1)}" for at_s, count in points
    )
    ticks = "".join(
        f'<line class="{"kill" if strike["kind"] in _KILLS else "other"}" x1="{x(strike["at_s"])}"'
        f' x2="{x(strike["at_s"])}" y1="0" y2="6"><title>{escape(strike["kind"])} at {strike["at_s"]:.0f} s:'
        f" {escape(strike['what'][:120])}</title></line>"
        for strike in one.strikes
    )
    calm = x(one.length_s)
    return (
        f'<svg viewBox="0 0 {_WIDE:g} {_HIGH:g}" preserveAspectRatio="none" role="img"'
        f' aria-label="at most {most} things were not as they must be, {points[-1][1]} at the end">'
        f'<rect class="calm" x="{calm}" y="0" width="{max(_WIDE - calm, 0.0):.1f}" height="{_HIGH:g}"/>'
        f'<path d="M0 {_HIGH - 2:g} {line} L{x(points[-1][0])} {_HIGH - 2:g} Z"/>{ticks}</svg>'
    )
