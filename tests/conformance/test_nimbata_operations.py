"""Every operation and trigger of the call-tracking connector against the sandbox; and what must be refused, is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import msgspec
import pytest

from tests.conformance.nimbata_examples import EXAMPLES
from tests.conformance.nimbata_ready import NimbataReady, ready
from tests.conformance.numbers import note
from tests.conformance.proving import prove
from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.answer import Deleted
from tieline.connectors.kit.line import Line
from tieline.connectors.nimbata import CONNECTOR
from tieline.connectors.nimbata.payloads import Told
from tieline.connectors.nimbata.rows import One, Rows
from tieline.connectors.nimbata.shapes import (
    AppointmentRecord,
    CallRecord,
    CampaignResponse,
    ContactRecord,
    FormRecord,
    MilestoneReached,
    NoteRecord,
    TaskRecord,
    TextRecord,
)

BY_ID = {operation.id: operation for operation in CONNECTOR.operations}
TRIGGERS = {trigger.event: trigger for trigger in CONNECTOR.triggers}
_CATALOGUE = Path(__file__).parents[3] / "shared" / "reference" / "nimbata-operations.json"


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_the_operation_is_taken_and_answered_as_its_types_say(name: str) -> None:
    """A write changes something, and what was written is what the audit saw; a read gives rows or a record."""
    operation = BY_ID[name]
    async with ready() as account:
        given = await EXAMPLES[name](account)
        audit = account.sandbox.nimbata.audit
        before = audit.effects[name]
        answer = await account.api.answer(operation, given)
        assert 200 <= answer.status < 300
        seen = audit.calls[-1]
        assert seen.operation == name
        assert audit.effects[name] == before + (1 if seen.write else 0)
        changed = audit.effects[name] - before
        value = answer.value
        if isinstance(value, Rows):
            assert (
                value.rows
                or name == "nimbata.webhook.list"
                or name.endswith(("note.list", "appointment.list"))
            )
        elif isinstance(value, One):
            assert value.record.id
            assert seen.result_id == value.record.id or name in ("nimbata.call.get", "nimbata.contact.get")
            assert value.warnings == ()
        elif isinstance(value, Deleted):
            assert value.existed
            assert (await account.api.call(operation, given)).existed is False
        prove(name, f"sent as its example, answered as typed, seen in the audit, effects: {changed}")


def test_every_operation_has_an_example_and_every_example_an_operation() -> None:
    """So that a new one cannot be forgotten."""
    assert set(EXAMPLES) == set(BY_ID)


@pytest.mark.skipif(not _CATALOGUE.exists(), reason="the reference texts are not beside this checkout")
def test_the_catalogue_is_covered_with_its_own_status() -> None:
    """Whatever it calls documented or assumed, we call so too: an assumption is never sold as a fact."""
    for entry in json.loads(_CATALOGUE.read_text("utf-8")):
        if entry["kind"] == "trigger":
            found: Any = TRIGGERS[entry["event"]]
        else:
            found = BY_ID[entry["id"]]
            assert (found.method, found.path) == (entry["method"], entry["path"])
        assert (found.id, found.status, found.app) == (entry["id"], entry["status"], "nimbata")


def test_whatever_the_catalogue_does_not_name_is_an_assumption() -> None:
    """Only the list of calls was ever seen."""
    assert [one.id for one in CONNECTOR.operations if one.status == "documented"] == ["nimbata.call.list"]


def test_what_cannot_be_sent_twice_says_how_to_find_out() -> None:
    """Every operation is idempotent or has a look-up, and the look-up is one of ours."""
    for operation in CONNECTOR.operations:
        if operation.idempotent:
            assert operation.look_up is None
        else:
            assert operation.look_up is not None, operation.id
            assert operation.look_up.operation in BY_ID
            assert operation.look_up.settle_s > 0


PHONE = "+12015550123"
SLOT = {"title": "Visit", "start_time": "2027-03-14T09:30:00Z", "end_time": "2027-03-14T10:30:00Z"}
#: Event → what makes it happen, in order; what it tells of is read from the last of its webhooks.
DEEDS: dict[str, list[dict[str, Any]]] = {
    "call.started": [{"kind": "call.start", "caller": PHONE}],
    "call.completed": [{"kind": "call", "caller": PHONE, "outcome": "ANSWERED", "duration_s": 90}],
    "call.updated": [{"kind": "call"}, {"kind": "call.update", "changes": {"tags": ["Neu"], "summary": "Friday"}}],
    "form.submitted": [{"kind": "form", "fields": {"Your name": "Zoë", "Phone": "(201) 555-0123"}}],
    "sms.received": [{"kind": "sms", "caller": PHONE, "body": "YES 👍🏽"}],
    "contact.created": [{"kind": "contact.create", "caller": PHONE, "changes": {"custom_fields": {"a": 1}}}],
    "contact.updated": [
        {"kind": "contact.create", "caller": PHONE},
        {"kind": "contact.update", "changes": {"company": "Acme", "lead_score": 9}},
    ],
    "contact.deleted": [{"kind": "contact.create", "caller": PHONE}, {"kind": "contact.delete"}],
    "task.changed": [
        {"kind": "contact.create"}, {"kind": "task.create", "changes": {"title": "-"}}, {"kind": "task.complete"},
    ],
    "note.changed": [{"kind": "contact.create"}, {"kind": "note.create", "changes": {"body": "見積もり"}}],
    "appointment.changed": [
        {"kind": "contact.create"}, {"kind": "appointment.create", "changes": SLOT},
        {"kind": "appointment.update", "changes": {"status": "cancelled"}},
    ],
    "contact.milestone_reached": [
        {"kind": "contact.create", "caller": PHONE},
        {"kind": "call", "caller": PHONE, "tags": ["Qualified Lead"], "source": {}},
    ],
    "contact.campaign_responded": [
        {"kind": "contact.create", "caller": PHONE},
        {"kind": "form", "caller": PHONE, "source": {"campaign": "spring"}},
    ],
}  # fmt: skip


async def _told(
    event: str, **target: Any
) -> tuple[list[dict[str, Any]], list[tuple[bytes, str]], NimbataReady]:
    """What was made to happen, each webhook's body with the event that its address names, and the account."""
    sent: list[tuple[bytes, str]] = []
    async with ready(locations=1) as account:
        side = account.side
        side._send = lambda one: sent.append((one.body, urlsplit(one.url).path.rsplit("/", 1)[1]))
        side.set_targets({"url": "http://hub.example/hooks/nimbata/calls", "events": [event], **target})
        made = [msgspec.to_builtins(one) for wanted in DEEDS[event] for one in side.emit(wanted)]
        return made, sent, account


@pytest.mark.parametrize("event", sorted(TRIGGERS))
@pytest.mark.parametrize("target", [{}, {"sparse": True}, {"profile": "flat"}])
async def test_every_trigger_is_fired_and_its_payload_is_typed(event: str, target: dict[str, Any]) -> None:
    """Whole, sparse or flat: the payload decodes into the trigger's type, with what happened in it."""
    made, sent, account = await _told(event, **target)
    assert sent
    trigger = TRIGGERS[event]
    for body, hint in sent:
        told = account.api.read_event(trigger, body, hint if "profile" in target else None)
        assert isinstance(told, Told)
        assert msgspec.json.decode(msgspec.json.encode(told))
        assert told.event == event
        assert told.project_id == account.project
        assert (told.event_id is None) == ("profile" in target)
        _recognised(told, made)
    note("events", event)


def _recognised(told: Told[Any], made: list[dict[str, Any]]) -> None:
    """The payload is of what was made to happen."""
    data, last = told.data, made[-1]
    match data:
        case CallRecord():
            assert data.id == last["activity_id"]
            if told.event == "call.updated":
                assert data.tags == ("Neu",)
            else:
                assert data.caller == PHONE
            if told.event == "call.completed":
                assert (data.outcome, data.duration_s) == ("answered", 90)
            if told.event == "call.started":
                assert (data.outcome, data.times_called) == ("other", 1)
        case FormRecord():
            assert (data.name, data.phone) == ("Zoë", "(201) 555-0123")
        case TextRecord():
            assert (data.phone, data.body) == (PHONE, "YES 👍🏽")
        case ContactRecord():
            assert data.id == last["activity_id"]
            if told.event == "contact.updated":
                assert data.company == "Acme"
            elif told.event == "contact.created":
                assert data.phone == PHONE
            else:
                assert data.deleted_at is not None
        case TaskRecord():
            assert data.id == last["activity_id"]
            assert (told.change, data.title or "-", data.contact_id is None) in (
                ("created", "-", False), ("completed", "-", False),
            )  # fmt: skip
            assert data.completed is (told.change == "completed") or data.completed is None
        case NoteRecord():
            assert (told.change, data.body) == ("created", "見積もり")
        case AppointmentRecord():
            assert told.change in ("created", "updated")
            assert data.status == ("confirmed" if told.change == "created" else "cancelled")
        case MilestoneReached():
            assert data.milestone in ("first_touch", "qualified", "last_touch")
            assert (data.cause_type, data.cause_id) == ("call", last["activity_id"])
            assert data.at is not None
        case CampaignResponse():
            assert (data.campaign, data.channel, data.activity_id) == ("spring", "form", last["activity_id"])
            assert data.contact_id == made[0]["activity_id"]
        case _:
            raise AssertionError(f"nobody expected {type(data)}")


def test_every_trigger_has_its_deeds() -> None:
    """So that a new one cannot be forgotten."""
    assert set(DEEDS) == set(TRIGGERS)


@dataclass(frozen=True)
class Asked:
    """One request as it goes out."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any
    token: str


def _asked(operation: AnyOperation, account: NimbataReady, given: Any) -> Asked:
    """The example as our own connector sends it."""
    prepared = Line(account.api.connection, CONNECTOR).prepare(operation)
    url, body = prepared.render(given)
    parts = urlsplit(str(url))
    return Asked(
        method=prepared.method, path=parts.path, query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        body=None if body is None else json.loads(body), token=account.told["token"],
    )  # fmt: skip


#: Operation → keys without which it is refused.
REQUIRED: dict[str, tuple[str, ...]] = {
    "nimbata.call.tag": ("tags",), "nimbata.call.comment": ("body",), "nimbata.contact.create": ("phone", "project_id"),
    "nimbata.contact.tags.add": ("tags",), "nimbata.contact.tags.remove": ("tags",), "nimbata.task.create": ("title",),
    "nimbata.note.create": ("body",), "nimbata.appointment.create": ("title", "start_time", "end_time"),
    "nimbata.webhook.create": ("url",),
}  # fmt: skip


def _refusals(operation: AnyOperation, asked: Asked) -> Iterator[tuple[str, Asked, int]]:
    """Name, request and status of every case of one operation."""
    yield "wrong token", replace(asked, token="npat_wrong"), 401
    yield "no token", replace(asked, token=""), 401
    template = operation.path.strip("/").split("/")
    parts = asked.path.strip("/").split("/")
    for place, name in enumerate(template):
        if name.startswith("{"):
            other = "/" + "/".join([*parts[:place], "x_nobody", *parts[place + 1 :]])
            if name == "{account}":
                yield "another account", replace(asked, path=other), 403
            else:
                yield f"unknown {name[1:-1]}", replace(asked, path=other), 404
    for key, value in (asked.body or {}).items():
        wrong_type: Any = ["wrong"] if isinstance(value, dict) else {"wrong": ["type"]}
        yield f"{key} of a wrong type", replace(asked, body={**asked.body, key: wrong_type}), 422
    for key in REQUIRED.get(operation.id, ()):
        less = {name: value for name, value in asked.body.items() if name != key}
        yield f"without {key}", replace(asked, body=less), 422
    if asked.body is not None:
        yield "a body that is no record", replace(asked, body=["x"]), 400
    for key, _ in asked.query:
        if key in ("page", "per_page", "updated_since", "include_deleted"):
            wrong = tuple((name, "wrong" if name == key else value) for name, value in asked.query)
            yield f"{key} of a wrong type", replace(asked, query=wrong), 422


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_what_must_be_refused_is_refused(name: str) -> None:
    """With its status in the account's own shape, and no effect at all."""
    operation = BY_ID[name]
    async with ready() as account, aiohttp.ClientSession() as http:
        asked = _asked(operation, account, await EXAMPLES[name](account))
        audit = account.sandbox.nimbata.audit
        for case, request, status in _refusals(operation, asked):
            before = dict(audit.effects)
            async with http.request(
                request.method, f"{account.told['base_url']}{request.path}", params=request.query,
                json=request.body, headers={"Authorization": f"Bearer {request.token}"},
            ) as answer:  # fmt: skip
                body = await answer.json()
            assert answer.status == status, f"{name}, {case}: {answer.status} {body}"
            assert set(body["error"]) == {"code", "message", "fields"}
            assert dict(audit.effects) == before
            note("refused", f"{name} {case}")
