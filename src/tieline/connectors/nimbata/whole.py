"""A record of an answer or an event read whole, into its shape, by the account's own labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, get_type_hints

import msgspec

from tieline.connectors.nimbata import envelope
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.envelope import Opened
from tieline.connectors.nimbata.fields import Fields
from tieline.connectors.nimbata.forms import read_form
from tieline.connectors.nimbata.labels import index_of
from tieline.connectors.nimbata.readers import (
    read_attribution,
    read_call,
    read_contact,
    read_text_message,
)
from tieline.connectors.nimbata.shapes import (
    Address,
    AppointmentRecord,
    CallRecord,
    Campaign,
    CampaignResponse,
    Comment,
    ContactRecord,
    FormRecord,
    Milestone,
    MilestoneReached,
    NoteRecord,
    Project,
    TagRecord,
    TaskRecord,
    TextRecord,
    TrackingNumber,
    Webhook,
)
from tieline.connectors.nimbata.values import read_id, read_text
from tieline.domain.activity import Attribution
from tieline.errors import UnreadableError

Shape = TypeVar("Shape")

#: Shape → kind of record, whose labels the account's settings may replace.
FAMILIES: dict[type[Any], str] = {
    CallRecord: "call", FormRecord: "form", TextRecord: "text", ContactRecord: "contact", Comment: "comment",
    TaskRecord: "task", NoteRecord: "note", AppointmentRecord: "appointment", MilestoneReached: "milestone",
    CampaignResponse: "response", Project: "project", TrackingNumber: "tracking_number", TagRecord: "tag",
    Campaign: "campaign", Webhook: "webhook",
}  # fmt: skip
#: Fields that hold what people wrote: a "-" stays a "-".
_WORDS = frozenset({"title", "body", "notes", "response"})
_ATTRIBUTION = Attribution.__struct_fields__


def read_whole(shape: type[Shape], raw: bytes, config: NimbataConfig, opened: Opened | None = None) -> Shape:
    """The record in `raw`, or the one that `opened` took out of it. Raises UnreadableError.

    A list's row without an id has an empty one where the shape can be without; else it cannot be read.
    """
    record = envelope.decode(raw) if opened is None else opened.record
    fields = Fields(record, FAMILIES[shape], config.vocabulary)
    opened = opened or _row(record, config)
    found: Any
    if shape is CallRecord:
        found = _call_record(fields, opened)
    elif shape is FormRecord:
        found = _form_record(fields, opened, raw, config)
    elif shape is TextRecord:
        found = _text_record(fields, opened)
    elif shape is ContactRecord:
        found = _contact_record(fields, opened)
    else:
        found = _plain(shape, fields)
    shaped: Shape = found(raw=record)
    return shaped


def told(shape: type[Any], opened: Opened, config: NimbataConfig) -> frozenset[str] | None:
    """Our names of all that a body carries, also where it says "nothing"; None = what it lacks is nothing too."""
    if not config.webhooks.sparse:
        return None
    paths = config.vocabulary.tables[FAMILIES[shape]].paths
    return frozenset(
        name for name, places in paths.items() if any(_carries(opened.record, place) for place in places)
    )


def _carries(value: Any, path: tuple[str, ...]) -> bool:
    if not path:
        return True
    index = index_of(value) if isinstance(value, dict) else {}
    return path[0] in index and _carries(index[path[0]], path[1:])


def _row(record: dict[str, Any], config: NimbataConfig) -> Opened:
    return Opened(
        kind="", event_id=None, project_id=read_id(record.get("project_id")) or config.only_project,
        occurred_at=None, changes=(), record=record, outbound=False,
    )  # fmt: skip


_Made = Callable[..., Any]


def _extended(shape: type[Any], known: Any, **more: Any) -> _Made:
    """`shape` with what a sync knows of the record, and more."""
    values = {**msgspec.structs.asdict(known), **more}
    return lambda raw: shape(**values, raw=raw)


def _call_record(fields: Fields, opened: Opened) -> _Made:
    times, prior = fields.whole("times_called"), fields.whole("prior_calls")
    if times is None and prior is not None:
        times = prior + 1
    repeat, new = fields.boolean("repeat_caller"), fields.boolean("new_caller")
    if repeat is None and new is not None:
        repeat = not new
    if repeat is None and times is not None:
        repeat = times > 1
    return _extended(
        CallRecord,
        read_call(fields.identifier("id") or "", fields, opened),
        contact_id=fields.identifier("contact_id"),
        call_type=fields.text("call_type"),
        hangup_cause=fields.text("hangup_cause"),
        who_hungup=fields.text("who_hungup"),
        destination_name=fields.text("destination_name"),
        times_called=times,
        repeat_caller=repeat,
        device=fields.text("device"),
        rating=fields.money("rating"),
        comments=tuple(
            _plain(Comment, Fields(one, "comment", fields.vocabulary))(raw=one)
            for one in fields.items("comments")
            if isinstance(one, dict)
        ),
        note=fields.text("note"),
        transcription=fields.text("transcription"),
        updated_at=fields.moment("updated_at"),
    )


def _form_record(fields: Fields, opened: Opened, raw: bytes, config: NimbataConfig) -> _Made:
    record_id = fields.identifier("id") or ""
    known = read_form(record_id, fields, opened, raw, config.vocabulary, read_attribution(fields))
    return _extended(
        FormRecord, known, contact_id=fields.identifier("contact_id"), updated_at=fields.moment("updated_at")
    )


def _text_record(fields: Fields, opened: Opened) -> _Made:
    return _extended(
        TextRecord,
        read_text_message(fields.identifier("id") or "", fields, opened),
        contact_id=fields.identifier("contact_id"),
        media_urls=tuple(one for one in fields.items("media_urls") if isinstance(one, str)),
        campaign_id=fields.identifier("campaign_id"),
        updated_at=fields.moment("updated_at"),
    )


def _contact_record(fields: Fields, opened: Opened) -> _Made:
    address, touches = fields.record("address"), fields.record("attribution")
    last = touches.get("last")
    return _extended(
        ContactRecord,
        read_contact(_required(fields, "contact"), fields, opened),
        additional_phones=tuple(one for one in fields.items("additional_phones") if isinstance(one, str)),
        address=Address(**_texts(address, Address.__struct_fields__, fields)),
        lead_status=fields.text("lead_status"),
        lead_score=fields.whole("lead_score"),
        dnd=fields.boolean("dnd"),
        last_touch=Attribution(**_texts(last if isinstance(last, dict) else {}, _ATTRIBUTION, fields)),
        milestones=tuple(
            Milestone(name=one["name"], at=fields.moment_of(one.get("at")))
            for one in fields.items("milestones")
            if isinstance(one, dict) and isinstance(one.get("name"), str)
        ),
        custom_fields=fields.record("custom_fields"),
        external_ids={
            name: found
            for name, value in fields.record("external_ids").items()
            if (found := read_id(value)) is not None
        },
        times_called=fields.whole("times_called"),
        last_activity_at=fields.moment("last_activity_at"),
        created_at=fields.moment("created_at"),
        version=fields.whole("version"),
    )


def _texts(record: dict[str, Any], names: tuple[str, ...], fields: Fields) -> dict[str, str]:
    empties = fields.vocabulary.empty_values
    return {name: text for name in names if (text := read_text(record.get(name), empties)) is not None}


def _required(fields: Fields, what: str) -> str:
    found = fields.identifier("id")
    if found is None:
        raise UnreadableError(
            f"no id found in this {what}; name its label in the connection's settings (fields.{what}.id)"
        )
    return found


def _plain(shape: Any, fields: Fields) -> _Made:
    """A shape that is read field by field, as their types say."""
    values: dict[str, Any] = {}
    for name, read in _readers(shape):
        value = read(fields, name)
        if value is not None:
            values[name] = value
    if "id" in shape.__struct_fields__ and "id" not in values and "id" not in _defaults(shape):
        _required(fields, FAMILIES[shape])
    return lambda raw: shape(**values, raw=raw)


@lru_cache(maxsize=64)
def _defaults(shape: Any) -> frozenset[str]:
    return frozenset(field.name for field in msgspec.structs.fields(shape) if not field.required)


@lru_cache(maxsize=64)
def _readers(shape: Any) -> tuple[tuple[str, Callable[[Fields, str], Any]], ...]:
    hints = get_type_hints(shape)
    return tuple((name, _reader(name, str(hints[name]))) for name in shape.__struct_fields__ if name != "raw")


def _reader(name: str, hint: str) -> Callable[[Fields, str], Any]:
    if name in _WORDS:
        return Fields.words
    if name == "id" or name.endswith("_id"):
        return Fields.identifier
    for part, read in (("datetime", Fields.moment), ("bool", Fields.boolean), ("int", Fields.whole)):
        if part in hint:
            return read
    if "tuple" in hint:
        return lambda fields, name: tuple(one for one in fields.items(name) if isinstance(one, str))
    return Fields.text
