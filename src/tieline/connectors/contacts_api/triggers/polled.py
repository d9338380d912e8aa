"""What the CRM tells of by no event, and what is therefore looked for."""

from __future__ import annotations

from tieline.catalogue.spec import AnyTrigger, Trigger
from tieline.connectors.contacts_api.shapes import ContactRecord, Task
from tieline.connectors.contacts_api.shapes_surroundings import FormSubmission

TASK_UPDATED = Trigger[Task](
    id="tasks.updated", app="contacts_api", title="Task updated", poll="tasks.search", stream="task",
    scopes=("locations/tasks.readonly",), output=Task, source="locations.json#task-search",
    description="A task was edited. Found by comparing it with how it was last seen.",
)  # fmt: skip

TASK_REOPENED = Trigger[Task](
    id="tasks.reopened", app="contacts_api", title="Task reopened", poll="tasks.search", stream="task",
    scopes=("locations/tasks.readonly",), output=Task, source="locations.json#task-search",
    description="A task that was done is open again. Found by comparing it with how it was last seen.",
)  # fmt: skip

FORM_SUBMITTED = Trigger[FormSubmission](
    id="forms.submitted", app="contacts_api", title="Form submitted in the CRM", poll="forms.list_submissions",
    stream="form_submission", scopes=("forms.readonly",), output=FormSubmission,
    source="forms.json#get-forms-submissions",
    description="Somebody sent one of the location's forms. Found by reading the list on.",
)  # fmt: skip

CONTACT_MERGED = Trigger[ContactRecord](
    id="contacts.merged", app="contacts_api", title="Contacts merged", poll="contacts.get", stream="walk",
    scopes=("contacts.readonly",), output=ContactRecord, source="contacts.json#get-contact",
    description="A linked contact is gone, and another one has its phone or e-mail: that one is told. Found by getting "
    "linked contacts in turn.",
)  # fmt: skip

TRIGGERS: tuple[AnyTrigger, ...] = (TASK_UPDATED, TASK_REOPENED, FORM_SUBMITTED, CONTACT_MERGED)
