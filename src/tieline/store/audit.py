"""Who did what: written in the commit of what was done, by whoever acts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

import msgspec
from psycopg.types.json import Jsonb

from tieline.connectors.kit.redact import REDACTED, is_secret, redact_text
from tieline.store.queries import query

ActorKind = Literal["user", "token", "command_line", "hub"]

#: Settings whose every value may be a secret: headers and parameters of an account's own making.
_SECRET_TABLES = frozenset({"extra_headers", "auth"})


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever does something."""

    kind: ActorKind
    #: Of the user or token; of the command line, the operating system's user.
    name: str
    #: Where a request came from.
    address: str | None = None


#: What nobody asked for: an app that was installed, say.
HUB = Actor(kind="hub", name="hub")
_acting: ContextVar[Actor] = ContextVar("acting", default=HUB)


def acts(actor: Actor) -> None:
    """From here on it is `actor` who acts, in this task and those that it starts."""
    _acting.set(actor)


def acting() -> Actor:
    """Who acts here."""
    return _acting.get()


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """It is `actor` who acts within."""
    before = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(before)


async def note(
    db: Any, action: str, subject: str, *, before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write down, in the transaction of the deed, what was done to `subject`; of both maps only what differs is kept,
    and no secret. Values of people's records do not belong here: their history has them, sealed."""
    actor = acting()
    was, is_ = differing(before, after)
    await db.execute(
        query("write_audit_entry"),
        {
            "kind": actor.kind, "actor": actor.name, "address": actor.address, "action": action, "subject": subject,
            "before": None if was is None else Jsonb(was), "after": None if is_ is None else Jsonb(is_),
        },
    )  # fmt: skip


def differing(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Both without what is equal, and without secrets."""
    if before is None or after is None:
        return _clean(before), _clean(after)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        _clean({name: before[name] for name in names if name in before}),
        _clean({name: after[name] for name in names if name in after}),
    )


def _clean(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    built = msgspec.to_builtins(dict(values))
    return {name: _without_secrets(name, value) for name, value in built.items()}


def _without_secrets(name: str, value: Any, *, secret: bool = False) -> Any:
    secret = secret or is_secret(name) or name in _SECRET_TABLES
    match value:
        case dict():
            return {key: _without_secrets(key, one, secret=secret) for key, one in value.items()}
        case list():
            return [_without_secrets(name, one, secret=secret) for one in value]
        case str():
            # Which kind of proof it is, is no secret, and the very thing that one looks for here.
            return REDACTED if secret and name != "type" else redact_text(value)
        case _:
            return value
