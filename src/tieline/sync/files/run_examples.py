"""Runs the examples of a definition file: what would come of each, held against what its writer expects. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from tieline.domain.contact import CUSTOM_PREFIX, Contact, with_fields
from tieline.domain.side import SIDES, Side, other
from tieline.errors import TielineError
from tieline.mapping import text as texts
from tieline.mapping.apply import changes, desired, missing_tags, same
from tieline.mapping.compiled import CompiledDefinition
from tieline.mapping.fields import Definition
from tieline.mapping.two_way import travels
from tieline.sync.files.comparison import lines, unlike
from tieline.sync.files.example import Example, NoteLike, Written
from tieline.sync.files.run_item_examples import try_item
from tieline.sync.merge import MergeState, Question
from tieline.sync.merge_person import PersonMerger, Wanted

_BEGAN_AT = datetime(2026, 1, 1, tzinfo=UTC)


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one example."""

    name: str
    line: int
    #: Each difference in one or several lines; none = as expected.
    failures: tuple[str, ...] = ()


def run_examples(definition: Definition, examples: Iterable[Example]) -> list[Tried]:
    """Try all of them, in order."""
    compiled = CompiledDefinition(definition)
    found = []
    for one in examples:
        try:
            failures = tuple(_tried(compiled, definition, one))
        except TielineError as error:
            failures = (str(error),)
        found.append(Tried(name=one.name, line=one.line, failures=failures))
    return found


def _tried(compiled: CompiledDefinition, definition: Definition, example: Example) -> Iterator[str]:
    if example.item is not None:
        return try_item(definition.two_way, example.item, example.expect)
    return _activity(compiled, example) if example.activity is not None else _records(definition, example)


def _activity(definition: CompiledDefinition, example: Example) -> Iterator[str]:
    assert example.activity is not None
    expect = example.expect
    wanted = desired(definition, example.activity, country=example.country)
    yield from _skipped(expect.skip, wanted.skip)
    if wanted.skip is not None or expect.skip:
        return
    contact = example.records.get("contacts_api")
    every = frozenset(
        one.to.removeprefix(CUSTOM_PREFIX) for one in wanted.fields if one.to.startswith(CUSTOM_PREFIX)
    )
    yield from _fields("fields", expect.fields, changes(wanted, contact, every))
    yield from _tags("tags", expect.tags, missing_tags(wanted, contact))
    yield from _note(expect.note, wanted.note)


def _skipped(expected: bool | str, reason: str | None) -> Iterator[str]:
    if reason is not None and not expected:
        yield f"it is left alone: {reason}"
    elif reason is None and expected:
        yield "it is not left alone"
    elif reason is not None and isinstance(expected, str) and expected not in reason:
        yield from unlike("skip", expected, reason)


def _records(definition: Definition, example: Example) -> Iterator[str]:
    rules = definition.two_way.person
    assert rules is not None
    merger = PersonMerger(rules, example.country)
    to, questions = _met(merger, example) if len(example.records) == 2 else (_alone(merger, example), ())
    for side, written in example.expect.to.items():
        yield from _side(side, written, to[side])
    if example.expect.ask is not None:
        asked = {one.nimbata for one in questions} | {one.contacts_api for one in questions}
        for name in example.expect.ask:
            if name not in asked:
                yield f"ask: nobody is asked about {name}"
        if not example.expect.ask and asked:
            yield f"ask: somebody is asked about {', '.join(sorted(asked))}"


def _alone(merger: PersonMerger, example: Example) -> dict[Side, Wanted]:
    """A record that the other side has not."""
    ((side, record),) = example.records.items()
    there, rules = other(side), merger.rules
    made = there in rules.create and travels(rules.direction, there) and merger.wants(record)
    return {side: Wanted(), there: merger.new(there, record, _any) if made else Wanted()}


def _met(merger: PersonMerger, example: Example) -> tuple[dict[Side, Wanted], tuple[Question, ...]]:
    """Two records: equal before what is changed then, or met for the first time."""
    seen: dict[Side, Contact] = dict(example.records)
    # Whatever differs at first was agreed so, where something is changed then.
    state = MergeState(linked=bool(example.then))
    touched: set[Side] = set(SIDES) if not example.then else {one.side for one in example.then}
    if not example.then:
        for side in SIDES:
            state = merger.observe(state, side, None, seen[side], None)
    for minute, one in enumerate(example.then):
        before = seen[one.side]
        after = with_fields(before, one.fields)
        if one.tags is not None:
            after = msgspec.structs.replace(after, tags=one.tags)
        state = merger.observe(state, one.side, before, after, _BEGAN_AT + timedelta(minutes=minute))
        seen[one.side] = after
    if not any(merger.wants(seen[side]) for side in touched):
        return {side: Wanted() for side in SIDES}, ()
    merged = merger.merge(state, seen, dict.fromkeys(SIDES, _any))
    return merged.to, merged.questions


def _any(custom_field: str) -> bool:
    """An example's location has every custom field."""
    return True


def _side(side: Side, expected: Written, wanted: Wanted) -> Iterator[str]:
    if expected.nothing:
        if not wanted.nothing:
            yield f"{side}: expected nothing, but there is written: {_summary(wanted)}"
        return
    yield from _fields(side, expected.fields, {k: v for k, v in wanted.fields.items() if v is not None})
    for name in expected.cleared:
        if name not in wanted.fields or wanted.fields[name] is not None:
            yield f"{side}.{name}: expected to be cleared, but it is not"
    yield from _tags(f"{side}.add_tags", expected.add_tags, wanted.add_tags)
    yield from _tags(f"{side}.remove_tags", expected.remove_tags, wanted.remove_tags)


def _summary(wanted: Wanted) -> str:
    parts = [f"{name}: {value!r}" for name, value in sorted(wanted.fields.items())]
    parts += [f"+{tag}" for tag in sorted(wanted.add_tags)] + [
        f"-{tag}" for tag in sorted(wanted.remove_tags)
    ]
    return ", ".join(parts)


def _fields(path: str, expected: Mapping[str, str | None], found: Mapping[str, str]) -> Iterator[str]:
    for name, value in expected.items():
        got = found.get(name)
        if value is None or got is None:
            if value != got:
                yield from unlike(f"{path}.{name}", value, got)
        elif not same(name, got, value):
            yield from unlike(f"{path}.{name}", value, got)


def _tags(path: str, expected: frozenset[str] | None, found: frozenset[str]) -> Iterator[str]:
    if expected is not None and expected != found:
        yield from unlike(path, ", ".join(sorted(expected)) or None, ", ".join(sorted(found)) or None)


def _note(expected: NoteLike | bool | None, found: str | None) -> Iterator[str]:
    match expected:
        case None:
            return
        case bool():
            if expected is not (found is not None):
                yield from unlike("note", "a note" if expected else None, found)
        case NoteLike(exactly=exactly) if exactly is not None:
            if exactly.strip() != found:
                yield from unlike("note", exactly.strip(), found)
        case NoteLike():
            tidy = texts.clean(found or "")
            for one in expected.contains:
                if texts.clean(one) not in tidy:
                    yield from unlike("note", f"… {one} …", found)
            for one in expected.lacks:
                if texts.clean(one) in tidy:
                    yield f"note: {one!r} stands in it, and should not\n{lines('+', found)}"
