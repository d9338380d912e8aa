"""Liquid templates in field rules, tags and notes: `{{call.outcome | downcase}}`, `{% if call.value %}…{% endif %}`.

A name is `<kind>.<source>`; `contact.first_name` and its like work for every kind. Names and filters are checked when a
definition is read; what an activity has no value for is empty. Bounded: no other file is read, and loops, output and
intermediate values have limits. Loads the library, which takes a moment: imported where a definition needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sized
from decimal import Decimal
from functools import cache, wraps
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext, Token
from liquid.exceptions import LiquidError

from tieline.errors import MappingError
from tieline.mapping import sources
from tieline.mapping.sources import KINDS, Kind, Read, Subject
from tieline.mapping.suggest import suggest
from tieline.mapping.template import TemplateError
from tieline.mapping.values import Value, plain_number, to_text

#: Characters of a value going in, of any value on the way, and of the text that comes out.
MAX_LENGTH = 20_000
MAX_LOOPS = 1_000
#: What one rendering may come to: a step is a node, a name, or a filter over a few hundred characters.
MAX_STEPS = 50_000
_CHARACTERS_A_STEP = 200
#: What an activity tells of its person, whatever its kind.
_PERSON = ("phone", "email", "name", "first_name", "last_name")
#: `form.field["Your town"]`
_BY_LABEL = "field"
#: What the library's `date` would ask the machine's clock for.
_CLOCK = (("now",), ("today",))
_OF_ANY = ("size", "first", "last")
_Tree = dict[str, Any]


class _Counted(RenderContext):
    """Counts what a rendering does, so that none takes long."""

    def __init__(self, template: BoundTemplate, **given: Any) -> None:
        self._steps = 0
        self._disabled: list[str] = []
        super().__init__(template, **given)

    @property
    def disabled_tags(self) -> list[str]:
        """Asked for at every node."""
        self._count(1)
        return self._disabled

    @disabled_tags.setter
    def disabled_tags(self, tags: list[str]) -> None:
        self._disabled = tags

    def get(self, *given: Any, **named: Any) -> object:
        """A name's value."""
        self._count(1)
        return super().get(*given, **named)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        """A filter, which counts by what it is given."""
        applied = super().filter(name, token)

        def counted(*given: Any, **named: Any) -> object:
            self._count(1 + sum(len(one) for one in given if isinstance(one, Sized)) // _CHARACTERS_A_STEP)
            return applied(*given, **named)

        return counted

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise LiquidError(f"takes more than {MAX_STEPS} steps", token=None)


class _Template(BoundTemplate):
    context_class = _Counted


class _Limited(Environment):
    template_class = _Template
    loop_iteration_limit = MAX_LOOPS
    output_stream_limit = MAX_LENGTH
    local_namespace_limit = 10 * MAX_LENGTH
    block_nesting_limit = 12


class LiquidTemplate:
    """A Liquid template for one kind of activity, ready to be rendered often."""

    __slots__ = ("_kind", "_template")

    def __init__(self, text: str, kind: Kind) -> None:
        self._template = parse(text)
        self._kind: Kind = kind

    def render(self, subject: Subject, country: str | None = None) -> str | None:
        """The filled text, None when nothing but white space is left. Raises MappingError."""
        roots = {root: _Branch(tree, subject) for root, tree in _trees(self._kind).items()}
        try:
            return self._template.render(roots).strip() or None
        except (LiquidError, ArithmeticError, ValueError, TypeError) as error:
            raise MappingError(f"a Liquid template failed: {message(error)}") from error

    def render_each(self, subject: Subject, country: str | None = None) -> tuple[str, ...]:
        """As `render`, for tags: one a line."""
        text = self.render(subject)
        return tuple(line for one in text.split("\n") if (line := one.strip())) if text else ()


def problems(text: str, kinds: tuple[Kind, ...]) -> list[tuple[str, int]]:
    """What is wrong with a template for any of `kinds`: message, and characters from its beginning."""
    try:
        template = parse(text)
    except TemplateError as error:
        return [(str(error), error.offset)]
    analysis = template.analyze()
    found = [
        (problem, one.span.index)
        for variables in analysis.globals.values()
        for one in variables
        if (problem := _unknown([*one.segments], kinds))
    ]
    for name, spans in analysis.filters.items():
        if name not in environment().filters:
            hint = suggest(name, sorted(environment().filters))
            found += [(f"unknown filter {name!r}; {hint}", span.index) for span in spans]
    return sorted(set(found), key=lambda one: one[1]) or _trial(text, kinds)


def _trial(text: str, kinds: tuple[Kind, ...]) -> list[tuple[str, int]]:
    """What goes wrong with any values at all: a filter's argument that is missing, say."""
    template = parse(text)
    for kind in kinds:
        try:
            template.render({root: _sample(tree) for root, tree in _trees(kind).items()})
        except LiquidError as error:
            return [(message(error), offset(error))]
        except (ArithmeticError, ValueError, TypeError) as error:
            return [(message(error), 0)]
    return []


def parse(text: str) -> BoundTemplate:
    """A template. Raises TemplateError."""
    if len(text) > MAX_LENGTH:
        raise TemplateError(f"a template of more than {MAX_LENGTH} characters", MAX_LENGTH)
    try:
        return environment().from_string(text)
    except LiquidError as error:
        raise TemplateError(message(error), offset(error)) from error


def message(error: Exception) -> str:
    """What it says, on one line."""
    said = getattr(error, "message", None) or error
    return " ".join(str(said).split())


def offset(error: LiquidError) -> int:
    """Characters from the template's beginning."""
    return max(error.token.start_index, 0) if error.token is not None else 0


def _unknown(segments: list[Any], kinds: tuple[Kind, ...]) -> str | None:
    """What is wrong with a name, in plain words."""
    written = ".".join(map(str, segments))
    roots = sorted({root for kind in kinds for root in _trees(kind)})
    if segments[0] not in roots:
        if segments[0] in KINDS:
            return f"{written!r}: this is about a {' or '.join(kinds)}; {suggest(written, _names(kinds))}"
        return f"there is no {written!r}; {suggest(written, _names(kinds))}"
    for kind in kinds:
        found: Any = _trees(kind).get(segments[0])
        rest = segments[1:]
        while rest and isinstance(found, dict):
            found = found.get(rest[0]) if isinstance(rest[0], str) else None
            rest = rest[1:]
        if found is not None and not isinstance(found, dict):
            if found is _Fields:
                if rest:
                    return None
            elif all(isinstance(one, int) or one in _OF_ANY for one in rest):
                return None
    return f"there is no {written!r}; {suggest(written, _names(kinds))}"


def _names(kinds: tuple[Kind, ...]) -> list[str]:
    found = {f"contact.{one}" for one in _PERSON}
    found |= {f"{kind}.{name}" for kind in kinds for name in sources.SOURCES[kind]}
    return sorted(found | ({f"form.{_BY_LABEL}['…']"} if "form" in kinds else set()))


@cache
def _trees(kind: Kind) -> dict[str, _Tree]:
    """The readers by the parts of their names."""
    tree: _Tree = {}
    for name, read in sources.SOURCES[kind].items():
        at = tree
        *branches, leaf = name.split(".")
        for branch in branches:
            at = at.setdefault(branch, {})
        at[leaf] = read
    if kind == "form":
        tree[_BY_LABEL] = _Fields
    person = {one: sources.SOURCES[kind][one] for one in _PERSON}
    return {"contact": person, kind: tree}


class _Branch(Mapping[str, object]):
    """What a name reads of one activity, worked out when it is asked for."""

    def __init__(self, tree: _Tree, subject: Subject) -> None:
        self._tree, self._subject = tree, subject

    def __getitem__(self, key: str) -> object:
        found = self._tree[key]
        if isinstance(found, dict):
            return _Branch(found, self._subject)
        return found(self._subject) if found is _Fields else _plain(found(self._subject))

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree)

    def __len__(self) -> int:
        return len(self._tree)


class _Fields(Mapping[str, object]):
    """A form's fields by their labels."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def __getitem__(self, label: str) -> object:
        read: Read | None = sources.reader("form", f"{sources.FORM_FIELD_PREFIX}{label}")
        if read is None:
            raise KeyError(label)
        return _plain(read(self._subject))

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _plain(value: Value) -> object:
    """A value as Liquid knows them: texts, numbers, lists."""
    match value:
        case None | int():
            return value
        case Decimal():
            text = plain_number(value)
            return None if text is None else float(text) if "." in text else int(text)
        case tuple():
            return [one[:MAX_LENGTH] for one in value]
        case _:
            text = to_text(value)
            return None if text is None else text[:MAX_LENGTH]


def _sample(tree: _Tree) -> dict[str, object]:
    return {
        name: _sample(found) if isinstance(found, dict) else ["1"] if name == "tags" else "1"
        for name, found in tree.items()
    }


@cache
def environment() -> Environment:
    """Liquid with limits, and without other files."""
    limited = _Limited()
    for tag in ("include", "render"):
        del limited.tags[tag]
    for name, applied in list(limited.filters.items()):
        limited.filters[name] = _guarded(name, applied)
    return limited


def _guarded(name: str, applied: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose result cannot grow without bounds, also not for a moment."""

    # What the filter asks to be called with is written on it, and goes over with its name.
    @wraps(applied)
    def guarded(*arguments: Any, **named: Any) -> Any:
        if name == "date" and arguments[:1] in _CLOCK:
            raise LiquidError("the clock is not read here: the same comes out each time", token=None)
        if name.startswith("replace"):
            _refuse_growth([one for one in arguments if isinstance(one, str)])
        result = applied(*arguments, **named)
        too_long = isinstance(result, str | list) and len(result) > MAX_LENGTH
        if too_long or (isinstance(result, int) and result.bit_length() > 200):
            raise LiquidError(f"the filter {name!r} makes more than {MAX_LENGTH} characters", token=None)
        return result

    return guarded


def _refuse_growth(texts: list[str]) -> None:
    if len(texts) == 3:
        text, sought, instead = texts
        times = text.count(sought) if sought else len(text) + 1
        if len(text) + times * len(instead) > 2 * MAX_LENGTH:
            raise LiquidError(f"a replacement makes more than {MAX_LENGTH} characters", token=None)
