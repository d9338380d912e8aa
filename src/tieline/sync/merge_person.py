"""What has to be written so that both records of a person are equal by the rules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from tieline.domain.contact import Contact, field_of
from tieline.domain.side import SIDES, Side, other
from tieline.mapping import text
from tieline.mapping.apply import same
from tieline.mapping.transforms import Apply, build
from tieline.mapping.two_way import Condition, FieldPair, PersonRules, travels
from tieline.mapping.values import to_text
from tieline.sync.merge import (
    Changed,
    MergeState,
    Question,
    decide,
    met_tags,
    observed,
    observed_tags,
    settled,
    still_changed,
    was_refused,
)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What one side lacks."""

    fields: dict[str, str | None] = {}
    add_tags: frozenset[str] = frozenset()
    remove_tags: frozenset[str] = frozenset()

    @property
    def nothing(self) -> bool:
        """It is equal already."""
        return not (self.fields or self.add_tags or self.remove_tags)


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from the state of both sides."""

    to: dict[Side, Wanted]
    #: The state with everything settled that needs no call.
    state: MergeState
    questions: tuple[Question, ...] = ()


class PersonMerger:
    """The rules of one sync, made ready."""

    def __init__(self, rules: PersonRules, country: str | None) -> None:
        self.rules = rules
        self._country = country
        self._pairs = tuple((pair, _converters(pair)) for pair in rules.fields)

    def wants(self, record: Contact) -> bool:
        """Whether the sync's filter lets this record in."""
        return all(holds(one, record) for one in self.rules.where)

    def observe(
        self, state: MergeState, side: Side, before: Contact | None, after: Contact, at: datetime | None
    ) -> MergeState:
        """`state` once `side` shows `after`."""
        state = observed(
            state, side, None if before is None else self._view(before, side), self._view(after, side), at
        )
        return observed_tags(state, side, None if before is None else self._tags(before), self._tags(after))

    def met(self, state: MergeState, seen: Mapping[Side, Contact]) -> MergeState:
        """`state` once it is known how both sides stand."""
        return met_tags(state, {side: self._tags(seen[side]) for side in SIDES}) if state.tags else state

    def merge(
        self, state: MergeState, seen: Mapping[Side, Contact], holds: Mapping[Side, Callable[[str], bool]]
    ) -> Merged:
        """What goes where. `holds` tells which fields a side has; what it has not goes nowhere."""
        fields: dict[Side, dict[str, str | None]] = {"nimbata": {}, "contacts_api": {}}
        done: dict[Side, list[str]] = {"nimbata": [], "contacts_api": []}
        questions: list[Question] = []
        for pair, convert in self._pairs:
            changed = {side: state.changed.get(side, {}).get(pair.name(side)) for side in SIDES}
            if not any(changed.values()):
                continue
            values = {side: field_of(seen[side], pair.name(side)) for side in SIDES}
            winner = decide(pair.rule, pair.direction, values, changed, clear=pair.clear)
            if winner == "ask":
                questions.append(
                    Question(
                        nimbata=pair.nimbata, contacts_api=pair.contacts_api, values={**values},
                        times={side: one.at if one else None for side, one in changed.items()},
                    )
                )  # fmt: skip
                continue
            if winner is not None:
                to = other(winner)
                name, value = pair.name(to), values[winner]
                written = convert[to](value, self._country)
                if _differs(name, values[to], written, cleared=value is None) and holds[to](name):
                    if not was_refused(state, to, name, written):
                        fields[to][name] = written
                    continue
            for side in SIDES:
                done[side].append(pair.name(side))
        tags = self._merge_tags(state, seen)
        left = {
            side: state.tags[side]
            for side in state.tags
            if any(tags[one][0] or tags[one][1] for one in SIDES)
        }
        return Merged(
            to={
                side: Wanted(fields=fields[side], add_tags=tags[side][0], remove_tags=tags[side][1])
                for side in SIDES
            },
            state=msgspec.structs.replace(settled(state, done), tags=left),
            questions=tuple(questions),
        )

    def new(self, side: Side, record: Contact, holds: Callable[[str], bool]) -> Wanted:
        """A new record on `side` out of the other side's."""
        fields: dict[str, str | None] = {}
        for pair, convert in self._pairs:
            name = pair.name(side)
            value = field_of(record, pair.name(other(side)))
            if value is None or not travels(pair.direction, side) or not holds(name):
                continue
            written = convert[side](value, self._country)
            if written is not None:
                fields[name] = written
        carried = travels(self.rules.tags.direction, side)
        return Wanted(fields=fields, add_tags=self._tags(record) if carried else frozenset())

    def since_written(
        self, state: MergeState, to: Side, fields: Mapping[str, str | None], shown: Contact
    ) -> MergeState:
        """`state` once the other side shows this, for which `fields` were written to `to` some time ago: what became of
        it there since is a change."""
        changed = dict(state.changed.get(other(to), {}))
        for pair, convert in self._pairs:
            name = pair.name(to)
            value = field_of(shown, pair.name(other(to)))
            now = None if value is None else convert[to](value, self._country)
            if name in fields and not same(name, now or "", fields[name] or ""):
                changed[pair.name(other(to))] = Changed(None, shown.updated_at)
        return still_changed(state, other(to), changed)

    def since_made(
        self, there: Side, sent: Mapping[str, str], tags: frozenset[str], seen: Mapping[Side, Contact]
    ) -> MergeState:
        """The state of two records, of which one was made on `there` out of the other's some time ago, with these
        values: what either shows otherwise by now was changed there since."""
        origin = other(there)
        changed: dict[Side, dict[str, Changed]] = {origin: {}, there: {}}
        for pair, convert in self._pairs:
            name, was = pair.name(there), sent.get(pair.name(there), "")
            shown, value = field_of(seen[there], name), field_of(seen[origin], pair.name(origin))
            now = None if value is None else convert[there](value, self._country)
            if not same(name, shown or "", was):
                changed[there][name] = Changed(was or None, seen[there].updated_at)
            if not same(name, now or "", was):
                changed[origin][pair.name(origin)] = Changed(None, seen[origin].updated_at)
        agreed = {side: tags for side in SIDES if self._tags(seen[side]) != tags}
        kept = {side: fields for side, fields in changed.items() if fields}
        return MergeState(linked=True, changed=kept, tags=agreed)

    def apart(
        self, seen: Mapping[Side, Contact], holds: Mapping[Side, Callable[[str], bool]]
    ) -> tuple[FieldPair, ...]:
        """Pairs that do not agree by the mapping, in any direction in which there is something to carry."""
        found = []
        for pair, convert in self._pairs:
            agree = []
            for to in SIDES:
                value, name = field_of(seen[other(to)], pair.name(other(to))), pair.name(to)
                if value is None or not travels(pair.direction, to) or not holds[to](name):
                    continue
                written = convert[to](value, self._country)
                agree.append(not _differs(name, field_of(seen[to], name), written, cleared=False))
            if agree and not any(agree):
                found.append(pair)
        return tuple(found)

    def lacks_tags(self, seen: Mapping[Side, Contact]) -> dict[Side, frozenset[str]]:
        """Tags of the other side that a side does not have."""
        return {
            to: self._tags(seen[other(to)]) - self._tags(seen[to])
            if travels(self.rules.tags.direction, to)
            else frozenset()
            for to in SIDES
        }

    def reopened(
        self,
        state: MergeState,
        seen: Mapping[Side, Contact],
        holds: Mapping[Side, Callable[[str], bool]],
    ) -> MergeState:
        """`state` with everything that differs open again, as between two records that meet for the first time."""
        changed = {side: dict(state.changed.get(side, {})) for side in SIDES}
        for pair in self.apart(seen, holds):
            if not any(pair.name(side) in changed[side] for side in SIDES):
                for side in SIDES:
                    changed[side][pair.name(side)] = Changed(None, seen[side].updated_at)
        tags = state.tags
        if not tags and any(self.lacks_tags(seen).values()):
            tags = dict.fromkeys(SIDES, self._tags(seen["nimbata"]) & self._tags(seen["contacts_api"]))
        kept = {side: fields for side, fields in changed.items() if fields}
        return msgspec.structs.replace(state, changed=kept, tags=tags)

    def wrote(self, state: MergeState, to: Side, wanted: Wanted) -> MergeState:
        """`state` once `to` took what was wanted of it: the pairs agree as they stand now."""
        names: dict[Side, list[str]] = {"nimbata": [], "contacts_api": []}
        for pair, _ in self._pairs:
            if pair.name(to) in wanted.fields:
                for side in SIDES:
                    names[side].append(pair.name(side))
        return settled(state, names)

    def _merge_tags(
        self, state: MergeState, seen: Mapping[Side, Contact]
    ) -> dict[Side, tuple[frozenset[str], frozenset[str]]]:
        found: dict[Side, tuple[frozenset[str], frozenset[str]]] = {}
        for to in SIDES:
            origin = other(to)
            if origin not in state.tags or not travels(self.rules.tags.direction, to):
                found[to] = (frozenset(), frozenset())
                continue
            here, there, was = self._tags(seen[origin]), self._tags(seen[to]), state.tags[origin]
            back = there - state.tags[to] if to in state.tags else frozenset()
            found[to] = ((here - was) - there, ((was - here) & there) - back)
        return found

    def _view(self, record: Contact, side: Side) -> dict[str, str | bool | None]:
        return {pair.name(side): field_of(record, pair.name(side)) for pair, _ in self._pairs}

    def _tags(self, record: Contact) -> frozenset[str]:
        return frozenset(filter(None, map(text.tag, record.tags))) - self.rules.tags.ignore


def holds(condition: Condition, record: Contact) -> bool:
    """Whether a record meets it."""
    match condition.test:
        case "has" | "has_not":
            found = bool(frozenset(map(text.tag, condition.values)) & frozenset(map(text.tag, record.tags)))
            return found is (condition.test == "has")
        case "present" | "absent":
            there = (
                bool(record.tags)
                if condition.field == "tags"
                else field_of(record, condition.field) is not None
            )
            return there is (condition.test == "present")
        case "is" | "is_not":
            value = (field_of(record, condition.field) or "").casefold()
            among = value in {one.casefold() for one in condition.values}
            return among is (condition.test == "is")


def _converters(pair: FieldPair) -> dict[Side, Callable[[str | None, str | None], str | None]]:
    return {
        "contacts_api": _converter(build(pair.to_contacts_api)),
        "nimbata": _converter(build(pair.to_nimbata)),
    }


def _converter(chain: tuple[Apply, ...]) -> Callable[[str | None, str | None], str | None]:
    def convert(value: str | None, country: str | None) -> str | None:
        if value is None:
            return None
        found: object = value
        for apply in chain:
            found = apply(found, country)  # type: ignore[arg-type]
        return to_text(found)  # type: ignore[arg-type]

    return convert


def _differs(name: str, there: str | None, written: str | None, *, cleared: bool) -> bool:
    if written is None:
        # A value that cannot be written there is no reason to take away what stands there.
        return cleared and there is not None
    return there is None or not same(name, there, written)
