"""What each side shows of its people, in one spelling, out of the sandbox's own state; shares nothing with the hub."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_MARK = re.compile(r"\s*\[tl:[a-z0-9]+\]\s*$")
#: How the CRM's notes begin that stand for a call, a form or a text: the account has the activity itself.
_OF_ACTIVITIES = re.compile(r"(Inbound|Outbound) (call|text message)|Form submitted")
#: The mark of every contact that was made out of an activity.
_OURS = "nimbata"
FIELDS = ("phone", "email", "first", "company", "city", "plan")


@dataclass(frozen=True)
class Copy:
    """A task, note or appointment."""

    kind: str
    id: str
    #: First word of its text: the same on both sides, and never edited.
    name: str
    values: dict[str, str]


@dataclass(frozen=True)
class Shown:
    """A person."""

    id: str
    #: The last name: the same on both sides, and never edited.
    label: str
    fields: dict[str, str]
    tags: frozenset[str]
    copies: tuple[Copy, ...]


def account_people(state: Mapping[str, Any]) -> list[Shown]:
    """Those of the call-tracking account."""
    return [
        Shown(
            one["id"], one["last_name"] or "",
            {
                "phone": one["phone"] or "", "email": (one["email"] or "").lower(), "first": one["first_name"] or "",
                "company": one["company"] or "", "city": (one["address"] or {}).get("city") or "",
                "plan": str(one["custom_fields"].get("plan") or ""),
            },
            _tags(one["tags"]),
            (
                *_copies("task", state["tasks"], one["id"], "contact_id", {
                    "title": "title", "body": "body", "completed": "done", "due_at": "due",
                }),
                *_copies("note", state["notes"], one["id"], "contact_id", {"body": "title"}),
                *_copies("meet", state["appointments"], one["id"], "contact_id", {
                    "title": "title", "start_time": "starts", "end_time": "ends", "status": "status",
                }),
            ),
        )
        for one in state["contacts"] if not one["deleted_at"]
    ]  # fmt: skip


def location_people(state: Mapping[str, Any], plan_field: str) -> list[Shown]:
    """Those of the CRM's location; `plan_field` is the id of its custom field."""
    return [
        Shown(
            one["id"], one.get("lastName") or "",
            {
                "phone": one.get("phone") or "", "email": (one.get("email") or "").lower(),
                "first": one.get("firstName") or "", "company": one.get("companyName") or "",
                "city": one.get("city") or "",
                "plan": next((str(it["value"] or "") for it in one["customFields"] if it["id"] == plan_field), ""),
            },
            _tags(one["tags"]),
            (
                *_copies("task", state["tasks"], one["id"], "contactId", {
                    "title": "title", "body": "body", "completed": "done", "dueDate": "due",
                }),
                *_copies("note", state["notes"], one["id"], "contactId", {"body": "title"}),
                *_copies("meet", state["appointments"], one["id"], "contactId", {
                    "title": "title", "startTime": "starts", "endTime": "ends", "appointmentStatus": "status",
                }),
            ),
        )
        for one in state["contacts"]
    ]  # fmt: skip


def differences(here: Iterable[Shown], there: Iterable[Shown]) -> list[str]:
    """Where both sides are not equal, or show something twice, in words."""
    found: list[str] = []
    sides = {"account": _by_label(here), "CRM": _by_label(there)}
    for label in sorted({label for people in sides.values() for label in people}):
        records = {side: people.get(label, []) for side, people in sides.items()}
        for side, held in records.items():
            if len(held) != 1:
                found.append(f"{label}: {len(held)} record(s) in the {side}")
        if all(len(held) == 1 for held in records.values()):
            one, other = (held[0] for held in records.values())
            found += [f"{label}: {line}" for line in _unlike(one, other)]
    return found


def _unlike(one: Shown, other: Shown) -> list[str]:
    found = [
        f"{name} is {one.fields[name]!r} in the account and {other.fields[name]!r} in the CRM"
        for name in FIELDS
        if one.fields[name] != other.fields[name]
    ]
    if one.tags != other.tags:
        found.append(f"tags are {sorted(one.tags)} in the account and {sorted(other.tags)} in the CRM")
    mine, theirs = (
        sorted((it.kind, sorted(it.values.items())) for it in shown.copies) for shown in (one, other)
    )
    if mine != theirs:
        found.append(
            f"{[it for it in mine if it not in theirs]} in the account alone and"
            f" {[it for it in theirs if it not in mine]} in the CRM alone, of {len(mine)} and {len(theirs)}"
        )
    for side, shown in (("account", one), ("CRM", other)):
        names = [(it.kind, it.name) for it in shown.copies]
        found += [f"{name} stands {names.count(name)} times in the {side}" for name in sorted(set(names))
                  if names.count(name) > 1]  # fmt: skip
    return found


def _by_label(people: Iterable[Shown]) -> dict[str, list[Shown]]:
    found: dict[str, list[Shown]] = {}
    for one in people:
        found.setdefault(one.label, []).append(one)
    return found


def _copies(
    kind: str, rows: Iterable[Mapping[str, Any]], owner: str, whose: str, names: Mapping[str, str]
) -> list[Copy]:
    found = []
    for row in rows:
        # The CRM's notes about a call or text are ours; in the account such a note would be one too many.
        of_activity = kind == "note" and whose == "contactId" and _OF_ACTIVITIES.match(row["body"] or "")
        if row[whose] == owner and not row.get("deleted") and not of_activity:
            values = {word: _plain(word, row.get(key)) for key, word in names.items()}
            found.append(Copy(kind, row["id"], values["title"].partition(" ")[0], values))
    return found


def _plain(word: str, raw: Any) -> str:
    if word in ("due", "starts", "ends"):
        return datetime.fromisoformat(raw).astimezone(UTC).isoformat(timespec="seconds") if raw else ""
    if word == "done":
        return str(bool(raw))
    return " ".join(_MARK.sub("", str(raw or "")).split())


def _tags(tags: Iterable[str]) -> frozenset[str]:
    return frozenset(tag.strip().lower() for tag in tags) - {_OURS}
