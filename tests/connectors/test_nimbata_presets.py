"""CallRail's and CallTrackingMetrics' webhooks: their signatures, their names, their words, their oddities."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tieline.connectors.kit.signatures import Refused, Verified
from tieline.connectors.nimbata.activity import Happening, parse
from tieline.connectors.nimbata.config import build
from tieline.connectors.nimbata.payloads import read_event
from tieline.connectors.nimbata.triggers import CALL_COMPLETED, CALL_UPDATED
from tieline.connectors.nimbata.webhooks import checks, peek, verify
from tieline.domain.activity import Call, Form, Text
from tieline.errors import ConfigurationError

CALLRAIL = build({"preset": "callrail", "projects": ["acme"]})
CTM = build({"preset": "ctm", "projects": ["acme"]})
NOW = datetime(2026, 9, 1, 22, 14, 7, tzinfo=UTC)

#: Computed with openssl: HMAC-SHA1 under `callrail-key` of exactly these bytes, in base64.
RAIL_BODY = b'{"id":111222333,"resource_id":"CAL1","timestamp":"2026-09-01T22:14:07.000Z"}'
RAIL_SIGNATURE = "7jmuaYBRjK79G/4Ll+mP/4Nayso="
#: Likewise under `ctm-secret`, of 1788300847 and these bytes.
CTM_BODY = b'{"id":4379952365,"sid":"CTM1"}'
CTM_SIGNATURE = "+VC16hqJu+gV63lRmrTfMWHuZc8="
CTM_TIME = "1788300847"

#: A post-call body: the same instant twice, booleans and numbers as texts, "" where there is nothing.
RAIL_CALL: dict[str, Any] = {
    "id": 111222333, "resource_id": "CAL8154748ae6bd4e278a7cddd38a662f4f", "answered": "true", "voicemail": "false",
    "call_type": "inbound", "direction": "inbound", "customer_phone_number": "+12015550123",
    "customer_name": "Jane Doe", "customer_city": "Austin", "tracking_phone_number": "+15125550100",
    "source_name": "Austin - Google Ads", "business_phone_number": "+15125550111",
    "start_time": "2026-09-01T17:14:07.000-05:00", "datetime": "2026-09-01 22:14:07", "duration": "13",
    "source": "Google Ads", "medium": "cpc", "campaign": "spring", "utm_source": "google", "keywords": "ac repair",
    "gclid": "Cj0KCQ", "landing_page_url": "https://example.com/?gclid=Cj0KCQ",
    "recording": "https://rail.example/rec/1", "transcription": "Hello", "tags": ["Qualified Lead"],
    "value": "$350.00", "note": "Wants a quote", "first_call": "true", "prior_calls": "0", "fbclid": "",
    "person_resource_id": "PER1", "timestamp": "2026-09-01T22:14:07.000Z",
}  # fmt: skip
CTM_CALL: dict[str, Any] = {
    "id": 4379952365, "sid": "CTM1", "caller_number": "+12396001971", "caller_number_bare": "2396001971",
    "name": "", "cnam": "JANE DOE", "tracking_number": "+12399335750", "tracking_label": "Website",
    "business_number": "+12395550111", "business_label": "Office", "called_at": "2026-09-01 05:14 PM -0500",
    "unix_time": 1788300847, "duration": 281, "talk_time": "252", "dial_status": "completed", "status": "completed",
    "direction": "inbound", "source": "Direct", "search": "ac repair", "location": "https://example.com/",
    "audio": "https://ctm.example/rec/1", "tag_list": ["vip"], "notes": "Wants a quote", "is_new_caller": "false",
}  # fmt: skip


def _verify(config: Any, secrets: dict[str, str], headers: dict[str, str], body: bytes, now: datetime) -> Any:
    return verify(checks(config, secrets), headers, {}, body, now)


def _read(config: Any, body: dict[str, Any], hint: str | None) -> Happening:
    return parse(msgspec.json.encode(body), hint, config)


def test_callrails_signature_is_the_one_that_other_tools_compute() -> None:
    """Header `Signature`: base64 of HMAC-SHA1 over the raw body; any other byte, key or header is refused."""
    secrets = {"hmac": "callrail-key"}
    good = {"signature": RAIL_SIGNATURE}
    assert _verify(CALLRAIL, secrets, good, RAIL_BODY, NOW) == Verified()
    assert _verify(CALLRAIL, secrets, good, RAIL_BODY + b" ", NOW) == Refused("wrong")
    assert _verify(CALLRAIL, {"hmac": "other"}, good, RAIL_BODY, NOW) == Refused("wrong")
    for wrong in ({}, {"x-callrail-signature": RAIL_SIGNATURE}):
        assert _verify(CALLRAIL, secrets, wrong, RAIL_BODY, NOW) == Refused("missing")


def test_callrails_body_carries_the_time_that_guards_against_replay() -> None:
    """A day either way: it is never sent again, and may come late. A genuine body without its time is taken."""
    secrets, good = {"hmac": "callrail-key"}, {"signature": RAIL_SIGNATURE}
    for hours, verdict in ((23, Verified()), (25, Refused("stale")), (-25, Refused("future"))):
        assert _verify(CALLRAIL, secrets, good, RAIL_BODY, NOW + timedelta(hours=hours)) == verdict
    bare = b'{"id":1}'
    proof = base64.b64encode(hmac.new(b"callrail-key", bare, "sha1").digest()).decode()
    assert _verify(CALLRAIL, secrets, {"signature": proof}, bare, NOW) == Verified()
    assert _verify(CALLRAIL, secrets, good, bare, NOW) == Refused("wrong")


def test_ctms_signature_is_over_the_time_and_the_body() -> None:
    """Headers `X-CTM-Signature` and `X-CTM-Time`; both belong together."""
    secrets = {"hmac": "ctm-secret"}
    good = {"x-ctm-signature": CTM_SIGNATURE, "x-ctm-time": CTM_TIME}
    assert _verify(CTM, secrets, good, CTM_BODY, NOW) == Verified()
    assert _verify(CTM, secrets, good, b"{}", NOW) == Refused("wrong")
    assert _verify(CTM, secrets, {**good, "x-ctm-time": "1788300848"}, CTM_BODY, NOW) == Refused("wrong")
    assert _verify(CTM, secrets, {"x-ctm-signature": CTM_SIGNATURE}, CTM_BODY, NOW) == Refused("missing")
    assert _verify(CTM, secrets, good, CTM_BODY, NOW + timedelta(minutes=6)) == Refused("stale")


@pytest.mark.parametrize("preset", ["callrail", "ctm"])
def test_the_signing_secret_is_asked_for_and_never_the_tokens(preset: str) -> None:
    """A connection without one takes no delivery at all."""
    with pytest.raises(ConfigurationError, match="asks for hmac"):
        checks(build({"preset": preset}), {"url_key": "k"})


def test_a_callrail_post_call_is_read_whole() -> None:
    """Every field of the table has its place; texts are read as what they mean."""
    happening = _read(CALLRAIL, RAIL_CALL, "post-call")
    assert (happening.kind, happening.occurrence) == ("call.completed", "call.completed:111222333")
    assert (happening.project_id, happening.contact_id) == ("acme", "PER1")
    call = happening.activity
    assert isinstance(call, Call)
    assert (call.caller, call.caller_name, call.direction) == ("+12015550123", "Jane Doe", "inbound")
    assert (call.tracking_number, call.tracking_name) == ("+15125550100", "Austin - Google Ads")
    assert (call.destination, call.started_at, call.duration_s) == ("+15125550111", NOW, 13)
    assert (call.outcome, call.value, call.tags) == ("answered", Decimal("350.00"), ("Qualified Lead",))
    source = call.attribution
    assert (source.source, source.medium, source.campaign, source.keyword) == (
        "Google Ads", "cpc", "spring", "ac repair",
    )  # fmt: skip
    assert (source.gclid, source.fbclid) == ("Cj0KCQ", None)
    assert source.landing_page == "https://example.com/?gclid=Cj0KCQ"
    assert call.recording_url == "https://rail.example/rec/1"
    record = read_event(CALL_COMPLETED, msgspec.json.encode(RAIL_CALL), CALLRAIL, "post-call").data
    assert (record.note, record.transcription, record.call_type) == ("Wants a quote", "Hello", "inbound")
    assert (record.repeat_caller, record.times_called) == (False, 1)


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"answered": True}, "answered"), ({"answered": "true", "voicemail": ""}, "answered"),
        ({"answered": "false", "voicemail": "true"}, "voicemail"),
        ({"answered": False, "voicemail": True}, "voicemail"),
        ({"answered": "false"}, "missed"), ({"answered": False, "call_type": "abandoned"}, "missed"),
        ({"answered": None, "voicemail": None, "call_type": "voicemail"}, "voicemail"),
        ({"answered": None, "voicemail": None, "call_type": "abandoned"}, "missed"),
        ({"answered": None, "voicemail": None, "call_type": "outbound"}, "other"),
    ],
)  # fmt: skip
def test_callrails_outcome_is_told_by_three_fields(changed: dict[str, Any], outcome: str) -> None:
    """`answered` and `voicemail`, also as texts; the type of the call where neither tells."""
    call = _read(CALLRAIL, {**RAIL_CALL, **changed}, "post-call").activity
    assert isinstance(call, Call)
    assert call.outcome == outcome


@pytest.mark.parametrize(
    ("hint", "body", "kind"),
    [
        ("pre-call", RAIL_CALL, "call.started"), ("Call Routing Complete", RAIL_CALL, "call.started"),
        ("post_call", RAIL_CALL, "call.completed"), ("call-modified", RAIL_CALL, "call.updated"),
        ("outbound-post-call", RAIL_CALL, "call.completed"), ("outbound-call-modified", RAIL_CALL, "call.updated"),
        ("text-received", {"id": 1, "content": "x"}, "sms.received"), ("text-sent", {"id": 1}, "sms.sent"),
        ("form-submission", {"id": 1}, "form.submitted"),
        (None, RAIL_CALL, "call.completed"), (None, {**RAIL_CALL, "changes": ["tags"]}, "call.updated"),
        (None, {"id": 1, "customer_phone_number": "+12015550123"}, "call.started"),
        (None, {"id": 1, "answered": "", "duration": None}, "call.started"),
        (None, {"id": 1, "source_number": "+12015550123", "content": "YES"}, "sms.received"),
        (None, {"id": 1, "form_data": {"a": "b"}}, "form.submitted"),
    ],
)  # fmt: skip
def test_callrails_events_are_known_by_address_or_by_look(
    hint: str | None, body: dict[str, Any], kind: str
) -> None:
    """One address for all is as good as one for each; a call that still rings is not taken for one that ended."""
    assert peek(msgspec.json.encode(body), hint, CALLRAIL).kind == kind


def test_a_modified_callrail_call_names_what_changed() -> None:
    """And each state of it is an occurrence of its own."""
    body = {**RAIL_CALL, "changes": ["tags", "note"], "tags": ["A"]}
    happening = _read(CALLRAIL, body, None)
    assert (happening.kind, happening.changes) == ("call.updated", ("tags", "note"))
    assert happening.occurrence != _read(CALLRAIL, {**body, "tags": ["B"]}, None).occurrence
    told = read_event(CALL_UPDATED, msgspec.json.encode(body), CALLRAIL)
    assert told.data.tags == ("A",)


def test_an_outbound_callrail_call_is_with_the_customer() -> None:
    """Whoever dialled, the other party is the customer."""
    call = _read(
        CALLRAIL, {**RAIL_CALL, "direction": "outbound", "call_type": "outbound"}, "outbound-post-call"
    )
    assert isinstance(call.activity, Call)
    assert (call.activity.direction, call.activity.caller) == ("outbound", "+12015550123")


def test_a_callrail_form_keeps_repeated_names_and_finds_the_person() -> None:
    """Fields of any name; what the form lacks may stand beside it."""
    raw = (
        b'{"id":"FRM1","company_id":"COM1","form_data":{"your_name":"Zo\xc3\xab","Service":"a","Service":"b",'
        b'"E-mail":"zoe@example.com"},"customer_phone_number":"+12015550123","form_url":"https://example.com/q",'
        b'"submitted_at":"2026-09-01T22:14:07Z","source":"google","keywords":"ac"}'
    )
    happening = parse(raw, "form-submission", CALLRAIL)
    form = happening.activity
    assert isinstance(form, Form)
    assert form.fields == (
        ("your_name", "Zoë"), ("Service", "a"), ("Service", "b"), ("E-mail", "zoe@example.com"),
    )  # fmt: skip
    assert (form.name, form.email, form.phone) == ("Zoë", "zoe@example.com", "+12015550123")
    assert (form.page_url, form.submitted_at, form.attribution.keyword) == (
        "https://example.com/q",
        NOW,
        "ac",
    )


@pytest.mark.parametrize(
    ("hint", "direction", "phone"),
    [("text-received", "inbound", "+12015550123"), ("text-sent", "outbound", "+15125550100")],
)
def test_callrails_texts_come_and_go(hint: str, direction: str, phone: str) -> None:
    """The person is whoever is at the other end."""
    body = {
        "id": 7, "resource_id": "MSG1", "source_number": "+12015550123", "destination_number": "+15125550100",
        "content": "YES 👍🏽", "message_type": "sms", "timestamp": "2026-09-01T17:14:07-05:00",
    }  # fmt: skip
    text = _read(CALLRAIL, body, hint).activity
    assert isinstance(text, Text)
    assert (text.direction, text.phone, text.body, text.received_at) == (direction, phone, "YES 👍🏽", NOW)


def test_a_ctm_call_is_read_whole() -> None:
    """Connected and talked time differ; the caller's name is the network's where nobody has another."""
    happening = _read(CTM, CTM_CALL, "end")
    call = happening.activity
    assert isinstance(call, Call)
    assert (happening.kind, call.id, call.caller, call.caller_name) == (
        "call.completed", "4379952365", "+12396001971", "JANE DOE",
    )  # fmt: skip
    assert (call.started_at, call.duration_s, call.talk_duration_s) == (NOW, 281, 252)
    assert (call.outcome, call.tracking_name, call.destination) == ("answered", "Website", "+12395550111")
    assert (call.attribution.keyword, call.attribution.landing_page) == ("ac repair", "https://example.com/")
    assert (call.tags, call.recording_url) == (("vip",), "https://ctm.example/rec/1")
    record = read_event(CALL_COMPLETED, msgspec.json.encode(CTM_CALL), CTM, "end").data
    assert (record.note, record.repeat_caller, record.destination_name) == ("Wants a quote", True, "Office")
    without_epoch = _read(CTM, {**CTM_CALL, "unix_time": None}, "end").activity
    assert isinstance(without_epoch, Call)
    assert without_epoch.started_at == NOW.replace(second=0)


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ({"dial_status": "answered"}, "answered"), ({"dial_status": "no-answer"}, "missed"),
        ({"dial_status": "busy"}, "missed"), ({"dial_status": "hangup"}, "missed"),
        ({"dial_status": "", "status": "completed"}, "answered"), ({"dial_status": "voicemail"}, "voicemail"),
        ({"dial_status": None, "status": "failed"}, "missed"), ({"dial_status": "ringing"}, "other"),
    ],
)  # fmt: skip
def test_ctms_outcome_is_its_dial_status_else_its_status(words: dict[str, Any], outcome: str) -> None:
    """Whole words, however they are cut."""
    call = _read(CTM, {**CTM_CALL, **words}, "end").activity
    assert isinstance(call, Call)
    assert call.outcome == outcome


def test_a_ctm_end_may_hold_little_more_than_an_id() -> None:
    """It is the same call; what it lacks is not told."""
    call = _read(CTM, {"id": 4379952365, "status": "completed", "duration": 281}, "end").activity
    assert isinstance(call, Call)
    assert (call.id, call.outcome, call.duration_s, call.caller) == ("4379952365", "answered", 281, None)


@pytest.mark.parametrize(
    ("hint", "body", "kind"),
    [
        ("start", CTM_CALL, "call.started"), ("end", CTM_CALL, "call.completed"),
        ("inbound_text", {"id": 1, "caller_number": "+12015550123", "message_body": "x"}, "sms.received"),
        ("inbound-text", {"id": 1}, "sms.received"), ("outbound_text", {"id": 1}, "sms.sent"),
        (None, {"id": 1, "dial_status": "ringing"}, "call.started"), (None, CTM_CALL, "call.completed"),
    ],
)  # fmt: skip
def test_ctms_positions_are_known_by_address_or_by_look(
    hint: str | None, body: dict[str, Any], kind: str
) -> None:
    """However the user writes them into the address."""
    assert peek(msgspec.json.encode(body), hint, CTM).kind == kind


def test_ones_own_settings_go_before_the_preset() -> None:
    """Key by key; a list replaces a list; another proof replaces the product's."""
    config = build({
        "preset": "callrail",
        "fields": {"call": {"caller_phone": ["anrufer"]}},
        "webhooks": {"auth": [{"type": "url_key"}], "events": {"anruf": "call.completed"}},
    })  # fmt: skip
    call = _read(config, {**RAIL_CALL, "anrufer": "+12015550188"}, "anruf").activity
    assert isinstance(call, Call)
    assert (call.caller, call.caller_name) == ("+12015550188", "Jane Doe")
    assert peek(b'{"id":1}', "pre-call", config).kind == "call.started"
    assert verify(checks(config, {"url_key": "k"}), {}, {"key": "k"}, b"{}", NOW) == Verified()


@pytest.mark.parametrize("preset", ["callrail", "ctm"])
def test_of_another_products_api_nothing_is_asked(preset: str) -> None:
    """Unless somebody says how."""
    assert not build({"preset": preset}).offers("nimbata.call.list")
    path = {"call.list": {"method": "GET", "path": "/v3/a/{account}/calls.json"}}
    assert build({"preset": preset, "paths": path}).offers("nimbata.call.list")
    assert build({"preset": "nimbata"}).offers("nimbata.call.list")
