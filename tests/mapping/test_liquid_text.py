"""Liquid in rules and notes: what it reads, what it refuses, and that it is bounded."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieline.domain.activity import Attribution, Call, Form, NimbataContact
from tieline.errors import MappingError
from tieline.mapping.liquid_text import MAX_LENGTH, LiquidTemplate, problems
from tieline.mapping.sources import KINDS, Subject
from tieline.mapping.template import TemplateError, is_liquid

CALL = Call(
    id="c1", caller="(201) 555-0123", caller_name="Jane Doe", outcome="missed", duration_s=61, value=Decimal("350.00"),
    started_at=datetime(2026, 9, 1, 22, 14, tzinfo=UTC), tags=("Hot", "Cold"),
    attribution=Attribution(source="google"),
)  # fmt: skip


def _render(text: str, **more: str) -> str | None:
    activity = Form(id="f", fields=tuple(more.items())) if more else CALL
    return LiquidTemplate(text, "form" if more else "call").render(Subject(activity, "US"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{contact.first_name}} {{ contact.phone }}", "Jane +12015550123"),
        ("{{call.outcome | upcase}}", "MISSED"),
        ("{{ call.tags | join: ', ' }} {{ call.tags[0] }} {{ call.tags.size }}", "Hot, Cold Hot 2"),
        ("{% if call.summary %}{{ call.summary }}{% else %}none{% endif %}", "none"),
        ("{{ call.attribution.source }}{{ call.attribution.medium }}", "google"),
        ("{{ call.value | plus: 1 }} {{ call.started_at | date: '%H:%M' }}", "351 22:14"),
        ("{% for tag in call.tags %}{{ forloop.index }}{{ tag }}{% endfor %}", "1Hot2Cold"),
        ("{% assign x = call.duration_s | divided_by: 60 %}{{ x | default: 0 }} min", "1 min"),
        ("  {{ call.summary }} ", None),
        ("{single} {{call.id}}", "{single} c1"),
    ],
)
def test_a_template_reads_an_activity(text: str, expected: str | None) -> None:
    """Names of the kind, and of the person; lists, conditions, numbers and times."""
    assert is_liquid(text)
    assert problems(text, ("call",)) == []
    assert _render(text) == expected


def test_a_forms_field_is_read_by_its_label() -> None:
    """As `fields.<label>` reads it: letters and digits count alone."""
    text = "{{ form.field['Your town'] }}!"
    assert problems(text, ("form",)) == []
    assert _render(text, **{"your-town": "Austin"}) == "Austin!"


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("Hi {{ cal.outcome }}", 6, "did you mean call.outcome"),
        ("{{ call.outcom }}", 3, "did you mean call.outcome"),
        ("{{ call.id }} {{ form.form_name }}", 17, "this is about a call"),
        ("{{ call.outcome | shout }}", 18, "unknown filter 'shout'"),
        ("{{ call.attribution }}", 3, "there is no 'call.attribution'"),
        ("{{ contact.company }}", 3, "there is no"),
        ("{{ call.outcome.colour }}", 3, "there is no"),
        ("{{ call.outcome | truncate: 'a' }}", 0, "truncate"),
        ("{% include 'secrets' %}", 3, "include"),
        ("{% render 'secrets' %}", 3, "render"),
        ("{% if call.id %}", 3, "endif"),
        ("{{ call.id ", 0, "}}"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, offset: int, words: str) -> None:
    """Before anything is rendered."""
    ((message, at), *_) = problems(text, ("call",))
    assert words in message
    assert abs(at - offset) <= 20
    if words.startswith(("did", "unknown", "this")):
        assert at == offset


def test_what_one_kind_has_is_enough_for_a_general_rule() -> None:
    """And is empty for the others."""
    assert problems("{{call.outcome}}{{contact.company}}", KINDS) == []
    person = Subject(NimbataContact(id="n", company="Acme"), "US")
    assert LiquidTemplate("{{call.outcome}}{{contact.company}}", "contact").render(person) == "Acme"


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in (1..100000) %}{{ call.id }}{% endfor %}",
        "{% for a in (1..900) %}{% for b in (1..900) %}{% endfor %}{{ call.id }}{% endfor %}",
        "{% assign x = call.caller_name %}" + "{% assign x = x | append: x %}" * 40,
        "{{ call.caller_name | replace: '', 'xxxxxxxxxx'"
        + " | replace: 'x', 'xxxxxxxxxxxxxxxxxxxx'" * 8
        + " }}",
        "{% assign x = 99 %}{% for a in (1..900) %}{% assign x = x | times: x %}{% endfor %}{{ x }}{{call.id}}",
        "{% for a in (1..999) %}" + "x" * 100 + "{{ call.id }}{% endfor %}",
        "{{ call.id }}{% for a in (1..1000) %}" + "{% if a == 0 %}{% endif %}" * 700 + "{% endfor %}",
        "{{ call.id }}{% for a in (1..1000) %}{{ call.caller_name"
        + " | upcase" * 1000
        + " | slice: 0, 0 }}{% endfor %}",
        "{{ call.id }}{% assign x = (1..100000000) | join: '' %}",
        "{{ call.id }}{% for a in (1..1000) %}{% case a %}"
        + "{% when 'a' %}" * 1300
        + "{% endcase %}{% endfor %}",
        "{{ call.id }}{{ 'now' | date: '%Y' }}",
    ],
)
def test_no_template_runs_away(text: str) -> None:
    """Loops, output and values on the way are limited; the mistake is one of the mapping."""
    began = time.monotonic()
    with pytest.raises(MappingError, match="Liquid"):
        _render(text)
    assert time.monotonic() - began < 5


def test_a_template_is_no_longer_than_it_may_be() -> None:
    """At the edge it is read; one character more is a mistake where it is written."""
    LiquidTemplate("x" * MAX_LENGTH, "call")
    with pytest.raises(TemplateError, match="more than"):
        LiquidTemplate("x" * (MAX_LENGTH + 1), "call")


def test_a_very_long_value_is_cut() -> None:
    """So that no call can make a template fail by its summary alone."""
    long = Call(id="c", caller="+12015550123", summary="x" * 10 * MAX_LENGTH)
    found = LiquidTemplate("{{ call.summary | truncate: 10 }}", "call").render(Subject(long, "US"))
    assert found == "xxxxxxx..."


@settings(deadline=None)
@given(st.text(alphabet="{}%|. '\"callidforn-:[]0", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but problems comes of it; what has none renders."""
    try:
        found = problems(text, ("call",))
    except TemplateError:
        pytest.fail("a problem is told, not raised")
    assert all(0 <= at <= len(text) for _, at in found)
    if not found:
        assert _render(text) is None or len(_render(text) or "") <= MAX_LENGTH


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_value_is_never_read_as_a_template(name: str) -> None:
    """Braces in a caller's name stay braces; any end of a line is the usual one."""
    name = name.replace("\r\n", "\n").replace("\r", "\n")
    subject = Subject(Call(id="c", summary=f"x{name}x"), "US")
    assert LiquidTemplate("{{ call.summary }}", "call").render(subject) == f"x{name}x"
