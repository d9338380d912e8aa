"""YAML read as a struct wants it: everything that is wrong is told at once, each with its place."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.mapping.typed_yaml import TypedReader
from tieline.mapping.yaml_nodes import Reader


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    size: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1


class One(msgspec.Struct, tag="one", forbid_unknown_fields=True):
    x: int = 0


class Two(msgspec.Struct, tag="two", forbid_unknown_fields=True):
    y: str = ""


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    either: tuple[One | Two, ...] = ()
    words: dict[str, tuple[str, ...]] = {}
    kinds: dict[Literal["a", "b"], bool] = {}
    mode: Literal["x", "y"] = "x"
    seconds: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    anything: Any = None


def _read(text: str, environment: dict[str, str] | None = None) -> tuple[dict[str, Any], list[str]]:
    reader = Reader()
    node = reader.compose(text)
    found = {} if node is None else TypedReader(reader, environment).read(node, Outer)
    return found, [f"{one.line}:{one.column} {one.path}: {one.message}" for one in sorted(reader.problems)]


def test_what_is_right_is_read_as_it_stands() -> None:
    """Every kind of value; whole numbers where seconds are wanted; nulls where they may be."""
    found, problems = _read(
        "inner: null\nmany: [{name: a}, {name: b, size: 9}]\neither: [{type: one, x: 3}, {type: two}]\n"
        "words: {a: [b, '']}\nkinds: {a: yes, b: off}\nmode: y\nseconds: 3\n"
        "anything: {a: [1, 1.5, true, null, '2', 2026-01-01]}\n"
    )
    assert problems == []
    assert found == {
        "inner": None, "many": [{"name": "a"}, {"name": "b", "size": 9}],
        "either": [{"type": "one", "x": 3}, {"type": "two"}], "words": {"a": ["b", ""]},
        "kinds": {"a": True, "b": False}, "mode": "y", "seconds": 3.0,
        "anything": {"a": [1, 1.5, True, None, "2", "2026-01-01"]},
    }  # fmt: skip
    assert msgspec.convert(found, Outer).either == (One(x=3), Two())


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("mod: x", ["1:1 mod: unknown key 'mod'"]),
        ("mode: x\nmode: y", ["2:1 mode: 'mode' stands here twice"]),
        ("mode: z", ["1:7 mode: 'z' is none of: x, y"]),
        ("inner: {}", ["1:8 inner: the key 'name' is missing"]),
        ("inner: {name: ''}", ["1:15 inner.name: must not be empty"]),
        ("inner: {name: 5, size: 10}", ["1:15 inner.name: a text is wanted", "1:24 inner.size: 10 must be at most 9"]),
        ("inner: {name: a, size: 0}", ["1:24 inner.size: 0 must be at least 1"]),
        ("inner: {name: a, size: 1.5}", ["1:24 inner.size: a whole number is wanted"]),
        ("inner: {name: a, size: true}", ["1:24 inner.size: a whole number is wanted"]),
        ("inner: 3", ["1:8 inner: a table is wanted"]),
        ("inner:", []),
        ("many:", ["1:6 many: a list is wanted"]),
        ("many: {name: a}", ["1:7 many: a list is wanted"]),
        ("many:\n  - name: a\n  - size: 2", ["3:5 many[1]: the key 'name' is missing"]),
        ("either: [{x: 1}]", ["1:10 either[0]: the key 'type' is missing"]),
        ("either: [{type: three}]", ["1:17 either[0].type: 'three' is none of: one, two"]),
        ("either: [{type: one, y: ''}]", ["1:22 either[0].y: unknown key 'y'"]),
        ("either: [5]", ["1:10 either[0]: a table is wanted"]),
        ("words: {a: [1], b: x}", ["1:13 words.a[0]: a text is wanted", "1:20 words.b: a list is wanted"]),
        ("kinds: {c: true, a: 1}", ["1:9 kinds.c: unknown key 'c'", "1:21 kinds.a: true or false is wanted"]),
        ("seconds: 0", ["1:10 seconds: 0 must be above 0"]),
        ("seconds: soon", ["1:10 seconds: a number is wanted"]),
        ("- a", ["1:1 : a table is wanted"]),
        ("mode: *x", ["1:7 : not readable as YAML"]),
        ("mode: [", ["1:8 : not readable as YAML"]),
        ("", ["1:1 : the file is empty"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, problems: list[str]) -> None:
    """Line and column of the very value or key."""
    _, told = _read(text)
    assert len(told) == len(problems), told
    for message, start in zip(told, problems, strict=True):
        assert message.startswith(start)


def test_all_mistakes_are_told_at_once() -> None:
    """In the order in which they stand."""
    _, told = _read("mode: z\nseconds: -1\nwords: 3\nnope: 1\nkinds: {a: maybe}")
    assert [one.split(" ")[0] for one in told] == ["1:7", "2:10", "3:8", "4:1", "5:12"]


def test_variables_are_filled_in_from_the_environment() -> None:
    """Also within a text and in what has no type; one that is not set is a mistake at its place."""
    text = "inner: {name: 'a-${X}-b'}\nanything: {k: '${X}'}\nwords: {a: ['${NO}', '${no brace']}"
    found, problems = _read(text, {"X": "1"})
    assert found["inner"] == {"name": "a-1-b"}
    assert found["anything"] == {"k": "1"}
    assert problems == ["3:13 words.a[0]: the variable NO is not set"]
    found, problems = _read(text)
    assert (found["inner"], problems) == ({"name": "a-${X}-b"}, [])


def test_a_later_finding_is_told_at_the_nearest_place() -> None:
    """At the path itself, else above it; never on what could not be read."""
    reader = Reader()
    node = reader.compose("words:\n  a: [x]\nmode: z\n")
    assert node is not None
    typed = TypedReader(reader)
    typed.read(node, Outer)
    for path in ("words.a[0]", "words.a", "words.b.c", "nowhere", "mode"):
        typed.say(path, "no good")
    found = [(one.line, one.column, one.path) for one in reader.problems]
    assert found == [
        (3, 7, "mode"), (2, 7, "words.a[0]"), (2, 3, "words.a"), (2, 3, "words.b.c"), (1, 1, "nowhere"),
    ]  # fmt: skip


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=6)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(["inner", "many", "either", "words", "kinds", "mode", "name", "type", "a"]), inner,
                max_size=4,
            ),
        ),
        max_leaves=8,
    )
)  # fmt: skip
def test_any_document_is_read_or_told_to_be_wrong(value: Any) -> None:
    """JSON is YAML: what comes out without a problem converts, and nothing is raised."""
    found, problems = _read(msgspec.json.encode(value).decode())
    if not problems:
        msgspec.convert(found, Outer)
