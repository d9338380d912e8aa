"""Mistakes in an account's settings that no single value shows: told with the path at which they stand."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.route import named_places, places
from tieline.connectors.nimbata.config import Call, NimbataConfig, Unproved, operation_id
from tieline.connectors.nimbata.envelope import FAMILIES
from tieline.connectors.nimbata.labels import KNOWN, OUTCOMES, outcome_key
from tieline.connectors.nimbata.operations import OPERATIONS

#: Path in the settings ("paths.call.list.path"), and what is wrong there.
Problem = tuple[str, str]
_BY_ID: dict[str, AnyOperation] = {operation.id: operation for operation in OPERATIONS}
#: A place of templates that stands for another.
PLACES = {"since": "updated_since"}


def problems(config: NimbataConfig) -> Iterator[Problem]:
    """All of them, in the order of the settings."""
    for number, project in enumerate(config.projects):
        if not project.strip():
            yield f"projects[{number}]", "an id is empty"
    if "{token}" not in config.auth.format:
        yield "auth.format", "must hold {token}"
    yield from _paths(config)
    if config.pagination.size > config.pagination.max_size:
        yield "pagination.size", "pagination.size must be between 1 and pagination.max_size"
    yield from _times(config)
    yield from _words(config)
    yield from _webhooks(config)
    for name in config.capabilities:
        if operation_id(name) not in _BY_ID:
            yield f"capabilities.{name}", _unknown(name)


def _paths(config: NimbataConfig) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, call in config.paths.items():
        operation = _BY_ID.get(operation_id(name))
        if operation is None:
            yield f"paths.{name}", _unknown(name)
            continue
        if operation.id in seen:
            yield f"paths.{name}", f"{name} and {seen[operation.id]} are the same operation"
        seen[operation.id] = name
        if call is not None:
            yield from _call(f"paths.{name}", operation, call)


def _call(path: str, operation: AnyOperation, call: Call) -> Iterator[Problem]:
    known = places(operation, "account")
    known |= {name for name, ours in PLACES.items() if ours in known}
    if not call.path.startswith("/"):
        yield f"{path}.path", "must begin with /"
    if "account" not in set(named_places(call.path)):
        yield f"{path}.path", "must hold {account}"
    parts = [
        (f"{path}.path", call.path),
        *((f"{path}.query.{name}", text) for name, text in call.query.items()),
    ]
    parts += [(f"{path}.body.{name}", template) for name, template in call.body.items()]
    for where, template in parts:
        for place in dict.fromkeys(named_places(template)):
            if place not in known:
                yield (
                    where,
                    f"{{{place}}} is no place of {operation.id}; there are: {', '.join(sorted(known))}",
                )


def _unknown(name: str) -> str:
    there_are = ", ".join(sorted(one.removeprefix("nimbata.") for one in _BY_ID))
    return f"{name!r} is no operation; there are: {there_are}"


def _times(config: NimbataConfig) -> Iterator[Problem]:
    for number, pattern in enumerate(config.time.formats):
        if pattern not in ("iso", "epoch") and "%" not in pattern:
            yield (
                f"time.formats[{number}]",
                f"{pattern!r} is no time format: iso, epoch, or a pattern with %Y",
            )
    try:
        ZoneInfo(config.time.naive_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "time.naive_zone", f"{config.time.naive_zone!r} is no time zone"


def _words(config: NimbataConfig) -> Iterator[Problem]:
    for kind, table in config.fields.items():
        for name, candidates in table.items():
            if name not in KNOWN[kind]:
                yield f"fields.{kind}.{name}", f"unknown {name}; there are: {', '.join(sorted(KNOWN[kind]))}"
            elif not candidates:
                yield f"fields.{kind}.{name}", "names no label; leave it out to keep the usual ones"
    taken: dict[str, str] = {}
    outcomes: dict[str, tuple[str, ...]] = {**OUTCOMES}
    outcomes.update({str(outcome): words for outcome, words in config.outcomes.items()})
    for outcome, words in outcomes.items():
        for word in words:
            before = taken.setdefault(outcome_key(word), outcome)
            if before != outcome:
                named = outcome if outcome in config.outcomes else before
                yield f"outcomes.{named}", f"{word!r} stands for {before} and {outcome}"


def _webhooks(config: NimbataConfig) -> Iterator[Problem]:
    auth = config.webhooks.auth
    if auth is not None and not auth:
        yield (
            "webhooks.auth",
            'is empty; to take unproved deliveries, ask for it by name: [{"type": "none"}]',
        )
    if auth and len(auth) > 1 and any(isinstance(one, Unproved) for one in auth):
        yield "webhooks.auth", '"none" cannot stand beside another proof'
    if not config.webhooks.profile:
        yield "webhooks.profile", "names no form of body: flat, envelope, or both"
    for name, event in config.webhooks.events.items():
        if event not in FAMILIES:
            yield (
                f"webhooks.events.{name}",
                f"{event!r} is no event; there are: {', '.join(sorted(FAMILIES))}",
            )
