"""Nimbata's bodies and rows: one meaning, whatever names and spellings an account uses."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.nimbata.activity import Happening, parse, parse_row
from tieline.connectors.nimbata.config import build
from tieline.connectors.nimbata.values import read_duration_s, read_moment, read_money, read_tags
from tieline.domain.activity import Attribution, Call, Form, NimbataContact, Text
from tieline.errors import UnreadableError

CONFIG = build({"projects": ["10000000001"]})
ROW = {
    "date": "2026-09-01", "outcome": "ANSWERED", "caller": "+12015550123", "caller_name": "Jane Doe",
    "call_duration": "00:04:40", "talk_duration": "00:04:12", "source_type": "Google Paid", "source": "google",
    "medium": "cpc", "id": "ncl_77", "project_id": "10000000001", "contact_id": "nct_8f2", "direction": "inbound",
    "start_time": "2026-09-01T22:14:07Z", "tracking_number": "+15125550100", "tracking_name": "Austin - Google Ads",
    "destination": "+15125550111", "campaign": "spring", "keyword": "ac repair", "gclid": "Cj0KCQ",
    "landing_page": "https://example.com/?gclid=Cj0KCQ", "tags": ["Qualified Lead"], "value": 350.0,
    "recording_url": "https://rec.example/ncl_77", "summary": None, "updated_at": "2026-09-01T22:22:00Z",
}  # fmt: skip
FLAT = {
    "Unique Call ID": "ncl_77", "Start Time (UTC)": "2026-09-01 22:14:07", "Caller ID (international)": "+12015550123",
    "Caller Name": "Jane Doe", "Tracking Number": "+15125550100", "Destination Number": "+15125550111",
    "Tracking Number Friendly Name": "Austin - Google Ads", "Call Outcome": "ANSWERED", "Call Duration": "280",
    "Talk Duration": "4:12", "Configured Tracking Source": "Google Paid", "UTM Source": "google",
    "UTM Medium": "cpc", "UTM Campaign": "spring", "UTM Term": "ac repair", "UTM Content": "(none)",
    "Google Ads Click ID": "Cj0KCQ", "Facebook Click ID": "", "Landing Page": "https://example.com/?gclid=Cj0KCQ",
    "Tags": "Qualified Lead", "Value": "$350.00", "Has Recording": "true", "Rec Link": "https://rec.example/ncl_77",
}  # fmt: skip


def _parse(body: dict[str, Any], hint: str | None = None, **settings: Any) -> Happening:
    config = build({"projects": ["10000000001"], **settings})
    return parse(msgspec.json.encode(body), hint, config)


def _call(**body: Any) -> Call:
    activity = _parse({"id": "1", **body}, "call.completed").activity
    assert isinstance(activity, Call)
    return activity


def test_row_envelope_and_flat_body_of_one_call_are_one() -> None:
    """The same activity and the same occurrence, whoever tells it and under which names."""
    envelope = {"id": "evt_1", "event": "call.completed", "occurred_at": "2026-09-01T22:19:00Z", "data": ROW}
    told = _parse(envelope)
    flat = _parse(FLAT, "after-every-call")
    row = parse_row("call", msgspec.json.encode(ROW), CONFIG)
    assert told.activity == row.activity == flat.activity
    assert {one.occurrence for one in (told, flat, row)} == {"call.completed:ncl_77"}
    assert told.occurred_at == datetime(2026, 9, 1, 22, 19, tzinfo=UTC)
    assert row.contact_id == told.contact_id == "nct_8f2"
    assert told.activity == Call(
        id="ncl_77", project_id="10000000001", caller="+12015550123", caller_name="Jane Doe", outcome="answered",
        started_at=datetime(2026, 9, 1, 22, 14, 7, tzinfo=UTC), duration_s=280, talk_duration_s=252,
        tracking_number="+15125550100", tracking_name="Austin - Google Ads", destination="+15125550111",
        attribution=Attribution(
            source_type="Google Paid", source="google", medium="cpc", campaign="spring", keyword="ac repair",
            gclid="Cj0KCQ", landing_page="https://example.com/?gclid=Cj0KCQ",
        ),
        tags=("Qualified Lead",), value=Decimal("350.0"), recording_url="https://rec.example/ncl_77",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("ANSWERED", "answered"), ("answered", "answered"), ("completed", "answered"), ("NOT_ANSWERED", "missed"),
        ("Not Answered", "missed"), ("no-answer", "missed"), ("Busy", "missed"), ("BLOCKED", "blocked"),
        ("Voicemail", "voicemail"), ("ANSWERED_BY_MACHINE", "other"), ("Answered or Voicemail", "other"),
        ("", "other"), ("(none)", "other"), (True, "answered"), ("false", "missed"),
    ],
)  # fmt: skip
def test_outcomes_match_whole_words(word: Any, outcome: str) -> None:
    """ "Contains answered" would count missed calls as answered."""
    assert _call(outcome=word).outcome == outcome


def test_a_peer_tells_answered_and_voicemail_apart_by_two_flags() -> None:
    """Flags may be booleans or texts."""
    assert _call(answered="false", voicemail="true").outcome == "voicemail"
    assert _call(answered=False).outcome == "missed"
    assert _call(answered="true").outcome == "answered"
    assert _call().outcome == "other"


def test_an_account_may_name_everything_otherwise() -> None:
    """Labels, words, empties and the zone of times are settings; a label may be a path."""
    happening = _parse(
        {"Ref": "77", "who": {"Number": "+12015550123", "Name": "nix"}, "Resultat": "Erreicht",
         "Zeit": "01.09.2026 22:14"},
        "call",
        fields={"call": {"id": ["Ref"], "caller_phone": ["who.number"], "caller_name": ["who.name"],
                         "outcome": ["Resultat"], "started_at": ["Zeit"]}},
        outcomes={"answered": ["erreicht"]},
        empty_values=["nix"],
        time={"formats": ["%d.%m.%Y %H:%M"], "naive_zone": "Europe/Berlin"},
    )  # fmt: skip
    assert happening.occurrence == "call.completed:77"
    assert happening.activity == Call(
        id="77", project_id="10000000001", caller="+12015550123", outcome="answered",
        started_at=datetime(2026, 9, 1, 20, 14, tzinfo=UTC),
    )  # fmt: skip


def test_the_first_candidate_with_a_value_wins() -> None:
    """An empty international number does not hide the local one."""
    call = _call(**{"Caller ID (international)": "-", "Caller ID": "(201) 555-0123", "caller": None})
    assert call.caller == "(201) 555-0123"


@pytest.mark.parametrize("empty", ["", " ", "-", "(none)", "(NONE)", "(not set)", "(direct)", None, [], {}])
def test_every_way_to_write_nothing_is_nothing(empty: Any) -> None:
    """Literals that stand for no value are none."""
    call = _call(
        source=empty, caller_name=empty, tags=empty, value=empty, duration=empty, date=empty, outcome=empty
    )
    assert call == Call(id="1", project_id="10000000001")


@pytest.mark.parametrize("caller", ["anonymous", "Restricted", "266696687", "+266696687", "unknown"])
def test_a_withheld_number_is_none(caller: str) -> None:
    """In a call as in a text."""
    assert _call(caller=caller).caller is None
    text = _parse({"id": "1", "from": caller, "body": "hi"}, "sms").activity
    assert isinstance(text, Text)
    assert text.phone is None


def test_outbound_is_told_by_field_or_by_address() -> None:
    """The other party stays the caller; where the account shows its own number there, it is the destination."""
    assert _call(direction="Outbound", caller="+12015550123").caller == "+12015550123"
    own = {
        "id": "1",
        "caller": "+15125550100",
        "tracking_number": "+15125550100",
        "destination": "+12015550123",
    }
    activity = _parse(own, "Outbound Call Ends").activity
    assert isinstance(activity, Call)
    assert (activity.direction, activity.caller) == ("outbound", "+12015550123")


def test_a_form_keeps_every_field_and_finds_the_person() -> None:
    """Names by the account's list; order and repeated JSON names stay."""
    raw = b"""{"id":"evt_04","event":"form.submitted","occurred_at":"2026-09-01T20:01:57Z","project_id":"7","data":
      {"id":"nfm_5","form_id":"contact-us","form_name":"Contact us","submitted_at":"2026-09-01T20:01:57Z",
       "fields":{"Your name":"Jane Doe","E-mail":" Jane@example.com","Interest":"AC","Interest":"Heating","Phone":"",
       "Mobile":"(201) 555-0123","Rooms":3,"Consent":true,"Wishes":["a","-"]},"gclid":"x"}}"""
    happening = parse(raw, None, CONFIG)
    form = happening.activity
    assert isinstance(form, Form)
    assert happening.occurrence == "form.submitted:nfm_5"
    assert (form.name, form.email, form.phone) == ("Jane Doe", "Jane@example.com", "(201) 555-0123")
    assert form.fields == (
        ("Your name", "Jane Doe"), ("E-mail", " Jane@example.com"), ("Interest", "AC"), ("Interest", "Heating"),
        ("Phone", ""), ("Mobile", "(201) 555-0123"), ("Rooms", "3"), ("Consent", "yes"),
        ("Wishes", "a"), ("Wishes", "-"),
    )  # fmt: skip
    assert form.project_id == "7"
    assert form.attribution == Attribution(gclid="x")


@pytest.mark.parametrize(
    "body",
    [
        {
            "id": "1",
            "fields": [{"label": "First name", "value": "Jane"}, {"name": "Last Name", "value": "Doe"}],
        },
        {"id": "1", "First name": "Jane", "lastname": "Doe", "Form ID": "x", "event": "form.submitted"},
        {"id": "1", "fields": {}, "first_name": "Jane", "last_name": "Doe"},
    ],
)
def test_a_form_comes_in_several_shapes(body: dict[str, Any]) -> None:
    """As a list of records, flat, or with the person beside the fields."""
    form = _parse(body, "form").activity
    assert isinstance(form, Form)
    assert form.name == "Jane Doe"


def test_a_text_is_by_the_other_party() -> None:
    """Inbound from the sender, outbound to the recipient; its words stay as they are."""
    inbound = _parse({"id": "nsm_9", "from": "+12015550123", "to": "+15125550100", "body": " - "}, "sms")
    assert inbound.occurrence == "sms.received:nsm_9"
    assert inbound.activity == Text(
        id="nsm_9", project_id="10000000001", phone="+12015550123", tracking_number="+15125550100", body="-"
    )
    outbound = _parse(
        {"id": "1", "direction": "out", "from": "+15125550100", "to": "+12015550123", "body": "🙂"}, "sms"
    )
    assert isinstance(outbound.activity, Text)
    assert (outbound.activity.phone, outbound.activity.body) == ("+12015550123", "🙂")


def test_a_sparse_contact_tells_what_it_carries() -> None:
    """Absent never means empty: `present` names what was told, null included; first touch counts."""
    data = {
        "id": "nct_8f2", "tags": ["A", "a", " ", {"name": "B"}], "email": None, "version": 3, "phone": "+12015550123",
        "attribution": {"first": {"source": "google"}, "last": {"source": "(direct)"}},
    }  # fmt: skip
    happening = _parse(
        {"id": "evt", "event": "contact.updated", "changes": ["tags", 3, "email"], "data": data}
    )
    contact = happening.activity
    assert isinstance(contact, NimbataContact)
    assert happening.occurrence == "contact.updated:nct_8f2:v3"
    assert happening.contact_id == "nct_8f2"
    assert happening.changes == ("tags", "email")
    assert contact.tags == ("A", "B")
    assert contact.attribution == Attribution(source="google")
    assert contact.present == {"id", "tags", "email", "version", "phone", "source"}


def test_contact_rows_tell_created_updated_and_deleted_apart() -> None:
    """And share the occurrence of the webhook that told the same."""
    row = {
        "id": "n",
        "phone": "+12015550123",
        "created_at": "2026-09-01T20:00:00Z",
        "updated_at": "2026-09-01T20:00:00Z",
    }

    def occurrence(**more: Any) -> str:
        return parse_row("contact", msgspec.json.encode({**row, **more}), CONFIG).occurrence

    assert occurrence() == "contact.created:n"
    assert occurrence(updated_at="2026-09-02T20:00:00Z") == "contact.updated:n:2026-09-02T20:00:00+00:00"
    assert occurrence(updated_at="2026-09-02T20:00:00Z", version=4) == "contact.updated:n:v4"
    assert occurrence(version=1, updated_at="2026-09-02T20:00:00Z") == "contact.created:n"
    assert occurrence(deleted_at="2026-10-01T00:00:00Z") == "contact.deleted:n"
    deleted = _parse(
        {"id": "e", "event": "contact.deleted", "occurred_at": "2026-10-01T00:00:00Z", "data": {"id": "n"}}
    )
    assert deleted.occurrence == "contact.deleted:n"
    assert isinstance(deleted.activity, NimbataContact)
    assert deleted.activity.deleted_at == datetime(2026, 10, 1, tzinfo=UTC)


def test_each_state_of_a_call_is_an_update_of_its_own() -> None:
    """By version, else source time, else content; the same state told twice is one."""

    def occurrence(**data: Any) -> str:
        return _parse({"id": "e", "event": "call.updated", "data": {"id": "1", **data}}).occurrence

    assert occurrence(updated_at="2026-09-01T22:22:00Z") == "call.updated:1:2026-09-01T22:22:00+00:00"
    assert occurrence(tags=["a"]) == occurrence(tags=["a"])
    assert occurrence(tags=["a"]) != occurrence(tags=["b"])


@pytest.mark.parametrize(
    ("event", "data", "occurrence"),
    [
        ("task.changed", {"id": "t", "change": "completed", "version": 2}, "task.changed:t:completed:v2"),
        ("contact.milestone_reached", {"contact_id": "n", "milestone": "qualified", "at": "2026-09-01T22:20:00Z"},
         "contact.milestone_reached:n:qualified:2026-09-01T22:20:00+00:00"),
        ("Fax.Arrived", {"id": "x", "version": 1}, "fax.arrived:x:v1"),
        ("fax.arrived", {"version": 1}, "fax.arrived:evt:v1"),
    ],
)  # fmt: skip
def test_what_has_no_record_here_is_kept(event: str, data: dict[str, Any], occurrence: str) -> None:
    """Tasks, milestones and events that nobody told us have an occurrence and no activity."""
    happening = _parse({"id": "evt", "event": event, "data": data})
    assert (happening.occurrence, happening.activity) == (occurrence, None)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"null", b"[]", b"3", b'"x"', b"{}", b'{"Caller ID":"+12015550123"}', b'{"id":""}', b'{"id":"-"}',
        b'{"id":null}', b'{"id":true}', b'{"id":[1]}', b'{"id":', b'{"id":"\xff"}', b'{"a":' * 5_000,
        b'{"event":"call.completed","data":{}}', b'{"id":' + b"9" * 5_000 + b"}",
    ],
)  # fmt: skip
def test_what_has_no_id_is_unreadable(raw: bytes) -> None:
    """A person can find it and name the right label; nothing is guessed."""
    with pytest.raises(UnreadableError):
        parse(raw, "call.completed", CONFIG)


def test_reasons_hold_no_personal_data() -> None:
    """A reason ends up in logs and lists."""
    for raw in (b'{"Caller Name":"Jane Doe"}', b'{"id":"1","Caller Name":"Jane Doe'):
        with pytest.raises(UnreadableError) as caught:
            parse(raw, "call", CONFIG)
        assert "Jane" not in str(caught.value)


def test_ids_are_text_whatever_they_came_as() -> None:
    """A number is its digits; zeros in front stay."""
    assert _call(id=10000000001).id == "10000000001"
    assert _call(id="007").id == "007"


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("00:04:40", 280), ("4:40", 280), ("1:00:00", 3600), ("280", 280), ("13.0", 13), (13, 13), (13.9, 13), ("0", 0),
        ("", None), ("soon", None), (-1, None), (True, None), ("-5", None), (10**12, None), ([], None),
        ("1:2:3:4", None),
    ],
)  # fmt: skip
def test_durations(raw: Any, seconds: int | None) -> None:
    """Clock or seconds; absurd ones are none."""
    assert read_duration_s(raw) == seconds


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        ("$350.00", "350"), (350.0, "350"), (350, "350"), ("1,234.50", "1234.5"), ("1.234,50 €", "1234.5"),
        ("€ 1 234,50", "1234.5"), ("1,234", "1234"), ("12,5", "12.5"), ("1.234.567", "1234567"), ("-5", "-5"),
        ("($5.00)", "-5"), ("CHF 1'234.50", "1234.5"), ("", None), ("free", None), ("1-2", None), ("$", None),
        (float("nan"), None), (True, None), ("9" * 50, None), (None, None),
    ],
)  # fmt: skip
def test_money(raw: Any, amount: str | None) -> None:
    """With and without currency, both ways to write thousands."""
    assert read_money(raw) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    "raw",
    ["2026-09-01T22:14:07Z", "2026-09-01 22:14:07", "2026-09-02T00:14:07+02:00", 1788300847, "1788300847",
     1788300847000, "1788300847000", 1788300847.0, "01/09/2026 22:14:07"],
)  # fmt: skip
def test_times(raw: Any) -> None:
    """ISO, the account's own formats, epoch in seconds and milliseconds; without a zone it is UTC."""
    assert read_moment(raw, ["%d/%m/%Y %H:%M:%S"], UTC) == datetime(2026, 9, 1, 22, 14, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw", ["", "soon", 3, True, None, [], "0001-01-01T00:00:00+14:00", 10**30, "٢٠٢٦-٠٩"]
)
def test_what_is_no_time_is_none(raw: Any) -> None:
    """Nothing raises, nothing is guessed."""
    assert read_moment(raw, ["%Y"], UTC) is None


_JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
_LABELS = st.sampled_from(
    sorted(
        {*ROW, *FLAT, "event", "data", "fields", "from", "to", "body", "version", "changes", "attribution"}
    )
)
_HINTS = st.sampled_from(
    [None, "call.completed", "form.submitted", "sms", "contact.updated", "contact", "task.changed", "?"]
)


@given(st.dictionaries(_LABELS, _JSON, max_size=8), _HINTS)
def test_any_values_under_known_labels_are_read_or_unreadable(body: dict[str, Any], hint: str | None) -> None:
    """Wrong types are no values; nothing but UnreadableError comes out."""
    raw = json.dumps({"id": "1", **body}).encode()
    with contextlib.suppress(UnreadableError):
        happening = parse(raw, hint, CONFIG)
        assert happening == parse(raw, hint, CONFIG)
        assert happening.occurrence.startswith(happening.kind)
        assert happening.occurred_at is None or happening.occurred_at.tzinfo is UTC
        msgspec.json.encode(happening.activity)


@given(st.one_of(st.binary(max_size=60), _JSON.map(lambda value: json.dumps(value).encode())), _HINTS)
def test_any_bytes_are_read_or_unreadable(raw: bytes, hint: str | None) -> None:
    """Whatever was delivered or found by a poll."""
    with contextlib.suppress(UnreadableError):
        assert parse(raw, hint, CONFIG).occurrence
    with contextlib.suppress(UnreadableError):
        assert parse_row(hint or "call", raw, CONFIG).occurrence


@given(st.permutations(sorted(FLAT)))
def test_the_order_of_labels_means_nothing(labels: list[str]) -> None:
    """The user may arrange the fields as he likes."""
    assert _parse({label: FLAT[label] for label in labels}, "call") == _parse(FLAT, "call")


@given(st.lists(st.sampled_from(["Lead", "lead ", "SPAM", "été", ""])))
def test_tags_from_text_and_list_are_the_same(tags: list[str]) -> None:
    """And each is there once, in its first spelling."""
    found = read_tags(tags, {""})
    assert found == read_tags(", ".join(tags), {""})
    assert len({tag.casefold() for tag in found}) == len(found)


_REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "nimbata.md"


@pytest.mark.skipif(not _REFERENCE.exists(), reason="the reference texts are not beside this checkout")
def test_every_example_of_the_reference_is_read() -> None:
    """The event examples of the written contract have the kinds and ids that they show."""
    text = _REFERENCE.read_text("utf-8")
    start = text.index('[{"id":"evt_02"')
    events = json.loads(text[start : text.index("```", start)])
    for event in events:
        happening = parse(json.dumps(event).encode(), None, CONFIG)
        assert happening.kind == event["event"]
        data = event["data"]
        named = data.get("id") or data.get("activity_id") or data["contact_id"]
        assert happening.occurrence.startswith(f"{event['event']}:{named}")
