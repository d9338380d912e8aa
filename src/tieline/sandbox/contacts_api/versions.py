"""Dated versions and v3: one state, two spellings; handlers speak the dated one. Source: section 1, the v3 specs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tieline.sandbox.side import Call, Reply

V3 = "v3"
#: Channels of `dndSettings`, v3 → dated.
_CHANNELS = {"call": "Call", "email": "Email", "sms": "SMS", "whatsApp": "WhatsApp", "gmb": "GMB", "fb": "FB"}
_DATED_CHANNELS = {dated: v3 for v3, dated in _CHANNELS.items()}
_CODES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    422: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 502: "UNAVAILABLE", 503: "UNAVAILABLE",
}  # fmt: skip


def is_v3(headers: Mapping[str, str]) -> bool:
    """Whether the caller speaks v3."""
    return headers.get("Version") == V3


def to_dated(call: Call) -> Call:
    """A v3 call in the dated spelling."""
    if not isinstance(call.body, dict):
        return call
    return msgspec.structs.replace(call, body=_respelled(call.body, "fieldValue", "field_value", _CHANNELS))


def to_v3(reply: Reply) -> Reply:
    """A dated reply in the spelling of v3."""
    if not isinstance(reply.body, dict):
        return reply
    body = reply.body
    if reply.status >= 400:
        body = _error(reply.status, body)
    else:
        body = _respelled(body, "field_value", "fieldValue", _DATED_CHANNELS)
        if "succeded" in body:
            body = {**body, "succeeded": body["succeded"]}
    return msgspec.structs.replace(reply, body=body)


def _respelled(value: dict[str, Any], old: str, new: str, channels: Mapping[str, str]) -> dict[str, Any]:
    """Custom field values and DND channels under their other names, wherever they stand."""
    found: dict[str, Any] = {}
    for key, item in value.items():
        if key == "customFields" and isinstance(item, list):
            item = [_renamed(one, old, new) for one in item]
        elif key == "dndSettings" and isinstance(item, dict):
            item = {channels.get(channel, channel): setting for channel, setting in item.items()}
        elif isinstance(item, dict):
            item = _respelled(item, old, new, channels)
        elif isinstance(item, list):
            item = [_respelled(one, old, new, channels) if isinstance(one, dict) else one for one in item]
        found[key] = item
    return found


def _renamed(item: Any, old: str, new: str) -> Any:
    if not isinstance(item, dict) or old not in item or new in item:
        return item
    return {new if key == old else key: value for key, value in item.items()}


def _error(status: int, body: dict[str, Any]) -> dict[str, Any]:
    message = body.get("message")
    messages = message if isinstance(message, list) else [message]
    return {
        "error": {
            "code": _CODES.get(status, "UNKNOWN"),
            "message": "; ".join(str(one) for one in messages if one),
            "details": [{"message": one} for one in messages] if isinstance(message, list) else [],
            "resolution": "See the API reference of this operation.",
            **({"meta": body["meta"]} if "meta" in body else {}),
        },
        "traceId": body.get("traceId"),
    }
