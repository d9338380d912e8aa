"""What is known of other call-tracking products' webhooks, as settings: their proof, their names, their words.

A connection's own settings go before. Source: nimbata.md, A7 and A8, and the public descriptions of both products.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Preset = Literal["nimbata", "callrail", "ctm"]

#: Signs each body with a key of the company. Never sent again, and up to 20 minutes late; nothing says whether the
#: body's time is that of the call or of the sending. So its window is a day: a replay is told by its ids in any case.
_CALLRAIL: dict[str, Any] = {
    "webhooks": {
        "auth": [
            {
                "type": "hmac", "header": "Signature", "algorithm": "sha1", "encoding": "base64", "prefix": "",
                "signed": "{body}", "timestamp_header": None, "timestamp_key": "timestamp", "max_age_s": 86_400.0,
            }
        ],
        "events": {
            "pre-call": "call.started", "call-routing-complete": "call.started", "post-call": "call.completed",
            "call-modified": "call.updated", "outbound-post-call": "call.completed",
            "outbound-call-modified": "call.updated", "text-received": "sms.received",
            "text-message-received": "sms.received", "text-sent": "sms.sent", "text-message-sent": "sms.sent",
            "form-submission": "form.submitted",
        },
        # A call that still rings has none of these.
        "ended_by": ["answered", "duration", "voicemail"],
    },
    "fields": {
        "call": {
            "id": ["id", "resource_id"],
            "caller_phone": ["customer_phone_number"],
            "caller_name": ["customer_name"],
            "tracking_number": ["tracking_phone_number"],
            "tracking_name": ["source_name"],
            "destination": ["business_phone_number"],
            "started_at": ["start_time", "datetime"],
            "duration": ["duration"],
            "source": ["source", "utm_source"],
            "medium": ["medium", "utm_medium"],
            "campaign": ["campaign", "utm_campaign"],
            "keyword": ["keywords", "utm_term"],
            "landing_page": ["landing_page_url"],
            "recording_url": ["recording"],
            "transcription": ["transcription"],
            "summary": ["call_summary"],
            "note": ["note"],
            "contact_id": ["person_resource_id"],
            "new_caller": ["first_call"],
            "prior_calls": ["prior_calls"],
        },
        "form": {
            "id": ["id", "resource_id"],
            "fields": ["form_data"],
            "submitted_at": ["submitted_at"],
            "page_url": ["form_url"],
            "source": ["source", "utm_source"],
            "medium": ["medium", "utm_medium"],
            "campaign": ["campaign", "utm_campaign"],
            "keyword": ["keywords", "utm_term"],
            "landing_page": ["landing_page_url"],
            "contact_id": ["person_resource_id"],
        },
        "text": {
            "id": ["id", "resource_id"],
            "from": ["source_number"],
            "to": ["destination_number"],
            "body": ["content"],
            "received_at": ["timestamp"],
            "contact_id": ["person_resource_id"],
        },
    },
    # Names that the company's form may have, then those that stand beside the form's own fields.
    "form_fields": {
        "name": ["your name", "name", "full name", "fullname", "contact name", "customer_name"],
        "email": ["e-mail", "email", "email_address", "your email", "e-mail address", "customer_email"],
        "phone": [
            "phone", "phone_number", "mobile", "your phone", "telephone", "tel", "cell", "cell phone",
            "mobile phone", "mobile number", "contact number", "customer_phone_number",
        ],
    },
    "outcomes": {
        "answered": ["answered", "ANSWERED", "COMPLETED"],
        "missed": ["abandoned", "missed", "NOT_ANSWERED", "NO_ANSWER"],
        "voicemail": ["voicemail"],
    },
}  # fmt: skip

#: Signs the time and the body; the secret is one of its own, not the API's. An end may hold little more than an id.
_CTM: dict[str, Any] = {
    "webhooks": {
        "auth": [
            {
                "type": "hmac", "header": "X-CTM-Signature", "algorithm": "sha1", "encoding": "base64",
                "prefix": "", "signed": "{timestamp}{body}", "timestamp_header": "X-CTM-Time",
                "max_age_s": 300.0,
            }
        ],
        "events": {
            "start": "call.started", "end": "call.completed", "inbound_text": "sms.received",
            "outbound_text": "sms.sent", "form": "form.submitted",
        },
        "ended_by": ["duration", "talk_time", "audio"],
    },
    "fields": {
        "call": {
            "id": ["id", "sid"],
            "caller_phone": ["caller_number", "caller_number_bare"],
            "caller_name": ["name", "cnam"],
            "tracking_number": ["tracking_number"],
            "tracking_name": ["tracking_label"],
            "destination": ["business_number"],
            "destination_name": ["business_label"],
            "started_at": ["unix_time", "called_at"],
            "duration": ["duration"],
            "talk_duration": ["talk_time"],
            "outcome": ["dial_status", "status"],
            "source": ["source", "paid.source"],
            "medium": ["medium", "paid.medium"],
            "campaign": ["campaign", "paid.campaign"],
            "keyword": ["search", "keyword"],
            "landing_page": ["location"],
            "recording_url": ["audio"],
            "tags": ["tag_list"],
            "value": ["value", "sale.value"],
            "note": ["notes"],
            "new_caller": ["is_new_caller"],
        },
        "form": {
            "id": ["id", "sid"],
            "fields": ["form.custom", "fields", "form_data"],
            "submitted_at": ["unix_time", "called_at"],
            "source": ["source", "paid.source"],
            "landing_page": ["location"],
            "tags": ["tag_list"],
        },
        "text": {
            "id": ["id", "sid"],
            "from": ["caller_number", "caller_number_bare"],
            "to": ["tracking_number"],
            "body": ["message_body", "body", "message"],
            "received_at": ["unix_time", "called_at"],
            "tracking_name": ["tracking_label"],
        },
    },
    "outcomes": {
        "answered": ["answered", "completed"],
        "missed": ["no answer", "unanswered", "missed", "busy", "failed", "canceled", "cancelled", "hangup"],
        "blocked": ["blocked", "spam"],
        "voicemail": ["voicemail"],
    },
    "time": {"formats": ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %I:%M %p %z", "%Y-%m-%d %I:%M %p"]},
}  # fmt: skip

PRESETS: Mapping[Preset, Mapping[str, Any]] = {"nimbata": {}, "callrail": _CALLRAIL, "ctm": _CTM}


def with_preset(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` on top of the preset that they name; records are merged key by key, lists replaced."""
    preset = settings.get("preset")
    known = PRESETS.get(preset) if isinstance(preset, str) else None  # type: ignore[call-overload]
    return _merged(known or {}, settings)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(under, value) if both else value  # type: ignore[arg-type]
    return merged
