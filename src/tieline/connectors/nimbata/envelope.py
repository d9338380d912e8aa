"""A delivery's outer shape: JSON or a form, one happening or many, in an envelope or flat, and of which kind."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NoReturn
from urllib.parse import parse_qsl

import msgspec

from tieline.connectors.nimbata.labels import index_of
from tieline.connectors.nimbata.values import read_bool, read_id
from tieline.errors import UnreadableError
from tieline.mapping.text import squash

if TYPE_CHECKING:
    from tieline.connectors.nimbata.config import Webhooks

Family = Literal["call", "form", "text", "contact", "other"]

#: Every kind of happening and what its record is.
FAMILIES: dict[str, Family] = {
    "call.started": "call", "call.completed": "call", "call.updated": "call",
    "form.submitted": "form", "form.updated": "form",
    "sms.received": "text", "sms.sent": "text",
    "contact.created": "contact", "contact.updated": "contact", "contact.deleted": "contact",
    "contact.milestone_reached": "other", "contact.campaign_responded": "other",
    "task.changed": "other", "note.changed": "other", "appointment.changed": "other",
}  # fmt: skip

#: Names that users give to a webhook's address, squashed, beside the kinds themselves.
_ALIASES: dict[str, str] = {
    "call": "call.completed", "newcall": "call.completed", "callended": "call.completed",
    "callends": "call.completed", "aftereverycall": "call.completed", "postcall": "call.completed",
    "inboundcall": "call.completed", "inboundcallends": "call.completed", "outboundcall": "call.completed",
    "outboundcallends": "call.completed", "outboundcallcompleted": "call.completed",
    "callstarts": "call.started", "inboundcallstarts": "call.started", "outboundcallstarts": "call.started",
    "callmodified": "call.updated", "callchanged": "call.updated", "userupdatesproperty": "call.updated",
    "form": "form.submitted", "formsubmission": "form.submitted", "formreceived": "form.submitted",
    "sms": "sms.received", "text": "sms.received", "textreceived": "sms.received",
    "contact": "contact.updated",
    **{squash(kind): kind for kind in FAMILIES},
}  # fmt: skip

#: Names and ids of sample data, squashed; names of people match whole, ids by their first word.
_SAMPLE_NAMES = frozenset({
    "test", "testcall", "testcaller", "testuser", "testcontact", "testform", "testlead", "testwebhook", "sample",
    "samplecall", "samplecaller", "samplename", "sampledata",
})  # fmt: skip
_SAMPLE_ID = re.compile(r"(?:test|sample|example|dummy)(?:[^a-z]|$)", re.IGNORECASE)
#: Squashed labels that only forms, or only texts, have.
_FORM_MARKS = frozenset({"fields", "formid", "formname", "formdata", "formurl"})
_TEXT_MARKS = frozenset({"body", "message", "content"})
_PROJECT_KEYS = ("project_id", "Project ID", "projectId")
_MAX_FORM_PAIRS = 1000
_MAX_KIND = 100
_decode_any = msgspec.json.Decoder()
_decode_items = msgspec.json.Decoder(list[msgspec.Raw])
_decode_entries = msgspec.json.Decoder(dict[str, msgspec.Raw])
#: Keys that may hold the list in a body that wraps many.
_LISTS = ("calls", "data", "items", "results", "events")


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A happening out of its envelope; a flat body is its own record."""

    kind: str
    #: The far side's id of this telling; None in a flat body.
    event_id: str | None
    project_id: str | None
    #: As sent; read by whoever knows the account's times.
    occurred_at: Any
    changes: tuple[str, ...]
    record: dict[str, Any]
    #: What the address or event name tells of the direction.
    outbound: bool


def decode(raw: bytes) -> dict[str, Any]:
    """The record in `raw`. Raises UnreadableError. Half an emoji (a lone surrogate) reads as U+FFFD."""
    try:
        record = _decode_any.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        record = decode_leniently(raw)
    if not isinstance(record, dict):
        raise UnreadableError("the body is not a JSON object")
    return record


def decode_leniently(raw: bytes | memoryview, *, pairs: bool = False) -> Any:
    """JSON as `decode` reads it, or with records as lists of (name, value), so that repeated names stay repeated."""
    try:
        return _whole(
            json.loads(
                bytes(raw).decode("utf-8-sig"),
                object_pairs_hook=list if pairs else None,
                parse_constant=_refuse_constant,
            )
        )
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"the body is not JSON: {_why(error)}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _why(error: Exception) -> str:
    # Never the text itself: it may hold personal data and ends up in reasons and logs.
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} at character {error.pos}"
        case UnicodeDecodeError():
            return f"not UTF-8 at byte {error.start}"
        case RecursionError():
            return "nested too deeply"
        case _:
            return "a number or constant that JSON does not have"


def _whole(value: Any) -> Any:
    """`value` with lone surrogates replaced, which no text column and no other JSON reader takes."""
    match value:
        case str():
            return (
                value
                if value.isascii()
                else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            )
        case dict():
            return {_whole(name): _whole(item) for name, item in value.items()}
        case list():
            return [_whole(item) for item in value]
        case tuple():
            return tuple(_whole(item) for item in value)
        case _:
            return value


def split(body: bytes, content_type: str | None) -> list[bytes]:
    """The happenings in one body, each as a JSON text; in an array the sender's own bytes.

    Reads a JSON object, an array, a wrapped array ({"calls": […]}), and form fields (which become one object).
    What the body looks like counts more than `content_type`. Raises UnreadableError.
    """
    text = body.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n")
    if not text:
        raise UnreadableError("the body is empty")
    if text[:1] == b"[":
        return _array(text)
    if text[:1] == b"{":
        return _object(text)
    if "json" not in (content_type or "").lower() and b"=" in text:
        return [_form(text)]
    raise UnreadableError("the body is neither JSON nor form fields")


def _array(text: bytes) -> list[bytes]:
    try:
        return [bytes(raw) for raw in _decode_items.decode(text)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [msgspec.json.encode(item) for item in decode_leniently(text)]


def _object(text: bytes) -> list[bytes]:
    try:
        entries = _decode_entries.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _object(msgspec.json.encode(decode_leniently(text)))
    if "id" in entries and "event" not in entries:
        return [text]
    for key in _LISTS:
        wrapped = entries.get(key)
        if wrapped is None or bytes(memoryview(wrapped)[:1]) != b"[":
            continue
        if "event" not in entries:
            return _array(bytes(wrapped))
        # One envelope around many records: each gets its own, without the id that would make them one delivery.
        rest = {name: raw for name, raw in entries.items() if name not in (key, "id")}
        return [msgspec.json.encode({**rest, "data": msgspec.Raw(item)}) for item in _array(bytes(wrapped))]
    return [text]


def _form(text: bytes) -> bytes:
    try:
        pairs = parse_qsl(
            text.decode("utf-8"), keep_blank_values=True, max_num_fields=_MAX_FORM_PAIRS, errors="replace"
        )
    except ValueError:
        raise UnreadableError("the form fields are not UTF-8, or too many") from None
    fields: dict[str, str | list[str]] = {}
    for name, value in pairs:
        before = fields.get(name)
        if before is None:
            fields[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            fields[name] = [before, value]
    return msgspec.json.encode(fields)


def open_body(
    body: dict[str, Any], hint: str | None, webhooks: Webhooks, default_project: str | None
) -> Opened:
    """Take a happening out of its envelope and find its kind: by the event it names, else `hint`, else its look.

    Raises UnreadableError for a form of body that the account's settings do not have.
    """
    data = body.get("data")
    named = _named_event(body, webhooks.event_key)
    enveloped = (
        isinstance(data, dict)
        and (named is not None or "occurred_at" in body)
        and "envelope" in webhooks.profile
    )
    if not enveloped and "flat" not in webhooks.profile:
        raise UnreadableError("no envelope stands around this body; webhooks.profile takes no other")
    record: dict[str, Any] = data if enveloped and isinstance(data, dict) else body
    if named and (enveloped or _known(named, webhooks.events)):
        kind = kind_of(named, webhooks.events)
    else:
        # The user chose the names in a flat body: its "type" may be anything ("Regular"), and is then no event.
        kind = kind_of(hint, webhooks.events) if hint else guess(record, webhooks.ended_by)
    project = None
    for key in _PROJECT_KEYS:
        project = project or read_id(body.get(key)) or read_id(record.get(key))
    changes = body.get("changes")
    return Opened(
        kind=kind,
        event_id=read_id(body.get("id")) if enveloped else None,
        project_id=project or default_project,
        occurred_at=body.get("occurred_at") if enveloped else None,
        changes=tuple(item for item in changes if isinstance(item, str)) if isinstance(changes, list) else (),
        record=record,
        outbound="outbound" in squash(named or hint or ""),
    )


def kind_of(event: str, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """Our name of an event; one that nobody told us keeps its own, in lower case. `names` are the account's own."""
    return _known(event, names) or read_id(event.lower()[:_MAX_KIND]) or "unknown"


def _known(event: str, names: Mapping[str, str]) -> str | None:
    key = squash(event)
    own = next((ours for name, ours in names.items() if squash(name) == key), None) if names else None
    return own or _ALIASES.get(key)


def _named_event(body: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    for key in keys:
        value = body.get(key)
        if isinstance(value, str) and value:
            return value
    return None


def guess(record: Mapping[str, Any], ended_by: Sequence[str] = ()) -> str:
    """The kind of a flat body that names none, by what only that kind has. A call that carries none of `ended_by`,
    where there are any, has not ended."""
    index = index_of(record)
    if not _FORM_MARKS.isdisjoint(index):
        return "form.submitted"
    if ("from" in index or "sourcenumber" in index) and not _TEXT_MARKS.isdisjoint(index):
        return "sms.received"
    if isinstance(record.get("changes"), list):
        return "call.updated"
    if ended_by and all(index.get(squash(label)) in (None, "") for label in ended_by):
        return "call.started"
    return "call.completed"


def is_test(body: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether this is what a "Test" button sends, by its mark or by its look: kept, and not synced."""
    if read_bool(body.get("test")):
        return True
    for label, value in record.items():
        role = _role(label)
        if role is None or not isinstance(value, str):
            continue
        if _SAMPLE_ID.match(value) if role == "id" else squash(value) in _SAMPLE_NAMES:
            return True
    return False


@lru_cache(maxsize=4096)
def _role(label: str) -> Literal["id", "name"] | None:
    key = squash(label)
    if key.endswith("name"):
        return "name"
    return "id" if key.endswith("id") and not key.startswith(("caller", "ga")) else None
