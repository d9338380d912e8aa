"""What goes wrong in a wave, as the sandboxes take it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tests.acceptance.both_sides_stories import Fault
from tieline.sandbox.faults import Params, Rule

_SHARES: dict[Fault, float] = {
    "duplicate": 0.3, "late": 0.2, "reorder": 0.3, "drop": 0.25, "429": 0.04, "500": 0.05, "502": 0.05, "503": 0.05,
    "cut_before": 0.06, "cut_after": 0.1, "created_422": 0.3,
}  # fmt: skip
_PARAMS = Params(delay_s=0.4, retry_after_s=0.2)

#: Tellings that may be lost. Of a deletion it is known again only if a sweep met the record while it was there, and
#: what an account tells of its items is one kind of event, deletions among them.
_LOSABLE = {
    "contacts": (
        "ContactCreate",
        "ContactUpdate",
        "ContactTagUpdate",
        "Task[!D]*",
        "Note[!D]*",
        "Appointment[!D]*",
    ),
    "nimbata": ("contact.created", "contact.updated"),
}


def rules(faults: Sequence[Fault]) -> list[Rule]:
    """As the sandbox takes them."""
    found = []
    for kind in faults:
        rule = Rule(kind=kind, share=_SHARES[kind], params=_PARAMS)
        if kind == "drop":
            found += [
                msgspec.structs.replace(rule, side=side, operation=event)
                for side, events in _LOSABLE.items()
                for event in events
            ]
        elif kind == "created_422":
            found.append(msgspec.structs.replace(rule, side="contacts", operation="contacts.create"))
        else:
            found.append(rule)
    return found
