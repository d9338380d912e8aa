"""Faults by rule: what may go wrong with a call or a webhook, how often, and how often it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Literal

import msgspec
import yaml

CallFault = Literal[
    "latency", "429", "429_bare", "500", "502", "503", "cut_before", "cut_after", "created_422"
]
WebhookFault = Literal["duplicate", "late", "reorder", "drop"]
Kind = Literal[
    "latency", "429", "429_bare", "500", "502", "503", "cut_before", "cut_after", "created_422",
    "duplicate", "late", "reorder", "drop",
]  # fmt: skip
WEBHOOK_KINDS: frozenset[str] = frozenset({"duplicate", "late", "reorder", "drop"})
#: These happen after the call took effect.
AFTER: frozenset[str] = frozenset({"cut_after", "created_422"})


class FaultError(Exception):
    """A rule that cannot be understood; the message says which and why."""


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a kind needs to know."""

    latency_s: float = 1.0
    retry_after_s: float = 2.0
    #: Of a late webhook; a reordered one waits until the next has gone, or this long.
    delay_s: float = 2.0
    #: How often a duplicated webhook is delivered in all.
    copies: int = 2


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of fault for some operations or webhook events."""

    kind: Kind
    id: str = ""
    side: Literal["contacts", "nimbata", "*"] = "*"
    #: Operation id or webhook event, as a shell pattern.
    operation: str = "*"
    #: The account or location that a call is about, as a shell pattern. A webhook has none.
    place: str = "*"
    #: Of the calls that match, the share that fails, 0 to 1.
    share: float = 1.0
    #: At most so many in all; None = no limit.
    count: int | None = None
    params: Params = Params()


class Faults:
    """The rules in force, drawn with a seeded generator so that a run repeats."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._ids = count(1)
        self._left: dict[str, int] = {}
        self.rules: list[Rule] = []
        self.fired: Counter[str] = Counter()

    def add(self, rules: Sequence[Rule]) -> list[Rule]:
        """Put rules in force; each gets an id."""
        added = [
            rule if rule.id else msgspec.structs.replace(rule, id=f"fault{next(self._ids)}") for rule in rules
        ]
        for rule in added:
            if rule.count is not None:
                self._left[rule.id] = rule.count
        self.rules.extend(added)
        return added

    def clear(self, rule_id: str | None = None) -> None:
        """Lift one rule, or all; what fired stays counted."""
        self.rules = [rule for rule in self.rules if rule_id is not None and rule.id != rule_id]

    def pick(self, side: str, operation: str, *, place: str = "", webhook: bool = False) -> Rule | None:
        """The fault that befalls this call or webhook, if any; counted as fired."""
        for rule in self.rules:
            if (rule.kind in WEBHOOK_KINDS) is not webhook or rule.side not in ("*", side):
                continue
            if not fnmatchcase(operation, rule.operation) or not fnmatchcase(place, rule.place):
                continue
            if self._left.get(rule.id, 1) <= 0:
                continue
            if rule.share < 1.0 and self._rng.random() >= rule.share:
                continue
            if rule.id in self._left:
                self._left[rule.id] -= 1
            self.fired[rule.kind] += 1
            return rule
        return None


def read_rules(given: Any) -> list[Rule]:
    """Rules out of parsed JSON or YAML: a list, one rule, or {"faults": [...]}. Raises FaultError."""
    if isinstance(given, dict) and "faults" in given:
        given = given["faults"]
    if isinstance(given, dict):
        given = [given]
    try:
        rules = msgspec.convert(given, list[Rule])
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        # The latter: half an emoji in a name.
        raise FaultError(f"fault rules: {error}") from error
    for rule in rules:
        if not 0.0 <= rule.share <= 1.0:
            raise FaultError(f"fault rules: share must be between 0 and 1, not {rule.share}")
    return rules


def load_rules(path: Path) -> list[Rule]:
    """Rules out of a JSON or YAML file. Raises FaultError."""
    try:
        return read_rules(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FaultError(f"{path}: {error}") from error
