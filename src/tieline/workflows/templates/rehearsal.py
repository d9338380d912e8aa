"""Examples of a definition, rehearsed: every far side answers as the example says, and time passes at once. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tieline.workflows.advance import Functions, advance, begin, fits, settle
from tieline.workflows.conditions import moment_of
from tieline.workflows.definition import Definition, Example, ExpectedAct
from tieline.workflows.moves import (
    Act,
    Await,
    Begin,
    End,
    Ended,
    Failed,
    Happened,
    Outcome,
    RunState,
    Sleep,
    Succeeded,
    TimedOut,
)

#: What an act fails with may name its error's class, "NotFoundError: there is no such contact"; else it was rejected.
_OF_A_CLASS = re.compile(r"(\w+Error): (.+)", re.DOTALL)


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True):
    """What a definition did in one example."""

    #: Where it went another way than the example says; empty = it did as expected.
    complaints: tuple[str, ...]
    #: What it carried out, in order.
    acts: tuple[Act, ...]
    #: How it ended; None = its trigger does not begin with such an event, or it was stopped at a complaint.
    end: End | None


def rehearse(definition: Definition, example: Example, functions: Functions) -> Rehearsed:
    """Go through one example. It stops where another act is carried out than is expected next."""
    trigger = next((one for one in definition.triggers if one.id == example.trigger), None)
    now = moment_of(example.now)
    if trigger is None or now is None:
        wrong = (
            f"there is no trigger {example.trigger!r}" if trigger is None else f"{example.now!r} is no moment"
        )
        return Rehearsed(complaints=(wrong,), acts=(), end=None)
    if not fits(trigger.where, example.payload):
        return Rehearsed(complaints=("its trigger does not begin with such an event",), acts=(), end=None)
    return _Rehearsal(definition, example, functions, now.astimezone(UTC)).run()


class _Rehearsal:
    def __init__(self, definition: Definition, example: Example, functions: Functions, now: datetime) -> None:
        self._definition, self._example, self._functions = definition, example, functions
        self._now = now
        self._expected = list(example.acts)
        self._events = dict(example.events)
        self._acts: list[Act] = []
        self._complaints: list[str] = []

    def run(self) -> Rehearsed:
        state = begin(self._definition, self._example.trigger, self._example.payload, now=self._now)
        while True:
            found = advance(self._definition, state, now=self._now, functions=self._functions)
            if isinstance(found.move, End):
                self._ended(found.move)
                return self._told(found.move)
            outcome = self._outcome(found.move, found.state)
            if outcome is None:
                return self._told(None)
            state = settle(self._definition, found.state, outcome, now=self._now)

    def _outcome(self, move: Act | Sleep | Await | Begin, state: RunState) -> Outcome | None:
        match move:
            case Act():
                return self._act(move)
            case Sleep(until=until):
                self._now = max(self._now, until)
                return Succeeded(output={})
            case Await():
                return self._await(move, state)
            case Begin():
                return Ended(output={})

    def _act(self, act: Act) -> Outcome | None:
        self._acts.append(act)
        at = f"act {len(self._acts)}"
        if not self._expected:
            self._complaints.append(f"{at}: {act.step} was carried out, and no more was expected")
            return None
        wanted = self._expected.pop(0)
        if wanted.step != act.step:
            self._complaints.append(f"{at}: {act.step} was carried out, and {wanted.step} expected")
            return None
        self._complaints += (f"{at}, {act.step}: {one}" for one in differing(wanted, act.input))
        if wanted.fails is not None:
            named = _OF_A_CLASS.fullmatch(wanted.fails)
            error, reason = (named[1], named[2]) if named else ("RejectedError", wanted.fails)
            return Failed(reason=reason, error=error)
        return Succeeded(output=wanted.answer)

    def _await(self, move: Await, state: RunState) -> Outcome:
        event = self._events.pop(move.step, None)
        if event is not None:
            if fits(move.where, event, state):
                return Happened(payload=event)
            self._complaints.append(f"{move.step}: that event is none that it waits for")
        self._now = max(self._now, move.until or self._now)
        return TimedOut()

    def _ended(self, end: End) -> None:
        self._complaints += (f"{one.step} was expected, and not carried out" for one in self._expected)
        self._complaints += (f"{step} was to get an event, and did not wait" for step in self._events)
        if end.state != self._example.ends:
            reason = f" ({end.reason})" if end.reason else ""
            self._complaints.append(
                f"it ended {end.state}{reason}, and was expected to end {self._example.ends}"
            )

    def _told(self, end: End | None) -> Rehearsed:
        return Rehearsed(complaints=tuple(self._complaints), acts=tuple(self._acts), end=end)


def differing(wanted: ExpectedAct, given: Mapping[str, Any]) -> list[str]:
    """Fields of an input that are not as an example says."""
    return [
        f"{name} is {_short(given.get(name))}, and was expected to be {_short(value)}"
        for name, value in wanted.input.items()
        if given.get(name) != value
    ]


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 300 else f"{text[:300]}…"
