"""The sync definition: YAML in, checked rules out, or every mistake at once with its line and column."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib.resources import files
from typing import cast, get_args

from yaml.nodes import MappingNode, Node, ScalarNode

from tieline.domain.activity import Outcome
from tieline.domain.contact import CONTACT_FIELDS, CUSTOM_PREFIX
from tieline.errors import ConfigurationError
from tieline.mapping import sources, template
from tieline.mapping.fields import (
    WHENS,
    Definition,
    FieldRule,
    KindRules,
    NoteRule,
    When,
    is_target,
)
from tieline.mapping.sources import KINDS, Kind
from tieline.mapping.transforms import Argument, Transform, check
from tieline.mapping.yaml_nodes import Problem, Reader

VERSION = 1
_OUTCOMES: tuple[str, ...] = get_args(Outcome)
_NOTE_KINDS: tuple[Kind, ...] = ("call", "form", "text")


class DefinitionError(ConfigurationError):
    """A definition that cannot be used; the message lists every problem as `file:line:column: message`."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(problems))
        super().__init__(
            "\n".join(
                f"{name}:{one.line}:{one.column}: {f'{one.path}: ' if one.path else ''}{one.message}"
                for one in self.problems
            )
        )


def default_text() -> str:
    """The YAML of the definition that is used when an operator gives none."""
    return files("tieline.sync").joinpath("default.yaml").read_text("utf-8")


def parse_definition(text: str, *, name: str = "definition") -> Definition:
    """The rules in `text`; `name`, a file name say, begins each line of a message. Raises DefinitionError."""
    reader = _DefinitionReader()
    definition = reader.read(text)
    if definition is None or reader.problems:
        raise DefinitionError(name, reader.problems)
    return definition


class _DefinitionReader(Reader):
    def read(self, text: str) -> Definition | None:
        root = self.compose(text)
        if root is None:
            return None
        top = self.table(root, "", ("version", "contact", "note", "kinds"))
        self._version(root, top.get("version"))
        contact = self.table(top.get("contact"), "contact", ("create", "skip_outcomes", "fields", "tags"))
        general = self._fields(contact.get("fields"), "contact.fields", KINDS)
        tags = self._tags(contact.get("tags"), "contact.tags", KINDS)
        notes = self._notes(top.get("note"))
        kinds: dict[Kind, KindRules] = {}
        own = self.table(top.get("kinds"), "kinds", KINDS)
        for kind in KINDS:
            path = f"kinds.{kind}"
            section = self.table(own.get(kind), path, ("fields", "tags"))
            fields = self._fields(section.get("fields"), f"{path}.fields", (kind,))
            more_tags = self._tags(section.get("tags"), f"{path}.tags", (kind,))
            kinds[kind] = KindRules(
                fields=_overridden(general, fields),
                tags=tuple(dict.fromkeys((*tags, *more_tags))),
                note=notes.get(kind, NoteRule()),
            )
        skip = [
            self.choice(node, path, _OUTCOMES)
            for path, node in self.items(contact.get("skip_outcomes"), "contact.skip_outcomes")
        ]
        return Definition(
            version=VERSION,
            create=self.boolean(contact.get("create"), "contact.create", default=True),
            skip_outcomes=cast("frozenset[Outcome]", frozenset(filter(None, skip))),
            kinds=kinds,
        )

    def _version(self, root: Node, node: Node | None) -> None:
        if node is None:
            if isinstance(root, MappingNode):
                self.say(root, "version", f"is missing; write `version: {VERSION}`")
            return
        number = self.number(node, "version")
        if number is not None and number != VERSION:
            self.say(node, "version", f"{number} is not known here, only {VERSION}")

    def _notes(self, node: Node | None) -> dict[Kind, NoteRule]:
        notes: dict[Kind, NoteRule] = {}
        for kind, section in self.table(node, "note", _NOTE_KINDS).items():
            path = f"note.{kind}"
            entries = self.table(section, path, ("enabled", "template"))
            enabled = self.boolean(entries.get("enabled"), f"{path}.enabled", default=True)
            written = entries.get("template")
            text = self._template(written, f"{path}.template", (cast("Kind", kind),))
            if enabled and (written is None or (text is not None and not text.strip())):
                self.say(written or section, f"{path}.template", "a note needs a text; or `enabled: false`")
            notes[cast("Kind", kind)] = NoteRule(enabled=enabled, template=text or "")
        return notes

    def _tags(self, node: Node | None, path: str, kinds: tuple[Kind, ...]) -> tuple[str, ...]:
        texts = [self._template(item, where, kinds) for where, item in self.items(node, path)]
        return tuple(text for text in texts if text and text.strip())

    def _template(self, node: Node | None, path: str, kinds: tuple[Kind, ...]) -> str | None:
        text = self.text(node, path)
        if node is None or text is None:
            return None
        try:
            found = template.placeholders(template.parse(text))
        except template.TemplateError as error:
            self.say(node, path, str(error), error.offset)
            return text
        for one in found:
            if not _readable(one.name, kinds):
                self.say(node, path, _unknown_source(one.name, kinds), one.offset)
        return text

    def _fields(self, node: Node | None, path: str, kinds: tuple[Kind, ...]) -> tuple[FieldRule, ...]:
        rules: dict[str, FieldRule] = {}
        for where, item in self.items(node, path):
            rule = self._rule(item, where, kinds)
            if rule is None:
                continue
            if rule.to in rules:
                self.say(item, where, f"{rule.to!r} is written by two rules")
            rules[rule.to] = rule
        return tuple(rules.values())

    def _rule(self, node: Node, path: str, kinds: tuple[Kind, ...]) -> FieldRule | None:
        entries = self.table(node, path, ("to", "from", "transform", "when", "optional"))
        if not isinstance(node, MappingNode):
            return None
        for needed in ("to", "from"):
            if needed not in entries:
                self.say(node, path, f"{needed!r} is missing")
        to = self.text(entries.get("to"), f"{path}.to")
        source = self.text(entries.get("from"), f"{path}.from")
        when = self.choice(entries.get("when"), f"{path}.when", WHENS) or "always"
        optional = self.boolean(entries.get("optional"), f"{path}.optional", default=False)
        transforms = self._transforms(entries.get("transform"), f"{path}.transform")
        if to is not None and not is_target(to):
            self.say(entries["to"], f"{path}.to", _unknown_target(to))
        elif to is not None and optional and not to.startswith(CUSTOM_PREFIX):
            self.say(entries["optional"], f"{path}.optional", "only custom fields can be optional")
        if source is not None and not _readable(source, kinds):
            self.say(entries["from"], f"{path}.from", _unknown_source(source, kinds))
        if to is None or source is None:
            return None
        return FieldRule(
            to=to, source=source, transforms=transforms, when=cast("When", when), optional=optional
        )

    def _transforms(self, node: Node | None, path: str) -> tuple[Transform, ...]:
        """One transform or a list: `e164`, `[trim, {truncate: 40}]`."""
        if node is None:
            return ()
        several = [(path, node)] if isinstance(node, ScalarNode | MappingNode) else self.items(node, path)
        transforms = []
        for where, item in several:
            if isinstance(item, MappingNode):
                entries = list(self.entries(item, where))
                if len(entries) != 1:
                    self.say(item, where, "one transform each: {truncate: 40}")
                    continue
                transform = Transform(entries[0][1], self._argument(entries[0][2], where))
            else:
                called = self.text(item, where)
                if called is None:
                    continue
                transform = Transform(called)
            problem = check(transform)
            if problem:
                self.say(item, where, problem)
            else:
                transforms.append(transform)
        return tuple(transforms)

    def _argument(self, node: Node, path: str) -> Argument:
        if isinstance(node, MappingNode):
            return tuple((key, self.text(value, path) or "") for _, key, value in self.entries(node, path))
        if isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:int":
            return self.number(node, path)
        return self.text(node, path)


def _overridden(general: tuple[FieldRule, ...], own: tuple[FieldRule, ...]) -> tuple[FieldRule, ...]:
    """The general rules with a kind's own in the place of those that write the same field."""
    return tuple(({rule.to: rule for rule in general} | {rule.to: rule for rule in own}).values())


def _readable(name: str, kinds: tuple[Kind, ...]) -> bool:
    return any(sources.reader(kind, name) is not None for kind in kinds)


def _unknown_source(name: str, kinds: tuple[Kind, ...]) -> str:
    of = f"a {kinds[0]}" if len(kinds) == 1 else "an activity"
    return f"{of} has no {name!r}; {_suggest(name, sources.names(kinds))}"


def _unknown_target(name: str) -> str:
    if name.startswith(CUSTOM_PREFIX):
        return f"{name!r}: the key of a custom field is made of a-z, 0-9 and _"
    return f"a contact has no {name!r}; {_suggest(name, (*CONTACT_FIELDS, 'custom.<key>'))}"


def _suggest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=2)
    return f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"


__all__ = [
    "VERSION",
    "DefinitionError",
    "Problem",
    "default_text",
    "parse_definition",
]
