"""What people do by hand, on both sides: whom they enter, change and delete, and what they note down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

Side = Literal["nimbata", "contacts"]
#: By location: numbers that are nobody's, and the kind of item that the CRM's people work with there. An account takes
#: 60 calls a minute in all, so each location shows one kind on its way there, and all three on the way back.
PHONES = ("+1737555", "+44161496", "+49221910")
KINDS = ("task", "note", "appointment")
#: Who is entered where. The last two are deleted again.
ENTERED: Mapping[str, Side] = {"ada": "nimbata", "bob": "contacts", "cleo": "contacts", "dan": "nimbata"}
_NUMBERS = {"ada": 1, "bob": 2, "cleo": 3, "dan": 4}


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody does."""

    at_s: float
    side: Side
    #: As the sandbox's control API names it; an item's is filled in.
    kind: str
    who: str
    #: The item that is meant or made, by a name of the script's own.
    item: str | None = None
    changes: dict[str, Any] = {}
    tags: tuple[str, ...] = ()


def phone(location: int, who: str, wave: int = 0) -> str:
    """A number of the location's country, the same each time."""
    return f"{PHONES[location % len(PHONES)]}{1000 + 10 * wave + _NUMBERS[who]}"


def deeds(location: int, now: datetime) -> tuple[Deed, ...]:
    """The script of one location, in order."""
    kind = KINDS[location % len(KINDS)]
    by_account = tuple(one for each in KINDS for one in _by_account(each, now))
    return tuple(
        sorted((*_people(location), *by_account, *_by_crm(kind, now)), key=lambda deed: deed.at_s)
    )  # fmt: skip


def _people(location: int) -> tuple[Deed, ...]:
    return (
        _enter(1.0, location, "ada"),
        _enter(1.5, location, "bob"),
        Deed(at_s=6.0, side="nimbata", kind="contact.update", who="ada", changes={"company": "Acme Roofing"}),
        Deed(at_s=7.0, side="nimbata", kind="contact.update", who="ada", changes={"tags": ["VIP", "Spring"]}),
        Deed(at_s=8.0, side="contacts", kind="contact.update", who="ada", changes={"city": "Springfield"}),
        Deed(at_s=8.0, side="nimbata", kind="contact.update", who="ada", changes={"first_name": "Augusta"}),
        Deed(at_s=10.0, side="contacts", kind="tag.add", who="ada", tags=("hot",)),
        Deed(at_s=14.0, side="contacts", kind="tag.remove", who="ada", tags=("spring",)),
        Deed(at_s=12.0, side="nimbata", kind="contact.update", who="bob", changes={"last_name": "Marlow"}),
        _enter(9.0, location, "cleo"),
        _enter(9.5, location, "dan"),
        Deed(at_s=22.0, side="contacts", kind="contact.delete", who="cleo"),
        Deed(at_s=22.5, side="nimbata", kind="contact.delete", who="dan"),
    )  # fmt: skip


def _enter(at_s: float, location: int, who: str) -> Deed:
    side = ENTERED[who]
    first, last = who.capitalize(), "Byhand"
    if side == "nimbata":
        changes: dict[str, Any] = {"first_name": first, "last_name": last, "name": f"{first} {last}"}
    else:
        changes = {"firstName": first, "lastName": last}
    return Deed(at_s=at_s, side=side, kind="contact.create", who=who, changes=changes)


def _by_account(kind: str, now: datetime) -> tuple[Deed, ...]:
    """An item that stays and is changed, and one that is deleted."""
    kept, dropped = f"{kind}-kept", f"{kind}-dropped"
    change = {"status": "cancelled"} if kind == "appointment" else {}
    verb = "complete" if kind == "task" else "update"
    return (
        Deed(at_s=5.0, side="nimbata", kind=f"{kind}.create", who="ada", item=kept, changes=_new(kind, kept, now)),
        Deed(
            at_s=5.5, side="nimbata", kind=f"{kind}.create", who="ada", item=dropped, changes=_new(kind, dropped, now)
        ),
        Deed(
            at_s=15.0, side="nimbata", kind=f"{kind}.{verb}", who="ada", item=kept,
            changes={"body": "Prefers evenings after all."} if kind == "note" else change,
        ),
        Deed(at_s=18.0, side="nimbata", kind=f"{kind}.delete", who="ada", item=dropped),
    )  # fmt: skip


def _new(kind: str, name: str, now: datetime) -> dict[str, Any]:
    at = (now + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    match kind:
        case "task":
            return {"title": f"Ring back ({name})", "due_at": at.isoformat(), "assignee": None}
        case "note":
            return {"body": f"Prefers mornings ({name})."}
        case _:
            return {
                "title": f"Visit ({name})", "start_time": at.isoformat(),
                "end_time": (at + timedelta(minutes=30)).isoformat(),
            }  # fmt: skip


def _by_crm(kind: str, now: datetime) -> tuple[Deed, ...]:
    """The same, done in the CRM."""
    at = (now + timedelta(days=3)).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    fields: dict[str, dict[str, Any]] = {
        "task": {"title": "Send the offer", "dueDate": at.strftime("%Y-%m-%dT%H:%M:%SZ")},
        "note": {"body": "Asked for two offers."},
        "appointment": {"title": "Second visit"},
    }
    kept, dropped = f"crm-{kind}-kept", f"crm-{kind}-dropped"
    verb = {"task": "complete", "note": "update", "appointment": "cancel"}[kind]
    changes = {"body": "Asked for three offers."} if kind == "note" else {}
    return (
        Deed(at_s=6.5, side="contacts", kind=f"{kind}.create", who="bob", item=kept, changes=fields[kind]),
        Deed(at_s=7.5, side="contacts", kind=f"{kind}.create", who="bob", item=dropped, changes=fields[kind]),
        Deed(at_s=16.0, side="contacts", kind=f"{kind}.{verb}", who="bob", item=kept, changes=changes),
        Deed(at_s=20.0, side="contacts", kind=f"{kind}.delete", who="bob", item=dropped),
    )  # fmt: skip
