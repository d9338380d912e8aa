"""The ways through a workflow: which steps come before which, and where a way goes round in a circle. Pure."""

from __future__ import annotations

from tieline.workflows.definition import Definition, Each, follows


def before(definition: Definition, name: str) -> frozenset[str]:
    """What templates of a step can read of others: every step from which a way leads to it."""
    steps = definition.steps
    found: set[str] = set()
    leading: dict[str, set[str]] = {}
    for one, step in steps.items():
        for to in follows(step).values():
            if to is not None:
                leading.setdefault(to, set()).add(one)
    # What follows a for-each comes after the steps in it.
    for step in steps.values():
        if isinstance(step, Each) and step.next is not None:
            leading.setdefault(step.next, set()).update(inside(definition, step.body))
    waiting = [name]
    while waiting:
        for one in leading.get(waiting.pop(), ()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return frozenset({f"steps.{one}" for one in found})


def reached(definition: Definition, start: str) -> set[str]:
    """Every step that a way leads to from there, itself among them."""
    found, waiting = {start}, [start]
    while waiting:
        step = definition.steps.get(waiting.pop())
        for to in follows(step).values() if step is not None else ():
            if to is not None and to in definition.steps and to not in found:
                found.add(to)
                waiting.append(to)
    return found


def inside(definition: Definition, start: str) -> set[str]:
    """As `reached`, but not into the bodies of for-eachs on the way."""
    if start not in definition.steps:
        return set()
    found, waiting = {start}, [start]
    while waiting:
        step = definition.steps[waiting.pop()]
        for field, to in follows(step).items():
            if field != "body" and to is not None and to in definition.steps and to not in found:
                found.add(to)
                waiting.append(to)
    return found


def circles(definition: Definition) -> list[str]:
    """Steps that a way leads back to."""
    done: set[str] = set()
    found: list[str] = []
    for start in definition.steps:
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                on_path.discard(name)
                path.pop()
                done.add(name)
                continue
            if name in on_path:
                found.append(name)
                continue
            if name in done or name not in definition.steps:
                continue
            on_path.add(name)
            path.append(name)
            stack.append((name, True))
            stack += [(to, False) for to in follows(definition.steps[name]).values() if to is not None]
    return list(dict.fromkeys(found))
