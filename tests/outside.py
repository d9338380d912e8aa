"""What strangers send: bodies, headers and texts that are nearly right, wrong, or not meant to be read at all."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

#: Names that bodies and answers of both sides have; whatever is read is read by these.
NAMES = (
    "id", "event", "type", "data", "occurred_at", "changes", "project_id", "record", "test", "calls", "items",
    "results", "events", "meta", "cursor", "next", "last_page", "pagination", "warnings", "version", "created_at",
    "updated_at", "deleted_at", "contact_id", "contact", "Caller Number", "Call ID", "call_id", "caller", "from",
    "to", "duration", "duration_s", "started_at", "Start Time", "tags", "email", "phone", "first_name", "name",
    "value", "fields", "form", "body", "title", "status", "change", "starts_at", "ends_at", "assignee", "comments",
    "times_called", "source", "contactId", "webhookId", "deliveryId", "timestamp", "locationId", "companyId",
    "appointment", "customFields", "dateAdded", "dateUpdated", "firstName", "lastName", "payloadTooLarge",
    "message", "error", "traceId", "existingId", "startTime", "endTime", "calendarId", "dueDate", "completed",
    "contacts", "tasks", "notes", "total", "count",
)  # fmt: skip
#: What has broken readers before.
ODD = (
    "", " ", "null", "NaN", "-0", "1e999", "9" * 400, "0x10", "1_000", "१२३", "²", "\u0130", "\u202e", "\ufeff",
    "\x00", "\ud800", "a\ud83d", "2026-11-01T01:30:00", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "2026-W45-1", "20261102", "1793620800", "1793620800000", "99999999999999999999",
    "12:34:56", "99999:99:99", "00:00", "+12015550123", "(201) 555-0123", "tel:+1-201-555-0123;ext=5", "anonymous",
    "+" + "1" * 60, "a@b", "a@b.c", "ä@ü.de", '"a b"@example.com', "a" * 300 + "@example.com", "$1,234.50",
    "1.234,50 €", "-.5", "--1", "Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 99999 07:28:00 GMT", "true", "[]",
    "{}", "{{", "}}", "{a|b:c}", "{{ x | y }}", "{%", "[tl:abc]", "../..", "Basic", "Basic !", "Basic dTpw",
    "Bearer x", "sha256=", "sha256=00", "N/A", "-----BEGIN PUBLIC KEY-----\n\n-----END",
)  # fmt: skip

words = st.sampled_from(ODD) | st.text(max_size=40) | st.text(st.characters(), max_size=20)
#: As a server hands headers on: any byte, undecodable ones as surrogates.
header_values = (words.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=40)).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from((2**63, -(2**63) - 1, 10**400))
    | st.floats()
    | words
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | words, inner, max_size=6)
    ),
    max_leaves=25,
)
records: st.SearchStrategy[dict[str, Any]] = st.dictionaries(st.sampled_from(NAMES), values, max_size=9)


def written(value: Any) -> bytes:
    """As JSON, or what nearly is: `NaN`, half an emoji, a number of 400 digits."""
    return json.dumps(value).encode()


def _cut(body: bytes, at: int) -> bytes:
    return body[: at % (len(body) + 1)]


_json = (records | values).map(written)
_forms = st.dictionaries(words, words, max_size=5).map(lambda one: urlencode(one, errors="replace").encode())
_deep = st.sampled_from((b"[" * 100_000, b'{"data":' * 50_000, b"[" * 900 + b"]" * 900))
bodies = (
    _json | st.builds(_cut, _json, st.integers(0, 10_000)) | _forms | st.binary(max_size=200) | _deep
    | _json.map(lambda body: b"\xef\xbb\xbf" + body)
)  # fmt: skip
headers = st.dictionaries(
    st.sampled_from((
        "authorization", "x-nimbata-signature", "x-nimbata-timestamp", "x-wh-signature", "x-ghl-signature",
        "x-webhook-id",
        "Retry-After", "X-RateLimit-Max", "X-RateLimit-Remaining", "X-RateLimit-Interval-Milliseconds",
        "X-RateLimit-Limit-Daily", "X-RateLimit-Daily-Remaining", "X-RateLimit-Daily-Reset", "Content-Type",
    )),
    header_values,
    max_size=5,
)  # fmt: skip
base64s = st.binary(max_size=80).map(lambda raw: base64.b64encode(raw).decode()) | words
