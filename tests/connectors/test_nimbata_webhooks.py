"""Nimbata's deliveries at the door: proofs, splitting, and just enough of a look to route."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.kit.signatures import Refused, Verified
from tieline.connectors.nimbata.config import NimbataConfig, build
from tieline.connectors.nimbata.webhooks import Peek, checks, peek, split, verify
from tieline.errors import ConfigurationError, UnreadableError

CONFIG = build({"projects": ["10000000001"]})
NOW = datetime(2026, 9, 1, 22, 14, 7, tzinfo=UTC)
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def _auth(*methods: dict[str, Any]) -> NimbataConfig:
    return build({"webhooks": {"auth": list(methods)}})


def test_by_default_every_secret_that_is_held_is_demanded() -> None:
    """A url_key alone is the address's key; with an hmac secret both must hold."""
    stamp = str(int(NOW.timestamp()))
    proof = hmac.new(b"h", f"{stamp}.{{}}".encode(), hashlib.sha256).hexdigest()
    headers = {"x-nimbata-signature": f"sha256={proof}", "x-nimbata-timestamp": stamp}
    key_only = checks(CONFIG, {"url_key": "k"})
    assert verify(key_only, {}, {"key": "k"}, b"{}", NOW) == Verified()
    assert verify(key_only, {}, {"key": "x"}, b"{}", NOW) == Refused("wrong")
    assert verify(key_only, {}, {}, b"{}", NOW) == Refused("missing")
    both = checks(CONFIG, {"url_key": "k", "hmac": "h"})
    assert verify(both, headers, {"key": "k"}, b"{}", NOW) == Verified()
    assert verify(both, headers, {}, b"{}", NOW) == Refused("missing")
    assert verify(both, headers, {"key": "k"}, b"[]", NOW) == Refused("wrong")


def test_each_proof_can_be_chosen() -> None:
    """Header with a prefix, Basic, another parameter, two secrets during a rotation."""
    header = checks(_auth({"type": "header", "name": "X-Webhook-Token", "prefix": "T "}), {"header": "a\nb"})
    assert verify(header, {"x-webhook-token": "T b"}, {}, b"", NOW) == Verified()
    assert verify(header, {"x-webhook-token": "b"}, {}, b"", NOW) == Refused("missing")
    basic = checks(_auth({"type": "basic"}), {"basic": "u:p"})
    sent = {"authorization": "Basic " + base64.b64encode(b"u:p").decode()}
    assert verify(basic, sent, {}, b"", NOW) == Verified()
    parameter = checks(_auth({"type": "url_key", "parameter": "secret"}), {"url_key": "k"})
    assert verify(parameter, {}, {"secret": "k", "key": "x"}, b"", NOW) == Verified()


def test_unproved_deliveries_must_be_asked_for_by_name() -> None:
    """No secret, an empty list or "none" beside another proof are an operator's error; nothing demanded is no."""
    assert verify(checks(_auth({"type": "none"}), {}), {}, {}, b"", NOW) == Verified()
    assert verify((), {}, {}, b"", NOW) == Refused("missing")
    for secrets in ({}, {"url_key": " \n "}):
        with pytest.raises(ConfigurationError, match="no webhook secret"):
            checks(CONFIG, secrets)
    with pytest.raises(ConfigurationError, match="holds no secret for it"):
        checks(_auth({"type": "hmac"}), {"url_key": "k"})
    with pytest.raises(ConfigurationError, match="ask for it by name"):
        _auth()
    with pytest.raises(ConfigurationError, match="cannot stand beside"):
        _auth({"type": "none"}, {"type": "url_key"})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"projekts": []}, "projekts"),
        ({"projects": [1]}, "projects"),
        ({"projects": [" "]}, "an id is empty"),
        ({"time": {"naive_zone": "Mars/Olympus"}}, "no time zone"),
        ({"pagination": {"size": 501}}, "pagination.size"),
        ({"polling": {"every_s": 0}}, "every_s"),
        ({"rate": {"per_minute": 0}}, "per_minute"),
        ({"auth": {"format": "Bearer"}}, "{token}"),
        ({"fields": {"call": {"colour": ["x"]}}}, "unknown colour"),
        ({"fields": {"fax": {}}}, "fax"),
        ({"outcomes": {"answered": ["OK"], "missed": ["ok"]}}, "stands for"),
        ({"webhooks": {"auth": [{"type": "hmac", "signed": "{body}"}]}}, "proves nothing"),
        ({"webhooks": {"auth": [{"type": "rot13"}]}}, "rot13"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], words: str) -> None:
    """Mistakes are found when the connection is made, not by the first webhook."""
    with pytest.raises(ConfigurationError) as caught:
        build(settings)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("body", "content_type", "items"),
    [
        (b'{"id":"a"}', JSON, [b'{"id":"a"}']),
        (b' \n{"id": "a"}\t', JSON, [b'{"id": "a"}']),
        (b'\xef\xbb\xbf{"id":"a"}', JSON, [b'{"id":"a"}']),
        (b'[{"id": "a"}, {"id":1e0}]', JSON, [b'{"id": "a"}', b'{"id":1e0}']),
        (b'{"calls":[{"id":"a"},{"id":"b"}]}', JSON, [b'{"id":"a"}', b'{"id":"b"}']),
        (b'{"data":[{"id":"a"}],"page":1}', JSON, [b'{"id":"a"}']),
        (b'{"event":"call.updated","data":{"id":"a"}}', JSON, [b'{"event":"call.updated","data":{"id":"a"}}']),
        (b'{"id":"a","items":[1],"data":[2]}', JSON, [b'{"id":"a","items":[1],"data":[2]}']),
        (b"[]", JSON, []),
        (b'[3, "x"]', JSON, [b"3", b'"x"']),
        (b'{"id":"a"}', FORM, [b'{"id":"a"}']),
        (b"id=a&Caller+ID=%2B12015550123&tag=x&tag=y&e=", FORM,
         [b'{"id":"a","Caller ID":"+12015550123","tag":["x","y"],"e":""}']),
        (b"id=a", None, [b'{"id":"a"}']),
        (b"id=a", "text/plain; charset=utf-8", [b'{"id":"a"}']),
    ],
)  # fmt: skip
def test_a_body_is_split_into_happenings(body: bytes, content_type: str | None, items: list[bytes]) -> None:
    """Objects, arrays, wrapped arrays and forms; the sender's bytes stay as they are."""
    assert split(body, content_type) == items


def test_one_envelope_around_many_records_becomes_many() -> None:
    """Each record keeps the event; the envelope's id would make one delivery of them all and is left out."""
    body = b'{"id":"evt","event":"call.updated","project_id":"p","data":[{"id":"a"},{"id":"b"}]}'
    items = split(body, JSON)
    peeked = [peek(item, None, CONFIG) for item in items]
    assert peeked == [Peek(kind="call.updated", delivery_id=None, project_id="p", test=False)] * 2
    assert [json.loads(item)["data"]["id"] for item in items] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", JSON), (b"  ", FORM), (b"{", JSON), (b'{"a":', JSON), (b"null", JSON), (b"3", JSON), (b"hello", None),
        (b"id=a", JSON), (b"[" * 100_000, JSON), (b'{"a":"\xff"}'[:-1], JSON), (b"[1,]", JSON), (b"%ff=\xff", FORM),
        (b"&".join(b"a=1" for _ in range(2_000)), FORM), (b'{"a":NaN}', JSON),
    ],
)  # fmt: skip
def test_what_is_no_body_is_unreadable(body: bytes, content_type: str | None) -> None:
    """Malformed, empty and absurdly nested bodies are told as such."""
    with pytest.raises(UnreadableError):
        split(body, content_type)


def test_half_an_emoji_does_not_make_a_body_unreadable() -> None:
    """A sender that cuts text at a length leaves lone surrogates; the rest of the call is still worth reading."""
    body = b'{"id":"a","name":"x\\ud83d"}'
    for sent in (body, b"[" + body + b"]", b'{"calls":[' + body + b"]}"):
        (item,) = split(sent, JSON)
        assert peek(item, None, CONFIG).kind == "call.completed"
        assert json.loads(item)["name"] == "x\ufffd"


def test_what_routing_reads_can_be_stored() -> None:
    """No NUL, which a text column refuses, and no endless kind."""
    item = msgspec.json.encode({"event": "a\x00" + "b" * 500, "project_id": "7\x00", "data": {"id": "1"}})
    peeked = peek(item, None, CONFIG)
    assert (len(peeked.kind), peeked.project_id) == (99, "7")
    assert peek(b'{"id":"1"}', "\x00", CONFIG).kind == "unknown"


def test_an_envelope_names_its_kind_project_and_delivery() -> None:
    """What the body says counts more than the address."""
    item = b'{"id":"evt_02","event":"sms.received","project_id":"7","test":false,"data":{"id":"nsm_9"}}'
    assert peek(item, "call.completed", CONFIG) == Peek(
        kind="sms.received", delivery_id="evt_02", project_id="7", test=False
    )


def test_a_flat_body_is_what_its_address_says() -> None:
    """It has no delivery id; its project is the connection's only one; its "type" is no event."""
    item = b'{"Unique Call ID":"ncl_77","type":"Regular","Call Outcome":"ANSWERED"}'
    expected = Peek(kind="call.started", delivery_id=None, project_id="10000000001", test=False)
    assert peek(item, "call.started", CONFIG) == expected
    assert peek(item, "Call Starts", CONFIG) == expected
    assert peek(item, None, build({})) == Peek(
        kind="call.completed", delivery_id=None, project_id=None, test=False
    )


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"id": "1", "fields": {}}, "form.submitted"),
        ({"Form ID": "x", "id": "1"}, "form.submitted"),
        ({"id": "1", "from": "+1", "body": "hi"}, "sms.received"),
        ({"Unique Call ID": "1"}, "call.completed"),
        ({"id": "1", "event": "new call"}, "call.completed"),
        ({"id": "1", "event": "Order.Paid", "data": {"id": "2"}}, "order.paid"),
    ],
)
def test_the_kind_is_found_by_name_or_by_look(item: dict[str, Any], kind: str) -> None:
    """Aliases of an event are one kind; an event that nobody told us keeps its own name."""
    assert peek(msgspec.json.encode(item), None, CONFIG).kind == kind


@pytest.mark.parametrize(
    ("item", "test"),
    [
        ({"id": "e", "event": "call.completed", "test": True, "data": {"id": "1"}}, True),
        ({"id": "e", "event": "call.completed", "test": "true", "data": {"id": "1"}}, True),
        ({"Unique Call ID": "TEST-123"}, True),
        ({"Unique Call ID": "sample_1"}, True),
        ({"Unique Call ID": "1", "Caller Name": "Test Caller"}, True),
        ({"Unique Call ID": "1", "Caller Name": "Testa Rossa"}, False),
        ({"Unique Call ID": "1", "Caller ID": "test"}, False),
        ({"Unique Call ID": "testament", "test": "no"}, False),
        ({"Unique Call ID": "1", "GA Session ID": "test"}, False),
    ],
)
def test_sample_data_is_told_from_calls(item: dict[str, Any], test: bool) -> None:
    """What a "Test" button sends is known by its mark, its id or its name, compared whole."""
    assert peek(msgspec.json.encode(item), None, CONFIG).test is test


@given(
    st.one_of(st.binary(max_size=80), st.text(max_size=60).map(str.encode)),
    st.sampled_from([JSON, FORM, None, "x"]),
)
def test_any_bytes_are_split_or_unreadable(body: bytes, content_type: str | None) -> None:
    """Nothing but UnreadableError comes out, here and in a look at each item."""
    with contextlib.suppress(UnreadableError):
        for item in split(body, content_type):
            assert peek(item, None, CONFIG).kind


@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=5), st.integers(), st.none())),
        max_size=4,
    )
)
def test_an_array_loses_nothing(records: list[dict[str, Any]]) -> None:
    """As many items as records, each equal to its record."""
    items = split(json.dumps(records).encode(), JSON)
    assert [json.loads(item) for item in items] == records


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=12), min_size=1, max_size=5))
def test_form_fields_come_through_whole(fields: dict[str, str]) -> None:
    """Any script, any sign: the object holds what the form held."""
    (item,) = split(urlencode(fields).encode(), FORM)
    assert json.loads(item) == fields
