"""An answer of a far side as what effects need to know of it, compared with what was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.kit.answer import Answer
from tieline.domain.contact import Contact, field_of
from tieline.domain.items import ITEM_FIELDS, Item, kind_of
from tieline.effects.target import Done
from tieline.errors import NotFoundError


def done(answer: Answer[Any], result_id: str | None, **more: Any) -> Done:
    """A command took effect, by this answer."""
    return Done(
        result_id=result_id, status=answer.status, trace_id=answer.trace_id, started_at=answer.started_at,
        duration_s=answer.duration_s, as_of=as_of(answer.served_at), **more,
    )  # fmt: skip


def as_of(served_at: datetime | None) -> datetime | None:
    """The latest moment that an answer may be of: its time is told to the second, rounded down."""
    return None if served_at is None else served_at + timedelta(seconds=1)


def altered_fields(contact: Contact, sent: Mapping[str, str | None]) -> tuple[str, ...]:
    """Fields that the far side took otherwise than sent, or dropped."""
    return tuple(name for name, value in sent.items() if field_of(contact, name) != value)


def altered_item(
    seen: Item, sent: Item, names: Iterable[str] | None = None, *, unknown: Collection[str] = ()
) -> tuple[str, ...]:
    """The same of an item; `unknown` are fields that the far side does not have at all."""
    return tuple(
        name
        for name in (ITEM_FIELDS[kind_of(sent)] if names is None else names)
        if name not in unknown and _plain(getattr(seen, name)) != _plain(getattr(sent, name))
    )


def known(record_id: str | None) -> str:
    """The record that a command is about. Raises NotFoundError where there is none."""
    if record_id is None:
        raise NotFoundError("there is no contact to write to")
    return record_id


def _plain(value: Any) -> Any:
    match value:
        case str():
            return value.strip() or None
        case datetime():
            # Both far sides keep whole seconds.
            return value.replace(microsecond=0)
        case _:
            return value
