"""A native account and a location that are kept equal, and a comparison of both that shares nothing with the hub."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any

import msgspec

from tests.world import World, world
from tieline.domain.side import Side
from tieline.sandbox.app import Options
from tieline.store.pool import Store

DEFINITION = """\
version: 1
contact:
  create: true
  skip_outcomes: [blocked]
  fields:
    - {to: phone, from: phone, when: empty}
    - {to: first_name, from: first_name, when: empty}
    - {to: last_name, from: last_name, when: empty}
person:
  direction: both
  fields:
    - {nimbata: first_name, contacts_api: first_name}
    - {nimbata: last_name, contacts_api: last_name}
    - {nimbata: email, contacts_api: email}
    - {nimbata: phone, contacts_api: phone}
    - {nimbata: company, contacts_api: company}
    - {nimbata: city, contacts_api: city}
  tags: {direction: both, ignore: [nimbata]}
  deletes: delete
tasks: {direction: both, deletes: delete}
notes: {direction: both, deletes: delete}
appointments: {direction: both, deletes: delete, calendar: Consultation}
"""
_MARK = re.compile(r"\s*\[tl:[a-z0-9]+\]\s*$")


@asynccontextmanager
async def both_ways(store: Store, **options: Any) -> AsyncIterator[TwoWayWorld]:
    """Both sandboxes with a hub between them that keeps them equal."""
    given = {"locations": 1, "limits": "off", **options.pop("sandbox", {})}
    async with world(
        store, sandbox=Options(**given), definition=options.pop("definition", DEFINITION),
        source_settings={"mode": "native", **options.pop("source_settings", {})}, **options,
    ) as running:  # fmt: skip
        yield TwoWayWorld(running)


class TwoWayWorld:
    """What stands on both sides, in one spelling."""

    def __init__(self, running: World) -> None:
        self.world = running
        self.location = running.sandbox.describe()["contacts"]["location_id"]

    async def settled(self, within_s: float = 30.0) -> None:
        """Wait until nothing is under way."""
        await self.world.settled(within_s)

    def emit(self, **wanted: Any) -> dict[str, Any]:
        """Something happens at the call-tracking account."""
        done: list[dict[str, Any]] = msgspec.to_builtins(self.world.emit(**wanted))
        return done[0]

    def work(self, **wanted: Any) -> dict[str, Any]:
        """Somebody works in the CRM."""
        done: list[dict[str, Any]] = self.world.work(location=self.location, **wanted)
        return done[0]

    @contextmanager
    def unheard(self, side: Side) -> Iterator[None]:
        """What happens meanwhile is told by no webhook."""
        running = self.world.sandbox.contacts if side == "contacts_api" else self.world.sandbox.nimbata
        targets: list[Any] = running.side.targets
        kept = targets[:]
        targets.clear()
        try:
            yield
        finally:
            targets.extend(kept)

    @property
    def crm(self) -> dict[str, Any]:
        """What the location holds."""
        found: dict[str, Any] = self.world.state()["locations"][self.location]
        return found

    @property
    def account(self) -> dict[str, Any]:
        """What the account holds."""
        found: dict[str, Any] = msgspec.to_builtins(self.world.sandbox.nimbata.side.state())
        return found

    def people(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The persons of both sides: names, phone, e-mail, company, city, tags and items, sorted."""
        crm, account = self.crm, self.account
        return (
            sorted((_account_person(one, account) for one in account["contacts"] if not one["deleted_at"]), key=str),
            sorted((_crm_person(one, crm) for one in crm["contacts"]), key=str),
        )  # fmt: skip

    def unequal(self) -> list[tuple[Any, Any]]:
        """Where both sides differ."""
        here, there = self.people()
        if len(here) != len(there):
            return [(here, there)]
        return [(one, other) for one, other in zip(here, there, strict=True) if one != other]


def _tags(tags: list[str]) -> list[str]:
    return sorted({tag.strip().lower() for tag in tags} - {"nimbata"})


def _text(raw: Any) -> str:
    return " ".join(_MARK.sub("", str(raw or "")).split())


def _moment(raw: Any) -> str:
    return datetime.fromisoformat(str(raw).replace("Z", "+00:00")).astimezone().isoformat() if raw else ""


def _account_person(one: dict[str, Any], account: dict[str, Any]) -> dict[str, Any]:
    mine = {
        kind: [item for item in account[kind] if item["contact_id"] == one["id"] and not item.get("deleted_at")]
        for kind in ("tasks", "notes", "appointments")
    }  # fmt: skip
    return {
        "phone": one["phone"], "email": (one["email"] or "").lower(), "first": one["first_name"] or "",
        "last": one["last_name"] or "", "company": one["company"] or "",
        "city": (one["address"] or {}).get("city") or "", "tags": _tags(one["tags"]),
        "tasks": sorted((_text(t["title"]), _text(t["body"]), bool(t["completed"])) for t in mine["tasks"]),
        "notes": sorted(_text(note["body"]) for note in mine["notes"]),
        "appointments": sorted(
            (_text(a["title"]), _moment(a["start_time"]), a["status"]) for a in mine["appointments"]
        ),
    }  # fmt: skip


def _crm_person(one: dict[str, Any], crm: dict[str, Any]) -> dict[str, Any]:
    mine = {
        kind: [item for item in crm[kind] if item["contactId"] == one["id"] and not item.get("deleted")]
        for kind in ("tasks", "notes", "appointments")
    }  # fmt: skip
    # A note about a call is ours alone; the account has the call itself.
    notes = [
        note for note in mine["notes"] if not str(note["body"]).startswith(("Inbound", "Outbound", "Form"))
    ]
    return {
        "phone": one.get("phone"), "email": (one.get("email") or "").lower(), "first": one.get("firstName") or "",
        "last": one.get("lastName") or "", "company": one.get("companyName") or "", "city": one.get("city") or "",
        "tags": _tags(one.get("tags") or []),
        "tasks": sorted((_text(t["title"]), _text(t.get("body")), bool(t["completed"])) for t in mine["tasks"]),
        "notes": sorted(_text(note["body"]) for note in notes),
        "appointments": sorted(
            (_text(a["title"]), _moment(a["startTime"]), a["appointmentStatus"]) for a in mine["appointments"]
        ),
    }  # fmt: skip
