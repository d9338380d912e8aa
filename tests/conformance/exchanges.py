"""Every exchange of the test run with the sandbox's CRM side, held against the vendor's specs."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from tests.conformance import specs
from tests.conformance.specs import Documented, Specs
from tieline.sandbox.exchanges import Exchange

GAPS = Path(__file__).with_name("known_gaps.toml")
_decode = msgspec.json.Decoder(Exchange).decode
#: How query values that are text stand for what a spec may ask for.
_BOOLEANS = {"true": True, "false": False}


class Gap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a spec gets wrong, or leaves out."""

    #: "POST /contacts/search"; "*" = everywhere.
    operation: str
    part: str
    #: Beginning of the place, "/customFields"; of a query parameter its name.
    at: str
    reason: str
    #: "dated", "v3"; empty = both.
    version: str = ""
    #: A part of what the validator says; empty = whatever it says.
    says: str = ""


class _Gaps(msgspec.Struct, forbid_unknown_fields=True):
    gap: list[Gap]


@cache
def known_gaps() -> tuple[Gap, ...]:
    """The file, read."""
    read = msgspec.convert(tomllib.loads(GAPS.read_text("utf-8")), _Gaps)
    return tuple(read.gap)


class Held(msgspec.Struct):
    """What came of it."""

    exchanges: int = 0
    operations: set[str] = msgspec.field(default_factory=set)
    #: Problem → how often.
    problems: Counter[str] = msgspec.field(default_factory=Counter)
    gaps_met: set[int] = msgspec.field(default_factory=set)


def hold(folder: Path) -> Held:
    """Hold all exchanges of a folder against the specs."""
    held = Held()
    for file in sorted(folder.glob("*.jsonl")):
        with file.open("rb") as lines:
            for line in lines:
                exchange = _decode(line)
                if exchange.side == "contacts":
                    _hold_one(exchange, held)
    return held


def _hold_one(exchange: Exchange, held: Held) -> None:
    version = "v3" if exchange.version == "v3" else "dated"
    found = (specs.v3() if version == "v3" else specs.dated()).find(exchange.method, exchange.path)
    if exchange.status >= 400 and found is None:
        return
    held.exchanges += 1
    if found is None:
        _note(held, version, f"{exchange.method} {exchange.route}", "path", "/", "no such path in the specs")
        return
    held.operations.add(found.name)
    spec = specs.v3() if version == "v3" else specs.dated()
    for part, place, message in (*_request(spec, found, exchange), *_answer(spec, found, exchange)):
        _note(held, version, found.name, part, place, message)


def _request(spec: Specs, found: Documented, exchange: Exchange) -> Iterator[tuple[str, str, str]]:
    """A request that the sandbox took must be one that the vendor's spec allows."""
    if exchange.status >= 300:
        return
    known = found.parameters("query")
    given = dict(exchange.query)
    for name in given:
        if name.removesuffix("[]") not in {one.removesuffix("[]") for one in known}:
            yield "query", name, "is no parameter of the spec"
    for name, parameter in known.items():
        if parameter.get("required") and name not in given:
            yield "query", name, "is required"
        elif name in given and (schema := parameter.get("schema")):
            for _, message in spec.problems(schema, found.document, _typed(given[name], schema)):
                yield "query", name, message
    schema = found.body()
    if schema is not None and (exchange.body is not None or found.operation["requestBody"].get("required")):
        for place, message in spec.problems(schema, found.document, exchange.body):
            yield "request", place, message


def _answer(spec: Specs, found: Documented, exchange: Exchange) -> Iterator[tuple[str, str, str]]:
    answers = found.answers()
    if str(exchange.status) not in answers:
        if exchange.status < 300:
            yield "answer", "/", f"status {exchange.status} is not documented, only {', '.join(answers)}"
        return
    schema = answers[str(exchange.status)]
    if schema is not None and exchange.status < 300:
        for place, message in spec.problems(schema, found.document, exchange.answer):
            yield "answer", place, message


def _typed(text: str, schema: dict[str, object]) -> object:
    """A query value as what it stands for."""
    match schema.get("type"):
        case "number" | "integer":
            try:
                return float(text)
            except ValueError:
                return text
        case "boolean":
            return _BOOLEANS.get(text, text)
        case "array":
            return [text]
        case _:
            return text


def _note(held: Held, version: str, operation: str, part: str, place: str, message: str) -> None:
    for number, gap in enumerate(known_gaps()):
        if (
            gap.operation in ("*", operation)
            and gap.part == part
            and gap.version in ("", version)
            and _covers(gap.at, place)
            and gap.says in message
        ):
            held.gaps_met.add(number)
            return
    short = message if len(message) <= 200 else f"{message[:200]}…"
    held.problems[f"{version} {operation} {part} {place}: {short}"] += 1


def _covers(pattern: str, place: str) -> bool:
    """Whether the place lies below the pattern; "*" stands for one step of it."""
    wanted, steps = pattern.strip("/").split("/"), place.strip("/").split("/")
    if wanted == [""]:
        return True
    return len(steps) >= len(wanted) and all(a in ("*", b) for a, b in zip(wanted, steps, strict=False))
