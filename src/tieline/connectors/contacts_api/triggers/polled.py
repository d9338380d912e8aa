"""What the CRM tells of by no event, and what is therefore looked for."""

from __future__ import annotations

from tieline.catalogue.spec import AnyTrigger, Trigger
from tieline.connectors.contacts_api.shapes import Task
from tieline.connectors.contacts_api.shapes_surroundings import FormSubmission

TASK_UPDATED = Trigger[Task](
    id="tasks.updated", app="contacts_api", title="Task updated", poll="tasks.search",
    scopes=("locations/tasks.readonly",), output=Task, source="locations.json#task-search",
    description="A task was edited. Found by comparing it with how it was last seen.",
)  # fmt: skip

TASK_REOPENED = Trigger[Task](
    id="tasks.reopened", app="contacts_api", title="Task reopened", poll="tasks.search",
    scopes=("locations/tasks.readonly",), output=Task, source="locations.json#task-search",
    description="A task that was done is open again. Found by comparing it with how it was last seen.",
)  # fmt: skip

FORM_SUBMITTED = Trigger[FormSubmission](
    id="forms.submitted", app="contacts_api", title="Form submitted in the CRM", poll="forms.list_submissions",
    scopes=("forms.readonly",), output=FormSubmission, source="forms.json#get-forms-submissions",
    description="Somebody sent one of the location's forms. Found by reading the list on.",
)  # fmt: skip

TRIGGERS: tuple[AnyTrigger, ...] = (TASK_UPDATED, TASK_REOPENED, FORM_SUBMITTED)
