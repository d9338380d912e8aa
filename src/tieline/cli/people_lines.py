"""How a person's time line looks on a terminal: one line an entry, with the location's clock beside UTC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, assert_never
from zoneinfo import ZoneInfo

import msgspec

from tieline.cli import output
from tieline.domain.side import SIDE_NAMES
from tieline.server.people.history import AsOf, RecordThen
from tieline.server.people.people import Linked, Person
from tieline.server.people.timeline import Call, Change, Decision, Entry, Page, Told
from tieline.server.people.undo import Undo
from tieline.server.people.why import SideWhy, Why

_HIDDEN = ("id", "custom", "updated_at", "version")


def draw_page(page: Page) -> None:
    """Both records side by side, then what happened."""
    _draw_person(page.person)
    _timed(
        page.person.zone,
        ("what", ""),
        [(one.at, *_entry(one)) for one in page.entries],
        empty="nothing is known of what happened",
    )
    if page.before is not None:
        output.out.print(f"Before that: --before {page.before}", soft_wrap=True)


def draw_why(found: Sequence[Why], zone: str) -> None:
    """For each sync the answer, both sides, and the rules."""
    if not found:
        output.out.print("No sync knows this field of them.")
    for one in found:
        output.out.print(f"{one.sync}: {one.words}.", markup=False, soft_wrap=True)
        _timed(
            zone,
            ("side", "field", "value", "before", "how", "change"),
            [(side.since, *_why_row(side)) for side in one.sides],
            empty="",
        )
        for rule in one.rules:
            output.out.print(f"rule: {rule}", markup=False, soft_wrap=True)


def draw_standing(found: AsOf) -> None:
    """Both records side by side, and the items."""
    both = f"{found.at:%Y-%m-%d %H:%M:%S} UTC"
    if _differs(found.person.zone):
        both += f", {found.at.astimezone(ZoneInfo(found.person.zone)):%Y-%m-%d %H:%M:%S} {found.person.zone}"
    output.out.print(f"{found.person.name} (person:{found.person.id}) at {both}", markup=False)
    if not found.syncs:
        output.out.print("Nothing was known of them then.")
    for one in found.syncs:
        _side_by_side(one.sync, _then(one.nimbata), _then(one.contacts_api))
        output.table(
            ("item", "side", "id", "as it stood"),
            [(item.kind, SIDE_NAMES[item.side], item.record_id, _values(item.fields)) for item in one.items],
            empty="no tasks, notes or appointments",
        )


def draw_undo(shown: Undo) -> None:
    """What is written where, and what is left."""
    output.table(
        ("side", "record", "field", "now", "then", "how"),
        [
            (
                SIDE_NAMES[one.side], f"{one.subject} {one.record_id}", one.field or one.deed,
                _value(one.before), _value(one.after), one.how,
            )
            for one in shown.writes
        ],
        empty="nothing is to be put back",
    )  # fmt: skip
    for left in shown.left:
        name = left.field or left.subject
        output.out.print(
            f"left: {name} of {left.record_id} in {SIDE_NAMES[left.side]}: {left.why}",
            markup=False,
            soft_wrap=True,
        )
    if shown.event is not None:
        output.out.print(f"In hand, as event {shown.event}.")


def _draw_person(person: Person) -> None:
    output.out.print(f"{person.name} (person:{person.id})", markup=False)
    for one in person.linked:
        state = "" if one.state == "open" else " (linked no more)"
        _side_by_side(f"{one.sync}{state}", *_records(one))


def _records(one: Linked) -> tuple[dict[str, Any], dict[str, Any]]:
    found = []
    for record in (one.nimbata, one.contacts_api):
        shown: dict[str, Any] = {}
        if record is not None:
            plain = msgspec.to_builtins(record)
            shown = {"id": record.id, **{name: value for name, value in plain.items() if name not in _HIDDEN}}
            shown.update({f"custom.{key}": value for key, value in record.custom.items()})
        found.append(shown)
    return found[0], found[1]


def _then(record: RecordThen | None) -> dict[str, Any]:
    return {} if record is None else {"id": record.record_id, **record.fields}


def _side_by_side(title: str, nimbata: dict[str, Any], contacts: dict[str, Any]) -> None:
    output.table(
        (title, SIDE_NAMES["nimbata"], SIDE_NAMES["contacts_api"]),
        [(name, _value(nimbata.get(name)), _value(contacts.get(name))) for name in {**nimbata, **contacts}],
        empty=f"{title}: no records",
    )


def _entry(one: Entry) -> tuple[str, str]:
    match one:
        case Told():
            where = f" of {one.connection}" if one.connection else ""
            said = f"{one.kind} by {one.source}{where}" if one.kind else "it was dropped since"
            return f"event {one.event}", said
        case Change():
            side, item = (
                SIDE_NAMES[one.side],
                "" if one.subject == "contact" else f" {one.subject} {one.record_id}",
            )
            return one.what, f"{side}{item}: {_values(one.fields) or 'it is gone'} (change {one.id})"
        case Call():
            return "call", f"{one.operation}: {_tries(one)}"
        case Decision():
            return "decided", f"event {one.event} {one.words}"
        case _:
            assert_never(one)


def _tries(call: Call) -> str:
    """Each try with its status, time and the far side's own id of it."""
    told = []
    for one in call.attempts:
        said = f"{one.status or one.outcome} in {one.duration_ms:.0f} ms"
        told.append(f"{said} [{one.trace_id}]" if one.trace_id else said)
    tried = ", then ".join(told) or "not sent yet"
    rest = f"; {call.state}" if call.state != "confirmed" else ""
    return tried + rest + (f": {call.reason}" if call.reason else "")


def _why_row(side: SideWhy) -> tuple[Any, ...]:
    how = None
    if side.what is not None and side.told is not None:
        told = f"{side.told.kind} by {side.told.source}" if side.told.kind else "dropped since"
        how = f"{side.what}, event {side.told.event} ({told})"
    return SIDE_NAMES[side.side], side.field, _value(side.value), _value(side.before), how, side.change


def _timed(zone: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A table whose rows begin with a moment."""
    if not _differs(zone):
        output.table(("UTC", *columns), rows, empty=empty)
        return
    clock = ZoneInfo(zone)
    output.table(
        ("UTC", zone, *columns),
        [(at, _local(at, clock), *rest) for at, *rest in rows],
        empty=empty,
    )


def _local(at: datetime | None, clock: ZoneInfo) -> str | None:
    if at is None:
        return None
    there = at.astimezone(clock)
    # The day is said where it is another one than in UTC.
    return f"{there:%H:%M:%S}" if there.date() == at.date() else f"{there:%a %H:%M:%S}"


def _differs(zone: str) -> bool:
    return zone not in ("UTC", "Etc/UTC")


def _values(fields: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {_value(value) or '–'}" for name, value in fields.items())


def _value(value: Any) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(sorted(map(str, value)))
    if isinstance(value, dict):
        return _values(value)
    return None if value is None else str(value)
