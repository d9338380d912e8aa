"""A definition made ready for the hot path: names resolved, templates parsed, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tieline.errors import ConfigurationError
from tieline.mapping import template
from tieline.mapping.fields import Definition, FieldRule, KindRules, When
from tieline.mapping.sources import KINDS, Kind, Read, Subject, reader
from tieline.mapping.template import Bound
from tieline.mapping.transforms import Apply, build
from tieline.mapping.values import Value

if TYPE_CHECKING:
    from tieline.mapping.liquid_text import LiquidTemplate


class CompiledRule:
    """A field rule with its reader."""

    __slots__ = ("chain", "optional", "read", "to", "when")

    def __init__(self, rule: FieldRule, read: Read) -> None:
        self.to = rule.to
        self.when: When = rule.when
        self.optional = rule.optional
        self.read = read
        self.chain: tuple[Apply, ...] = build(rule.transforms)

    def value(self, subject: Subject, country: str | None) -> Value:
        """The rule's value for `subject`, transformed."""
        value = self.read(subject)
        for apply in self.chain:
            value = apply(value, country)
        return value


class CompiledKind:
    """The rules of one kind of activity."""

    __slots__ = ("fields", "note", "tags")

    def __init__(self, kind: Kind, rules: KindRules) -> None:
        # A general rule may read what this kind lacks: it then has no value here, unless it gives a default.
        self.fields = tuple(CompiledRule(rule, _read(kind, rule.source)) for rule in rules.fields)
        self.tags = tuple(_bound(kind, text) for text in rules.tags)
        enabled = rules.note.enabled and rules.note.template
        self.note = _bound(kind, rules.note.template) if enabled else None


class CompiledDefinition:
    """A definition ready to be applied; immutable, shared by all tasks."""

    __slots__ = ("create", "definition", "kinds", "skip_outcomes")

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.create = definition.create
        self.skip_outcomes = definition.skip_outcomes
        try:
            self.kinds = {kind: CompiledKind(kind, definition.kinds.get(kind, KindRules())) for kind in KINDS}
        except template.TemplateError as error:
            raise ConfigurationError(f"a template of the mapping cannot be read: {error}") from error


def _nothing(subject: Subject) -> Value:
    return None


def _read(kind: Kind, source: str) -> Read:
    return _liquid(kind, source).render if template.is_liquid(source) else reader(kind, source) or _nothing


def _bound(kind: Kind, text: str) -> Bound[Subject] | LiquidTemplate:
    if template.is_liquid(text):
        return _liquid(kind, text)
    return Bound(template.parse(text), lambda name: reader(kind, name) or _nothing)


def _liquid(kind: Kind, text: str) -> LiquidTemplate:
    # The library takes a moment to load: only a definition that uses it waits for it.
    from tieline.mapping.liquid_text import LiquidTemplate

    return LiquidTemplate(text, kind)
