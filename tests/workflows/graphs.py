"""Workflows of any shape that validation accepts, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tieline.workflows.definition import (
    Action,
    Branch,
    Condition,
    Definition,
    Delay,
    Each,
    Filter,
    OnError,
    Path,
    SetValues,
    Step,
    Stop,
    Trigger,
    Wait,
)

_NUMBERS = st.integers(0, 5)


@st.composite
def graphs(draw: st.DrawFn, most: int = 8) -> Definition:
    """Steps lead only to later ones, so that there is no circle; a for-each has its own behind it."""
    steps: dict[str, Step] = {}
    count = iter(range(1000))

    def chain(length: int, depth: int) -> str | None:
        """Some steps in a row, each of which may leave it; the first one."""
        names = [f"s{next(count)}" for _ in range(length)]
        for at, name in enumerate(names):
            later = names[at + 1 :]
            following = later[0] if later else None
            anywhere: st.SearchStrategy[str | None] = st.sampled_from([None, *later])
            steps[name] = _step(draw, following, anywhere, depth, chain)
        return names[0] if names else None

    start = chain(draw(st.integers(1, most)), 0)
    return Definition(
        title="Drawn", connections={"crm": "main"}, start=start, steps=steps,
        triggers=(Trigger(id="begun", on="contacts.created", connection="crm"),),
    )  # fmt: skip


def _step(
    draw: st.DrawFn, following: str | None, anywhere: st.SearchStrategy[str | None], depth: int, chain: Any
) -> Step:
    kinds = ["action", "action", "function", "filter", "branch", "delay", "wait", "set", "stop"]
    kind = draw(st.sampled_from([*kinds, "each"] if depth < 2 else kinds))
    where = Condition(left="{{ trigger.number }}", greater=draw(_NUMBERS))
    match kind:
        case "action":
            go = draw(anywhere)
            routes = (OnError(then="route", go=go),) if go is not None else ()
            on_error = draw(st.sampled_from((None, OnError(), OnError(then="continue"), *routes)))
            return Action(
                operation="notes.create", connection="crm", input={"body": "{{ trigger.number }}"}, next=following,
                on_error=on_error,
            )  # fmt: skip
        case "function":
            return Action(operation="format.text", input={"text": "{{ trigger.number }}"}, next=following)
        case "filter":
            return Filter(where=where, next=following)
        case "branch":
            return Branch(paths=(Path(where=where, next=draw(anywhere)),), otherwise=following)
        case "delay":
            return Delay(for_=draw(st.sampled_from(("1s", "2h", "3d"))), next=following)
        case "wait":
            return Wait(
                on="messages.inbound", connection="crm", within="1d", timed_out=draw(anywhere), next=following
            )
        case "set":
            return SetValues(values={"kept": "{{ trigger.number }}"}, next=following)
        case "each":
            body = chain(draw(st.integers(1, 3)), depth + 1)
            return Each(items=draw(st.lists(_NUMBERS, max_size=3)), body=body or "", next=following)
        case _:
            return Stop(failed=draw(st.booleans()))
