"""Are the people whom somebody entered by hand the same on both sides? Out of both sides' own state. Pure; knows
nothing of the hub and shares nothing with it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

_MARK = re.compile(r"\s*\[tl:[a-z0-9]+\]\s*$")
#: How the notes begin that stand for a call, a form or a text: the account has the activity itself.
_OF_ACTIVITIES = re.compile(r"(Inbound|Outbound) (call|text message)|Form submitted")
#: The mark of every contact that the hub made out of an activity.
_OURS = "nimbata"
_ITEMS = ("tasks", "notes", "appointments")


def unequal(
    account: Mapping[str, Any], crm: Mapping[str, Any], location_of: Mapping[str, str], entered: Iterable[str]
) -> tuple[str, ...]:
    """Whoever is not the same on both sides, and why, one line each. `entered` are the phones of all who were ever
    entered by hand; who is in neither side any more was deleted."""
    found = []
    here, there = _account_people(account, location_of), _crm_people(crm)
    for phone in sorted(set(entered)):
        one, other = here.get(phone, []), there.get(phone, [])
        if len(one) != len(other) or len(one) > 1:
            found.append(f"{phone}: {len(one)} in the account, {len(other)} in the CRM")
        elif one and one[0] != other[0]:
            differing = [name for name in one[0] if one[0][name] != other[0][name]]
            found.append(f"{phone}: {', '.join(f'{n} {one[0][n]!r} / {other[0][n]!r}' for n in differing)}")
    return tuple(found)


def _account_people(
    state: Mapping[str, Any], location_of: Mapping[str, str]
) -> dict[str, list[dict[str, Any]]]:
    items = {kind: _by_owner(state[kind], "contact_id") for kind in _ITEMS}
    people: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in state["contacts"]:
        if not one["deleted_at"]:
            mine = {kind: items[kind][one["id"]] for kind in _ITEMS}
            people[one["phone"]].append(
                {
                    "where": location_of[one["project_id"]], "first": one["first_name"] or "",
                    "last": one["last_name"] or "", "email": (one["email"] or "").lower(),
                    "company": one["company"] or "", "city": (one["address"] or {}).get("city") or "",
                    "tags": _tags(one["tags"]),
                    "tasks": _counted((_text(t["title"]), _moment(t["due_at"]), t["completed"]) for t in mine["tasks"]),
                    "notes": _counted(_text(n["body"]) for n in mine["notes"]),
                    "appointments": _counted(
                        (_text(a["title"]), _moment(a["start_time"]), _moment(a["end_time"]), a["status"])
                        for a in mine["appointments"]
                    ),
                }
            )  # fmt: skip
    return people


def _crm_people(state: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    people: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for location, holds in state["locations"].items():
        items = {kind: _by_owner(holds[kind], "contactId") for kind in _ITEMS}
        for one in holds["contacts"]:
            mine = {kind: items[kind][one["id"]] for kind in _ITEMS}
            notes = [_text(note["body"]) for note in mine["notes"]]
            people[one.get("phone") or ""].append(
                {
                    "where": location, "first": one.get("firstName") or "", "last": one.get("lastName") or "",
                    "email": (one.get("email") or "").lower(), "company": one.get("companyName") or "",
                    "city": one.get("city") or "", "tags": _tags(one["tags"]),
                    "tasks": _counted(
                        (_text(t["title"]), _moment(t.get("dueDate")), t["completed"]) for t in mine["tasks"]
                    ),
                    "notes": _counted(text for text in notes if not _OF_ACTIVITIES.match(text)),
                    "appointments": _counted(
                        (_text(a["title"]), _moment(a["startTime"]), _moment(a["endTime"]), a["appointmentStatus"])
                        for a in mine["appointments"] if not a.get("deleted")
                    ),
                }
            )  # fmt: skip
    return people


def _by_owner(rows: Iterable[Mapping[str, Any]], key: str) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def _counted(values: Iterable[Any]) -> list[tuple[Any, int]]:
    return sorted(Counter(values).items())


def _tags(tags: Iterable[str]) -> list[str]:
    return sorted({tag.strip().lower() for tag in tags} - {_OURS})


def _text(raw: Any) -> str:
    return " ".join(_MARK.sub("", str(raw or "")).split())


def _moment(raw: Any) -> str:
    return datetime.fromisoformat(raw).astimezone(UTC).isoformat(timespec="seconds") if raw else ""
