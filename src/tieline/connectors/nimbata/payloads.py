"""What an event tells, whole and typed; `Happening` is what a sync makes of the same. Source: nimbata.md, B4."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar, get_args

import msgspec

from tieline.catalogue.spec import Trigger
from tieline.connectors.nimbata import envelope
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.fields import Fields
from tieline.connectors.nimbata.whole import FAMILIES, read_whole
from tieline.errors import UnreadableError

Data = TypeVar("Data")


class Told(msgspec.Struct, Generic[Data], frozen=True, kw_only=True, omit_defaults=True):
    """One telling of an event."""

    #: Our name of it: "call.completed".
    event: str
    #: The account's id of this telling; None in flat bodies.
    event_id: str | None = None
    #: UTC.
    occurred_at: datetime | None = None
    project_id: str | None = None
    #: Sample data of the account's Test button.
    test: bool = False
    #: Of tasks, notes and appointments: created, updated, completed, deleted.
    change: str | None = None
    #: Keys that changed, as told. A sparse body has those alone: what is not there is not empty.
    changes: tuple[str, ...] = ()
    data: Data


def read_event(
    trigger: Trigger[Told[Data]], item: bytes, config: NimbataConfig, hint: str | None = None
) -> Told[Data]:
    """The payload of one happening (from `webhooks.split`); `hint` is the event that the address names.

    Raises UnreadableError, also where the happening is another event.
    """
    body = envelope.decode(item)
    opened = envelope.open_body(body, hint, config.webhooks, config.only_project)
    if opened.kind not in trigger.types:
        raise UnreadableError(f"this is no {trigger.event} but {opened.kind}")
    (shape,) = get_args(trigger.output)
    data: Any = read_whole(shape, item, config, opened)
    fields = Fields(opened.record, FAMILIES[shape], config.vocabulary)
    return Told(
        event=opened.kind,
        event_id=opened.event_id,
        occurred_at=fields.moment_of(opened.occurred_at),
        project_id=opened.project_id,
        test=envelope.is_test(body, opened.record),
        change=fields.text("change"),
        changes=opened.changes,
        data=data,
    )
