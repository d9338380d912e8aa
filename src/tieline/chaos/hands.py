"""How each side is told what somebody does there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.chaos.far import NAMES, Far
from tieline.chaos.record import CONTESTED, Person
from tieline.domain.side import Side

_CRM_FIELDS = {"first": "firstName", "company": "companyName", "city": "city", "email": "email"}
_KINDS = {"task": "task", "note": "note", "meet": "appointment"}
_FIRST = datetime(2027, 3, 1, 9, tzinfo=UTC)


class Hands:
    """Every deed as a call of a control API. Raises Refused where the side does not do it."""

    def __init__(self, far: Far) -> None:
        self._far = far

    async def born(self, side: Side, person: Person, first: str) -> None:
        """Somebody enters the person."""
        if side == "nimbata":
            await self._do(side, {
                "kind": "contact.create", "project": self._far.projects[person.place], "caller": person.phone,
                "email": None, "tags": (),
                "changes": {"first_name": first, "last_name": person.label, "name": f"{first} {person.label}"},
            })  # fmt: skip
        else:
            fields = {"firstName": first, "lastName": person.label, "phone": person.phone}
            await self._do(
                side,
                {"kind": "contact.create", "location": self._far.locations[person.place], "fields": fields},
            )

    async def call(self, person: Person, number: int) -> tuple[str, str]:
        """They call, and are talked to; the call's id and the address of its recording."""
        made = await self._do("nimbata", {
            "kind": "call", "project": self._far.projects[person.place], "caller": person.phone,
            "caller_name": f"Ann {person.label}", "outcome": "ANSWERED", "duration_s": 60 + number, "tags": (),
        })  # fmt: skip
        call = made[0]["activity_id"]
        return call, f"https://rec.example/{call}"

    async def text(self, person: Person, words: str) -> tuple[str, str]:
        """They write a text message; its id and its words."""
        made = await self._do("nimbata", {
            "kind": "sms", "project": self._far.projects[person.place], "caller": person.phone,
            "caller_name": f"Ann {person.label}", "body": words,
        })  # fmt: skip
        return made[0]["activity_id"], words

    async def edit(self, side: Side, record: str, name: str, value: str, plan_field: str) -> None:
        """One field of a record."""
        if side == "nimbata":
            named: dict[str, dict[str, Any]] = {
                "first": {"first_name": value}, CONTESTED: {"custom_fields": {CONTESTED: value}},
            }  # fmt: skip
            await self._do(
                side, {"kind": "contact.update", "id": record, "changes": named.get(name, {name: value})}
            )
        elif name == CONTESTED:
            fields: dict[str, Any] = {"customFields": [{"id": plan_field, "field_value": value}]}
            await self._do(side, {"kind": "contact.update", "id": record, "fields": fields})
        else:
            await self._do(
                side, {"kind": "contact.update", "id": record, "fields": {_CRM_FIELDS[name]: value}}
            )

    async def tag(self, side: Side, record: str, tag: str, held: frozenset[str], *, add: bool) -> None:
        """One tag more or less; an account is told the whole list."""
        if side == "nimbata":
            tags = sorted(held | {tag} if add else held - {tag})
            await self._do(side, {"kind": "contact.update", "id": record, "changes": {"tags": tags}})
        else:
            await self._do(side, {"kind": "tag.add" if add else "tag.remove", "id": record, "tags": (tag,)})

    async def make(self, side: Side, record: str, kind: str, text: str, number: int) -> None:
        """A task, note or appointment of the person."""
        start = _FIRST + timedelta(hours=number)
        ends = start + timedelta(minutes=30)
        wanted: dict[tuple[str, Side], dict[str, Any]] = {
            ("task", "nimbata"): {"title": text, "due_at": start.isoformat(), "assignee": None},
            ("task", "contacts_api"): {"title": text, "dueDate": _utc(start)},
            ("note", "nimbata"): {"body": text, "author": None},
            ("note", "contacts_api"): {"body": text},
            ("meet", "nimbata"): {
                "title": text,
                "start_time": start.isoformat(),
                "end_time": ends.isoformat(),
            },
            ("meet", "contacts_api"): {"title": text, "startTime": _utc(start), "endTime": _utc(ends)},
        }
        whose = {"contact": record} if side == "nimbata" else {"id": record}
        await self._item(side, f"{_KINDS[kind]}.create", whose, wanted[kind, side])

    async def retitle(self, side: Side, kind: str, item: str, text: str) -> None:
        """Other words."""
        name = "body" if kind == "note" else "title"
        await self._item(side, f"{_KINDS[kind]}.update", {"id": item}, {name: text})

    async def finish(self, side: Side, task: str, *, done: bool) -> None:
        """A task is done, or is not after all."""
        if side == "nimbata":
            await self._item(side, "task.update", {"id": task}, {"completed": done})
        else:
            await self._item(side, "task.complete" if done else "task.reopen", {"id": task}, {})

    async def drop(self, side: Side, kind: str, item: str) -> None:
        """It goes."""
        await self._item(side, f"{_KINDS[kind]}.delete", {"id": item}, {})

    async def delete(self, side: Side, record: str) -> None:
        """The person goes."""
        await self._do(side, {"kind": "contact.delete", "id": record})

    async def _item(self, side: Side, kind: str, which: dict[str, str], values: dict[str, Any]) -> None:
        await self._do(side, {"kind": kind, **which, "changes" if side == "nimbata" else "fields": values})

    async def _do(self, side: Side, wanted: dict[str, Any]) -> Any:
        return await self._far.ask(NAMES[side], "POST", "/emit", wanted)


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
