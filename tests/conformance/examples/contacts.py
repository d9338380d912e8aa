"""Contacts with their tags, notes and tasks; the location with its lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.conformance.ready import Example, Ready
from tieline.connectors.contacts_api.operations import contacts, groups, locations, notes, tags, tasks

DUE = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)


async def create(ready: Ready) -> Any:
    return contacts.CreateContact(first_name="Zoë", phone="+15125550199", tags=["vip"])


async def get(ready: Ready) -> Any:
    return contacts.ContactId(contact_id=await ready.contact())


async def update(ready: Ready) -> Any:
    return contacts.UpdateContact(contact_id=await ready.contact(), city="Austin")


async def upsert(ready: Ready) -> Any:
    return contacts.UpsertContact(email="zoe@example.com", first_name="Zoë")


async def search(ready: Ready) -> Any:
    return contacts.SearchContacts(page_limit=10, sort=[contacts.Sort(field="dateUpdated")])


async def find_duplicate(ready: Ready) -> Any:
    await ready.contact(phone="+15125550177")
    return contacts.FindDuplicate(number="+15125550177")


async def list_(ready: Ready) -> Any:
    return contacts.ListContacts(limit=10)


async def followers(ready: Ready) -> Any:
    return groups.Followers(contact_id=await ready.contact(), followers=[ready.user])


async def bulk_tags(ready: Ready) -> Any:
    return groups.BulkTags(type="add", contacts=[await ready.contact()], tags=["vip"])


async def contact_tags(ready: Ready) -> Any:
    return tags.ContactTags(contact_id=await ready.contact(tags=["old"]), tags=["old", "new"])


async def notes_of(ready: Ready) -> Any:
    return notes.NotesOf(contact_id=await ready.contact())


async def create_note(ready: Ready) -> Any:
    return notes.CreateNote(contact_id=await ready.contact(), body="Wants a quote", pinned=True)


async def note(ready: Ready) -> Any:
    contact = await ready.contact()
    made = await ready.api.call(notes.CREATE, notes.CreateNote(contact_id=contact, body="Wants a quote"))
    return notes.NoteId(contact_id=contact, id=made.note.id)


async def update_note(ready: Ready) -> Any:
    which = await note(ready)
    return notes.UpdateNote(
        contact_id=which.contact_id, id=which.id, body="Wants two quotes", user_id=ready.user
    )


async def tasks_of(ready: Ready) -> Any:
    return tasks.TasksOf(contact_id=await ready.contact())


async def create_task(ready: Ready) -> Any:
    contact = await ready.contact()
    return tasks.CreateTask(contact_id=contact, title="Call back", due_date=DUE, assigned_to=ready.user)


async def task(ready: Ready) -> Any:
    made = await ready.api.call(tasks.CREATE, await create_task(ready))
    return tasks.TaskId(contact_id=str(made.task.contact_id), task_id=made.task.id)


async def update_task(ready: Ready) -> Any:
    which = await task(ready)
    return tasks.UpdateTask(contact_id=which.contact_id, task_id=which.task_id, title="Call back today")


async def complete_task(ready: Ready) -> Any:
    which = await task(ready)
    return tasks.SetCompleted(contact_id=which.contact_id, task_id=which.task_id, completed=True)


async def search_tasks(ready: Ready) -> Any:
    await task(ready)
    return tasks.SearchTasks(completed=False, limit=10, skip=0)


async def location(ready: Ready) -> Any:
    return locations.LocationId()


async def location_tags(ready: Ready) -> Any:
    return tags.TagsOfLocation()


async def custom_fields(ready: Ready) -> Any:
    return locations.ListCustomFields(model="contact")


async def create_custom_field(ready: Ready) -> Any:
    return locations.CreateCustomField(name="Nimbata source")


EXAMPLES: dict[str, Example] = {
    "contacts.create": create,
    "contacts.get": get,
    "contacts.update": update,
    "contacts.upsert": upsert,
    "contacts.delete": get,
    "contacts.search": search,
    "contacts.find_duplicate": find_duplicate,
    "contacts.list": list_,
    "contacts.add_followers": followers,
    "contacts.remove_followers": followers,
    "contacts.bulk_update_tags": bulk_tags,
    "contacts.add_tags": contact_tags,
    "contacts.remove_tags": contact_tags,
    "notes.list": notes_of,
    "notes.create": create_note,
    "notes.get": note,
    "notes.update": update_note,
    "notes.delete": note,
    "tasks.list": tasks_of,
    "tasks.create": create_task,
    "tasks.get": task,
    "tasks.update": update_task,
    "tasks.set_completed": complete_task,
    "tasks.delete": task,
    "tasks.search": search_tasks,
    "locations.get": location,
    "tags.list": location_tags,
    "custom_fields.list": custom_fields,
    "custom_fields.create": create_custom_field,
}
