"""Reads the rules by which activities become contacts and notes; mistakes become problems with their places."""

from __future__ import annotations

import re
from typing import cast

from yaml.nodes import MappingNode, Node, ScalarNode

from tieline.domain.contact import CONTACT_FIELDS, CUSTOM_PREFIX
from tieline.mapping import sources, template
from tieline.mapping.fields import WHENS, FieldRule, KindRules, NoteRule, When, is_target
from tieline.mapping.sources import KINDS, Kind
from tieline.mapping.suggest import suggest
from tieline.mapping.transforms import Argument, Transform, check
from tieline.mapping.yaml_nodes import Reader
from tieline.sync.files.shape import (
    FieldRuleSection,
    KindSection,
    KindsSection,
    NoteSection,
    NotesSection,
    keys,
)


class RulesReader(Reader):
    """Field rules, tags, notes, templates and transforms."""

    def kinds(
        self,
        node: Node | None,
        general: tuple[FieldRule, ...],
        tags: tuple[str, ...],
        notes: dict[Kind, NoteRule],
    ) -> dict[Kind, KindRules]:
        """The rules by kind of activity: the general ones, with a kind's own beside them or in their place."""
        found: dict[Kind, KindRules] = {}
        own = self.table(node, "kinds", keys(KindsSection))
        for kind in KINDS:
            path = f"kinds.{kind}"
            section = self.table(own.get(kind), path, keys(KindSection))
            fields = self.field_rules(section.get("fields"), f"{path}.fields", (kind,))
            more_tags = self.tags(section.get("tags"), f"{path}.tags", (kind,))
            found[kind] = KindRules(
                fields=_overridden(general, fields),
                tags=tuple(dict.fromkeys((*tags, *more_tags))),
                note=notes.get(kind, NoteRule()),
            )
        return found

    def notes(self, node: Node | None) -> dict[Kind, NoteRule]:
        """The notes by kind of activity."""
        notes: dict[Kind, NoteRule] = {}
        for kind, section in self.table(node, "note", keys(NotesSection)).items():
            path = f"note.{kind}"
            entries = self.table(section, path, keys(NoteSection))
            enabled = self.boolean(entries.get("enabled"), f"{path}.enabled", default=True)
            written = entries.get("template")
            text = self._template(written, f"{path}.template", (cast("Kind", kind),))
            if enabled and (written is None or (text is not None and not text.strip())):
                self.say(written or section, f"{path}.template", "a note needs a text; or `enabled: false`")
            notes[cast("Kind", kind)] = NoteRule(enabled=enabled, template=text or "")
        return notes

    def tags(self, node: Node | None, path: str, kinds: tuple[Kind, ...]) -> tuple[str, ...]:
        """Templates of tags; blank ones are left out."""
        texts = [self._template(item, where, kinds) for where, item in self.items(node, path)]
        return tuple(text for text in texts if text and text.strip())

    def _template(self, node: Node | None, path: str, kinds: tuple[Kind, ...]) -> str | None:
        text = self.text(node, path)
        if node is None or text is None:
            return None
        if template.is_liquid(text):
            self._liquid(node, path, text, kinds)
            return text
        try:
            found = template.placeholders(template.parse(text))
        except template.TemplateError as error:
            self.say(node, path, str(error), error.offset)
            return text
        for one in found:
            if not _readable(one.name, kinds):
                self.say(node, path, _unknown_source(one.name, kinds), one.offset)
        return text

    def _liquid(self, node: Node, path: str, text: str, kinds: tuple[Kind, ...]) -> None:
        # The library takes a moment to load: only a definition that uses it waits for it.
        from tieline.mapping import liquid_text

        for message, offset in liquid_text.problems(text, kinds):
            self.say(node, path, message, offset)
        for found in _PLACEHOLDER.finditer(text):
            if _readable(found[1], kinds):
                self.say(
                    node,
                    path,
                    f"{found[0]} stays as it is in a Liquid template; write {{{{{kinds[0]}.{found[1]}}}}}",
                    found.start(),
                )

    def field_rules(self, node: Node | None, path: str, kinds: tuple[Kind, ...]) -> tuple[FieldRule, ...]:
        """Field rules that any of `kinds` can follow; no two write one field."""
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
        entries = self.table(node, path, keys(FieldRuleSection))
        if not isinstance(node, MappingNode):
            return None
        for needed in ("to", "from"):
            if needed not in entries:
                self.say(node, path, f"{needed!r} is missing")
        to = self.text(entries.get("to"), f"{path}.to")
        source = self.text(entries.get("from"), f"{path}.from")
        when = self.choice(entries.get("when"), f"{path}.when", WHENS) or "always"
        optional = self.boolean(entries.get("optional"), f"{path}.optional", default=False)
        transforms = self.transforms(entries.get("transform"), f"{path}.transform")
        if to is not None and not is_target(to):
            self.say(entries["to"], f"{path}.to", _unknown_target(to))
        elif to is not None and optional and not to.startswith(CUSTOM_PREFIX):
            self.say(entries["optional"], f"{path}.optional", "only custom fields can be optional")
        if source is not None and template.is_liquid(source):
            self._liquid(entries["from"], f"{path}.from", source, kinds)
        elif source is not None and not _readable(source, kinds):
            self.say(entries["from"], f"{path}.from", _unknown_source(source, kinds))
        if to is None or source is None:
            return None
        return FieldRule(
            to=to, source=source, transforms=transforms, when=cast("When", when), optional=optional
        )

    def transforms(self, node: Node | None, path: str) -> tuple[Transform, ...]:
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


#: A placeholder of the other kind of template.
_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_][\w.]*)(?:\|[^{}]*)?\}(?!\})")


def _overridden(general: tuple[FieldRule, ...], own: tuple[FieldRule, ...]) -> tuple[FieldRule, ...]:
    """The general rules with a kind's own in the place of those that write the same field."""
    return tuple(({rule.to: rule for rule in general} | {rule.to: rule for rule in own}).values())


def _readable(name: str, kinds: tuple[Kind, ...]) -> bool:
    return any(sources.reader(kind, name) is not None for kind in kinds)


def _unknown_source(name: str, kinds: tuple[Kind, ...]) -> str:
    of = f"a {kinds[0]}" if len(kinds) == 1 else "an activity"
    return f"{of} has no {name!r}; {suggest(name, sources.names(kinds))}"


def _unknown_target(name: str) -> str:
    if name.startswith(CUSTOM_PREFIX):
        return f"{name!r}: the key of a custom field is made of a-z, 0-9 and _"
    return f"a contact has no {name!r}; {suggest(name, (*CONTACT_FIELDS, 'custom.<key>'))}"
