"""How soon a trigger fires: at once, as the far side tells of it, or when somebody looks."""

from __future__ import annotations

from collections.abc import Mapping

from tieline.catalogue.spec import AnyTrigger


def arrival(trigger: AnyTrigger, every_s: Mapping[str, float]) -> str:
    """How it arrives, in words. `every_s`: of the streams that are polled of a connection, how often."""
    looked_s = every_s.get(trigger.stream) if trigger.stream else None
    checked = f"checked {every(looked_s)}" if looked_s is not None else ""
    if trigger.instant:
        return f"instant; also {checked}" if checked else "instant"
    return checked or "never: its poll is switched off"


def every(seconds: float) -> str:
    """A length of time between two looks: "every 5 min"."""
    for unit, name, least in ((86_400, "days", 2), (3600, "h", 2), (60, "min", 1)):
        if seconds >= unit * least:
            return f"every {seconds / unit:.3g} {name}"
    return f"every {seconds:.3g} s"
