"""Reads the activities of examples: calls, forms, texts and people of the account."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args

import msgspec
from yaml.nodes import Node, SequenceNode

from tieline.domain.activity import (
    Activity,
    Attribution,
    Call,
    Direction,
    Form,
    NimbataContact,
    Outcome,
    Text,
)
from tieline.mapping.sources import Kind
from tieline.mapping.suggest import suggest
from tieline.sync.files.example_shape import CallSection, FormSection, PersonExample, TextSection
from tieline.sync.files.record_rules import TwoWayReader
from tieline.sync.files.shape import keys

_SECTIONS: dict[Kind, type[msgspec.Struct]] = {
    "call": CallSection, "form": FormSection, "text": TextSection, "contact": PersonExample,
}  # fmt: skip
_ACTIVITIES: dict[Kind, type[msgspec.Struct]] = {
    "call": Call, "form": Form, "text": Text, "contact": NimbataContact,
}  # fmt: skip
#: Ours, and those of the account's reports; compared in lower case.
_OUTCOMES: dict[str, Outcome] = {
    **{one: one for one in cast("tuple[Outcome, ...]", get_args(Outcome))},
    "not_answered": "missed", "no_answer": "missed", "busy": "missed",
}  # fmt: skip
_MOMENTS = ("started_at", "submitted_at", "received_at")
_SECONDS = ("duration_s", "talk_duration_s")


class ActivityExamplesReader(TwoWayReader):
    """What happens in an example, as a connector would tell it."""

    def activity_example(self, node: Node, path: str, kind: Kind) -> Activity:
        """One call, form, text or person of the account."""
        values: dict[str, Any] = {"id": "example"}
        for name, value in self.table(node, path, keys(_SECTIONS[kind])).items():
            read = self._part(name, value, f"{path}.{name}")
            if read is not None:
                values[name] = read
        return cast("Activity", _ACTIVITIES[kind](**values))

    def _part(self, name: str, node: Node, path: str) -> Any:
        match name:
            case "tags":
                return tuple(filter(None, (self.text(item, where) for where, item in self.items(node, path))))
            case "fields":
                return tuple(self._labelled(node, path))
            case "attribution":
                entries = self.table(node, path, Attribution.__struct_fields__)
                return Attribution(**{one: self.scalar(entries[one], f"{path}.{one}") for one in entries})
            case "direction":
                return self.choice(node, path, get_args(Direction))
            case "outcome":
                return self._outcome(node, path)
            case "value":
                return self._decimal(node, path)
        if name in _SECONDS:
            return self.number(node, path)
        return self._moment(node, path) if name in _MOMENTS else self.scalar(node, path)

    def _labelled(self, node: Node, path: str) -> list[tuple[str, str]]:
        found = []
        for _, label, value in self.entries(node, path):
            several = self.items(value, path) if isinstance(value, SequenceNode) else [(path, value)]
            found += [(label, self.scalar(item, f"{where}.{label}") or "") for where, item in several]
        return found

    def _outcome(self, node: Node, path: str) -> Outcome | None:
        word = self.text(node, path)
        if word is None:
            return None
        outcome = _OUTCOMES.get(word.strip().lower().replace(" ", "_"))
        if outcome is None:
            self.say(node, path, f"no outcome is called {word!r}; {suggest(word.lower(), _OUTCOMES)}")
        return outcome

    def _decimal(self, node: Node, path: str) -> Decimal | None:
        text = self.scalar(node, path)
        try:
            return None if text is None else Decimal(text)
        except InvalidOperation:
            self.say(node, path, f"{text!r} is no amount")
            return None

    def _moment(self, node: Node, path: str) -> datetime | None:
        text = self.scalar(node, path)
        try:
            moment = None if text is None else datetime.fromisoformat(text)
        except ValueError:
            self.say(node, path, f"{text!r} is no time; write 2026-09-01T22:14:07Z")
            return None
        return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
