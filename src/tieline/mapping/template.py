"""Small placeholder templates for notes and tags: `{caller_name}`, `{duration_s|duration}`, `{body|trim}`.

`{{` and `}}` stand for braces. A line whose placeholders are all empty is left out, so that a note holds no
"Source:" without a source. Values are put in as they are and never read as a template again.
Whoever needs conditions and loops writes Liquid instead (`mapping.liquid_text`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from tieline.mapping.transforms import TRANSFORMS, Apply, Argument, Transform, build, check
from tieline.mapping.values import Value, to_text

S = TypeVar("S")
#: Reads one value of a subject.
Getter = Callable[[S], Value]


#: `{{call.outcome…` or `{% …`; a brace in a text of ours (`{{x}}`) is neither.
_LIQUID = re.compile(r"(?<!\{)\{\{-?\s*[A-Za-z_]\w*\s*[.|\[]|\{%")


def is_liquid(text: str) -> bool:
    """Whether a template is written in Liquid."""
    return _LIQUID.search(text) is not None


class TemplateError(ValueError):
    """A template that cannot be read; `offset` counts characters from its beginning."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Placeholder(msgspec.Struct, frozen=True):
    """One `{name|transform}`."""

    name: str
    transforms: tuple[Transform, ...] = ()
    offset: int = 0


#: A template, line by line: literal text and placeholders.
Lines = tuple[tuple[str | Placeholder, ...], ...]


def parse(text: str) -> Lines:
    """The lines of a template. Raises TemplateError for a brace without its partner or a wrong transform."""
    lines: list[tuple[str | Placeholder, ...]] = []
    parts: list[str | Placeholder] = []
    literal: list[str] = []

    def flush() -> None:
        if literal:
            parts.append("".join(literal))
            literal.clear()

    at = 0
    while at < len(text):
        char = text[at]
        if char in "{}" and text[at + 1 : at + 2] == char:
            literal.append(char)
            at += 2
        elif char == "{":
            end = text.find("}", at)
            inner = text[at + 1 : end]
            if end < 0 or "{" in inner or "\n" in inner:
                raise TemplateError("this { has no }; write {{ for a brace", at)
            flush()
            parts.append(_placeholder(inner, at))
            at = end + 1
        elif char == "}":
            raise TemplateError("this } has no {; write }} for a brace", at)
        elif char == "\n":
            flush()
            lines.append(tuple(parts))
            parts.clear()
            at += 1
        else:
            literal.append(char)
            at += 1
    flush()
    lines.append(tuple(parts))
    return tuple(lines)


def placeholders(lines: Lines) -> tuple[Placeholder, ...]:
    """All placeholders, in order."""
    return tuple(part for line in lines for part in line if isinstance(part, Placeholder))


def _placeholder(inner: str, offset: int) -> Placeholder:
    name, *chain = (piece.strip() for piece in inner.split("|"))
    if not name:
        raise TemplateError("a placeholder needs a name: {caller_name}", offset)
    transforms = []
    for step in chain:
        called, colon, argument = step.partition(":")
        transform = Transform(called.strip(), _argument(called.strip(), argument.strip()) if colon else None)
        if problem := check(transform):
            raise TemplateError(problem, offset)
        transforms.append(transform)
    return Placeholder(name, tuple(transforms), offset)


def _argument(name: str, text: str) -> Argument:
    spec = TRANSFORMS.get(name)
    return int(text) if spec and spec.argument == "count" and text.isdecimal() else text


class Bound(Generic[S]):
    """A template joined to the getters of one kind of subject, ready to be rendered often."""

    __slots__ = ("_lines", "_single")

    def __init__(self, lines: Lines, resolve: Callable[[str], Getter[S]]) -> None:
        self._lines = tuple(
            tuple(
                part if isinstance(part, str) else (resolve(part.name), build(part.transforms))
                for part in line
            )
            for line in lines
        )
        parts = [part for line in self._lines for part in line]
        self._single = sum(not isinstance(part, str) for part in parts) == 1

    def render(self, subject: S, country: str | None) -> str | None:
        """The filled text, None when nothing but white space is left."""
        out: list[str] = []
        for line in self._lines:
            rendered = _render_line(line, subject, country)
            if rendered is not None and (rendered or (out and out[-1])):
                out.append(rendered)
        return "\n".join(out).strip() or None

    def render_each(self, subject: S, country: str | None) -> tuple[str, ...]:
        """As `render`, but one text for each value where the only placeholder has several."""
        if self._single:
            for line in self._lines:
                for part in line:
                    if not isinstance(part, str):
                        value = _value(part, subject, country)
                        if isinstance(value, tuple):
                            return tuple(
                                text for item in value if item.strip() and (text := self._with(item))
                            )
        rendered = self.render(subject, country)
        return (rendered,) if rendered else ()

    def _with(self, value: str) -> str:
        lines = ("".join(part if isinstance(part, str) else value for part in line) for line in self._lines)
        return "\n".join(lines).strip()


_Part = str | tuple[Callable[[Any], Value], tuple[Apply, ...]]


def _value(
    part: tuple[Callable[[Any], Value], tuple[Apply, ...]], subject: object, country: str | None
) -> Value:
    get, chain = part
    value = get(subject)
    for apply in chain:
        value = apply(value, country)
    return value


def _render_line(line: tuple[_Part, ...], subject: object, country: str | None) -> str | None:
    """The line's text; None when it has placeholders and all of them are empty."""
    texts: list[str] = []
    asked = found = False
    for part in line:
        if isinstance(part, str):
            texts.append(part)
            continue
        asked = True
        text = to_text(_value(part, subject, country))
        if text is not None:
            found = True
            texts.append(text)
    return None if asked and not found else "".join(texts).rstrip()
