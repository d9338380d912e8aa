"""Whether two syncs would both keep the same people in step: one of them would undo what the other does."""

from __future__ import annotations

from collections.abc import Sequence

from yaml.nodes import MappingNode, Node

from tieline.mapping.two_way import Condition, TwoWay, travels
from tieline.mapping.yaml_nodes import Reader


def owns(rules: TwoWay) -> bool:
    """Whether a sync writes to the call-tracking account's people or their items: one may do so."""
    if rules.person is not None and travels(rules.person.direction, "nimbata"):
        return True
    return any(travels(one.direction, "nimbata") for one in rules.items.values())


def collide(one: TwoWay, another: TwoWay) -> bool:
    """Whether both may own the same person: unless their filters exclude each other, they do."""
    if not (owns(one) and owns(another)):
        return False
    where = one.person.where if one.person else ()
    elsewhere = another.person.where if another.person else ()
    return not exclusive(where, elsewhere)


def exclusive(one: Sequence[Condition], another: Sequence[Condition]) -> bool:
    """Whether no record can meet both filters."""
    return any(_contradict(mine, theirs) or _contradict(theirs, mine) for mine in one for theirs in another)


def _contradict(one: Condition, another: Condition) -> bool:
    if one.field != another.field:
        return False
    match one.test, another.test:
        case "is", "is":
            return one.values.isdisjoint(another.values)
        case ("is", "is_not") | ("has", "has_not"):
            return one.values <= another.values
        case ("is", "absent") | ("has", "absent") | ("present", "absent"):
            return True
        case _:
            return False


def place_of(text: str) -> str:
    """Where in a definition the ownership is said: "line 40", or "lines 40 and 52" with its filter."""
    found = _lines(Reader().compose(text))
    section = next((one for one in ("person", "tasks", "notes", "appointments") if one in found), None)
    if section is None:
        return "line 1"
    line, node = found[section]
    filtered = _lines(node).get("where")
    return f"line {line}" if filtered is None else f"lines {line} and {filtered[0]}"


def _lines(node: Node | None) -> dict[str, tuple[int, Node]]:
    """Line and value of each entry of a table."""
    entries = node.value if isinstance(node, MappingNode) else ()
    return {str(key.value): (key.start_mark.line + 1, value) for key, value in entries}
