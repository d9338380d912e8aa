"""What is wrong with a definition that can be read: every mistake, with its step and field. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from tieline.mapping.suggest import suggest
from tieline.workflows.definition import (
    MOST_STEPS,
    Action,
    Branch,
    Call,
    Definition,
    Delay,
    Each,
    Filter,
    SetValues,
    Step,
    Stop,
    Wait,
    follows,
)
from tieline.workflows.graph import before as earlier
from tieline.workflows.graph import circles, inside, reached
from tieline.workflows.hours import zone_of
from tieline.workflows.mistakes import (
    ROOTS,
    Mistake,
    condition_mistakes,
    length_mistakes,
    no_step,
    value_mistakes,
)
from tieline.workflows.values import is_template

_NAME_OF_A_VALUE = "letters, digits and _, not beginning with a digit"


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """What the catalogue says of one action or trigger, as far as a definition must agree with it."""

    #: Empty = it needs no account.
    app: str
    fields: Mapping[str, bool] = {}
    #: Whether other fields may be there as well.
    open: bool = False


class Offers(Protocol):
    """What there is to pick."""

    def action(self, name: str) -> Offered | None:
        """An operation or a function."""
        ...

    def trigger(self, name: str) -> Offered | None:
        """What begins runs, and what they wait for."""
        ...

    def actions(self) -> Sequence[str]:
        """All ids."""
        ...

    def triggers(self) -> Sequence[str]:
        """All ids."""
        ...

    def app_of(self, alias: str) -> str | None:
        """The app of the connection that an alias stands for; None = there is no such connection."""
        ...


def validate(definition: Definition, offers: Offers | None = None) -> list[Mistake]:
    """All mistakes, in order of the steps. Without `offers` only what the definition says of itself is looked at."""
    found = [*_whole(definition, offers), *_graph(definition)]
    for name, step in definition.steps.items():
        found += (msgspec.structs.replace(one, step=name) for one in _step(step, name, definition, offers))
    order = {name: at for at, name in enumerate(["", *definition.steps])}
    return sorted(found, key=lambda one: (order.get(one.step, 0), one.weight, one.field, one.message))


def _whole(definition: Definition, offers: Offers | None) -> Iterator[Mistake]:
    if not definition.title.strip():
        yield Mistake(field="title", message="a workflow needs a title")
    if len(definition.steps) > MOST_STEPS:
        yield Mistake(field="steps", message=f"more than {MOST_STEPS} steps; let one workflow call another")
    if definition.start is None:
        if definition.steps:
            yield Mistake(field="start", message="which step is the first?")
    elif definition.start not in definition.steps:
        yield Mistake(field="start", message=no_step(definition.start, definition))
    if not definition.triggers:
        yield Mistake(field="triggers", message="nothing begins it but other workflows", weight="warning")
    seen: set[str] = set()
    for at, trigger in enumerate(definition.triggers):
        place = f"triggers[{at}]"
        if trigger.id in seen:
            yield Mistake(field=f"{place}.id", message=f"{trigger.id!r} stands here twice")
        seen.add(trigger.id)
        yield from _told(trigger.on, trigger.connection, place, definition, offers, trigger.settings)
        yield from condition_mistakes(trigger.where, f"{place}.where", frozenset({"trigger"}), definition)
    if definition.enrol.again == "after":
        yield from length_mistakes(definition.enrol.after or "", "enrol.after")
    elif definition.enrol.after is not None:
        yield Mistake(field="enrol.after", message=f"has no meaning beside again: {definition.enrol.again}")
    for alias, wanted in definition.connections.items():
        if offers is not None and offers.app_of(wanted) is None:
            yield Mistake(field=f"connections.{alias}", message=f"there is no connection {wanted}")


def _graph(definition: Definition) -> Iterator[Mistake]:
    """Ways that lead nowhere, round in a circle, or out of a for-each; steps that no way leads to."""
    steps = definition.steps
    for name, step in steps.items():
        for field, to in follows(step).items():
            if to is not None and to not in steps:
                yield Mistake(step=name, field=field, message=no_step(to, definition))
    if definition.start not in steps:
        return
    known = reached(definition, definition.start)
    for name in steps:
        if name not in known:
            yield Mistake(step=name, message="no way leads here", weight="warning")
    for name in circles(definition):
        yield Mistake(step=name, field="next", message="the way leads back to here; for-each repeats steps")
    bodies = {name: inside(definition, step.body) for name, step in steps.items() if isinstance(step, Each)}
    outside = inside(definition, definition.start)
    for name, body in bodies.items():
        for inner in sorted(body):
            elsewhere = inner in outside or any(
                inner in other for one, other in bodies.items() if one != name
            )
            if elsewhere:
                yield Mistake(
                    step=inner,
                    field="next",
                    message=f"a step within for-each {name} is led to from outside it, too",
                )


def _step(step: Step, name: str, definition: Definition, offers: Offers | None) -> Iterator[Mistake]:
    before = earlier(definition, name)
    match step:
        case Action():
            yield from _action(step, before, definition, offers)
        case Filter():
            yield from condition_mistakes(step.where, "where", before, definition)
        case Branch():
            for at, path in enumerate(step.paths):
                yield from condition_mistakes(path.where, f"paths[{at}].where", before, definition)
        case Delay():
            yield from _delay(step, before, definition)
        case Wait():
            yield from _told(step.on, step.connection, "", definition, offers, None)
            yield from condition_mistakes(step.where, "where", before | {"event"}, definition)
            yield from length_mistakes(step.within, "within")
        case Each():
            if isinstance(step.items, str) and not is_template(step.items):
                yield Mistake(
                    field="items", message="a list, or a value that is one: {{ steps.search.contacts }}"
                )
            yield from value_mistakes(step.items, "items", before, definition)
        case SetValues():
            for key in step.values:
                if not key.isidentifier() or not key.isascii():
                    yield Mistake(field=f"values.{key}", message=f"a name has {_NAME_OF_A_VALUE}")
                elif key in ROOTS:
                    yield Mistake(
                        field=f"values.{key}", message=f"{key!r} has a meaning of its own in templates"
                    )
            yield from value_mistakes(step.values, "values", before, definition)
        case Call():
            yield from value_mistakes(step.input, "input", before, definition)
        case Stop():
            yield from value_mistakes(step.reason, "reason", before, definition)
    on_error = step.on_error if isinstance(step, Action | Call) else None
    if on_error is not None and (on_error.then == "route") != (on_error.go is not None):
        yield Mistake(field="on_error.go", message="`then: route` says where to, and nothing else does")


def _action(
    step: Action, before: frozenset[str], definition: Definition, offers: Offers | None
) -> Iterator[Mistake]:
    yield from value_mistakes(step.input, "input", before, definition)
    if offers is None:
        return
    offered = offers.action(step.operation)
    if offered is None:
        hint = suggest(step.operation, offers.actions())
        yield Mistake(field="operation", message=f"there is no action {step.operation!r}; {hint}")
        return
    yield from _connection(step.connection, offered, definition, offers, "connection")
    for field, required in offered.fields.items():
        if required and step.input.get(field) in (None, ""):
            yield Mistake(field=f"input.{field}", message="is needed, and left out")
    if not offered.open:
        for field in step.input:
            if field not in offered.fields:
                hint = suggest(field, sorted(offered.fields))
                yield Mistake(field=f"input.{field}", message=f"{step.operation} has no such field; {hint}")


def _told(
    on: str, connection: str, place: str, definition: Definition, offers: Offers | None,
    settings: Mapping[str, Any] | None,
) -> Iterator[Mistake]:  # fmt: skip
    """Of a trigger, or of what a step waits for."""
    if offers is None:
        return
    here = f"{place}." if place else ""
    offered = offers.trigger(on)
    if offered is None:
        yield Mistake(
            field=f"{here}on", message=f"there is no trigger {on!r}; {suggest(on, offers.triggers())}"
        )
        return
    yield from _connection(connection, offered, definition, offers, f"{here}connection")
    if settings is None:
        return
    for field, required in offered.fields.items():
        if required and field not in settings:
            yield Mistake(field=f"{here}settings.{field}", message="is needed, and left out")
    for field in settings:
        if field not in offered.fields:
            yield Mistake(field=f"{here}settings.{field}", message=f"{on} has no such setting")


def _connection(
    alias: str, offered: Offered, definition: Definition, offers: Offers, field: str
) -> Iterator[Mistake]:
    if not offered.app:
        if alias:
            yield Mistake(field=field, message="it needs no connection")
        return
    if not alias:
        yield Mistake(field=field, message=f"a connection of {offered.app} is needed")
    elif alias not in definition.connections:
        hint = suggest(alias, sorted(definition.connections))
        yield Mistake(field=field, message=f"{alias!r} is not among the connections of this workflow; {hint}")
    else:
        app = offers.app_of(definition.connections[alias])
        if app is not None and app != offered.app:
            yield Mistake(
                field=field, message=f"{alias} is a connection of {app}, and {offered.app} is needed"
            )


def _delay(step: Delay, before: frozenset[str], definition: Definition) -> Iterator[Mistake]:
    given = (step.for_ is not None, step.until is not msgspec.UNSET, step.until_open is not None)
    if sum(given) != 1:
        yield Mistake(field="for", message="one of the three: for, until, until_open")
    if step.for_ is not None:
        if is_template(step.for_):
            yield from value_mistakes(step.for_, "for", before, definition)
        else:
            yield from length_mistakes(step.for_, "for")
    if isinstance(step.until, str):
        yield from value_mistakes(step.until, "until", before, definition)
        if not is_template(step.until):
            try:
                datetime.fromisoformat(step.until)
            except ValueError:
                yield Mistake(field="until", message="that is no moment; write 2027-03-15T09:30:00Z")
    if step.until_open is not None:
        try:
            zone_of(step.until_open.zone)
        except ValueError as error:
            yield Mistake(field="until_open.zone", message=str(error))
        if not step.until_open.days:
            yield Mistake(field="until_open.days", message="at least one day")
