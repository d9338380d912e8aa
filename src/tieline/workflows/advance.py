"""What a run does next. Pure: the same definition, state and moment give the same move, wherever it is worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tieline.errors import MappingError
from tieline.workflows.conditions import holds, moment_of
from tieline.workflows.definition import (
    MOST_ITEMS,
    Action,
    Branch,
    Call,
    Condition,
    Definition,
    Delay,
    Each,
    Filter,
    SetValues,
    Step,
    Stop,
    Wait,
)
from tieline.workflows.durations import parse_duration
from tieline.workflows.hours import next_open
from tieline.workflows.moves import (
    Act,
    Advance,
    Await,
    Begin,
    End,
    Ended,
    Failed,
    Frame,
    Happened,
    Move,
    Outcome,
    Passed,
    RunState,
    Sleep,
    Succeeded,
    TimedOut,
)
from tieline.workflows.values import render

#: What needs no call: by id, from an input to an output; raises MappingError.
Functions = Mapping[str, Callable[[dict[str, Any]], Any]]
#: Steps of one run at most: a for-each within a for-each ends too.
MOST_PASSED = 20_000


def begin(definition: Definition, trigger_id: str, payload: dict[str, Any], *, now: datetime) -> RunState:
    """A run that has done nothing yet. `trigger_id` is empty where another workflow began it."""
    run = {"trigger": trigger_id, "started_at": now.isoformat()}
    return RunState(
        at=definition.start, values={"trigger": payload, "steps": {}, "vars": {}, "each": {}, "run": run}
    )


def fits(where: Condition | None, payload: dict[str, Any], state: RunState | None = None) -> bool:
    """Whether an event is what a trigger begins with; with a state, whether it is what that run waits for. What
    cannot be compared is not."""
    scope = {"trigger": payload} if state is None else {**scope_of(state), "event": payload}
    try:
        return holds(where, scope)
    except MappingError:
        return False


def advance(definition: Definition, state: RunState, *, now: datetime, functions: Functions) -> Advance:
    """Go on over whatever can be settled at once, until something else is needed."""
    passed: list[Passed] = []
    while True:
        found = _next(definition, state, now=now, functions=functions)
        if isinstance(found, Advance):
            return msgspec.structs.replace(found, passed=(*passed, *found.passed))
        line, state = found
        if line is not None:
            passed.append(line)


def settle(definition: Definition, state: RunState, outcome: Outcome, *, now: datetime) -> RunState:
    """Take in what became of the move that was under way at `state.at`."""
    assert state.at is not None, "a run that has ended has no move"
    step = definition.steps[state.at]
    match outcome:
        case Failed():
            return _failed(state, step, outcome)
        case TimedOut():
            kept = _keep(state, {"came": False, "event": {}})
            return _to(kept, step.timed_out if isinstance(step, Wait) else None)
        case Happened(payload=payload):
            kept = _keep(state, {"came": True, "event": payload})
        case Ended(output=output):
            kept = _keep(state, {"values": output})
        case Succeeded(output=output):
            kept = _keep(state, output)
    return _to(kept, _next_of(step))


def scope_of(state: RunState) -> dict[str, Any]:
    """What templates read: trigger, steps, vars and each of them by its name, run; in a for-each item and index."""
    scope = {**state.values.get("vars", {}), **state.values}
    if state.frames:
        scope |= state.values["each"].get(state.frames[-1].step, {})
    return scope


_Settled = tuple[Passed | None, RunState]


def _next(
    definition: Definition, state: RunState, *, now: datetime, functions: Functions
) -> Advance | _Settled:
    if state.failed is not None:
        return _end(state, "failed", state.failed)
    if state.at is None:
        return _next_item(definition, state) if state.frames else _end(state, "done")
    step = definition.steps.get(state.at)
    if step is None:
        return _end(state, "failed", f"there is no step {state.at!r}")
    if state.passed >= MOST_PASSED:
        return _end(state, "failed", f"more than {MOST_PASSED} steps: the run was ended")
    state = msgspec.structs.replace(state, passed=state.passed + 1)
    if step.disabled:
        return _line(state, "skipped", reason="disabled"), _to(state, _next_of(step))
    values = {**state.values, "run": {**state.values.get("run", {}), "now": now.isoformat()}}
    state = msgspec.structs.replace(state, values=values)
    try:
        return _step(step, state, now, functions)
    except MappingError as error:
        failed = Failed(reason=str(error), error="MappingError", field=error.path)
        return _line(state, "failed", reason=str(error)), _failed(state, step, failed)


def _step(step: Step, state: RunState, now: datetime, functions: Functions) -> Advance | _Settled:
    scope = scope_of(state)
    match step:
        case Action():
            return _action(step, state, scope, functions)
        case Filter():
            if holds(step.where, scope):
                return _line(state, "done"), _to(state, step.next)
            if state.frames:
                # Within a for-each it lets this one go, and the next come.
                return _line(state, "skipped", reason="the condition does not hold"), _to(state, None)
            line = _line(state, "skipped", reason="the condition does not hold")
            return Advance(
                passed=(line,), move=End(state="left", reason=f"did not pass {state.at}"), state=state
            )
        case Branch():
            return _branch(step, state, scope)
        case Delay():
            until = _until(step, scope, now)
            if until <= now:
                return _line(state, "waited", output={"until": until.isoformat()}), _to(state, step.next)
            return _moves(state, Sleep(step=_at(state), iteration=state.iteration, until=until))
        case Wait():
            until = now + _length(step.within, "within")
            return _moves(
                state,
                Await(step=_at(state), iteration=state.iteration, on=step.on, connection=step.connection,
                      where=step.where, until=until),
            )  # fmt: skip
        case Each():
            return _each(step, state, scope)
        case SetValues():
            found = render(step.values, scope, path="values")
            values = {**state.values, "vars": {**state.values.get("vars", {}), **found}}
            line = _line(state, "done", output=found)
            return line, _to(msgspec.structs.replace(state, values=values), step.next)
        case Call():
            given = render(step.input, scope, path="input")
            return _moves(
                state,
                Begin(step=_at(state), iteration=state.iteration, workflow=step.workflow, input=given, wait=step.wait),
            )  # fmt: skip
        case Stop():
            reason = str(render(step.reason, scope, path="reason") or "") or None
            return Advance(
                passed=(_line(state, "done", reason=reason),), state=state,
                move=End(state="failed" if step.failed else "stopped", reason=reason),
            )  # fmt: skip


def _action(step: Action, state: RunState, scope: dict[str, Any], functions: Functions) -> Advance | _Settled:
    given = render(step.input, scope, path="input")
    function = functions.get(step.operation)
    if function is None:
        return _moves(
            state,
            Act(step=_at(state), iteration=state.iteration, operation=step.operation, connection=step.connection,
                input=given, on_error=step.on_error),
        )  # fmt: skip
    output = function(given)
    return _line(state, "done", given=given, output=output), _to(_keep(state, output), step.next)


def _branch(step: Branch, state: RunState, scope: dict[str, Any]) -> _Settled:
    for at, path in enumerate(step.paths):
        if holds(path.where, scope, path=f"paths[{at}].where"):
            return _line(state, "done", output={"path": at, "title": path.title}), _to(state, path.next)
    return _line(state, "done", output={"path": None, "title": "otherwise"}), _to(state, step.otherwise)


def _each(step: Each, state: RunState, scope: dict[str, Any]) -> _Settled:
    items = render(step.items, scope, path="items")
    if items is None:
        items = []
    if not isinstance(items, list):
        raise MappingError("for-each wants a list", path="items")
    if len(items) > MOST_ITEMS:
        raise MappingError(
            f"a list of {len(items)}; for-each goes through {MOST_ITEMS} at most", path="items"
        )
    line = _line(state, "done", output={"items": len(items)})
    kept = _keep(state, {"items": len(items)})
    if not items:
        return line, _to(kept, step.next)
    frame = Frame(step=_at(state), items=tuple(items))
    return line, _enter(msgspec.structs.replace(kept, frames=(*kept.frames, frame)), step.body)


def _next_item(definition: Definition, state: RunState) -> _Settled:
    """The way within a for-each ended: the next of its items has its turn, or what follows it."""
    *outer, frame = state.frames
    step = definition.steps.get(frame.step)
    if not isinstance(step, Each):
        return None, msgspec.structs.replace(state, failed=f"there is no for-each {frame.step!r}")
    if frame.index + 1 < len(frame.items):
        moved = msgspec.structs.replace(frame, index=frame.index + 1)
        return None, _enter(msgspec.structs.replace(state, frames=(*outer, moved)), step.body)
    return None, msgspec.structs.replace(state, frames=tuple(outer), at=step.next)


def _enter(state: RunState, body: str) -> RunState:
    frame = state.frames[-1]
    here = {"item": frame.items[frame.index], "index": frame.index}
    values = {**state.values, "each": {**state.values.get("each", {}), frame.step: here}}
    return msgspec.structs.replace(state, values=values, at=body)


def _until(step: Delay, scope: dict[str, Any], now: datetime) -> datetime:
    if step.for_ is not None:
        return now + _length(str(render(step.for_, scope, path="for")), "for")
    if step.until_open is not None:
        try:
            return next_open(step.until_open, now)
        except ValueError as error:
            raise MappingError(str(error), path="until_open") from error
    found = moment_of(render(step.until, scope, path="until"))
    if found is None:
        raise MappingError(
            "that is no moment; write 2027-03-15T09:30:00Z, or a value that holds one", path="until"
        )
    return found


def _length(text: str, path: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise MappingError(str(error), path=path) from error


def _failed(state: RunState, step: Step, outcome: Failed) -> RunState:
    on_error = step.on_error if isinstance(step, Action | Call) else None
    told = {"reason": outcome.reason, "kind": outcome.error, "field": outcome.field}
    match on_error.then if on_error is not None else "stop":
        case "continue":
            return _to(_keep(state, {"error": told}), _next_of(step))
        case "route":
            assert on_error is not None
            return _to(_keep(state, {"error": told}), on_error.go)
        case _:
            return msgspec.structs.replace(state, failed=f"{state.at}: {outcome.reason}")


def _keep(state: RunState, output: Any) -> RunState:
    """With what the step gives to those after it."""
    values = {**state.values, "steps": {**state.values.get("steps", {}), _at(state): output}}
    return msgspec.structs.replace(state, values=values)


def _to(state: RunState, step: str | None) -> RunState:
    return msgspec.structs.replace(state, at=step)


def _next_of(step: Step) -> str | None:
    match step:
        case Branch():
            return step.otherwise
        case Stop():
            return None
        case _:
            return step.next


def _at(state: RunState) -> str:
    assert state.at is not None
    return state.at


def _line(
    state: RunState, how: Any, *, given: Any = None, output: Any = None, reason: str | None = None
) -> Passed:
    return Passed(
        step=_at(state), iteration=state.iteration, state=how, input=given, output=output, reason=reason
    )


def _moves(state: RunState, move: Move) -> Advance:
    return Advance(passed=(), move=move, state=state)


def _end(state: RunState, how: Any, reason: str | None = None) -> Advance:
    return Advance(passed=(), move=End(state=how, reason=reason), state=state)
