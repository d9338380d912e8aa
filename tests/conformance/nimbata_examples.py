"""A valid input for every operation of the call-tracking connector, by its id."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.conformance.nimbata_ready import Example, NimbataReady
from tieline.connectors.nimbata.operations import (
    activities,
    appointments,
    changes,
    contacts,
    notes,
    tasks,
    webhooks,
)
from tieline.connectors.nimbata.operations.inputs import OfContact, Paged

START = datetime(2027, 3, 14, 9, 30, tzinfo=UTC)


def _days(ready: NimbataReady, stream: activities.Stream) -> activities.ListActivity:
    today = datetime.now(UTC).date()
    return activities.list_activity(stream, ready.project, date(2026, 1, 1), today, 1, 10)


async def list_calls(ready: NimbataReady) -> Any:
    ready.call()
    return _days(ready, "call")


async def get_call(ready: NimbataReady) -> Any:
    return activities.CallId(project=ready.project, id=ready.call())


async def update_call(ready: NimbataReady) -> Any:
    return activities.UpdateCall(
        project=ready.project,
        id=ready.call(value=None),
        caller_name="Zoë 🙂",
        value=Decimal("350.50"),
        rating=4,
    )


async def tag_call(ready: NimbataReady) -> Any:
    return activities.TagCall(project=ready.project, id=ready.call(tags=[]), tags=["Qualified Lead", "Köln"])


async def comment_call(ready: NimbataReady) -> Any:
    return activities.CommentCall(project=ready.project, id=ready.call(), body="Wants a quote\n見積もり")


async def list_forms(ready: NimbataReady) -> Any:
    ready.side.emit({"kind": "form", "project": ready.project})
    return _days(ready, "form")


async def list_texts(ready: NimbataReady) -> Any:
    ready.side.emit({"kind": "sms", "project": ready.project})
    return _days(ready, "text")


async def find_contacts(ready: NimbataReady) -> Any:
    await ready.contact(phone="+12015550123")
    return contacts.FindContacts(phone="+12015550123", include_deleted=True, page=1, per_page=5)


async def create_contact(ready: NimbataReady) -> Any:
    return contacts.CreateContact(
        project_id=ready.project, first_name="Jane", last_name="van der Berg", phone="+12015550123",
        tags=["A", "B"], value=Decimal("350"), address={"city": "Austin"}, custom_fields={"service": "repair"},
        external_ids={"highlevel": "ocQHyuzHvysMo5N5VsXc"},
    )  # fmt: skip


async def contact_id(ready: NimbataReady) -> Any:
    return contacts.ContactId(id=await ready.contact())


async def update_contact(ready: NimbataReady) -> Any:
    return contacts.UpdateContact(
        id=await ready.contact(company="Acme"), company=None, version=1, lead_score=7
    )


async def add_tags(ready: NimbataReady) -> Any:
    return contacts.ContactTags(id=await ready.contact(tags=["a"]), tags=["A", "b"])


async def remove_tags(ready: NimbataReady) -> Any:
    return contacts.ContactTags(id=await ready.contact(tags=["a", "b"]), tags=["B"])


async def of_contact(ready: NimbataReady) -> Any:
    return OfContact(
        contact_id=(await ready.task()).contact_id, updated_since=datetime(2026, 1, 1, tzinfo=UTC)
    )


async def create_task(ready: NimbataReady) -> Any:
    return tasks.CreateTask(contact_id=await ready.contact(), title="Call back", due_at=START, body="A quote")


async def update_task(ready: NimbataReady) -> Any:
    task = await ready.task()
    return tasks.UpdateTask(contact_id=task.contact_id, task_id=task.task_id, completed=True, version=1)


async def delete_task(ready: NimbataReady) -> Any:
    return await ready.task()


async def create_note(ready: NimbataReady) -> Any:
    contact = await ready.contact(phone="+12015550123")
    return notes.CreateNote(contact_id=contact, body="Prefers mornings", call_id=ready.call())


async def update_note(ready: NimbataReady) -> Any:
    note = await ready.note()
    return notes.UpdateNote(contact_id=note.contact_id, note_id=note.note_id, body="Prefers evenings")


async def delete_note(ready: NimbataReady) -> Any:
    return await ready.note()


async def create_appointment(ready: NimbataReady) -> Any:
    return appointments.CreateAppointment(
        contact_id=await ready.contact(), title="Site visit", start_time=START,
        end_time=START + timedelta(hours=1), timezone="America/Chicago", status="new", location="1 Main St",
    )  # fmt: skip


async def update_appointment(ready: NimbataReady) -> Any:
    made = await ready.appointment(await create_appointment(ready))
    return appointments.UpdateAppointment(
        contact_id=made.contact_id, appointment_id=made.appointment_id, status="cancelled", notes="Called off"
    )


async def delete_appointment(ready: NimbataReady) -> Any:
    return await ready.appointment(await create_appointment(ready))


async def page(ready: NimbataReady) -> Any:
    return Paged(page=1, per_page=10)


async def create_webhook(ready: NimbataReady) -> Any:
    return webhooks.CreateWebhook(
        url="http://127.0.0.1:9/hooks/nimbata/calls", events=["call.*"], profile="flat",
        field_map={"Caller ID (international)": "caller", "Value": None}, project=ready.project,
    )  # fmt: skip


async def delete_webhook(ready: NimbataReady) -> Any:
    made = await ready.api.call(webhooks.CREATE_WEBHOOK, await create_webhook(ready))
    return webhooks.WebhookId(id=made.record.id)


async def list_changes(ready: NimbataReady) -> Any:
    ready.side.set_quirks({"changes_feed": True})
    ready.call()
    return changes.ListChanges(per_page=10)


EXAMPLES: dict[str, Example] = {
    "nimbata.call.list": list_calls,
    "nimbata.call.get": get_call,
    "nimbata.call.update": update_call,
    "nimbata.call.tag": tag_call,
    "nimbata.call.comment": comment_call,
    "nimbata.form.list": list_forms,
    "nimbata.sms.list": list_texts,
    "nimbata.contact.find": find_contacts,
    "nimbata.contact.create": create_contact,
    "nimbata.contact.get": contact_id,
    "nimbata.contact.update": update_contact,
    "nimbata.contact.delete": contact_id,
    "nimbata.contact.tags.add": add_tags,
    "nimbata.contact.tags.remove": remove_tags,
    "nimbata.task.list": of_contact,
    "nimbata.task.create": create_task,
    "nimbata.task.update": update_task,
    "nimbata.task.delete": delete_task,
    "nimbata.note.list": of_contact,
    "nimbata.note.create": create_note,
    "nimbata.note.update": update_note,
    "nimbata.note.delete": delete_note,
    "nimbata.appointment.list": of_contact,
    "nimbata.appointment.create": create_appointment,
    "nimbata.appointment.update": update_appointment,
    "nimbata.appointment.delete": delete_appointment,
    "nimbata.project.list": page,
    "nimbata.tracking_number.list": page,
    "nimbata.tag.list": page,
    "nimbata.campaign.list": page,
    "nimbata.webhook.list": page,
    "nimbata.webhook.create": create_webhook,
    "nimbata.webhook.delete": delete_webhook,
    "nimbata.change.list": list_changes,
}
