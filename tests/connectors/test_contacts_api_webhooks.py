"""The CRM's deliveries: proof, delivery id, and which contact they tell of."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.contacts_api.webhooks import CONTACT_EVENTS, CrmChange, Peek, parse, peek, verify
from tieline.connectors.kit.signatures import Refused, Verdict, Verified
from tieline.domain.contact import Contact
from tieline.errors import UnreadableError

NOW = datetime(2026, 9, 1, 22, 14, 7, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = (KEY.public_key(),)
EVENT: dict[str, Any] = {
    "type": "ContactUpdate", "locationId": "ve9EPM428h8vShlRW1KT", "id": "nmFmQEsNgz6AVpgLVUJ0",
    "address1": "3535 1st St N", "city": "Dolomite", "state": "AL", "companyName": "Loram", "country": "US",
    "source": "xyz form", "dateAdded": "2021-11-26T12:41:02.193Z", "email": "JohnDeo@Gmail.com",
    "firstName": "John", "lastName": "Deo", "phone": "+12015550123", "postalCode": "35061",
    "tags": ["VIP", " Lead  one "], "website": "https://example.com", "timestamp": "2026-09-01T22:14:00Z",
    "webhookId": "w-1", "customFields": [
        {"id": "f1", "value": "google"}, {"id": "f2", "value": 12.50}, {"id": "f3", "value": ["a", "b"]},
        {"id": "unknown", "value": "x"}, {"id": "f4", "value": ""}, "odd",
    ],
}  # fmt: skip
CUSTOM = {"f1": "nimbata_source", "f2": "amount", "f3": "choices", "f4": "empty"}


def _body(**more: Any) -> bytes:
    return msgspec.json.encode({**EVENT, **more})


def _verify(body: bytes, *, now: datetime = NOW, header: str | None = None, **options: Any) -> Verdict:
    signature = base64.b64encode(KEY.sign(body)).decode() if header is None else header
    return verify(KEYS, {"x-ghl-signature": signature}, body, now=now, **options)


def test_only_what_the_vendor_signed_is_taken() -> None:
    """The raw body, by one of the keys; the legacy header alone proves nothing."""
    assert _verify(_body()) == Verified()
    assert _verify(_body(), header=base64.b64encode(b"x" * 64).decode()) == Refused("wrong")
    assert _verify(_body(), header="N/A") == Refused("missing")
    assert verify(KEYS, {"x-wh-signature": "x"}, _body(), now=NOW) == Refused("missing")


@given(st.integers(0, len(_body()) * 8 - 1))
def test_a_flipped_bit_is_refused(bit: int) -> None:
    """Any bit of the body."""
    body = _body()
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << (bit % 8)
    signature = base64.b64encode(KEY.sign(body)).decode()
    assert verify(KEYS, {"x-ghl-signature": signature}, bytes(changed), now=NOW) == Refused("wrong")


def test_an_honest_retry_is_hours_old_a_replay_is_older() -> None:
    """The age limit is generous and a setting; a body without a time is taken."""
    assert _verify(_body(), now=NOW + timedelta(hours=23)) == Verified()
    assert _verify(_body(), now=NOW + timedelta(hours=25)) == Refused("stale")
    assert _verify(_body(), now=NOW - timedelta(hours=25)) == Refused("future")
    assert _verify(_body(), now=NOW + timedelta(minutes=10), max_age_s=300) == Refused("stale")
    assert _verify(_body(timestamp="soon")) == Refused("unreadable")
    assert _verify(_body(timestamp=None)) == Verified()
    assert _verify(_body(timestamp=1788300840000)) == Verified()


def test_genuine_but_unreadable_passes_the_door() -> None:
    """It is for a person to look at."""
    for body in (b"not json", b"[]", b"\xff", b""):
        assert _verify(body) == Verified()
        with pytest.raises(UnreadableError):
            peek(body, {})
        with pytest.raises(UnreadableError):
            parse(body, {})


def test_a_delivery_is_known_by_its_id_and_location() -> None:
    """`webhookId` in the body, else the `deliveryId` header; wrapped bodies too."""
    expected = Peek(
        kind="ContactUpdate", delivery_id="w-1", company_id=None, location_id="ve9EPM428h8vShlRW1KT",
        occurred_at=datetime(2026, 9, 1, 22, 14, tzinfo=UTC),
    )  # fmt: skip
    assert peek(_body(), {"deliveryid": "d-1"}) == expected
    assert peek(_body(webhookId=None), {"deliveryid": "d-1"}).delivery_id == "d-1"
    assert peek(_body(webhookId=None), {}).delivery_id is None
    assert peek(msgspec.json.encode({"data": EVENT}), {}) == expected
    assert peek(b"{}", {}) == Peek(
        kind="", delivery_id=None, company_id=None, location_id=None, occurred_at=None
    )


def test_a_wrong_type_does_not_hide_the_rest() -> None:
    """A number where a text is documented reads as its digits, a list as nothing."""
    assert peek(_body(webhookId=7, timestamp=[1]), {}) == Peek(
        kind="ContactUpdate",
        delivery_id="7",
        company_id=None,
        location_id="ve9EPM428h8vShlRW1KT",
        occurred_at=None,
    )


def test_a_contact_comes_in_our_words() -> None:
    """E-mail and tags in lower case, custom fields by key, ids that nobody knows left out."""
    change = parse(_body(dateUpdated="2026-09-01T22:13:59.500Z"), CUSTOM)
    assert change.contact == Contact(
        id="nmFmQEsNgz6AVpgLVUJ0", first_name="John", last_name="Deo", email="johndeo@gmail.com",
        phone="+12015550123", company="Loram", address="3535 1st St N", city="Dolomite", state="AL",
        postal_code="35061", country="US", website="https://example.com", source="xyz form",
        tags=frozenset({"vip", "lead one"}),
        custom={"nimbata_source": "google", "amount": "12.5", "choices": "a, b"},
        updated_at=datetime(2026, 9, 1, 22, 13, 59, 500_000, tzinfo=UTC),
    )  # fmt: skip
    assert (change.removed, change.contact_id) == (False, "nmFmQEsNgz6AVpgLVUJ0")
    assert parse(msgspec.json.encode({"data": EVENT}), CUSTOM).contact is not None


def test_one_state_is_one_occurrence() -> None:
    """Created and deleted once; an update by its source time and content, whatever the event is called."""
    assert parse(_body(type="ContactCreate"), {}).occurrence == "contact.created:nmFmQEsNgz6AVpgLVUJ0"
    deleted = parse(_body(type="ContactDelete"), {})
    assert (deleted.removed, deleted.occurrence) == (True, "contact.deleted:nmFmQEsNgz6AVpgLVUJ0:w-1")
    stamp = {"dateUpdated": "2026-09-01T22:14:00Z"}
    updated = parse(_body(**stamp), {}).occurrence
    assert updated == parse(_body(**stamp, type="ContactTagUpdate", webhookId="w-2"), {}).occurrence
    assert updated != parse(_body(**stamp, tags=[]), {}).occurrence


def test_tag_on_off_on_is_three_occurrences() -> None:
    """Without a source time the telling itself tells them apart: an honest repeat is not lost."""
    tellings = [("w-1", ["a"]), ("w-2", []), ("w-3", ["a"])]
    assert len({parse(_body(webhookId=told, tags=tags), {}).occurrence for told, tags in tellings}) == 3


@pytest.mark.parametrize("body", [{"type": "ContactUpdate", "id": "c"}, {**EVENT, "payloadTooLarge": True}])
def test_a_thin_event_has_no_record(body: dict[str, Any]) -> None:
    """The record must then be fetched; blanks are not taken for values."""
    change = parse(msgspec.json.encode(body), {})
    assert change.contact is None
    assert change.contact_id == body["id"]


def test_events_about_other_things_are_kept() -> None:
    """With the contact that they name, if any; an unknown type is no error."""
    note = parse(
        msgspec.json.encode({"type": "NoteCreate", "id": "n", "contactId": "c", "webhookId": "w"}), {}
    )
    assert note == CrmChange(kind="NoteCreate", occurrence="NoteCreate:n:w", contact_id="c")
    appointment = {"type": "AppointmentCreate", "appointment": {"id": "a", "contactId": "c"}}
    assert parse(msgspec.json.encode(appointment), {}).contact_id == "c"
    assert parse(b'{"type":"BrandNew"}', {}) == CrmChange(kind="BrandNew", occurrence="BrandNew")
    with pytest.raises(UnreadableError, match="names no contact"):
        parse(b'{"type":"ContactCreate","phone":"+12015550123"}', {})


_JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=9),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from([*EVENT, "data", "dateUpdated", "contactId", "appointment"]), _JSON, max_size=6
    )
)
def test_any_values_are_read_or_unreadable(fields: dict[str, Any]) -> None:
    """Wrong types anywhere raise nothing but UnreadableError."""
    body = json.dumps({**EVENT, **fields}).encode()
    with contextlib.suppress(UnreadableError):
        assert isinstance(peek(body, {}), Peek)
    with contextlib.suppress(UnreadableError):
        change = parse(body, CUSTOM)
        assert change == parse(body, CUSTOM)
        msgspec.json.encode(change)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_unreadable(body: bytes) -> None:
    """The door never falls over."""
    assert isinstance(_verify(body), Verified | Refused)
    with contextlib.suppress(UnreadableError):
        peek(body, {})
    with contextlib.suppress(UnreadableError):
        parse(body, {})


_EVENTS = Path(__file__).parents[3] / "shared" / "reference" / "openapi" / "webhook-events"


@pytest.mark.skipif(not _EVENTS.exists(), reason="the reference files are not beside this checkout")
def test_every_documented_event_is_read() -> None:
    """All examples of the vendor's docs parse; the contact events give a contact."""
    for file in sorted(_EVENTS.glob("*.json")):
        for example in json.loads(file.read_text("utf-8"))["examples"]:
            body = json.dumps(example["payload"]).encode()
            change = parse(body, {})
            assert peek(body, {}).kind == change.kind
            assert (change.contact is not None) == (change.kind in CONTACT_EVENTS)
