"""The call-tracking account as a library: whole lists and typed records, whatever the account calls things."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.conformance.nimbata_ready import ready
from tieline.catalogue.spec import AnyOperation
from tieline.connectors import CONNECTORS, Nimbata
from tieline.connectors.nimbata.operations import (
    activities,
    changes,
    contacts,
    lookups,
    notes,
    tasks,
    webhooks,
)
from tieline.connectors.nimbata.operations.appointments import (
    CREATE_APPOINTMENT,
    LIST_APPOINTMENTS,
    CreateAppointment,
)
from tieline.connectors.nimbata.operations.inputs import OfContact, Paged
from tieline.connectors.nimbata.shapes import Address, CallRecord, Comment, ContactRecord
from tieline.errors import (
    ConfigurationError,
    CredentialError,
    NotFoundError,
    OutcomeUnknown,
    RateLimited,
    RejectedError,
    Unavailable,
)
from tieline.sandbox.faults import read_rules

FIRST = date(2026, 1, 1)
PHONE = "+12015550123"


def _today() -> date:
    return datetime.now(UTC).date()


async def test_a_call_is_read_whole_in_our_words() -> None:
    """Outcome, durations, money, comments and attribution; what we have no name for is in `raw`."""
    async with ready(locations=1) as account:
        call_id = account.call(
            caller=PHONE, caller_name="Zoë", outcome="NOT_ANSWERED", duration_s=32, tags=["A"], value=12.5,
            source={"source": "google", "medium": "(none)", "campaign": "spring"},
        )  # fmt: skip
        given = activities.CommentCall(project=account.project, id=call_id, body="Wants a quote")
        comment = (await account.api.call(activities.COMMENT_CALL, given)).record
        asked = activities.CallId(project=account.project, id=call_id)
        call = (await account.api.call(activities.GET_CALL, asked)).record
        assert isinstance(call, CallRecord)
        assert (call.id, call.caller, call.caller_name) == (call_id, PHONE, "Zoë")
        assert (call.outcome, call.duration_s, call.talk_duration_s) == ("missed", 32, 0)
        assert (call.value, call.rating, call.tags) == (Decimal("12.5"), Decimal("0.0"), ("A",))
        assert (call.attribution.source, call.attribution.medium) == ("google", None)
        assert (call.times_called, call.repeat_caller) == (1, False)
        assert [(one.id, one.body) for one in call.comments] == [(comment.id, "Wants a quote")]
        assert isinstance(comment, Comment)
        assert comment.created_at is not None
        assert call.raw["call_type"] == "Regular"
        assert call.started_at is not None
        assert call.started_at.tzinfo is UTC


async def test_a_contact_is_read_whole_in_our_words() -> None:
    """And what was written is what comes back; None clears, UNSET leaves."""
    async with ready(locations=1) as account:
        given = contacts.CreateContact(
            name="Jane van der Berg", phone="(201) 555-0123", email="J@Example.com", value=Decimal("350.5"),
            address={"city": "Austin"}, external_ids={"highlevel": "hl1"}, custom_fields={"a": 1}, tags=["A"],
        )  # fmt: skip
        made = (await account.api.call(contacts.CREATE_CONTACT, given)).record
        assert isinstance(made, ContactRecord)
        assert (made.phone, made.email, made.value) == (PHONE, "j@example.com", Decimal("350.5"))
        assert (made.address, made.external_ids) == (Address(city="Austin"), {"highlevel": "hl1"})
        assert [one.name for one in made.milestones] == ["lead_created"]
        assert (made.version, made.dnd, made.custom_fields) == (1, False, {"a": 1})
        changed = await account.api.call(
            contacts.UPDATE_CONTACT, contacts.UpdateContact(id=made.id, email=None, lead_score=7)
        )
        assert (changed.record.email, changed.record.phone, changed.record.lead_score) == (None, PHONE, 7)
        stale = contacts.UpdateContact(id=made.id, company="x", version=1)
        with pytest.raises(RejectedError) as refused:
            await account.api.call(contacts.UPDATE_CONTACT, stale)
        assert refused.value.status == 409
        with pytest.raises(RejectedError) as double:
            await account.api.call(contacts.CREATE_CONTACT, given)
        assert double.value.existing_id == made.id


async def test_every_list_is_read_to_its_end() -> None:
    """23 rows in pages of five, once each and in order; texts, forms, contacts, items and look-ups alike."""
    async with ready(locations=1) as account:
        api, project = account.api, account.project
        today = _today()
        lists: tuple[tuple[str, AnyOperation, activities.Stream], ...] = (
            ("call", activities.LIST_CALLS, "call"),
            ("form", activities.LIST_FORMS, "form"),
            ("sms", activities.LIST_TEXTS, "text"),
        )
        for kind, list_, stream in lists:
            made = account.side.emit(
                {"kind": kind, "project": project, "count": 23, "at": "2026-05-01T12:00:00Z"}
            )
            given = activities.list_activity(stream, project, FIRST, today, 1, 5)
            rows = [row async for row in api.each(list_, given)]
            assert [row.id for row in rows] == [one.activity_id for one in made], kind
        person = await account.contact()
        for number in range(11):
            await account.contact(email=f"a{number}@example.com")
        found = [row.id async for row in api.each(contacts.FIND_CONTACTS, contacts.FindContacts(per_page=5))]
        assert len(found) == len(set(found)) == 12
        for number in range(7):
            await api.call(tasks.CREATE_TASK, tasks.CreateTask(contact_id=person, title=f"task {number}"))
            await api.call(notes.CREATE_NOTE, notes.CreateNote(contact_id=person, body=f"note {number}"))
        titles = [
            row.title async for row in api.each(tasks.LIST_TASKS, OfContact(contact_id=person, per_page=3))
        ]
        bodies = [
            row.body async for row in api.each(notes.LIST_NOTES, OfContact(contact_id=person, per_page=7))
        ]
        assert titles == [f"task {number}" for number in range(7)]
        assert bodies == [f"note {number}" for number in range(7)]
        numbers = [row async for row in api.each(lookups.LIST_TRACKING_NUMBERS, Paged(per_page=3))]
        assert [one.number for one in numbers] == [
            one.number for one in account.side.account.numbers[project]
        ]
        assert {one.name async for one in api.each(lookups.LIST_CAMPAIGNS, Paged(per_page=2))} >= {"spring"}
        assert {one.name async for one in api.each(lookups.LIST_TAGS, Paged(per_page=4))} >= {"SPAM"}
        assert [one.id async for one in api.each(lookups.LIST_PROJECTS, Paged())] == [project]


async def test_days_of_a_project_are_read_by_name() -> None:
    """The short ways to the three lists, of both ends of the days."""
    async with ready(locations=1, settings={"pagination": {"size": 2}}) as account:
        for kind in ("call", "form", "sms"):
            for day in ("2026-04-30", "2026-05-01", "2026-05-03", "2026-05-04"):
                account.side.emit({"kind": kind, "at": f"{day}T23:59:59Z"})
        first, last = date(2026, 5, 1), date(2026, 5, 3)
        for rows in (
            account.api.calls(account.project, first, last),
            account.api.forms(account.project, first, last),
            account.api.texts(account.project, first, last),
        ):
            assert len([row async for row in rows]) == 2


async def test_the_feed_of_changes_is_read_to_its_end() -> None:
    """By the cursor that each answer gives; each event reads as its webhook does."""
    async with ready(locations=1) as account:
        account.side.set_quirks({"changes_feed": True})
        made = account.side.emit({"kind": "sms", "count": 7})
        given = changes.ListChanges(per_page=3)
        rows = [row async for row in account.api.each(changes.LIST_CHANGES, given)]
        trigger = next(one for one in CONNECTORS[1].triggers if one.event == "sms.received")
        told = [account.api.read_event(trigger, bytes(row)) for row in rows]
        assert [one.data.id for one in told] == [one.activity_id for one in made]
        assert [one.event_id for one in told] == [one.event_id for one in made]


async def test_pages_that_drift_lose_nothing() -> None:
    """Rows that shifted are met again: an id at least once."""
    async with ready(locations=1) as account:
        account.side.set_quirks({"page_drift": 3})
        made = account.side.emit({"kind": "sms", "count": 23, "at": "2026-05-01T12:00:00Z"})
        given = activities.list_activity("text", account.project, FIRST, _today(), 1, 5)
        rows = [row.id async for row in account.api.each(activities.LIST_TEXTS, given)]
        assert list(dict.fromkeys(rows)) == [one.activity_id for one in made]
        assert len(rows) > 23


async def test_other_names_places_and_texts_for_truth_are_read_by_the_settings() -> None:
    """An account whose rows, lists and booleans look otherwise gives the same records."""
    settings = {
        "fields": {
            "call": {"id": ["anruf.nummer", "kennung"], "caller_phone": ["anrufer"]},
            "contact": {"id": ["kennung"], "phone": ["telefon"], "dnd": ["nicht_stören"]},
            "task": {"completed": ["erledigt"], "id": ["kennung"]},
        },
        "response": {"items": ["liste"], "item": ["liste"], "error": ["fehler.text"]},
        "pagination": {"last_page": ["seiten.letzte"]},
    }
    renamed = {
        "data": "liste", "id": "kennung", "caller": "anrufer", "phone": "telefon", "completed": "erledigt",
        "dnd": "nicht_stören", "meta": "seiten", "last_page": "letzte", "error": "fehler", "message": "text",
    }  # fmt: skip
    async with ready(locations=1, settings=settings) as account:
        call_id = account.call(caller=PHONE)
        account.side.set_quirks({"renamed_fields": renamed, "string_booleans": True})
        contact = await account.contact(phone="+12015550199")
        rows = [row async for row in account.api.calls(account.project, FIRST, _today())]
        assert [(row.id, row.caller) for row in rows] == [(call_id, PHONE)]
        found = [
            row async for row in account.api.each(contacts.FIND_CONTACTS, contacts.FindContacts(per_page=1))
        ]
        assert [(row.id, row.phone, row.dnd) for row in found] == [(contact, "+12015550199", False)]
        task = await account.api.call(tasks.CREATE_TASK, tasks.CreateTask(contact_id=contact, title="x"))
        assert (task.record.completed, task.record.contact_id) == (False, contact)
        with pytest.raises(NotFoundError, match="call not found"):
            await account.api.call(
                activities.GET_CALL, activities.CallId(project=account.project, id="ncl_nobody")
            )


async def test_sparse_answers_are_records_with_less() -> None:
    """A key that is not there is None, and says nothing."""
    async with ready(locations=1) as account:
        account.side.set_quirks({"sparse_bodies": True})
        contact = await account.contact()
        record = (await account.api.call(contacts.GET_CONTACT, contacts.ContactId(id=contact))).record
        assert (record.company, record.lead_status, record.email) == (None, None, "ada@example.com")
        assert "company" not in record.present
        assert "email" in record.present


async def test_json_that_calls_itself_something_else_is_read() -> None:
    """What an answer looks like counts, not what it says."""
    async with ready(locations=1) as account:
        account.side.set_quirks({"wrong_content_type": True})
        assert await account.contact()


@pytest.mark.parametrize(
    ("settings", "bodies"),
    [
        ({"pagination": {"style": "none"}}, 1),
        ({"pagination": {"last_page": ["nowhere"], "size": 5}}, 3),
        ({"paths": {"call.list": {
            "path": "/v1/a/{account}/project/{project}/activity/call",
            "body": {"filters": {"call_date": {"from": "{from}", "to": "{to}"}}, "per_page": "{per_page}"},
        }}}, 1),
    ],
)  # fmt: skip
async def test_how_a_list_goes_on_is_a_setting(settings: dict[str, Any], bodies: int) -> None:
    """Without totals a page that is not full is the last; a call with no place for a page comes whole."""
    async with ready(locations=1, settings=settings) as account:
        account.side.emit({"kind": "call", "count": 12, "at": "2026-05-01T12:00:00Z"})
        given = activities.list_activity("call", account.project, FIRST, _today(), 1, 5)
        rows = [row async for row in account.api.each(activities.LIST_CALLS, given)]
        assert account.sandbox.nimbata.audit.operations["nimbata.call.list"] == bodies
        assert len(rows) == min(5 * bodies, 12)


async def test_a_replaced_call_goes_where_the_settings_say() -> None:
    """Method, path, query and body are templates; a place that stands for another is filled, too."""
    settings = {"paths": {"contact.list": {"method": "GET", "path": "/v1/a/{account}/contacts",
                                           "query": {"updated_since": "{since}", "phone": "{phone}"}}}}  # fmt: skip
    async with ready(locations=1, settings=settings) as account:
        await account.contact(phone=PHONE)
        since = datetime(2026, 1, 1, tzinfo=UTC)
        given = contacts.FindContacts(updated_since=since, phone=PHONE)
        answer = await account.api.call(contacts.FIND_CONTACTS, given)
        assert [row.phone for row in answer.rows] == [PHONE]
        seen = account.sandbox.nimbata.audit.calls[-1]
        assert set(seen.body) == {"updated_since", "phone"}


_NATIVE_ONLY = frozenset({"contact", "task", "note", "appointment", "campaign"})


@pytest.mark.parametrize("operation", CONNECTORS[1].operations, ids=lambda one: one.id)
async def test_a_derived_account_is_asked_only_for_what_it_may_have(operation: AnyOperation) -> None:
    """What it has not is said so at once, by name; nothing is sent."""
    async with Nimbata.open(token="t", account="a", base_url="http://127.0.0.1:9") as api:
        native = operation.id.split(".")[1] in _NATIVE_ONLY
        assert api.offers(operation) is not native
        if native:
            empty = {field.name: "x" for field in msgspec.structs.fields(operation.input) if field.required}
            with pytest.raises(RejectedError, match="not available on this Nimbata account"):
                await api.call(operation, operation.input(**empty))


async def test_capabilities_go_before_the_mode() -> None:
    """With or without the product's name; null for a path means that there is none."""
    settings = {
        "mode": "native",
        "capabilities": {"contact.create": False, "nimbata.task.create": False},
        "paths": {"note.create": None},
    }
    async with Nimbata.open(token="t", account="a", settings=settings) as api:
        lacking: tuple[AnyOperation, ...] = (contacts.CREATE_CONTACT, tasks.CREATE_TASK, notes.CREATE_NOTE)
        assert not any(api.offers(one) for one in lacking)
        assert api.offers(contacts.UPDATE_CONTACT)
    async with Nimbata.open(token="t", account="a", settings={"capabilities": {"contact.find": True}}) as api:
        assert api.offers(contacts.FIND_CONTACTS)


async def test_wrong_settings_are_told_when_the_client_is_opened() -> None:
    """Not by the first call."""
    with pytest.raises(ConfigurationError, match="naive_zone"):
        async with Nimbata.open(token="t", account="a", settings={"time": {"naive_zone": "Mars"}}):
            pass


async def test_refusals_of_the_account_are_errors_by_what_happens_next() -> None:
    """A token that ran out, a limit, a failure, a record that is gone."""
    async with ready(locations=1) as account:
        api, faults = account.api, account.sandbox.nimbata.faults
        account.side.set_quirks({"expired_token": True})
        with pytest.raises(CredentialError, match="expired"):
            await api.call(lookups.LIST_PROJECTS, Paged())
        account.side.set_quirks({"expired_token": False})
        for kind, error in (("429_bare", RateLimited), ("503", Unavailable)):
            faults.add(read_rules({"kind": kind, "count": 1}))
            with pytest.raises(error):
                await api.call(lookups.LIST_PROJECTS, Paged())
        with pytest.raises(NotFoundError):
            await api.call(contacts.GET_CONTACT, contacts.ContactId(id="nct_nobody"))
        gone = await api.call(contacts.DELETE_CONTACT, contacts.ContactId(id="nct_nobody"))
        assert gone.existed is False


@pytest.mark.parametrize("kind", ["contact", "task", "note", "appointment", "comment", "webhook"])
async def test_a_create_whose_answer_was_lost_is_found_again(kind: str) -> None:
    """After the cut the record is there, and the look-up names it; before anything happened it names none."""
    async with ready(locations=1) as account:
        api = account.api
        person = await account.contact(email="other@example.com")
        call_id = account.call()
        start = datetime(2027, 3, 14, 9, 30, tzinfo=UTC)
        creates: dict[str, tuple[AnyOperation, Any]] = {
            "contact": (contacts.CREATE_CONTACT, contacts.CreateContact(
                project_id=account.project, email="Zoe@example.com", external_ids={"highlevel": "hl1"})),
            "task": (tasks.CREATE_TASK, tasks.CreateTask(contact_id=person, title="Call back", due_at=start)),
            "note": (notes.CREATE_NOTE, notes.CreateNote(contact_id=person, body=" 見積もり\n[tl:7]")),
            "appointment": (CREATE_APPOINTMENT, CreateAppointment(
                contact_id=person, title="Visit", start_time=start, end_time=start + timedelta(hours=1))),
            "comment": (activities.COMMENT_CALL, activities.CommentCall(
                project=account.project, id=call_id, body="Wants a quote")),
            "webhook": (webhooks.CREATE_WEBHOOK, webhooks.CreateWebhook(url="http://127.0.0.1:9/x")),
        }  # fmt: skip
        operation, given = creates[kind]
        assert operation.look_up is not None
        assert await api.find_created(operation, given) is None
        account.sandbox.nimbata.faults.add(
            read_rules({"kind": "cut_after", "operation": operation.id, "count": 1})
        )
        with pytest.raises(OutcomeUnknown):
            await api.call(operation, given)
        found = await api.find_created(operation, given)
        assert found is not None
        assert account.sandbox.nimbata.audit.calls[-1].operation == operation.look_up.operation
        assert account.sandbox.nimbata.audit.effects[operation.id] == (2 if kind == "contact" else 1)
        late = datetime.now(UTC) + timedelta(days=1)
        if kind in ("task", "note", "appointment", "comment"):
            assert await api.find_created(operation, given, since=late) is None
        assert account.side.doubled() == []


async def test_a_contact_is_looked_for_by_external_id_then_phone_then_email() -> None:
    """In its own project alone."""
    async with ready(locations=2) as account:
        here, there = account.told["projects"]
        by_phone = await account.contact(phone=PHONE, email="a@example.com")
        by_id = await account.contact(email="b@example.com", external_ids={"highlevel": "hl1"})
        await account.contact(project_id=there, phone="+12015550177", email="c@example.com")

        async def found(**fields: Any) -> str | None:
            given = contacts.CreateContact(project_id=here, **fields)
            record = await account.api.find_created(contacts.CREATE_CONTACT, given)
            return None if record is None else str(record.id)

        assert await found(phone=PHONE, external_ids={"highlevel": "hl1"}) == by_id
        assert await found(phone=PHONE, email="b@example.com") == by_phone
        assert await found(phone="+12015550188", email="B@example.com") == by_id
        assert await found(phone="+12015550177", email="c@example.com") is None


async def test_what_makes_nothing_cannot_be_looked_for() -> None:
    """It may simply be sent again."""
    async with Nimbata.open(token="t", account="a", settings={"mode": "native"}) as api:
        with pytest.raises(ConfigurationError, match="makes no record"):
            await api.find_created(contacts.GET_CONTACT, contacts.ContactId(id="x"))


async def test_appointments_keep_their_moment_and_their_zone() -> None:
    """Across the change to summer time, in a zone that is off by half an hour."""
    async with ready(locations=1) as account:
        contact = await account.contact()
        start = datetime.fromisoformat("2027-03-14T02:30:00+05:30")
        given = CreateAppointment(
            contact_id=contact, title="-", start_time=start, end_time=start + timedelta(minutes=45),
            timezone="Asia/Kolkata",
        )  # fmt: skip
        await account.api.call(CREATE_APPOINTMENT, given)
        (row,) = (await account.api.call(LIST_APPOINTMENTS, OfContact(contact_id=contact))).rows
        assert (row.start_time, row.timezone, row.title) == (start, "Asia/Kolkata", "-")


def test_no_repr_shows_the_secret_of_a_webhook() -> None:
    """It is printed in logs and traces."""
    from tieline.connectors.nimbata.shapes import Webhook

    hook = Webhook(id="nwh_1", url="http://hub/?key=s3cret", secret="s3cret", raw={"secret": "s3cret"})
    assert "s3cret" not in repr(hook)
