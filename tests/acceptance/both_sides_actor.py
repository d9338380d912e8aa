"""One person of a wave: does on both sides what its story says, and knows what must have become of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.acceptance.both_sides_stories import Beat, Deed
from tieline.chaos.shown import Copy, Shown
from tieline.domain.side import SIDES, Side

#: Lets something happen on a side.
Emit = Callable[[Side, dict[str, Any]], Any]
TAGS = ("vip", "hot", "Call Back", "buyer")
_EDITABLE = ("first", "company", "city", "email", "plan", "phone")
_CRM_NAMES = {
    "first": "firstName",
    "company": "companyName",
    "city": "city",
    "email": "email",
    "phone": "phone",
}
_FIRST = datetime(2027, 3, 1, 9, tzinfo=UTC)


@dataclass
class Word:
    """One value that both sides must agree on."""

    #: What both showed when they were last equal.
    agreed: str | None = None
    #: What was written on each side since.
    written: dict[Side, str] = field(default_factory=dict)

    def allows(self, value: str) -> bool:
        """Whether the value may stand there: the last one of either side, or what was agreed if nobody wrote."""
        return value in self.written.values() if self.written else self.agreed in (None, value)


class Actor:
    """What was done is remembered as: value → who wrote what since both sides were equal."""

    def __init__(self, label: str, phones: Callable[[], str], emit: Emit, plan_field: str) -> None:
        self.label = label
        #: Id of the location's custom field.
        self._plan_field = plan_field
        self.changes = 0
        self._phones = phones
        self._emit = emit
        self._serial = 0
        self._words: dict[tuple[str, ...], Word] = {}
        self._made: set[tuple[str, str]] = set()
        self._dropped: set[tuple[str, str]] = set()
        #: The hub has surely linked both records. Whoever gets another phone before that is somebody else.
        self._linked = False
        #: Ids of records that the hub surely knows on both sides.
        self._known: set[str] = set()
        #: What was made by hand, and where: it has no mark of ours.
        self._by_hand: set[tuple[Side, str, str]] = set()
        #: Somebody deleted the person's record on a side.
        self.deleted = False
        #: They did so before the hub surely knew of it: a creation that was cut off may be asked for once more after
        #: that, so the person may be gone or there, on both sides.
        self.unknown_when_deleted = False

    def born(self, sides: tuple[Side, ...]) -> None:
        """Become known on these sides, with the same phone."""
        phone = self._phones()
        for side in sides:
            first = self._value("first")
            self._wrote(side, ("first",), first)
            if side == "nimbata":
                self._emit(side, {
                    "kind": "contact.create", "caller": phone, "email": None, "tags": (),
                    "changes": {"first_name": first, "last_name": self.label, "name": f"{first} {self.label}"},
                })  # fmt: skip
            else:
                fields = {"firstName": first, "lastName": self.label, "phone": phone}
                self._emit(side, {"kind": "contact.create", "fields": fields})
            self.changes += 1

    def act(self, beat: Beat, shown: dict[Side, Shown | None], linked: Collection[tuple[str, str]]) -> None:
        """Do what the beat says, as far as it can be done with what each side shows; `linked` are the pairs of records
        that the hub knows. Whoever is deleted is left alone from then on."""
        nimbata, contact = shown["nimbata"], shown["contacts_api"]
        self._linked = nimbata is not None and contact is not None and (nimbata.id, contact.id) in linked
        self._known = {one for pair in linked for one in pair}
        for side in SIDES:
            deed, here = beat.of(side), shown[side]
            if deed is not None and here is not None and not self.deleted:
                self._do(side, deed, here)

    def agree(self, shown: Shown) -> None:
        """Both sides show this now: from here on only what is written anew may change it."""
        stands = _words_of(shown)
        for key, word in self._words.items():
            word.agreed, word.written = stands.get(key, "no" if key[0] == "tag" else word.agreed), {}
        for key, value in stands.items():
            self._words.setdefault(key, Word(agreed=value))

    def complaints(self, shown: Shown | None) -> list[str]:
        """What is lost, doubled, or was put back, in words; `shown` is one side's view of a person equal on both."""
        if self.unknown_when_deleted:
            return []
        if self.deleted:
            return [f"{self.label}: is there though it was deleted"] if shown is not None else []
        if shown is None:
            return [f"{self.label}: is lost"]
        found = []
        held = {(it.kind, it.name) for it in shown.copies}
        found += [f"{self.label}: {one} is lost" for one in self._made - self._dropped - held]
        found += [f"{self.label}: {one} was dropped and is there" for one in self._dropped & held]
        stands = _words_of(shown)
        for key, word in self._words.items():
            if len(key) == 3 and (key[0], key[1]) not in held:
                continue
            value = stands.get(key, "no" if key[0] == "tag" else "")
            if not word.allows(value):
                wanted = sorted(word.written.values()) or word.agreed
                found.append(f"{self.label}: {key} is {value!r}, not {wanted}")
        return found

    def _do(self, side: Side, deed: Deed, here: Shown) -> None:
        kind, _, verb = deed.verb.partition(".")
        match kind:
            case "edit":
                self._edit(side, here, _EDITABLE[deed.pick % len(_EDITABLE)])
            case "tag" | "untag":
                self._tag(side, here, TAGS[deed.pick % len(TAGS)], add=kind == "tag")
            case "delete":
                self._emit(side, {"kind": "contact.delete", "id": here.id})
                self.deleted, self.unknown_when_deleted = True, not self._linked
                self.changes += 1
            case _ if verb == "make":
                self._make(side, here, kind)
            case _:
                live = [it for it in here.copies if it.kind == kind]
                if live:
                    self._change(side, kind, verb, live[deed.pick % len(live)])

    def _edit(self, side: Side, here: Shown, name: str) -> None:
        if name == "phone" and not self._linked:
            return
        value = self._phones() if name == "phone" else self._value(name)
        self._wrote(side, (name,), value)
        self.changes += 1
        if side == "nimbata":
            named: dict[str, dict[str, Any]] = {
                "first": {"first_name": value}, "city": {"address": {"city": value}},
                "plan": {"custom_fields": {"plan": value}},
            }  # fmt: skip
            changes = named.get(name, {name: value})
            self._emit(side, {"kind": "contact.update", "id": here.id, "changes": changes})
        elif name == "plan":
            fields = {"customFields": [{"id": self._plan_field, "field_value": value}]}
            self._emit(side, {"kind": "contact.update", "id": here.id, "fields": fields})
        else:
            self._emit(side, {"kind": "contact.update", "id": here.id, "fields": {_CRM_NAMES[name]: value}})

    def _tag(self, side: Side, here: Shown, tag: str, *, add: bool) -> None:
        name = tag.lower()
        if (name in here.tags) is add:
            return
        self._wrote(side, ("tag", name), "yes" if add else "no")
        self.changes += 1
        if side == "nimbata":
            tags = sorted(here.tags | {tag} if add else here.tags - {name})
            self._emit(side, {"kind": "contact.update", "id": here.id, "changes": {"tags": tags}})
        else:
            self._emit(side, {"kind": "tag.add" if add else "tag.remove", "id": here.id, "tags": (tag,)})

    def _make(self, side: Side, here: Shown, kind: str) -> None:
        name = f"{self.label}{kind}{self._next()}"
        text, start = f"{name} made", self._hour()
        self._made.add((kind, name))
        self._by_hand.add((side, kind, name))
        self.changes += 1
        self._wrote(side, (kind, name, "title"), text)
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
        whose = {"contact": here.id} if side == "nimbata" else {"id": here.id}
        self._item(side, f"{_KINDS[kind]}.create", whose, wanted[kind, side])

    def _change(self, side: Side, kind: str, verb: str, one: Copy) -> None:
        which = {"id": one.id}
        named = _KINDS[kind]
        if verb == "drop":
            if one.id in self._known:
                self._dropped.add((kind, one.name))
            else:
                # A copy of which the hub does not know yet that it was made may be made again: both are right.
                self._made.discard((kind, one.name))
            self._item(side, f"{named}.delete", which, {})
        elif verb in ("done", "undo"):
            done = verb == "done"
            if (one.values["done"] == "True") is done:
                return
            self._wrote(side, (kind, one.name, "done"), str(done))
            if side == "nimbata":
                self._item(side, "task.update", which, {"completed": done})
            else:
                self._item(side, "task.complete" if done else "task.reopen", which, {})
        elif verb == "cancel":
            if one.values["status"] == "cancelled":
                return
            self._wrote(side, (kind, one.name, "status"), "cancelled")
            if side == "nimbata":
                self._item(side, "appointment.update", which, {"status": "cancelled"})
            else:
                self._item(side, "appointment.cancel", which, {})
        elif kind == "meet" and self._next() % 2:
            start = self._hour()
            ends = start + timedelta(minutes=30)
            self._wrote(side, (kind, one.name, "starts"), start.isoformat(timespec="seconds"))
            self._wrote(side, (kind, one.name, "ends"), ends.isoformat(timespec="seconds"))
            moved = (
                {"start_time": start.isoformat(), "end_time": ends.isoformat()}
                if side == "nimbata" else {"startTime": _utc(start), "endTime": _utc(ends)}
            )  # fmt: skip
            self._item(side, "appointment.update", which, moved)
        elif kind == "note" and one.id not in self._known and (side, kind, one.name) not in self._by_hand:
            # Its mark would go with its words: of a copy that the hub does not know of yet, nothing else tells.
            return
        else:
            text = f"{one.name} v{self._next()}"
            self._wrote(side, (kind, one.name, "title"), text)
            self._item(side, f"{named}.update", which, {"body" if kind == "note" else "title": text})
        self.changes += 1

    def _item(self, side: Side, kind: str, which: dict[str, str], values: dict[str, Any]) -> None:
        self._emit(side, {"kind": kind, **which, "changes" if side == "nimbata" else "fields": values})

    def _wrote(self, side: Side, key: tuple[str, ...], value: str) -> None:
        self._words.setdefault(key, Word()).written[side] = value

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _hour(self) -> datetime:
        return _FIRST + timedelta(hours=self._next())

    def _value(self, name: str) -> str:
        text = f"{name}{self._next()}"
        return f"{text}.{self.label}@example.com".lower() if name == "email" else text.capitalize()


_KINDS = {"task": "task", "note": "note", "meet": "appointment"}


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _words_of(shown: Shown) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {(name,): value for name, value in shown.fields.items()}
    found |= {("tag", tag): "yes" for tag in shown.tags}
    for it in shown.copies:
        found |= {(it.kind, it.name, name): value for name, value in it.values.items()}
    return found
