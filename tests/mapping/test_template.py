"""Templates for notes and tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.mapping.template import Bound, TemplateError, parse, placeholders
from tieline.mapping.values import Value


def _bind(text: str) -> Bound[dict[str, Value]]:
    return Bound(parse(text), lambda name: lambda subject: subject.get(name))


def _render(text: str, **values: Value) -> str | None:
    return _bind(text).render(values, "US")


def test_values_are_filled_in_with_their_transforms() -> None:
    """Transforms run in order, with arguments after a colon."""
    text = "{caller|trim|upper}: {duration_s|duration}, {summary|truncate:4}"
    assert _render(text, caller=" jane ", duration_s=61, summary="abcdef") == "JANE: 1:01, abc…"


def test_a_line_without_any_value_is_left_out() -> None:
    """Lines of plain text stay, lines whose placeholders are all empty go, and gaps do not pile up."""
    text = "Call\nSource: {source}\n\n{a} {b}\n\nEnd"
    assert _render(text) == "Call\n\nEnd"
    assert _render(text, b="x") == "Call\n\n x\n\nEnd"
    assert _render("{a}\n{b}") is None


def test_doubled_braces_are_braces() -> None:
    """{{ and }} stand for themselves."""
    assert _render("{{{a}}} {{b}}", a=1) == "{1} {b}"


@pytest.mark.parametrize(
    ("text", "offset"),
    [("Hi {name", 3), ("Hi }", 3), ("{}", 0), ("{ |lower}", 0), ("{a {b}}", 0), ("{a\n}", 0), ("x {a|shout}", 2),
     ("{a|truncate:many}", 0), ("{a|truncate}", 0)],
)  # fmt: skip
def test_a_wrong_template_names_the_place(text: str, offset: int) -> None:
    """The offset points at the brace where the trouble begins."""
    with pytest.raises(TemplateError) as caught:
        parse(text)
    assert caught.value.offset == offset


def test_several_values_give_several_tags() -> None:
    """A template of one placeholder unfolds; others join."""
    assert _bind("nb {tags}").render_each({"tags": ("a", " ", "b")}, None) == ("nb a", "nb b")
    assert _bind("{tags} {x}").render_each({"tags": ("a", "b"), "x": "y"}, None) == ("a, b y",)
    assert _bind("{tags}").render_each({"tags": ()}, None) == ()
    assert _bind("nimbata").render_each({}, None) == ("nimbata",)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Parsing raises nothing but TemplateError."""
    refused_at = None
    try:
        lines = parse(text)
    except TemplateError as error:
        refused_at = error.offset
        lines = ()
    assert refused_at is None or 0 <= refused_at < len(text)
    assert all(one.name for one in placeholders(lines))


@given(st.text(max_size=60))
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    """Braces in a caller's name stay braces."""
    expected = value if value.strip() else None
    found = _render("<{a}>", a=value)
    assert found == (f"<{expected}>" if expected else None)
