"""What the conformance suite proved, and of what: a proof holds for an entry as it stood, and for no other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

import msgspec

from tieline.catalogue.entry import Entry
from tieline.catalogue.fields import Field

FILE = "proved.json"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """One line of proved.json."""

    #: What the entry looked like.
    entry: str
    #: What was shown of it, in words.
    shown: str


@cache
def proofs() -> Mapping[str, Proof]:
    """Those that the last run of the suite wrote down."""
    return proofs_in((files(__package__) / FILE).read_bytes())


def proofs_in(raw: bytes) -> dict[str, Proof]:
    """A file of proofs."""
    return msgspec.json.decode(raw, type=dict[str, Proof])


def write_proofs(found: Mapping[str, Proof]) -> bytes:
    """The same again, a line a proof, so that a difference can be read."""
    lines = [f"  {_json(name)}: {_json(found[name])}" for name in sorted(found)]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def looks(entry: Entry) -> str:
    """A short digest of whatever makes an entry do something else: words and examples are left out."""
    spec = entry.operation
    parts: list[Any] = [entry.id, entry.kind, _shape(entry.fields), _shape(entry.output_fields)]
    if spec is not None:
        parts += [
            spec.method, spec.path, sorted(spec.query), spec.version, spec.form, spec.wants_body, spec.idempotent,
        ]  # fmt: skip
    if entry.trigger is not None:
        parts += [entry.trigger.event, entry.trigger.types, entry.trigger.poll, entry.trigger.stream]
    return sha256(msgspec.json.encode(parts)).hexdigest()[:12]


def _shape(fields: Iterable[Field]) -> list[Any]:
    return [
        [one.name, one.type, one.required, one.of, one.choices, _shape(one.fields)]
        for one in sorted(fields, key=lambda one: one.name)
    ]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
