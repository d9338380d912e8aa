"""What can go wrong in a run, by name, and how hard it strikes."""

from __future__ import annotations

from typing import Any

from tieline.errors import ConfigurationError

#: Faults of the far sides, in force all the time: kind → rules as the sandbox takes them.
_RULES: dict[str, list[dict[str, Any]]] = {
    "429": [{"share": 0.02, "params": {"retry_after_s": 1.0}}],
    "500": [{"share": 0.03}],
    "502": [{"share": 0.03}],
    "503": [{"share": 0.03}],
    "latency": [{"share": 0.04, "params": {"latency_s": 1.5}}],
    "cut_before": [{"share": 0.03}],
    "cut_after": [{"share": 0.05}],
    "created_422": [{"side": "contacts", "operation": "*.create", "share": 0.1}],
    "drop": [{"share": 0.05}],
    "duplicate": [{"share": 0.1}],
    "late": [{"share": 0.1, "params": {"delay_s": 3.0}}],
    "reorder": [{"share": 0.15, "params": {"delay_s": 2.0}}],
}
FAR: tuple[str, ...] = tuple(_RULES)
#: Searches do not see what happened a moment ago; always in force, and counted where one came too soon.
LAG = "search_lag"
LAG_S = 5.0
#: What is done to processes, tokens and clocks, at moments that the seed draws: kind → once in so many seconds.
STRIKES: dict[str, float] = {
    "kill_worker": 30.0,
    "kill_hub": 50.0,
    "freeze_worker": 45.0,
    "restart_database": 60.0,
    "expire_token": 60.0,
    "revoke_token": 80.0,
    "jump_clock": 70.0,
}
KINDS: tuple[str, ...] = (*FAR, LAG, *STRIKES)


def read_kinds(given: str | None) -> tuple[str, ...]:
    """Names, with commas between them; None = all. Raises ConfigurationError."""
    if given is None:
        return KINDS
    wanted = [part.strip() for part in given.split(",") if part.strip()]
    if unknown := sorted(set(wanted) - set(KINDS)):
        raise ConfigurationError(f"there is no fault {', '.join(unknown)}; there are: {', '.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in wanted)


def rules(side: str, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rules of one side ("nimbata", "contacts"), as its control API takes them."""
    return [
        {"kind": kind, "side": side, **rule}
        for kind in kinds
        for rule in _RULES.get(kind, ())
        if rule.get("side", side) == side
    ]
