"""Changes by people on both sides, one after the other: the same ones for the hub and for the naive flow."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from tieline.sandbox.app import Sandbox

Where = Literal["nimbata", "contacts"]
Kind = Literal["person", "fields", "tags", "task", "note", "appointment"]
_START = datetime(2027, 3, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Change:
    """One thing that somebody did on one side."""

    where: Where
    kind: Kind
    phone: str
    #: Field values, tags, or the item's texts and times, in plain words.
    values: dict[str, Any] = field(default_factory=dict)


class Load:
    """Draws changes of people, some of them new."""

    def __init__(self, seed: int, *, new_share: float) -> None:
        self._rng = random.Random(seed)
        self._new_share = new_share
        self._serial = 0
        self.known: list[str] = []

    def person(self) -> Change:
        """Somebody nobody knew."""
        self._serial += 1
        phone = f"+1415{200 + self._serial // 10_000}{self._serial % 10_000:04d}"
        self.known.append(phone)
        values = {"first": f"First{self._serial}", "last": "Bench", "tags": [f"tag{self._serial % 5}"]}
        return Change(self._where(), "person", phone, values)

    def batch(self, count: int) -> list[Change]:
        """As many changes of different people: none can be written together with another."""
        people = self._rng.sample(self.known, count)
        return [
            self.person() if self._rng.random() < self._new_share else self._change(phone) for phone in people
        ]

    def _change(self, phone: str) -> Change:
        self._serial += 1
        kinds: Sequence[Kind] = ("fields", "fields", "tags", "task", "note", "appointment")
        kind, text = self._rng.choice(kinds), f"Text {self._serial}"
        by_kind: dict[str, dict[str, Any]] = {
            "fields": {"company": f"Company {self._serial}", "city": f"City {self._serial}"},
            "tags": {"tags": [f"tag{self._serial}"]},
            "appointment": {"text": text, "at": _START + timedelta(hours=self._serial)},
        }
        values = by_kind.get(kind, {"text": text, "at": _START})
        # The CRM's telling of a new task does not say whose it is: only a sweep finds that out.
        return Change("nimbata" if kind == "task" else self._where(), kind, phone, values)

    def _where(self) -> Where:
        return self._rng.choice(("nimbata", "contacts"))


def happen(sandbox: Sandbox, change: Change) -> None:
    """Let it happen there; the side tells its webhook targets."""
    record, tags = people(sandbox, change.where).get(change.phone, ("", []))
    values, kind = change.values, "contact.update"
    at = values.get("at", _START)
    end = at + timedelta(minutes=30)
    if change.where == "nimbata":
        by_kind: dict[str, dict[str, Any]] = {
            "person": {"first_name": values.get("first"), "last_name": values.get("last")},
            "fields": {"company": values.get("company"), "address": {"city": values.get("city")}},
            "tags": {"tags": [*tags, *values.get("tags", ())]},
            "task": {"title": values.get("text"), "due_at": at.isoformat(), "assignee": None},
            "note": {"body": values.get("text"), "author": None},
            "appointment": {"title": values.get("text"), "start_time": at.isoformat(), "end_time": end.isoformat()},
        }  # fmt: skip
        changes = by_kind[change.kind]
        wanted: dict[str, Any] = {"kind": kind, "id": record, "changes": changes}
        if change.kind == "person":
            wanted = {
                "kind": "contact.create", "caller": change.phone, "email": None, "tags": values["tags"],
                "changes": changes,
            }  # fmt: skip
        elif change.kind in ("task", "note", "appointment"):
            wanted = {"kind": f"{change.kind}.create", "contact": record, "changes": changes}
        sandbox.nimbata.side.emit(wanted)
        return
    match change.kind:
        case "person":
            fields = {"firstName": values["first"], "lastName": values["last"], "phone": change.phone}
            wanted = {"kind": "contact.create", "fields": fields, "tags": values["tags"]}
        case "fields":
            fields = {"companyName": values["company"], "city": values["city"]}
            wanted = {"kind": kind, "id": record, "fields": fields}
        case "tags":
            wanted = {"kind": "tag.add", "id": record, "tags": values["tags"]}
        case "note":
            wanted = {"kind": "note.create", "id": record, "fields": {"body": values["text"]}}
        case _:
            times = {"startTime": _utc(at), "endTime": _utc(end), "title": values["text"]}
            wanted = {"kind": "appointment.create", "id": record, "fields": times}
    sandbox.contacts.side.emit(wanted)


def people(sandbox: Sandbox, where: Where) -> dict[str, tuple[str, list[str]]]:
    """Id and tags of everybody on a side, by phone."""
    if where == "nimbata":
        held = msgspec.to_builtins(sandbox.nimbata.side.state())["contacts"]
    else:
        held = next(iter(msgspec.to_builtins(sandbox.contacts.side.state())["locations"].values()))[
            "contacts"
        ]
    return {one["phone"]: (one["id"], one["tags"]) for one in held}


def calls(sandbox: Sandbox) -> int:
    """All that both sides were asked so far, by their own records."""
    return sum(sum(side.audit.operations.values()) for side in (sandbox.nimbata, sandbox.contacts))


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
