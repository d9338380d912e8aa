"""All 58 events: the vendor's own examples are read, and what the sandbox sends is shaped as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance import specs
from tests.conformance.numbers import note
from tests.deliveries import deliveries
from tests.sandbox.crm import Crm, crm
from tieline.connectors.contacts_api import CONNECTOR, webhooks
from tieline.connectors.contacts_api.triggers import TRIGGERS, Told, recognise
from tieline.connectors.kit.signatures import Refused, load_ed25519_keys
from tieline.errors import UnreadableError
from tieline.sandbox.contacts_api.sent_events import EVENTS

BY_EVENT = {one.event: one for one in TRIGGERS if one.event}
FOLDER = specs.OPENAPI / "webhook-events"
needs_reference = pytest.mark.skipif(
    not specs.available(), reason="the vendor's specs are not beside this checkout"
)
#: Events whose documented bodies say for sure what they are; the others look like their siblings.
SURE = frozenset({
    "AppInstall", "AppUninstall", "AssociationCreate", "CampaignStatusUpdate", "ContactCreate", "ContactDelete",
    "ContactDndUpdate", "ContactTagUpdate", "ContactUpdate", "ConversationUnreadWebhook", "InvoiceDelete",
    "LCEmailStats", "LocationCreate", "LocationUpdate", "NoteCreate", "NoteDelete", "NoteUpdate",
    "OpportunityAssignedToUpdate", "OpportunityCreate", "OpportunityDelete", "OpportunityMonetaryValueUpdate",
    "OpportunityStageUpdate", "OpportunityStatusUpdate", "OpportunityUpdate", "OrderCreate", "OrderStatusUpdate",
    "PlanChange", "PriceCreate", "ProviderOutboundMessage", "TaskComplete", "TaskCreate", "TaskDelete", "UserCreate",
})  # fmt: skip
#: What has to be there before the event can happen.
BEFORE: dict[str, tuple[dict[str, Any], ...]] = {
    "AppUninstall": ({"kind": "app.install"},),
    "AppointmentUpdate": ({"kind": "appointment.create"},),
    "AppointmentDelete": ({"kind": "appointment.create"},),
    "ConversationUnreadWebhook": ({"kind": "message.inbound"},),
    "NoteUpdate": ({"kind": "note.create"},),
    "NoteDelete": ({"kind": "note.create"},),
    "OpportunityUpdate": ({"kind": "opportunity.create"},),
    "OpportunityDelete": ({"kind": "opportunity.create"},),
    "OpportunityAssignedToUpdate": ({"kind": "opportunity.create"},),
    "OpportunityMonetaryValueUpdate": ({"kind": "opportunity.create"},),
    "OpportunityStageUpdate": ({"kind": "opportunity.create"},),
    "OpportunityStatusUpdate": ({"kind": "opportunity.create"},),
    "TaskComplete": ({"kind": "task.create"},),
    "TaskDelete": ({"kind": "task.create"},),
}
#: Added to every delivery, whatever the event. Source: contacts-api.md, section 9.1.
_DELIVERY = frozenset({"type", "locationId", "timestamp", "webhookId", "appId", "versionId"})
#: Fields of real deliveries that neither schema nor examples have.
_BEYOND = {
    "timezone": "a contact's own field, sent where it is set",
    "to": "of calls and texts since January 2026 (the vendor's issue 188)",
    "from": "of calls and texts since January 2026 (the vendor's issue 188)",
    "messageTypeId": "integrators' deliveries of messages have it",
    "messageTypeString": "integrators' deliveries of messages have it",
}


def test_every_event_is_a_trigger_that_the_connector_lists() -> None:
    """And those that are looked for name an operation that there is."""
    assert set(EVENTS) == set(BY_EVENT)
    assert len(EVENTS) == 58
    assert CONNECTOR.triggers == TRIGGERS
    assert len({one.id for one in TRIGGERS}) == len(TRIGGERS) == 62
    operations = {one.id for one in CONNECTOR.operations}
    assert {one.poll for one in TRIGGERS if not one.instant} <= operations
    for one in TRIGGERS:
        assert one.instant == bool(one.event) == bool(one.types)


@needs_reference
def test_the_triggers_of_the_catalogue_are_there_under_its_ids() -> None:
    """Title, event, scopes and the name in the body."""
    catalogue = json.loads((specs.REFERENCE / "operations-catalog.json").read_text("utf-8"))
    wanted = [one for one in catalogue["operations"] if one["kind"] == "trigger"]
    ours = {one.id: one for one in TRIGGERS}
    assert len(wanted) == 32
    for one in wanted:
        trigger = ours[one["id"]]
        assert (trigger.title, trigger.event) == (one["title"], one.get("event", ""))
        assert list(trigger.scopes) == one["scopes"]
        if payload_type := one.get("payload_type"):
            assert payload_type in trigger.types


@needs_reference
def test_the_docs_know_no_other_event() -> None:
    """A file for each."""
    assert {one.stem for one in FOLDER.glob("*.json")} == set(BY_EVENT)


@needs_reference
@pytest.mark.parametrize("event", EVENTS)
def test_the_vendors_examples_are_read(event: str) -> None:
    """As this event, for sure where the body says so, with every field of theirs in a field of ours."""
    for example in documented(event)["examples"]:
        body = json.dumps(example["payload"]).encode()
        found = recognise(body)
        assert BY_EVENT[event] in found.candidates
        assert {one.output for one in found.candidates} == {BY_EVENT[event].output}
        if event in SURE:
            assert found.sure
        told = recognise(body, event=event)
        assert (told.trigger, told.sure) == (BY_EVENT[event], True)
        assert type(told.payload) is BY_EVENT[event].output
        read = msgspec.to_builtins(told.payload)
        for name, value in example["payload"].items():
            assert holds(read[name], value), f"{event}: {name}"


def holds(ours: Any, theirs: Any) -> bool:
    """Whether what was read says what was sent; a struct of ours may leave out what it does not name."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return all(holds(ours[name], value) for name, value in theirs.items() if name in ours)
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(holds, ours, theirs))
    return bool(ours == theirs)


@pytest.mark.parametrize("event", EVENTS)
async def test_the_sandbox_sends_it_and_we_know_it(event: str) -> None:
    """Over HTTP, signed with its key; the sandbox's body has no key that the vendor does not document."""
    async with crm() as api, deliveries() as arrived:
        await happen(api, event)
        target = {"url": f"{arrived.url}/{event}", "events": [event]}
        assert (await api.control("POST", "/webhooks", target))[0] == 200
        status, done = await api.control("POST", "/emit", await wanted(api, event))
        assert status == 200, done
        path, headers, body = await arrived.next()
        verdict = webhooks.verify(
            load_ed25519_keys((api.told["webhook_public_key"],)), headers, body, now=datetime.now(UTC)
        )
        assert not isinstance(verdict, Refused)
        assert BY_EVENT[event] in recognise(body).candidates
        found = recognise(body, event=path.removeprefix("/"))
        assert type(found.payload) is BY_EVENT[event].output
        assert isinstance(found.payload, Told)
        assert found.payload.webhook_id == webhooks.peek(body, headers).delivery_id == headers["deliveryid"]
        assert found.payload.app_id == api.told["app_id"]
        if specs.available():
            beyond = set(undocumented(json.loads(body), documented(event)))
            assert beyond <= set(_BEYOND), f"{event}: {beyond - set(_BEYOND)}"
        note("events", event)


async def happen(api: Crm, event: str) -> None:
    """What comes before the event."""
    await api.create(firstName="Ada", phone="+15125550123", email="ada@example.com", timezone="Europe/Berlin")
    for before in BEFORE.get(event, ()):
        status, done = await api.control("POST", "/emit", {"location": api.location, **before})
        assert status == 200, done


async def wanted(api: Crm, event: str) -> dict[str, Any]:
    """The request for it."""
    fields = {"event": event}
    if event == "ProviderOutboundMessage":
        _, state = await api.control("GET", "/state")
        providers = state["locations"][api.location]["conversation_providers"]
        fields |= {"type": "SMS", "conversationProviderId": next(one["id"] for one in providers)}
    return {"kind": "event.send", "location": api.location, "fields": fields}


@cache
def documented(event: str) -> dict[str, Any]:
    """The vendor's file of one event."""
    found: dict[str, Any] = json.loads((FOLDER / f"{event}.json").read_text("utf-8"))
    return found


def undocumented(body: dict[str, Any], file: dict[str, Any]) -> Iterator[str]:
    """Paths of a body's keys that stand in no schema and in no example of the event, and are added to no delivery."""
    schemas = [file["schema"], *(file.get("schema_variants") or {}).values()]
    known = {path for schema in schemas for path in _of_schema(schema)}
    known |= {path for example in file["examples"] for path in _of_value(example["payload"])}
    return (path for path in _of_value(body) if path not in known and path not in _DELIVERY)


def _of_schema(schema: Any, at: str = "") -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    # One file maps names to types without a word of JSON Schema around it.
    bare = "properties" not in schema and "type" in schema and not at and len(schema) > 2
    for name, inner in (schema if bare else schema.get("properties", {})).items():
        yield f"{at}{name}"
        yield from _of_schema(inner, f"{at}{name}.")
        if isinstance(inner, dict) and not {"type", "properties"} & inner.keys():
            yield from (f"{at}{name}.{one}" for one in inner)
    if "items" in schema:
        yield from _of_schema(schema["items"], at)


def _of_value(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{at}{name}"
            yield from _of_value(inner, f"{at}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from _of_value(inner, at)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_names = sorted(
    {field.encode_name for one in TRIGGERS if one.event for field in msgspec.structs.fields(one.output)}
    | {"data"}
)
_types = sorted({name for one in TRIGGERS for name in one.types} | {"VoiceAiCallEnd", "AppUpdate"})


@given(st.binary(max_size=200))
def test_any_bytes_are_recognised_or_unreadable(body: bytes) -> None:
    """There is no third way."""
    only_unreadable(body)


@given(_json)
def test_any_json_is_recognised_or_unreadable(value: Any) -> None:
    """Only an object can be an event."""
    found = only_unreadable(json.dumps(value).encode())
    assert found == isinstance(value, dict)


@given(
    st.sampled_from(_types) | _json,
    st.dictionaries(st.sampled_from(_names), _json, max_size=12),
    st.sampled_from(["", *EVENTS, "Unknown"]),
)
def test_any_values_under_the_documented_names_are_read(
    type_: Any, fields: dict[str, Any], event: str
) -> None:
    """A value of a wrong type costs that value, and hides no other."""
    told = {**fields, "type": type_, "webhookId": "w1"}
    found = recognise(json.dumps(told).encode(), event=event)
    if found.trigger is None:
        assert found.payload["webhookId"] == "w1"
    else:
        assert type(found.payload) is found.trigger.output
        assert found.payload.webhook_id == "w1"


@pytest.mark.parametrize("depth", [10, 300, 2_000, 200_000])
def test_a_body_nested_too_deeply_is_unreadable(depth: int) -> None:
    """Also where the nesting stands in a field that we name."""
    for field in ("whatever", "appointment", "customFields"):
        nested = b'{"a":' * depth + b"1" + b"}" * depth
        only_unreadable(b'{"type":"ContactCreate","%s":%s}' % (field.encode(), nested))


def only_unreadable(body: bytes) -> bool:
    """Whether it could be read; any other error than UnreadableError is raised on."""
    try:
        recognise(body)
    except UnreadableError:
        return False
    return True
