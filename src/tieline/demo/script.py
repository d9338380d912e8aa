"""What happens in the demo: who calls when, and what goes wrong."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

LOCATIONS = 3


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happens."""

    #: Seconds from the start; of live traffic, the pause after it.
    at_s: float
    #: As the sandbox's control API takes it.
    wanted: dict[str, Any]
    side: Literal["nimbata", "contacts"] = "nimbata"


def _burst(at_s: float, calls: int, forms: int, texts: int) -> tuple[Step, ...]:
    return (
        Step(
            at_s=at_s,
            wanted={"kind": "call", "count": calls, "known_share": 0.5, "anonymous_share": 0.05},
        ),
        Step(at_s=at_s, wanted={"kind": "form", "count": forms, "known_share": 0.4}),
        Step(at_s=at_s, wanted={"kind": "sms", "count": texts, "known_share": 0.6}),
    )


#: 360 events in half a minute, in bursts, while people tag contacts in the CRM.
SCRIPT: tuple[Step, ...] = tuple(
    sorted(
        [step for number in range(12) for step in _burst(2.0 * number, 20, 5, 5)]
        + [
            Step(at_s=at_s, side="contacts", wanted={"kind": "tag.add", "tags": [tag]})
            for at_s, tag in ((6.5, "vip"), (12.5, "call back"), (18.5, "hot"))
        ],
        key=lambda step: step.at_s,
    )
)

LIVE: tuple[Step, ...] = (
    Step(at_s=1.0, wanted={"kind": "call", "known_share": 0.6, "anonymous_share": 0.05}),
    Step(at_s=1.0, wanted={"kind": "call", "known_share": 0.6}),
    Step(at_s=1.0, wanted={"kind": "form", "known_share": 0.5}),
    Step(at_s=1.0, wanted={"kind": "sms", "known_share": 0.7}),
)

#: What a poll or a sweep finds within the demo. A lost telling of a note is found too, in a round of five minutes.
_FOUND_SOON = (
    "call.completed", "form.submitted", "sms.received", "ContactCreate", "ContactUpdate", "TaskCreate", "TaskComplete",
)  # fmt: skip

#: Everything that can go wrong, all the time.
FAULTS: list[dict[str, Any]] = [
    {"kind": "duplicate", "share": 0.06},
    *({"kind": "drop", "operation": kind, "share": 0.04} for kind in _FOUND_SOON),
    {"kind": "late", "share": 0.05, "params": {"delay_s": 3.0}},
    {"kind": "reorder", "share": 0.05, "params": {"delay_s": 1.0}},
    {"kind": "cut_after", "side": "contacts", "share": 0.02},
    {"kind": "cut_before", "side": "contacts", "share": 0.01},
    {"kind": "500", "side": "contacts", "share": 0.01},
    {"kind": "502", "side": "contacts", "share": 0.01},
    {"kind": "503", "share": 0.01},
    {"kind": "429", "side": "contacts", "share": 0.005, "params": {"retry_after_s": 1.0}},
    {"kind": "created_422", "side": "contacts", "operation": "contacts.create", "share": 0.02},
    {"kind": "latency", "side": "contacts", "share": 0.02, "params": {"latency_s": 0.5}},
]


def both_ways(definition: str, calendar: str) -> str:
    """The default rules, with three lines otherwise: a person who is deleted goes on both sides; the location has
    several calendars, of which one is named; and callers have a contact in the CRM alone, since an account that takes
    60 calls a minute would take minutes for all of them."""
    changed = definition.replace("  deletes: ignore\n", "  deletes: delete\n")
    changed = changed.replace("appointments: {", f'appointments: {{calendar: "{calendar}", ')
    return changed.replace("person:\n", "person:\n  where: [{field: tags, has_not: nimbata}]\n")
