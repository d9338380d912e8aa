"""Whatever comes from outside is read, or refused by the error that says so; nothing else, and never for long."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.outside_parsers import NOT_OUTSIDE, PARSERS, callables
from tieline.connectors.kit.signatures import read_moment
from tieline.domain.derived import DerivedPerson
from tieline.vault.master import decode_key, encode_key

SOURCES = Path(__file__).parents[1] / "src"
#: Names of functions that turn what came into what we mean by it.
READING = ("parse", "read", "decode", "load", "verify", "split")
#: What drives the two sides, and what tests are made with: nothing of it is shipped to be reached.
OURS = ("tieline.chaos", "tieline.demo", "tieline.testing", "tieline.sandbox")
FUNCTIONS = callables()


def reading_functions() -> Iterator[str]:
    """Every public function of a module whose name says that it reads."""
    for file in sorted(SOURCES.rglob("*.py")):
        module = ".".join(file.relative_to(SOURCES).with_suffix("").parts)
        if module.startswith(OURS):
            continue
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                word = node.name.partition("_")[0]
                if word in READING or node.name == "decoder":
                    yield f"{module}:{node.name}"


def test_every_function_that_reads_has_a_strategy_or_a_reason() -> None:
    """Whoever adds one says what it is given; whoever takes one away takes its line too."""
    found = set(reading_functions())
    assert len(found) > 40
    assert found - PARSERS.keys() - NOT_OUTSIDE.keys() == set(), "add a Parser, or say why nothing reaches it"
    assert PARSERS.keys() & NOT_OUTSIDE.keys() == set()
    gone = {name for name in NOT_OUTSIDE if not name.startswith(OURS)} - found
    assert gone == set()
    assert all(why.strip() for why in NOT_OUTSIDE.values())


@pytest.mark.parametrize("name", PARSERS)
def test_it_is_read_or_refused(name: str) -> None:
    """By the documented error alone, within two seconds, and with a result of the documented type."""
    parser, function = PARSERS[name], FUNCTIONS[name]
    raises = parser.raises if isinstance(parser.raises, tuple) else (parser.raises,)

    @settings(
        max_examples=150, deadline=timedelta(seconds=2), database=None, derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    @given(parser.given)
    def tried(arguments: tuple[object, ...]) -> None:
        try:
            result = function(*arguments, **(parser.named or {}))
        except raises as refused:
            said = str(refused)
        else:
            assert isinstance(result, parser.gives)
            return
        assert said, "a refusal without words helps nobody"

    tried()


@given(st.binary(min_size=32, max_size=32))
def test_a_master_key_is_read_as_it_was_written(key: bytes) -> None:
    """There and back."""
    assert decode_key(f" {encode_key(key)}\n", "the key") == key


@given(st.integers(320_000_000, 4_100_000_000), st.integers(0, 999))
def test_a_moment_is_read_as_it_was_written(seconds: int, ms: int) -> None:
    """As text, and as milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC) + timedelta(milliseconds=ms)
    assert read_moment(moment.isoformat()) == moment
    told = read_moment(str(int(moment.timestamp() * 1000)))
    assert told is not None
    assert abs(told - moment) < timedelta(milliseconds=2)


@given(st.text("abc:", min_size=1, max_size=9), st.text("0123456789", min_size=1, max_size=15))
def test_a_derived_person_is_read_as_written(project: str, digits: str) -> None:
    """Whatever colons a project has."""
    person = DerivedPerson(project=project, phone=f"+{digits}")
    assert DerivedPerson.parse(person.id) == person
