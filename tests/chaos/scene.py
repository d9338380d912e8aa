"""Two sides and a record of what was done there, as tests like them."""

from __future__ import annotations

from typing import Any

from tieline.chaos.far import Seen
from tieline.chaos.record import Activity, Made, Person, Record
from tieline.chaos.shown import FIELDS, Copy, Shown
from tieline.domain.side import SIDES, Side

LOCATION = "LOC"
LABEL = "P0001"
CALL = "https://rec.example/ncl_1"
NOTE = f"Inbound call, answered. {CALL}"


def person() -> Person:
    """Entered in the account, called once, changed on both sides, with a task."""
    one = Person(who=1, label=LABEL, place=0, phone="+1", born_at=0.0)
    one.wrote(("first",), "nimbata", "First-1-P0001", 1.0)
    one.wrote(("first",), "nimbata", "First-2-P0001", 2.0)
    one.wrote(("plan",), "nimbata", "Plan-3-P0001", 3.0)
    one.wrote(("plan",), "contacts_api", "Plan-4-P0001", 4.0)
    one.wrote(("tag", "vip"), "nimbata", "yes", 5.0)
    one.wrote(("task", "P0001task6", "title"), "contacts_api", "P0001task6 v6", 6.0)
    one.items["task", "P0001task6"] = Made("contacts_api", 6.0)
    one.activities.append(Activity("ncl_1", CALL))
    return one


def record() -> Record:
    """Of that person."""
    return Record(people={LABEL: person()}, events=8)


def shown(side: Side, **fields: Any) -> Shown:
    """How a side that has it all shows the person; `fields` are otherwise, `tags` and `copies` too."""
    values = {"phone": "+1", "first": "First-2-P0001", "plan": "Plan-4-P0001"}
    title = fields.pop("title", "P0001task6 v6")
    copy = Copy(
        "task", f"{side}-task", "P0001task6", {"title": title, "body": "", "done": "False", "due": ""}
    )
    tags = fields.pop("tags", frozenset({"vip"}))
    copies = fields.pop("copies", (copy,))
    return Shown(
        f"{side}-1", LABEL, {**dict.fromkeys(FIELDS, ""), **values, **fields}, frozenset(tags), tuple(copies)
    )


def seen(
    nimbata: list[Shown] | None = None,
    contacts_api: list[Shown] | None = None,
    notes: list[str] | None = None,
) -> Seen:
    """Both sides; what is left out is as it must be."""
    given: dict[Side, list[Shown] | None] = {"nimbata": nimbata, "contacts_api": contacts_api}
    held = {side: given[side] for side in SIDES}
    return Seen(
        people={side: [shown(side)] if people is None else people for side, people in held.items()},
        notes={LOCATION: [("contacts_api-1", body) for body in ([NOTE] if notes is None else notes)]},
    )
