"""A definition held against the catalogue: what it may use, what it is told, what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tieline.catalogue.builtins import FUNCTIONS, STARTS
from tieline.catalogue.entry import Entry
from tieline.catalogue.fields import Field
from tieline.server.catalogue import catalogue
from tieline.workflows.definition import Action, Definition, Each, Wait
from tieline.workflows.validate import Offered
from tieline.workflows.values import readings, texts_in

#: What needs no account, as `advance` calls it.
CALLS: Mapping[str, Any] = {one.id: one.call for one in FUNCTIONS}


class CatalogueOffers:
    """The catalogue as `validate` asks it, and connections of the apps that a template needs."""

    def __init__(self, connections: Mapping[str, str]) -> None:
        self._connections = connections

    def action(self, name: str) -> Offered | None:
        return self._offered(name, "action")

    def trigger(self, name: str) -> Offered | None:
        return self._offered(name, "trigger")

    def actions(self) -> Sequence[str]:
        return [one.id for one in catalogue().list() if one.kind == "action"]

    def triggers(self) -> Sequence[str]:
        return [one.id for one in catalogue().list() if one.kind == "trigger"]

    def app_of(self, alias: str) -> str | None:
        return self._connections.get(alias)

    def _offered(self, name: str, kind: str) -> Offered | None:
        entry = catalogue().get(name)
        if entry is None or entry.kind != kind:
            return None
        fields = {one.name: one.required for one in entry.fields}
        return Offered(app=entry.app if entry.call in ("operation", "told") else "", fields=fields)


def entry(name: str) -> Entry:
    """An entry that there is."""
    found = catalogue().get(name)
    assert found is not None, name
    return found


def operations(definition: Definition) -> list[Entry]:
    """What its steps call."""
    return [entry(one.operation) for one in definition.steps.values() if isinstance(one, Action)]


def told_of(definition: Definition) -> list[Entry]:
    """What begins it, and what it waits for."""
    waits = [one.on for one in definition.steps.values() if isinstance(one, Wait)]
    return [entry(one) for one in (*(trigger.on for trigger in definition.triggers), *waits)]


def actions(definition: Definition) -> list[Any]:
    """Inputs of its actions."""
    return [one.input for one in definition.steps.values() if isinstance(one, Action)]


def found_under(key: str, value: Any, *, within: str = "") -> Iterator[str]:
    """Every text under a key that is no template, at any depth; with `within`, below that one only."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == key and not within and isinstance(inner, str) and "{{" not in inner:
                yield inner
            yield from found_under(key, inner, within="" if name == within else within)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from found_under(key, inner, within=within)


def sent(entry: Entry, given: Mapping[str, Any]) -> dict[str, Any]:
    """An input as it is sent: what came out as nothing is left out, but where nothing clears what stands there."""
    clearing = {one.name for one in entry.fields if one.clears}
    return {name: value for name, value in given.items() if value is not None or name in clearing}


def output_of(entry: Entry) -> Any:
    """The type of what it tells."""
    if entry.trigger is not None:
        return entry.trigger.output
    return next(one.output for one in STARTS if one.id == entry.id)


def assert_shaped(value: Any, kind: Any) -> None:
    """`value` is of that type, and nothing in it is unknown there."""
    assert lost(value, whole(msgspec.convert(value, kind, strict=False))) == []


def whole(value: Any) -> Any:
    """As JSON has it, with what msgspec leaves out because it is the default."""
    match value:
        case msgspec.Struct():
            names = msgspec.structs.fields(value)
            return {one.encode_name: whole(getattr(value, one.name)) for one in names}
        case Mapping():
            return {name: whole(inner) for name, inner in value.items()}
        case list() | tuple():
            return [whole(inner) for inner in value]
        case _:
            return None if value is msgspec.UNSET else value


def lost(given: Any, read: Any, path: str = "") -> list[str]:
    """Where something is given that was not read."""
    if isinstance(given, Mapping):
        if not isinstance(read, Mapping):
            return [path]
        return [
            one for name, inner in given.items() if inner is not None
            for one in lost(inner, read.get(name), f"{path}.{name}")
        ]  # fmt: skip
    if isinstance(given, list):
        if not isinstance(read, list) or len(read) != len(given):
            return [path]
        return [one for at, inner in enumerate(given) for one in lost(inner, read[at], f"{path}[{at}]")]
    return [] if read is not None else [path]


def unknown_names(definition: Definition) -> Iterator[str]:
    """Names that its templates read and that neither a trigger nor a step tells."""
    begun = [entry(one.on).output_fields for one in definition.triggers]
    each = {name: step for name, step in definition.steps.items() if isinstance(step, Each)}
    for text in texts(definition):
        for one in readings(text):
            match one.parts:
                case ("trigger", *rest):
                    known: Iterable[Any] = begun
                case ("steps", str() as step, *rest) if step in definition.steps:
                    known = [given_by(definition, step)]
                case ("event", *rest):
                    waits = [step for step in definition.steps.values() if isinstance(step, Wait)]
                    known = [entry(step.on).output_fields for step in waits]
                case ("item", *rest) if rest:
                    known = [
                        found for step in each.values() if (found := items_of(definition, step)) is not None
                    ]
                case _:
                    continue
            if not any(tells(fields, rest) for fields in known):
                yield ".".join(map(str, one.parts))


def texts(definition: Definition) -> list[str]:
    """Every text in its triggers and steps."""
    built = msgspec.to_builtins(definition)
    return [text for part in ("triggers", "steps") for _, text in texts_in(built[part])]


FAILED = Field(
    name="error", label="Error", type="object",
    fields=tuple(Field(name=one, label=one, type="text") for one in ("reason", "kind", "field")),
)  # fmt: skip


def given_by(definition: Definition, name: str) -> tuple[Field, ...]:
    """What a step gives to those after it."""
    step = definition.steps[name]
    if not isinstance(step, Action):
        kind = msgspec.to_builtins(step)["kind"]
        return entry(f"logic.{kind}").output_fields
    fields = entry(step.operation).output_fields
    return (*fields, FAILED) if step.on_error is not None else fields


def items_of(definition: Definition, step: Each) -> tuple[Field, ...] | None:
    """What each of a list consists of, where the list is a step's answer."""
    if not isinstance(step.items, str):
        return None
    (read,) = readings(step.items) or (None,)
    match read.parts if read is not None else ():
        case ("steps", str() as name, str() as field):
            return next(one.fields for one in given_by(definition, name) if one.name == field)
    return None


def tells(fields: tuple[Field, ...], parts: Sequence[str | int]) -> bool:
    """Whether there is such a value; of what has no named fields there may be any."""
    if not parts or isinstance(parts[0], int):
        return not parts or tells(fields, parts[1:])
    found = next((one for one in fields if one.name == parts[0]), None)
    if found is None:
        return False
    return not found.fields or tells(found.fields, parts[1:])
