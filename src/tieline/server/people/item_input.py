"""What people say of a task, note or appointment, by command line or API: read strictly, refused with the next step."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import UNSET, UnsetType

from tieline.domain.items import (
    APPOINTMENT_STATUSES,
    ITEM_FIELDS,
    Appointment,
    Item,
    ItemKind,
    Note,
    Task,
    kind_of,
)
from tieline.errors import ConfigurationError
from tieline.mapping.email import normalise

Text = str | UnsetType | None
_SHAPES: dict[ItemKind, type[Task] | type[Note] | type[Appointment]] = {
    "task": Task, "note": Note, "appointment": Appointment,
}  # fmt: skip
#: Without them none is made, and they cannot be cleared.
_REQUIRED: dict[ItemKind, tuple[str, ...]] = {
    "task": ("title",), "note": ("body",), "appointment": ("starts_at",),
}  # fmt: skip
_MOMENTS = frozenset({"due_at", "starts_at", "ends_at"})
_EXAMPLE = "2026-09-03T15:00"


class ItemFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values of an item, as people write them. UNSET stays as it is, None clears."""

    title: Text = UNSET
    body: Text = UNSET
    #: ISO 8601, with a zone or in `timezone`.
    due_at: Text = UNSET
    completed: bool | UnsetType = UNSET
    #: E-mail of the user who is to do it.
    assignee: Text = UNSET
    starts_at: Text = UNSET
    ends_at: Text = UNSET
    #: IANA name: how times without a zone read; an appointment is shown in it as well.
    timezone: Text = UNSET
    #: new, confirmed, showed, noshow, cancelled or invalid.
    status: str | UnsetType = UNSET
    location: Text = UNSET
    notes: Text = UNSET


def read_item(kind: ItemKind, given: ItemFields, before: Item | None = None) -> Item:
    """The item after these values; a new one where there is none before. Raises ConfigurationError."""
    assert before is None or kind_of(before) == kind
    said = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not UNSET}
    zone = _zone(said.get("timezone"))
    if kind != "appointment":
        said.pop("timezone", None)
    elif zone is None and isinstance(before, Appointment):
        zone = _zone(before.timezone)
    for name in said:
        if name not in ITEM_FIELDS[kind]:
            raise ConfigurationError(f"{_a(kind)} has no {name}; it has {', '.join(ITEM_FIELDS[kind])}")
    values = {name: _value(name, value, zone) for name, value in said.items()}
    for name in _REQUIRED[kind]:
        if (before is None or name in values) and values.get(name) is None:
            raise ConfigurationError(f"{_a(kind)} needs {name}")
    if before is not None:
        item: Item = msgspec.structs.replace(before, **values)
    else:
        item = _SHAPES[kind](id="", **values)
    if isinstance(item, Appointment) and item.ends_at is not None and item.ends_at <= item.starts_at:
        raise ConfigurationError("ends_at must be after starts_at")
    return item


def read_moment(name: str, text: str, zone: ZoneInfo | None) -> datetime:
    """A time with a zone, or in `zone`; UTC. Raises ConfigurationError, also for a time that the clock leaves out or
    shows twice there."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        at = None
    if at is None or ":" not in text:
        raise ConfigurationError(f"{name}: {text!r} is no time; write it as {_EXAMPLE} or {_EXAMPLE}-05:00")
    try:
        return _in_utc(name, text, at, zone)
    except OverflowError:
        # Of the first or last day that there is.
        raise ConfigurationError(f"{name}: {text!r} is no time that a clock shows") from None


def _in_utc(name: str, text: str, at: datetime, zone: ZoneInfo | None) -> datetime:
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    if zone is None:
        raise ConfigurationError(
            f"{name}: {text!r} names no zone; write {_EXAMPLE}Z or {_EXAMPLE}-05:00, or say the timezone"
        )
    early, late = (at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early != late:
        # The clock was set back, or forward over it.
        twice = early.astimezone(zone).replace(tzinfo=None) == at
        why = "comes twice there" if twice else "does not come there"
        raise ConfigurationError(
            f"{name}: {text} {why}, as the clock is changed; give the offset from UTC as well"
        )
    return early


def _value(name: str, value: Any, zone: ZoneInfo | None) -> Any:
    if isinstance(value, str):
        value = value.replace("\x00", "").strip() or None
    if value is None or isinstance(value, bool):
        return value
    if name in _MOMENTS:
        return read_moment(name, value, zone)
    if name == "assignee":
        email = normalise(value)
        if email is None:
            raise ConfigurationError(f"assignee: {value!r} is no e-mail address; name a user by theirs")
        return email
    if name == "status" and value not in APPOINTMENT_STATUSES:
        raise ConfigurationError(f"status: {value!r} is none; it can be {', '.join(APPOINTMENT_STATUSES)}")
    return value


def _zone(name: str | None) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"timezone: {name!r} is no time zone; write it as America/Chicago"
        ) from error


def _a(kind: ItemKind) -> str:
    return f"an {kind}" if kind == "appointment" else f"a {kind}"
