"""Every trigger: fired by the sandbox, taken in by the real hub or found by its polls, with the documented shape."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.conformance.hub_in_between import Taken, taking
from tests.conformance.proving import prove
from tests.conformance.test_nimbata_operations import DEEDS
from tests.conformance.test_triggers import BEFORE, BY_EVENT, wanted
from tests.server.sweeping import Bench, bench
from tieline.catalogue.registry import Catalogue
from tieline.connectors import CONNECTORS, Nimbata
from tieline.connectors.contacts_api.triggers import TRIGGERS, recognise
from tieline.connectors.nimbata import CONNECTOR as NIMBATA
from tieline.connectors.nimbata.payloads import Told
from tieline.sandbox.contacts_api.sent_events import EVENTS
from tieline.server.catalogue import catalogue
from tieline.store.pool import Store

_TOLD = "fired by the sandbox, taken in at the hub's hook, stored, read as typed"
_FOUND = "done in the sandbox without a word, found by the poll, read as typed"


async def test_every_event_of_the_crm_comes_in(store: Store) -> None:
    """One after the other through one hub; each is stored as genuine, and read as what it is."""
    missing = []
    async with taking(store) as it:
        for event in EVENTS:
            target = {"url": f"{it.url}/hooks/contacts/crm/{event}", "events": [event]}
            assert (await it.crm.control("POST", "/webhooks", target))[0] == 200
        for number, event in enumerate(EVENTS):
            # A person has one open opportunity, and one of each phone.
            phone, email = f"+151255501{number:02}", f"ada{number}@example.com"
            made = await it.crm.create(firstName="Ada", phone=phone, email=email, timezone="Europe/Berlin")
            try:
                await _comes(it, event, made["id"])
            except AssertionError as error:
                missing.append(f"{event}: {error}")
    assert missing == []


async def _comes(it: Taken, event: str, contact: str) -> None:
    for before in BEFORE.get(event, ()):
        whose = {"id": contact} if before["kind"] == "opportunity.create" else {}
        status, done = await it.crm.control("POST", "/emit", {"location": it.crm.location, **before, **whose})
        assert status == 200, done
    await it.mark()
    status, done = await it.crm.control("POST", "/emit", await wanted(it.crm, event))
    assert status == 200, done
    trigger = BY_EVENT[event]
    kind, body = await it.next(lambda one: trigger in recognise(one).candidates)
    assert kind in (event, *trigger.types)
    read = recognise(body, event=event)
    assert (read.trigger, type(read.payload)) == (trigger, trigger.output)
    assert msgspec.to_builtins(read.payload)["webhookId"]
    _has_the_shape(trigger.id, msgspec.to_builtins(read.payload))
    prove(trigger.id, _TOLD)


@pytest.mark.parametrize("trigger", NIMBATA.triggers, ids=lambda one: one.id)
async def test_every_event_of_the_account_comes_in(store: Store, trigger: Any) -> None:
    """The same of call tracking, in an account where nothing happened before."""
    async with taking(store) as it:
        told, side = it.sandbox.describe()["nimbata"], it.sandbox.nimbata.side
        side.set_targets({"url": f"{it.url}/hooks/nimbata/calls", "events": [trigger.event]})
        for deed in DEEDS[trigger.event]:
            side.emit(deed)
        kind, body = await it.next(lambda _: True)
        assert kind == trigger.event
        async with Nimbata.open(
            token=told["token"], account=told["account"], base_url=told["base_url"], limits=False,
            settings={"mode": "native"},
        ) as api:  # fmt: skip
            read = api.read_event(trigger, body, None)
        assert isinstance(read, Told)
        assert read.event == trigger.event
        _has_the_shape(trigger.id, msgspec.to_builtins(read))
        prove(trigger.id, _TOLD)


async def test_an_edited_and_a_reopened_task_are_found(store: Store) -> None:
    """Of which the CRM tells nothing."""
    async with bench(store) as one:
        one.work("contact.create")
        task = one.work("task.create")
        await one.look("task")
        for name, deed, fields in (
            ("tasks.updated", "task.update", {"fields": {"title": "Call today"}}), ("completed", "task.complete", {}),
            ("tasks.reopened", "task.reopen", {}),
        ):  # fmt: skip
            one.work(deed, id=task, **fields)
            one.wait(5)
            ((kind, body),) = await one.look("task")
            assert (kind, body["id"]) == ("task.swept", task)
            if name in BY_ID:
                _reads(name, body)
                prove(name, _FOUND)
                assert body["title"] == "Call today"


async def test_a_form_of_the_crm_is_found(store: Store) -> None:
    """By reading the list on."""
    async with bench(store) as one:
        await one.look("form_submission")
        one.work("form.submit")
        one.wait(5)
        ((_, body),) = await one.look("form_submission")
        _reads("forms.submitted", body)
        prove("forms.submitted", _FOUND)


async def test_a_merge_is_found_and_its_heir_is_read(store: Store) -> None:
    """The one that went is told, after two looks; the one that has its phone now is who it became."""
    async with bench(store) as one:
        stays, goes = (
            one.work("contact.create"),
            one.work("contact.create", fields={"phone": "+17375550199"}),
        )
        await one.link([stays, goes])
        await one.look("walk")
        one.work("contact.merge", id=stays, other=goes)
        one.wait(6)
        await one.look("walk")
        one.wait(11)
        assert ("contact.vanished", {"id": goes, "contactId": goes}) in await one.look("walk")
        held = {contact["id"]: contact for contact in _contacts(one)}
        assert goes not in held
        _reads("contacts.merged", held[stays])
        prove("contacts.merged", _FOUND)


def _contacts(one: Bench) -> list[dict[str, Any]]:
    found = msgspec.to_builtins(one.sandbox.contacts.side.state())["locations"][one.location]["contacts"]
    rows: list[dict[str, Any]] = list(found.values()) if isinstance(found, dict) else found
    return rows


BY_ID = {trigger.id: trigger for trigger in TRIGGERS}


def _reads(name: str, body: Any) -> None:
    read = msgspec.convert(body, BY_ID[name].output)
    _has_the_shape(name, msgspec.to_builtins(read))


def _has_the_shape(name: str, read: Any) -> None:
    """What a later step sees is what the catalogue says that it can pick from."""
    entry = catalogue().get(name)
    assert entry is not None
    shown = {one.name for one in entry.output_fields}
    assert shown
    assert shown <= set(read) or {"event", "data"} <= shown & set(read)


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda one: one.app)
def test_every_trigger_is_an_entry(connector: Any) -> None:
    """So that none can be forgotten."""
    held: Catalogue = catalogue()
    for trigger in connector.triggers:
        entry = held.get(trigger.id)
        assert entry is not None
        assert entry.trigger is trigger
