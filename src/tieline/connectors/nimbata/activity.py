"""Nimbata's bodies and rows as activities, whatever names and spellings the account uses."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import msgspec

from tieline.connectors.nimbata import envelope
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.envelope import FAMILIES, Opened
from tieline.connectors.nimbata.fields import Fields
from tieline.connectors.nimbata.forms import read_form
from tieline.connectors.nimbata.readers import (
    read_attribution,
    read_call,
    read_contact,
    read_text_message,
)
from tieline.connectors.nimbata.values import read_id
from tieline.domain.activity import Activity, Call, Form, Text
from tieline.domain.items import ItemKind
from tieline.errors import UnreadableError


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened, once; the same occurrence whether a webhook or a poll told it."""

    #: "call.completed", "form.submitted", "contact.updated"; an event that we do not know keeps its own name.
    kind: str
    #: Unique name of what happened: "call.completed:ncl_77", "contact.updated:nct_8f2:v3".
    occurrence: str
    #: UTC; None where nothing tells.
    occurred_at: datetime | None = None
    project_id: str | None = None
    #: The account's own id of the person, where it has one.
    contact_id: str | None = None
    #: None for kinds that have no record here yet (tasks, notes, appointments, milestones).
    activity: Activity | None = None
    #: Names of what changed, as told.
    changes: tuple[str, ...] = ()


def parse(item: bytes, kind_hint: str | None, config: NimbataConfig) -> Happening:
    """One webhook happening (from `webhooks.split`). `kind_hint` is the event that the address names.

    Raises UnreadableError when it is no JSON object or has no id.
    """
    body = envelope.decode(item)
    opened = envelope.open_body(body, kind_hint, config.webhooks, config.only_project)
    return _happening(opened, item, config)


#: What a poll reads → the kind that its rows tell of.
_ROW_KINDS = {
    "call": "call.completed",
    "form": "form.submitted",
    "text": "sms.received",
    "sms": "sms.received",
}


def parse_row(kind: str, row: bytes, config: NimbataConfig, *, project: str | None = None) -> Happening:
    """One row of a list. `kind` is call, form, sms or contact, or a full kind ("call.updated").

    Its occurrence equals that of the webhook of the same thing. A contact's row is told apart by itself: deleted,
    created (its first version), or updated. Raises UnreadableError as `parse` does.
    """
    record = envelope.decode(row)
    kind = _contact_row_kind(record, config) if kind == "contact" else _ROW_KINDS.get(kind, kind)
    opened = Opened(
        kind=kind,
        event_id=None,
        project_id=read_id(record.get("project_id")) or project or config.only_project,
        occurred_at=None,
        changes=(),
        record=record,
        outbound=False,
    )
    return _happening(opened, row, config)


def _contact_row_kind(record: dict[str, Any], config: NimbataConfig) -> str:
    fields = Fields(record, "contact", config.vocabulary)
    if fields.text("deleted_at"):
        return "contact.deleted"
    version = fields.text("version")
    if version is not None:
        # It may have changed within the second of its creation.
        return "contact.created" if version == "1" else "contact.updated"
    created, updated = fields.text("created_at"), fields.text("updated_at")
    return "contact.created" if created is not None and created == updated else "contact.updated"


#: Kinds whose records have labels of their own: "Task ID" is no id of anything else.
ITEM_FAMILIES: dict[str, ItemKind] = {
    "task.changed": "task", "note.changed": "note", "appointment.changed": "appointment",
}  # fmt: skip


def took_place_at(happening: Happening) -> datetime | None:
    """When the activity itself was over, however late something of it changed."""
    match happening.activity:
        case Call(started_at=datetime() as began, duration_s=lasted):
            return began + timedelta(seconds=lasted or 0)
        case Form(submitted_at=datetime() as at) | Text(received_at=datetime() as at):
            return at
        case _:
            return happening.occurred_at


def _happening(opened: Opened, raw: bytes, config: NimbataConfig) -> Happening:
    family = FAMILIES.get(opened.kind, "other")
    fields = Fields(opened.record, ITEM_FAMILIES.get(opened.kind, family), config.vocabulary)
    contact_id = fields.identifier("contact_id")
    record_id = fields.identifier("id")
    if record_id is None and family == "other":
        record_id = contact_id or opened.event_id
    if record_id is None:
        raise UnreadableError(
            f"no id found in this {opened.kind}; name its label in the connection's settings"
        )
    activity: Activity | None = None
    occurred_at = fields.moment_of(opened.occurred_at)
    match family:
        case "call":
            activity = read_call(record_id, fields, opened)
            told_at = activity.started_at
        case "form":
            activity = read_form(record_id, fields, opened, raw, config.vocabulary, read_attribution(fields))
            told_at = activity.submitted_at
        case "text":
            activity = read_text_message(record_id, fields, opened)
            told_at = activity.received_at
        case "contact":
            activity = read_contact(record_id, fields, opened)
            contact_id, told_at = record_id, activity.deleted_at or activity.updated_at
        case "other":
            told_at = fields.moment("at")
    return Happening(
        kind=opened.kind,
        occurrence=_occurrence(opened, record_id, fields),
        occurred_at=occurred_at or told_at,
        project_id=opened.project_id,
        contact_id=contact_id,
        activity=activity,
        changes=opened.changes,
    )


#: Kinds that happen once to one record; of the others each state is an occurrence of its own.
_ONCE = frozenset({
    "call.started", "call.completed", "form.submitted", "sms.received", "contact.created", "contact.deleted",
})  # fmt: skip


def _occurrence(opened: Opened, record_id: str, fields: Fields) -> str:
    name = f"{opened.kind}:{record_id}"
    if opened.kind in _ONCE:
        return name
    milestone, change, version = fields.text("milestone"), fields.text("change"), fields.text("version")
    moment = fields.moment("updated_at") or fields.moment("at")
    if version is not None:
        state = f"v{version}"
    elif moment is not None:
        state = moment.isoformat()
    else:
        content = msgspec.json.encode(opened.record, order="deterministic")
        state = blake2b(content, digest_size=8).hexdigest()
    return ":".join(filter(None, (name, milestone, change, state)))


__all__ = ["Happening", "parse", "parse_row"]
