"""Decisions and rules in plain words."""

from __future__ import annotations

from datetime import datetime

from tieline.domain.side import SIDE_NAMES, SIDES, Side
from tieline.mapping.fields import Definition
from tieline.mapping.two_way import Direction, FieldPair, Rule

_STATES = {
    "ready": "not looked at yet", "waiting": "waits", "done": "carried out", "duplicate": "told before",
    "stale": "older than what was known", "skipped": "not carried over", "dead": "given up",
}  # fmt: skip
_DIRECTIONS: dict[Direction, str] = {
    "both": "goes both ways", "to_contacts_api": "goes to the CRM only",
    "to_nimbata": "goes to the call-tracking account only", "off": "is not carried over",
}  # fmt: skip
_RULES: dict[Rule, str] = {
    "nimbata": "where both changed, the call-tracking account wins",
    "contacts_api": "where both changed, the CRM wins",
    "newest": "where both changed, the later change wins",
    "longest": "where both changed, the longer text wins",
    "ask": "where both changed, a person is asked",
}


def decision_words(state: str, reason: str | None, due_at: datetime | None) -> str:
    """What became of an event."""
    said = _STATES[state]
    if state == "waiting" and due_at is not None:
        said += f" until {due_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{said}: {reason}" if reason else said


def pair_words(pair: FieldPair) -> str:
    """The rule of a field that stands on both sides."""
    names = pair.nimbata if pair.nimbata == pair.contacts_api else f"{pair.nimbata} = {pair.contacts_api}"
    return f"person.fields {names}: {rule_words(pair.rule, pair.direction)}"


def rule_words(rule: Rule, direction: Direction) -> str:
    """Which way it goes, and who wins."""
    way = _DIRECTIONS[direction]
    return f"{way}; {_RULES[rule]}" if direction == "both" else way


def activity_words(definition: Definition, field: str) -> list[str]:
    """What calls, forms and texts write into a field of the CRM."""
    kinds: dict[str, list[str]] = {}
    for kind, rules in definition.kinds.items():
        for rule in rules.fields:
            if rule.to == field:
                when = {"always": "", "empty": ", where it is empty", "create": ", in new contacts"}[
                    rule.when
                ]
                kinds.setdefault(f"from {rule.source}{when}", []).append(kind)
        if field == "tags" and rules.tags:
            kinds.setdefault("by tags of the mapping", []).append(kind)
    return [f"contact.fields {field}: {said} ({', '.join(names)})" for said, names in kinds.items()]


def side_words(sides: set[Side]) -> str:
    """Sides as a list."""
    return " and ".join(SIDE_NAMES[side] for side in SIDES if side in sides)
