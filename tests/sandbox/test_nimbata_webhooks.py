"""Webhooks of a Nimbata account: who is told, in which words, and with which proof."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.nimbata_door import NOW, Door

HUB = "http://hub.example/hooks/nimbata/calls"


def _call(door: Door, **more: Any) -> str:
    """Id of the call of the contract's own example."""
    (made,) = door.side.emit({
        "kind": "call", "project": door.projects[0], "caller": "+12015550123", "caller_name": "Jane Doe",
        "outcome": "NOT_ANSWERED", "duration_s": 32, "tags": ["Qualified Lead", "SPAM"], "value": 350,
        "source": {"source": "google", "medium": "cpc", "gclid": "Cj0KCQ"}, **more,
    })  # fmt: skip
    return made.activity_id


def test_an_envelope_names_the_event_and_holds_the_whole_row() -> None:
    """What a poll finds is what the webhook told."""
    door = Door()
    door.side.set_targets({"url": HUB})
    call_id = _call(door)
    (row,) = door.calls(door.projects[0])["data"]
    ((sent, body),) = zip(door.sent, door.events(), strict=True)
    assert list(body) == ["id", "event", "occurred_at", "account", "project_id", "test", "data"]
    assert (body["event"], body["test"], body["project_id"]) == ("call.completed", False, door.projects[0])
    assert (body["account"], body["occurred_at"]) == (door.side.account.id, "2026-09-01T22:14:07Z")
    assert body["data"] == row
    assert sent.url == HUB
    assert (sent.event_id, sent.kind, sent.subject_id) == (body["id"], "call.completed", call_id)
    assert body["id"] == door.side.emitted[0].event_id


def test_an_hmac_can_be_checked_by_anyone_who_has_the_secret() -> None:
    """SHA-256 over the timestamp, a dot and the body as sent; nothing of the secret is in the address."""
    door = Door()
    door.side.set_targets({"url": HUB, "auth": "hmac", "secret": "s3cret-ключ"})
    _call(door, caller_name="Zoë 🙂")
    (sent,) = door.sent
    headers = sent.headers(sent.body)
    assert headers["X-Nimbata-Timestamp"] == str(int(NOW.timestamp()))
    assert headers["X-Nimbata-Event-Id"] == sent.event_id
    signed = headers["X-Nimbata-Timestamp"].encode() + b"." + sent.body
    expected = hmac.new("s3cret-ключ".encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Nimbata-Signature"] == f"sha256={expected}"
    assert "cret" not in sent.url
    door.wait(600)
    later = sent.headers(sent.body)
    assert later["X-Nimbata-Timestamp"] == str(int(NOW.timestamp()) + 600)
    assert later["X-Nimbata-Signature"] != headers["X-Nimbata-Signature"]


def test_the_accounts_own_secret_signs_where_none_is_given() -> None:
    """The one that the sandbox prints when it starts."""
    door = Door()
    target = door.side.set_targets({"url": HUB})
    assert (target.auth, target.secret) == ("hmac", door.side.describe()["webhook_secret"])


def test_a_url_key_stands_in_the_address_and_nowhere_else() -> None:
    """Beside the parameters that were there, escaped; no signature is sent."""
    door = Door()
    door.side.set_targets({"url": f"{HUB}?a=1&b=%C3%A4", "auth": "url_key", "secret": "k&y=ü"})
    _call(door)
    (sent,) = door.sent
    assert parse_qs(urlsplit(sent.url).query) == {"a": ["1"], "b": ["ä"], "key": ["k&y=ü"]}
    assert sent.headers(sent.body) == {"Content-Type": "application/json"}
    assert b"k&y" not in sent.body


def test_a_target_may_prove_nothing() -> None:
    """Neither key nor signature."""
    door = Door()
    door.side.set_targets({"url": HUB, "auth": "none"})
    _call(door)
    assert door.sent[0].url == HUB
    assert list(door.sent[0].headers(b"")) == ["Content-Type"]


def test_a_flat_call_has_the_labels_of_the_accounts_page() -> None:
    """Flat, texts only, naive UTC times, money with its sign; the event stands in the address."""
    door = Door()
    door.side.set_targets({"url": f"{HUB}/", "profile": "flat", "auth": "url_key", "secret": "s"})
    call_id = _call(door)
    (sent,) = door.sent
    assert sent.url == f"{HUB}/call.completed?key=s"
    body = json.loads(sent.body)
    assert all(isinstance(value, str) for value in body.values())
    expected = {
        "Unique Call ID": call_id, "Start Time (UTC)": "2026-09-01 22:13:35",
        "Start Time (local timezone)": "2026-09-01 17:13:35", "End Time": "2026-09-01 22:14:07",
        "Caller ID": "(201) 555-0123", "Caller ID (international)": "+12015550123", "Caller Name": "Jane Doe",
        "Tracking Number Friendly Name": "Austin - Website", "Call Outcome": "NOT_ANSWERED",
        "Call Duration": "00:00:32", "Talk Duration": "0", "Call Frequency": "1", "UTM Source": "google",
        "UTM Medium": "cpc", "UTM Campaign": "(none)", "Google Ads Click ID": "Cj0KCQ", "Tags": "Qualified Lead, SPAM",
        "Value": "$350.00", "Has Recording": "false", "Rec Link": "", "Project ID": door.projects[0],
    }  # fmt: skip
    assert {label: body[label] for label in expected} == expected
    assert {"Configured Tracking Source", "UTM Term", "UTM Content", "Device Type"} - set(body) == {
        "UTM Content"
    }


def test_the_users_own_labels_replace_ours() -> None:
    """Renamed fields carry the new name alone; a field mapped to null is not sent."""
    door = Door()
    door.side.set_targets({
        "url": HUB, "profile": "flat",
        "field_map": {"Caller ID (international)": "anrufer", "Start Time (UTC)": "Start Time", "Value": None},
    })  # fmt: skip
    _call(door)
    body = json.loads(door.sent[0].body)
    assert (body["anrufer"], body["Start Time"]) == ("+12015550123", "2026-09-01 22:13:35")
    assert {"Caller ID (international)", "Start Time (UTC)", "Value"} & set(body) == set()


def test_flat_forms_texts_and_contacts_have_labels_too() -> None:
    """A form's own fields stand beside ours."""
    door = Door()
    door.side.set_targets({"url": HUB, "profile": "flat", "auth": "none"})
    project = door.projects[0]
    fields = {"Your name": "Jane", "Phone": "(201) 555-0123", "見積もり": "はい"}
    for wanted in (
        {"kind": "form", "fields": fields}, {"kind": "sms", "caller": "+12015550123", "body": "YES"},
        {"kind": "contact.create", "caller": "+12015550123", "caller_name": "Jane Doe", "tags": ["A", "B"]},
        {"kind": "contact.delete"},
    ):  # fmt: skip
        door.side.emit({"project": project, **wanted})
    form, text, contact, deleted = door.events()
    assert [urlsplit(one.url).path.rsplit("/", 1)[1] for one in door.sent] == [
        "form.submitted", "sms.received", "contact.created", "contact.deleted",
    ]  # fmt: skip
    assert {label: form[label] for label in fields} == fields
    assert form["Submission Time"] == "2026-09-01 22:14:07"
    assert (text["From"], text["Body"]) == ("+12015550123", "YES")
    assert (contact["Name"], contact["Phone"], contact["Tags"]) == ("Jane Doe", "+12015550123", "A, B")
    assert (contact["Deleted At"], deleted["Deleted At"]) == ("", "2026-09-01 22:14:07")


def test_an_anonymous_caller_stays_anonymous_in_both_profiles() -> None:
    """The word stands where the number would."""
    door = Door()
    door.side.set_targets({"url": HUB, "profile": "flat"})
    door.side.set_targets({"url": HUB})
    _call(door, caller="anonymous")
    flat, envelope = door.events()
    assert (flat["Caller ID"], flat["Caller ID (international)"]) == ("anonymous", "anonymous")
    assert envelope["data"]["caller"] == "anonymous"


def test_a_sparse_target_gets_the_changed_keys_alone() -> None:
    """With the id, the time and the version; a new record comes whole all the same."""
    door = Door()
    door.side.set_targets({"url": HUB, "sparse": True})
    contact = door.create(phone="+12015550123")
    door.wait(60)
    door.ask("PUT", f"contacts/{contact['id']}", {"company": "Acme"})
    created, updated = door.events()
    assert created["data"]["phone"] == "+12015550123"
    assert updated["changes"] == ["company"]
    assert updated["data"] == {
        "id": contact["id"], "updated_at": "2026-09-01T22:15:07Z", "version": 2, "company": "Acme",
    }  # fmt: skip
    call_id = _call(door)
    door.ask("POST", f"project/{door.projects[0]}/activity/call/{call_id}/tag", {"tags": ["New"]})
    assert door.events()[-1]["data"]["tags"] == ["Qualified Lead", "SPAM", "New"]
    assert "version" not in door.events()[-1]["data"]


def test_targets_hear_only_of_what_they_asked_for() -> None:
    """By event name or pattern, and by project."""
    door = Door()
    first, second = door.projects
    wanted: dict[str, dict[str, Any]] = {
        "all": {}, "calls": {"events": ["call.*"]}, "one": {"events": ["contact.created", "form.submitted"]},
        "second": {"project": second},
    }  # fmt: skip
    for name, more in wanted.items():
        door.side.set_targets({"url": f"http://{name}.example/", **more})
    for project in (first, second):
        for kind in ("call", "form", "contact.create"):
            door.side.emit({"kind": kind, "project": project})
    told: dict[str, list[str]] = {}
    for sent in door.sent:
        told.setdefault(urlsplit(sent.url).netloc.split(".")[0], []).append(sent.kind)
    three = ["call.completed", "form.submitted", "contact.created"]
    assert told == {
        "all": three * 2, "calls": ["call.completed"] * 2, "one": ["form.submitted", "contact.created"] * 2,
        "second": three,
    }  # fmt: skip


def test_a_test_delivery_is_marked_and_stored_nowhere() -> None:
    """The account's Test button: the id says so, and so does the envelope; no poll ever finds it."""
    door = Door()
    door.side.set_targets({"url": HUB})
    for kind, path in (("call", "call"), ("form", "form"), ("sms", "sms")):
        (made,) = door.side.emit({"kind": kind, "project": door.projects[0], "test": True})
        assert made.test
        assert door.ask("POST", f"project/{door.projects[0]}/activity/{path}", {})[1]["data"] == []
    assert {event["test"] for event in door.events()} == {True}
    assert all(event["data"]["id"].startswith("test_") for event in door.events())


def test_an_undelivered_event_can_only_be_polled() -> None:
    """`deliver: false` stores the call and tells nobody; the log says so."""
    door = Door()
    door.side.set_targets({"url": HUB})
    call_id = _call(door, deliver=False)
    assert door.sent == []
    assert [row["id"] for row in door.calls(door.projects[0])["data"]] == [call_id]
    assert [one.delivered for one in door.side.emitted] == [False]


def test_targets_can_be_listed_registered_and_removed_over_the_api() -> None:
    """The secret is shown once, to whoever registers; a removed target hears nothing more."""
    door = Door()
    status, answer = door.ask(
        "POST", "webhooks", {"url": HUB, "events": ["call.completed"], "profile": "flat", "colour": "red"}
    )
    assert (status, answer["data"]["secret"]) == (201, door.side.account.webhook_secret)
    assert answer["warnings"] == ["colour: unknown key, ignored"]
    listed = door.ask("GET", "webhooks")[1]
    assert [one["id"] for one in listed["data"]] == [answer["data"]["id"]]
    assert "secret" not in listed["data"][0]
    _call(door)
    assert len(door.sent) == 1
    url = f"webhooks/{answer['data']['id']}"
    assert door.ask("DELETE", url) == (204, None)
    assert door.ask("DELETE", url)[0] == 404
    _call(door)
    assert len(door.sent) == 1


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({}, "url"),
        ({"url": "ftp://hub.example/"}, "http"),
        ({"url": "hub.example"}, "http"),
        ({"url": HUB, "profile": "round"}, "profile"),
        ({"url": HUB, "auth": "rot13"}, "auth"),
        ({"url": HUB, "events": []}, "events"),
        ({"url": HUB, "events": "call.*"}, "events"),
        ({"url": HUB, "project": "1"}, "project"),
        ([], "object"),
    ],
)
def test_a_target_that_cannot_work_is_refused(wanted: Any, words: str) -> None:
    """By the control API with a reason, by the account's API with 422; neither keeps it."""
    door = Door()
    with pytest.raises(ValueError, match=words):
        door.side.set_targets(wanted)
    assert door.ask("POST", "webhooks", wanted)[0] in (400, 422)
    assert door.side.targets == []


def test_the_control_api_takes_no_unknown_key() -> None:
    """A driver's typing error must not make a target that hears nothing."""
    with pytest.raises(ValueError, match="evnts"):
        Door().side.set_targets({"url": HUB, "evnts": ["call.*"]})
