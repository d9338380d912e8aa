"""Everything that a user can pick, as one list: filled by whoever wires the connectors together. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files

import msgspec

from tieline.catalogue.builtin import builtins
from tieline.catalogue.entry import Entry
from tieline.catalogue.fields import input_fields, output_fields
from tieline.catalogue.proof import Proof, looks, proofs
from tieline.catalogue.spec import AnyOperation, AnyTrigger


class Catalogue:
    """All entries by id."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_id: dict[str, Entry] = {}
        for entry in entries:
            if entry.id in self._by_id:
                raise ValueError(f"two entries are called {entry.id}")
            self._by_id[entry.id] = entry

    def list(self) -> tuple[Entry, ...]:
        """All, by id."""
        return tuple(self._by_id[name] for name in sorted(self._by_id))

    def get(self, entry: str) -> Entry | None:
        """The one of that id."""
        return self._by_id.get(entry)

    def __len__(self) -> int:
        return len(self._by_id)


def catalogue_of(
    operations: Iterable[AnyOperation],
    triggers: Iterable[AnyTrigger],
    every_s: Mapping[str, float],
    known: Mapping[str, Proof] | None = None,
) -> Catalogue:
    """What connectors offer, and what needs none. `every_s`: how often a stream is looked at, unless told otherwise."""
    found = proofs() if known is None else known
    entries = (*map(_action, operations), *(_told(one, every_s) for one in triggers), *builtins())
    return Catalogue(_proved(entries, found))


@cache
def mission() -> frozenset[str]:
    """Ids of the 126 that are promised."""
    return frozenset(json.loads((files(__package__) / "mission.json").read_text("utf-8")))


def writes(operation: AnyOperation) -> bool:
    """Whether it changes something over there; a search that is a POST does not."""
    return operation.method != "GET" and operation.paging is None


def _action(spec: AnyOperation) -> Entry:
    return Entry(
        id=spec.id, kind="action", app=spec.app, title=spec.title, description=spec.description, call="operation",
        mission=spec.id in mission(), writes=writes(spec), scopes=spec.scopes, quota_cost=spec.quota_cost,
        idempotent=spec.idempotent, look_up="" if spec.look_up is None else spec.look_up.kind, status=spec.status,
        source=spec.source, fields=input_fields(spec.app, spec.id, spec.input),
        output_fields=output_fields(spec.app, spec.id, spec.output), operation=spec,
    )  # fmt: skip


def _told(spec: AnyTrigger, every_s: Mapping[str, float]) -> Entry:
    return Entry(
        id=spec.id, kind="trigger", app=spec.app, title=spec.title, description=spec.description, call="told",
        mission=spec.id in mission(), instant=spec.instant, checked_every_s=every_s.get(spec.stream),
        scopes=spec.scopes, status=spec.status, source=spec.source,
        output_fields=output_fields(spec.app, spec.id, spec.output), trigger=spec,
    )  # fmt: skip


def _proved(entries: Iterable[Entry], found: Mapping[str, Proof]) -> Iterator[Entry]:
    for entry in entries:
        proof = found.get(entry.id)
        holds = proof is not None and proof.entry == looks(entry)
        yield msgspec.structs.replace(entry, proved=True) if holds else entry
